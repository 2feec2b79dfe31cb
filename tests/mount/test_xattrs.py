"""Extended attributes: where an answer came from, how old it is, and what GitHub said beside it."""

import hashlib
import os
import subprocess

import pytest
from fixtures import SHA
from rfs import error_of

HELLO = "api/repos/octo/hello"
R = "user.runnerfs."


def test_source_says_where_the_bytes_were_found(home, make_mount):
    mount = make_mount()
    mount.read("api/user.json")
    assert mount.xattr("api/user.json", R + "source") in ("origin", "memory")
    mount.read("api/user.json")
    assert mount.xattr("api/user.json", R + "source") == "memory"
    mount.stop()
    mount = make_mount()
    assert mount.xattr("api/user.json", R + "source") == "disk"


def test_times_are_counted_from_the_last_word_of_github(home, make_mount):
    home.configure("operation_ttls:\n  /user: 1000\n")
    mount = make_mount()
    mount.read("api/user.json")
    assert 0 <= float(mount.xattr("api/user.json", R + "age")) < 60
    assert mount.xattr("api/user.json", R + "expires")
    assert mount.state("api/user.json") == "fresh"


def test_state_goes_from_fresh_to_stale_to_revalidated(home, make_mount):
    home.configure("operation_ttls:\n  /user: 1\n")
    mount = make_mount()
    mount.read("api/user.json")
    states = [mount.state("api/user.json")]
    mount.until_stale("api/user.json")
    mount.read("api/user.json")
    states.append(mount.state("api/user.json"))
    assert states == ["fresh", "revalidated"]


def test_the_cid_is_of_the_bytes(mount):
    import base64
    content = mount.read("api/user.json")
    multihash = b"\x12\x20" + hashlib.sha256(content).digest()
    expected = "b" + base64.b32encode(b"\x01\x55" + multihash).decode().lower().rstrip("=")
    assert mount.xattr("api/user.json", R + "cid") == expected


def test_what_github_said(mount, server):
    mount.read(HELLO + ".json")
    assert mount.xattr(HELLO + ".json", "user.http.status") == "200"
    assert mount.xattr(HELLO + ".json", "user.http.last-modified") == "Thu, 02 Jan 2025 03:04:05 GMT"
    assert mount.xattr(HELLO + ".json", R + "proof") == "origin"
    assert mount.xattr(HELLO + ".json", "user.github.ratelimit-remaining") == "4999"
    assert int(mount.xattr(HELLO + ".json", "user.github.ratelimit-reset")) > 1_700_000_000
    mount.read(HELLO + "/issues@per_page=50.json")
    assert 'rel="next"' in mount.xattr(HELLO + "/issues@per_page=50.json", "user.http.link")
    assert mount.state(HELLO + "/issues@per_page=50.json") == "fresh"


def test_immutable_answers_say_so(mount):
    mount.read(f"{HELLO}/git/commits/{SHA}.json")
    assert mount.state(f"{HELLO}/git/commits/{SHA}.json") == "immutable"


def test_getfattr_shows_what_listxattr_names(mount):
    mount.read("api/user.json")
    names = os.listxattr(mount.join("api/user.json"))
    assert {R + "source", R + "state", R + "age", R + "expires", R + "cid", R + "proof", "user.http.status",
            "user.http.etag", "user.github.ratelimit-remaining", "user.github.ratelimit-reset"} <= set(names)
    for name in names:
        os.getxattr(mount.join("api/user.json"), name)
    out = subprocess.run(["getfattr", "-d", mount.join("api/user.json")], capture_output=True, text=True, timeout=10)
    assert 'user.http.status="200"' in out.stdout


@pytest.mark.parametrize("name", ["user.nothing", R + "nothing", "security.capability", "trusted.x"])
def test_unknown_names_are_absent(mount, name):
    mount.read("api/user.json")
    assert error_of(os.getxattr, mount.join("api/user.json"), name) in ("ENODATA", "ENOTSUP")


def test_they_cannot_be_set_in_api(mount, server):
    mount.read("api/user.json")
    assert error_of(os.setxattr, mount.join("api/user.json"), R + "state", b"fresh") == "EROFS"
    assert error_of(os.removexattr, mount.join("api/user.json"), R + "state") == "EROFS"


def test_they_ask_nothing(mount, server):
    assert error_of(os.listxattr, mount.join("api/users/octo.json")) in ("", "ENOENT")
    mount.read("api/user.json")
    before = server.count()
    for name in os.listxattr(mount.join("api/user.json")):
        mount.xattr("api/user.json", name)
    assert server.count() == before
