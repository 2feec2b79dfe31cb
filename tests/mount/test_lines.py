"""`.jsonl`: every page of a list, one element a line, streamed."""

import json
import os
import subprocess

import pytest
from rfs import error_of, read, threads, until

HELLO = "api/repos/octo/hello"
ISSUES = HELLO + "/issues.jsonl"
RUNS = HELLO + "/actions/runs.jsonl"


def lines(content):
    return [json.loads(line) for line in content.splitlines()]


def test_every_page_is_followed_in_order(mount, server):
    assert [issue["number"] for issue in lines(mount.read(ISSUES))] == list(range(120, 0, -1))
    requests = server.requests()
    assert requests[0]["query"] == "per_page=100" and len(requests) == 2
    assert requests[1]["path"] == "/repositories/1001/issues", "the address that Link named"


def test_a_wrapped_list_gives_its_elements(mount, server):
    runs = lines(mount.read(RUNS))
    assert len(runs) == 250 and runs[0]["id"] == 5000 and runs[-1]["id"] == 4751
    assert server.count() == 3


def test_each_element_is_one_line_as_github_wrote_it(mount):
    content = mount.read(ISSUES)
    assert content.startswith(b'{"number":120,"title":"issue 120","state":"open"}\n') and content.endswith(b"}\n")
    assert content.count(b"\n") == 120


def test_an_element_with_line_breaks_stays_one_line(mount, server):
    server.resource("/repos/octo/hello/branches", text='[\n {"name": "a\\nb",\n  "n": [1,\n 2]}, \n {"name": "c"}\n]')
    assert lines(mount.read(HELLO + "/branches.jsonl")) == [{"name": "a\nb", "n": [1, 2]}, {"name": "c"}]
    assert mount.read(HELLO + "/branches.jsonl").count(b"\n") == 2


def test_an_empty_list_is_an_empty_file(mount, server):
    assert mount.read(HELLO + "/tags.jsonl") == b""
    assert server.count() == 1


def test_head_costs_one_page(mount, server):
    out = subprocess.run(["head", "-n", "5", mount.join(RUNS)], capture_output=True, timeout=20)
    assert [run["id"] for run in lines(out.stdout)] == [5000, 4999, 4998, 4997, 4996]
    mount.read("api/user.json")  # whatever would have been sent after the first page was sent before this
    assert server.count("/repos/octo/hello/actions/runs") == 1
    assert not [entry for entry in server.requests() if entry["path"].startswith("/repositories/")]


def test_per_page_and_filters_are_kept(mount, server):
    assert len(lines(mount.read(HELLO + "/issues@per_page=50@state=open.jsonl"))) == 120
    first, second, third = server.requests()
    assert sorted(first["query"].split("&")) == ["per_page=50", "state=open"]
    assert "page=2" in second["query"].split("&") and "page=3" in third["query"].split("&")


def test_more_pages_than_allowed_are_efbig(home, make_mount, server):
    home.configure("api:\n  max_pages: 2\n")
    mount = make_mount()
    assert mount.error(RUNS) == "EFBIG"
    assert server.count() == 2
    assert len(lines(mount.read(ISSUES))) == 120, "two pages are allowed"
    line = next(line for line in mount.errors() if line["errno"] == "EFBIG")
    assert "max_pages" in line["message"] + line["hint"]


def test_it_is_size_0_until_whole_and_an_ordinary_file_then(mount, server):
    server.fault("stall", "/repositories/1001/issues")
    join, _ = threads(1, lambda _: mount.read(ISSUES))
    server.arrived(1, "/repositories/1001/issues")
    assert os.stat(mount.join(ISSUES)).st_size == 0
    with open(mount.join(ISSUES), "rb", buffering=0) as file:
        assert file.read(30).startswith(b'{"number":120,'), "the first page is readable while the second is missing"
    server.release()
    (content,) = join()
    assert len(lines(content)) == 120
    until(lambda: os.stat(mount.join(ISSUES)).st_size == len(content), what="the size of the whole file")
    before = server.count()
    assert mount.read(ISSUES) == content and server.count() == before


def test_stat_alone_fetches_no_page(mount, server):
    assert os.stat(mount.join(ISSUES)).st_size == 0
    assert server.count() <= 1


def test_many_readers_share_the_pages(mount, server):
    server.fault("stall", "/repos/octo/hello/issues", count=1)
    join, _ = threads(50, lambda _: mount.read(ISSUES))
    server.arrived(1)
    server.release()
    contents = join()
    assert len(set(contents)) == 1 and len(lines(contents[0])) == 120
    assert server.count() == 2


@pytest.mark.parametrize("fault", [{"kind": "status", "status": 502}, {"kind": "truncate", "after": 9}, {"kind": "body", "body": "{]"}])
def test_a_later_page_that_fails_is_an_error_not_a_short_file(make_mount, server, fault):
    mount = make_mount(RUNNERFS_ORIGIN_TIMEOUT="2s")
    server.fault(path="/repositories/1001/issues", **fault)
    assert mount.error(ISSUES) in ("EIO", "ETIMEDOUT")
    server.release()
    assert len(lines(mount.read(ISSUES))) == 120


def test_a_missing_list_is_enoent(mount):
    assert mount.error("api/repos/octo/nobody/issues.jsonl") == "ENOENT"


def test_an_object_that_is_no_list_is_refused(mount):
    assert error_of(read, mount.join(HELLO + "/releases/latest.jsonl")) in ("ENOENT", "EINVAL", "EIO")


def test_the_last_page_of_a_list_that_grew_is_noticed(home, make_mount, server):
    home.configure('operation_ttls:\n  "/repos/{owner}/{repo}/issues": 1\n')
    mount = make_mount()
    assert len(lines(mount.read(ISSUES))) == 120
    mount.until_stale(ISSUES)
    server.edit("/repos/octo/hello/issues", items=[{"number": number} for number in range(230, 0, -1)])
    assert [issue["number"] for issue in lines(mount.read(ISSUES))] == list(range(230, 0, -1))
    mount.until_stale(ISSUES)
    statuses = len(server.requests())
    assert len(lines(mount.read(ISSUES))) == 230
    assert {entry["status"] for entry in server.requests()[statuses:]} == {304}, "unchanged pages are free"


def test_a_cycle_of_links_ends(home, make_mount, server):
    home.configure("api:\n  max_pages: 5\n")
    mount = make_mount()
    link = f'<{server.url}/repos/octo/hello/branches?per_page=100>; rel="next"'
    server.resource("/repos/octo/hello/branches", json=[{"name": "main"}], headers={"Link": link})
    assert mount.error(HELLO + "/branches.jsonl") in ("EFBIG", "ELOOP", "EIO")
    assert server.count() <= 5


def test_a_next_page_on_another_host_is_not_asked_for(mount, server):
    link = '<{}/stolen?page=2>; rel="next"'.format(f"https://127.0.0.1:{server.ready['other_port']}")
    server.resource("/repos/octo/hello/branches", json=[{"name": "main"}], headers={"Link": link})
    assert mount.error(HELLO + "/branches.jsonl") != "" or lines(mount.read(HELLO + "/branches.jsonl"))
    assert server.requests(origin="other") == []
