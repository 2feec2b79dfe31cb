"""api/: names, media types, queries and the errors of a read, with the requests counted."""

import errno
import os
import subprocess

import pytest
from client import Server
from fixtures import BETA, SHA
from rfs import error_of, read, write

HELLO = "api/repos/octo/hello"


def test_json_is_the_answer_of_github_byte_for_byte(mount, server):
    assert mount.read("api/user.json") == b'{"login":"octo","id":7}'
    assert mount.json(HELLO + ".json")["full_name"] == "octo/hello"
    assert [entry["path"] for entry in server.requests()] == ["/user", "/repos/octo/hello"]


@pytest.mark.parametrize("name, accept, content", [
    ("contents/README.md.raw", "application/vnd.github.raw", b"# hello\n"),
    ("contents/README.md.html", "application/vnd.github.html", b"<h1>hello</h1>\n"),
    ("pulls/1.diff", "application/vnd.github.diff", b"diff --git a/f b/f\n--- a/f\n+++ b/f\n@@ -1 +1 @@\n-a\n+b\n"),
    ("pulls/1.patch", "application/vnd.github.patch", b"From 6dcb09b Mon Sep 17 00:00:00 2001\nSubject: a change\n"),
    ("code-scanning/analyses/77.sarif", "application/sarif+json", b'{"version":"2.1.0","runs":[]}'),
    ("releases/assets/32.bin", "application/octet-stream", bytes(range(256)) * 64),
    ("pulls/1.json", "application/vnd.github+json", b'{"number":1,"title":"a change"}'),
])
def test_the_suffix_picks_the_media_type(mount, server, name, accept, content):
    assert mount.read(f"{HELLO}/{name}") == content
    (request,) = server.requests()
    assert dict(request["headers"])["accept"].startswith(accept)
    assert request["path"] == "/repos/octo/hello/" + name.rpartition(".")[0]


def test_a_repository_named_x_dot_json_takes_the_suffix_twice(mount, server):
    server.resource("/repos/octo/x.json", json={"name": "x.json"})
    assert mount.json("api/repos/octo/x.json.json") == {"name": "x.json"}


def test_media_types_of_one_path_do_not_share_an_answer(mount):
    assert mount.read(HELLO + "/contents/README.md.raw") == b"# hello\n"
    assert mount.json(HELLO + "/contents/README.md.json")["name"] == "README.md"
    assert mount.read(HELLO + "/contents/README.md.raw") == b"# hello\n"


def test_both_spellings_of_a_query_are_one_file(mount, server):
    plain = mount.read(HELLO + "/actions/runs.json?per_page=2&page=3")
    assert mount.read(HELLO + "/actions/runs@per_page=2@page=3.json") == plain
    assert [run["id"] for run in mount.json(HELLO + "/actions/runs.json?per_page=2&page=3")["workflow_runs"]] == [4996, 4995]
    (request,) = server.requests()
    assert request["query"] == "per_page=2&page=3"


def test_a_slash_and_an_at_sign_inside_a_value_are_escaped(mount, server):
    server.resource("/repos/octo/hello/actions/runs?branch=feature%2Fa", json={"total_count": 0, "workflow_runs": []})
    assert mount.json(HELLO + "/actions/runs.json?branch=feature%2Fa")["total_count"] == 0
    assert mount.json(HELLO + "/actions/runs@branch=feature%2Fa.json")["total_count"] == 0
    mount.read(HELLO + "/actions/runs@actor=a%40b.json")
    assert [entry["query"] for entry in server.requests()] == ["branch=feature%2Fa", "actor=a%40b"]


def test_stat_of_a_name_that_nobody_read_binds_it_with_its_exact_size(mount, server):
    info = os.stat(mount.join("api/user.json"))
    assert info.st_size == len(b'{"login":"octo","id":7}') and info.st_mode & 0o777 == 0o600
    assert mount.read("api/user.json") == b'{"login":"octo","id":7}'
    assert server.count() == 1


def test_now_and_fresh_always_ask(mount, home, server):
    mount.read("api/user.json")
    server.edit("/user", json={"login": "new"})
    assert mount.json("api/user.json") == {"login": "octo", "id": 7}
    assert mount.json("api/.now/user.json") == {"login": "new"}
    assert server.count() == 2
    assert mount.json("api/.now/user.json") == {"login": "new"} and server.count() == 3
    assert server.requests()[2]["status"] == 304
    out = home.run("cat", "--fresh", "api/user.json")
    assert out.stdout == b'{"login":"new"}' and server.count() == 4
    assert mount.json("api/user.json") == {"login": "new"} and server.count() == 4


@pytest.mark.parametrize("name", [
    "api/.git", "api/.hidden.json", "api/repos/.Trash", "api/nothing/like/this.json", "api/user.yaml",
    "api/repos/octo/hello/no/such/route.json", "nosuch", "api/repos/octo/hello/contents/.git/HEAD.raw"])
def test_names_that_cannot_exist_are_absent_without_a_request(mount, server, name):
    assert mount.error(name) == "ENOENT"
    assert error_of(os.stat, mount.join(name)) == "ENOENT"
    assert server.count() == 0


def test_dot_files_below_contents_are_files_of_the_repository(mount):
    assert mount.read(HELLO + "/contents/.github/workflows/build.yml.raw") == b"on: push\n"


def test_a_404_is_remembered_for_a_while(mount, server):
    for _ in range(3):
        assert mount.error("api/users/nobody.json") == "ENOENT"
    assert error_of(os.stat, mount.join("api/users/nobody.json")) == "ENOENT"
    assert server.count("/users/nobody") == 1
    server.resource("/users/nobody", json={"login": "nobody"})
    assert mount.json("api/.now/users/nobody.json") == {"login": "nobody"}
    assert mount.json("api/users/nobody.json") == {"login": "nobody"}, "an answer ends what was remembered"


@pytest.mark.parametrize("path", ["runs/202", "runs/410", "runs/451"])
def test_answers_without_a_body_for_us_have_their_errno(mount, server, path):
    expected = {"runs/202": "EAGAIN", "runs/410": "ENOENT", "runs/451": "EACCES"}[path]
    assert mount.error(f"{HELLO}/actions/{path}.json") == expected
    assert server.count() == 1
    line = mount.errors()[-1]
    assert line["path"].endswith(path + ".json") and line["errno"] == expected and line["message"] and line["hint"]


def test_204_is_an_empty_file(mount, server):
    assert mount.read(HELLO + "/actions/runs/204.json") == b""
    assert server.count() == 1


def test_bad_credentials_are_eacces(make_mount, server):
    mount = make_mount(token="ghp_unknownToAnybody")
    assert mount.error("api/user.json") == "EACCES" and server.count() == 1
    assert "Bad credentials" in mount.errors()[-1]["message"]
    assert "ghp_unknownToAnybody" not in mount.read(".runnerfs/errors.jsonl").decode() + mount.log()


def test_a_missing_permission_is_eacces_and_says_which(make_mount, server):
    mount = make_mount(token=BETA)
    assert mount.error(HELLO + "/actions/secrets.json") == "EACCES" and server.count() == 1
    line = mount.errors()[-1]
    assert line["errno"] == "EACCES" and "secrets=read" in line["message"] + line["hint"]
    assert line["request_id"] == "1AFE:0001:TEST"


def test_denied_and_not_allowed_paths_are_eacces_without_a_request(home, make_mount, server):
    home.configure('api:\n  allow: ["/repos/{owner}/{repo}", "/user"]\n  deny: ["/user"]\n')
    mount = make_mount()
    assert mount.error("api/user.json") == "EACCES" and mount.error("api/orgs/octo-org.json") == "EACCES"
    assert server.count() == 0
    assert mount.json(HELLO + ".json")["id"] == 1001


@pytest.mark.parametrize("name", [b"api/us\x01er.json", b"api/user\x7f.json", b"api/repos/%2e%2e/hello.json",
                                  b"api/repos/octo/a%2F..%2Fb.json", b"api/repos/octo/%0ahello.json", b"api/repos/octo/%zz.json"])
def test_bad_names_are_einval_without_a_request(mount, server, name):
    assert error_of(read, mount.path.encode() + b"/" + name) == "EINVAL"
    assert server.count() == 0


def test_a_component_over_255_bytes_is_too_long(mount, server):
    assert mount.error(f"{HELLO}/actions/runs@branch={'b' * 255}.json") == "ENAMETOOLONG"
    assert server.count() == 0


def test_below_a_file_there_is_no_directory(mount):
    mount.read("api/user.json")
    assert mount.error("api/user.json/more.json") == "ENOTDIR"
    assert mount.error("api/users/octo.json/more.json") == "ENOTDIR"


def test_api_is_read_only(mount, server):
    mount.read("api/user.json")
    for path in ("api/user.json", "api/users/octo.json", "api/new", "api/nothing.json"):
        assert error_of(write, mount.join(path), b"x") == "EROFS", path
    for path in ("api/new", "api/nothing.json"):
        assert error_of(os.mkdir, mount.join(path)) == "EROFS", path
    assert error_of(os.unlink, mount.join("api/user.json")) == "EROFS"
    assert error_of(os.rename, mount.join("api/user.json"), mount.join("api/a.json")) == "EROFS"
    assert error_of(os.truncate, mount.join("api/user.json"), 0) == "EROFS"
    assert error_of(os.chmod, mount.join("api/user.json"), 0o777) == "EROFS"
    assert error_of(os.symlink, "x", mount.join("api/link")) == "EROFS"
    assert mount.read("api/user.json") == b'{"login":"octo","id":7}'
    assert {entry["method"] for entry in server.requests()} == {"GET"}


def test_too_large_an_answer_is_efbig(home, make_mount, server):
    home.configure("max_object_size: 65536\n")
    mount = make_mount()
    server.fault("huge", "/user", size=65537)
    assert mount.error("api/user.json") == "EFBIG"
    assert mount.errors()[-1]["errno"] == "EFBIG"
    server.release()
    server.fault("huge", "/users/octo", size=65536)
    assert len(mount.read("api/users/octo.json")) == 65536


def test_broken_json_is_eio_with_its_position(mount, server):
    server.fault("body", "/user", body='{"login": broken}')
    assert mount.error("api/user.json") == "EIO"
    line = mount.errors()[-1]
    assert line["errno"] == "EIO" and 10 <= line["position"] <= 12


def test_an_unasked_304_is_eio(make_mount, server):
    mount = make_mount(RUNNERFS_ORIGIN_TIMEOUT="3s")
    server.fault("not_modified", "/user")
    assert mount.error("api/user.json") == "EIO"


@pytest.mark.parametrize("fault", [{"kind": "truncate", "after": 5}, {"kind": "reset_body", "after": 5}, {"kind": "garbage"}])
def test_a_body_that_stops_is_eio_and_never_half_a_file(make_mount, server, fault):
    mount = make_mount(RUNNERFS_ORIGIN_TIMEOUT="3s")
    server.fault(path="/user", **fault)
    # An HTTP/2 library drops a connection of garbage without a word: no answer at all, as far as anybody can tell.
    assert mount.error("api/user.json") in (("EIO", "EHOSTUNREACH") if fault["kind"] == "garbage" else ("EIO",))
    server.release()
    assert mount.read("api/user.json") == b'{"login":"octo","id":7}'


@pytest.mark.parametrize("fault", [{"kind": "stall"}, {"kind": "stall", "after": 5}, {"kind": "drip", "every": 0.5}])
def test_no_answer_in_time_is_etimedout(make_mount, server, fault):
    mount = make_mount(RUNNERFS_ORIGIN_TIMEOUT="1s")
    server.fault(path="/user", **fault)
    assert mount.error("api/user.json") == "ETIMEDOUT"
    assert mount.errors()[-1]["errno"] == "ETIMEDOUT"


def test_no_connection_and_no_trust_are_ehostunreach(home, make_mount, server):
    with Server() as gone:
        url = gone.url
    mount = make_mount(GITHUB_API_URL=url, RUNNERFS_ORIGIN_TIMEOUT="2s")
    assert mount.error("api/user.json") == "EHOSTUNREACH"
    with Server() as stranger:  # its certificate is of an authority that this mount does not trust
        mount = make_mount(GITHUB_API_URL=stranger.url, RUNNERFS_ORIGIN_TIMEOUT="2s")
        assert mount.error("api/user.json") == "EHOSTUNREACH"
        assert stranger.count() == 0


def test_rate_limit_is_never_stored(mount, server):
    first = mount.json("api/rate_limit.json")["rate"]["remaining"]
    mount.read("api/user.json")
    assert mount.json("api/rate_limit.json")["rate"]["remaining"] == first - 1
    assert server.count("/rate_limit") == 2
    assert mount.json(".runnerfs/ratelimit.json") and server.count() == 3


def test_namespaces_hold_a_readme_and_list_what_is_cached(mount, server):
    assert mount.read("api/README") and mount.read("cache/README")
    assert set(os.listdir(mount.path)) >= {"api", "cache", ".runnerfs"}
    mount.read(HELLO + "/actions/runs@per_page=2.json")
    mount.read(f"{HELLO}/git/commits/{SHA}.json")
    assert os.listdir(mount.join("api/repos/octo")) == ["hello"]
    assert os.listdir(mount.join(HELLO, "actions")) == ["runs@per_page=2.json"]
    assert set(os.listdir(mount.join(HELLO))) == {"actions", "git"}
    assert error_of(os.mkdir, mount.join("api/repos")) == "EEXIST"
    assert os.path.isdir(mount.join("api/repos/some/one")), "directories exist by name alone"
    assert server.count() == 2


def test_ordinary_programs_read_it(mount):
    file = mount.join(HELLO + "/actions/runs@per_page=100.json")
    script = ('cat "$1" | sha256sum; sha256sum < "$1"; wc -c < "$1"; grep -c workflow_runs "$1"; cp "$1" "$2"; cmp "$1" "$2"; '
              'tail -c 3 "$1"; dd if="$1" bs=777 status=none | sha256sum')
    out = subprocess.run(["sh", "-c", script, "sh", file, mount.home.join("copy")], capture_output=True, timeout=30, text=True)
    lines = out.stdout.splitlines()
    assert out.returncode == 0 and out.stderr == "" and lines[0] == lines[1]
    assert int(lines[2]) == os.stat(file).st_size == len(read(file))


def test_errno_of_open_does_not_depend_on_flags(mount):
    assert error_of(os.open, mount.join("api/users/nobody.json"), os.O_RDONLY | os.O_NONBLOCK) == "ENOENT"
    with pytest.raises(OSError) as caught:
        os.open(mount.join("api/user.json"), os.O_RDWR)
    assert caught.value.errno == errno.EROFS
