"""What is sent to GitHub, and what comes back over the wire."""

import base64
import subprocess

import pytest
from client import Server
from fixtures import ALPHA
from rfs import threads

HELLO = "api/repos/octo/hello"


def test_http2_is_spoken_on_one_connection(mount, server):
    join, _ = threads(30, lambda index: mount.read(f"{HELLO}/issues@per_page={index + 1}.json"))
    assert all(isinstance(content, bytes) for content in join())
    requests = server.requests()
    assert {entry["protocol"] for entry in requests} == {"h2"}
    assert len({entry["connection"] for entry in requests}) <= 8
    mount.read("api/user.json")
    assert server.requests()[-1]["connection"] in {entry["connection"] for entry in requests}, "kept alive"


def test_a_server_that_speaks_only_http1_works_too(make_mount):
    with Server("--alpn", "http/1.1") as old:
        mount = make_mount(GITHUB_API_URL=old.url, RUNNERFS_CA_FILE=old.ca_file)
        assert mount.read("api/user.json") == b'{"login":"octo","id":7}'
        old.fault("truncate", "/users/octo", count=1, after=4)
        assert mount.json("api/users/octo.json")["login"] == "octo"
        assert {entry["protocol"] for entry in old.requests()} == {"http/1.1"}


def test_the_fixed_headers(mount, server):
    mount.read("api/user.json")
    (request,) = server.requests()
    names = [name for name, _ in request["headers"]]
    headers = dict(request["headers"])
    assert request["method"] == "GET"
    assert headers["accept"] == "application/vnd.github+json"
    assert headers["x-github-api-version"] == "2022-11-28"
    assert headers["authorization"] == "Bearer " + ALPHA
    assert headers["user-agent"].startswith("runnerfs/")
    assert not any(word in headers["user-agent"] for word in ("curl", "Wget", "Safari", "Firefox"))
    assert "cookie" not in headers and "range" not in headers
    assert len(names) == len(set(names))


def test_answers_are_compressed_on_the_way_and_plain_in_the_file(mount, server):
    content = mount.read(HELLO + "/actions/runs@per_page=100.json")
    assert "gzip" in dict(server.requests()[0]["headers"])["accept-encoding"]
    assert content.startswith(b'{"total_count":250,') and content.endswith(b"]}")
    assert mount.xattr(HELLO + "/actions/runs@per_page=100.json", "user.http.etag").startswith("W/")


def test_an_uncompressed_answer_has_its_strong_tag(mount, server):
    server.switch(name="compress", value=False)
    mount.read("api/user.json")
    assert mount.xattr("api/user.json", "user.http.etag").startswith('"')


def test_paths_and_queries_go_out_as_they_were_written(mount, server):
    server.resource("/repos/octo/hello/contents/a%20b.txt", json={"name": "a b.txt"})
    mount.read(HELLO + "/contents/a%20b.txt.json")
    mount.read(HELLO + "/issues.json?labels=bug%2Cui&state=open")
    first, second = server.requests()
    assert first["path"] == "/repos/octo/hello/contents/a%20b.txt"
    assert second["query"] == "labels=bug%2Cui&state=open"


def test_a_blank_in_a_name_is_encoded(mount, server):
    server.resource("/repos/octo/hello/contents/a%20b.txt", json={"name": "a b.txt"})
    assert mount.json(HELLO + "/contents/a b.txt.json") == {"name": "a b.txt"}
    assert server.requests()[0]["path"] == "/repos/octo/hello/contents/a%20b.txt"


PLAN = HELLO + "/contents/plan.txt"
TEXT = b"".join(b"line %d of a plan that is long enough\n" % number for number in range(2000))


def coded(coding, data):
    tool = {"br": ["brotli", "-c"], "zstd": ["zstd", "-q", "-c"], "gzip": ["gzip", "-c"]}[coding]
    return subprocess.run(tool, input=data, stdout=subprocess.PIPE, check=True).stdout


@pytest.mark.parametrize("coding", ["gzip", "br", "zstd"])
def test_every_offered_coding_is_taken_off(mount, server, coding):
    server.fault("coded", coding=coding, base64=base64.b64encode(coded(coding, TEXT)).decode())
    assert mount.read(PLAN + ".raw") == TEXT
    assert coding in dict(server.requests()[0]["headers"])["accept-encoding"]


@pytest.mark.parametrize("suffix", ["raw", "bin", "html"])
@pytest.mark.parametrize("coding", ["gzip", "br", "zstd"])
def test_a_compressed_stream_that_stops_in_a_complete_message_is_no_file(mount, server, coding, suffix):
    whole = coded(coding, TEXT)
    for size in (len(whole) - 1, len(whole) // 2, 1, 0):
        server.release()
        server.fault("coded", coding=coding, base64=base64.b64encode(whole[:size]).decode())
        assert mount.error(f"{PLAN}.{suffix}") == "EIO", size
        assert mount.errors()[-1]["errno"] == "EIO"
    server.release()
    server.fault("coded", coding=coding, base64=base64.b64encode(whole).decode())
    assert mount.read(f"{PLAN}.{suffix}") == TEXT


def test_what_is_coded_in_a_way_that_was_not_asked_for_is_no_file(mount, server):
    for coding in ("compress", "gzip, gzip", "rot13"):
        server.release()
        server.fault("coded", coding=coding, base64=base64.b64encode(b"?" * 100).decode())
        assert mount.error(PLAN + ".raw") == "EIO", coding


@pytest.mark.parametrize("fault", [{"kind": "truncate", "code": 0}, {"kind": "truncate", "code": 2}, {"kind": "truncate", "code": 8},
                                   {"kind": "goaway", "code": 0}, {"kind": "goaway", "code": 2}])
@pytest.mark.parametrize("with_length", [True, False])
def test_a_stream_that_is_ended_early_is_no_file(mount, server, fault, with_length):
    server.switch(name="compress", value=False)
    server.resource("/repos/octo/hello/contents/plan.txt", text=TEXT.decode(), kind="text/plain")
    server.fault(**fault, chunked=not with_length, after=1000)
    assert mount.error(PLAN + ".raw") == "EIO"
    server.release()
    assert mount.read(PLAN + ".raw") == TEXT


def test_a_body_without_a_length_is_asked_for_where_its_end_is_told(mount, server):
    server.switch(name="compress", value=False)
    server.fault("coded", coding="identity", base64=base64.b64encode(TEXT).decode())
    assert mount.read(PLAN + ".raw") == TEXT
    assert [request["protocol"] for request in server.requests()] == ["h2", "http/1.1"]
    server.requests(clear=True)
    server.release()
    server.fault("coded", coding="identity", base64=base64.b64encode(b"[1]").decode())
    assert mount.read(HELLO + "/issues.json") == b"[1]", "JSON shows by itself that it is whole"
    assert [request["protocol"] for request in server.requests()] == ["h2"]
