"""When GitHub is asked again, and what a reader gets meanwhile."""

import os

from fixtures import SHA
from rfs import read, threads

HELLO = "api/repos/octo/hello"
SHORT = "operation_ttls:\n  /user: 1\n  /repos/{owner}/{repo}: 1\n  /users/{username}: 100\n"


def test_a_fresh_answer_is_not_asked_for_again(mount, server):
    for _ in range(20):
        mount.read("api/user.json")
    assert server.count() == 1 and mount.state("api/user.json") == "fresh"


def test_a_stale_answer_that_did_not_change_costs_a_304(home, make_mount, server):
    home.configure(SHORT)
    mount = make_mount()
    content = mount.read("api/user.json")
    before = os.stat(mount.join("api/user.json"))
    mount.until_stale("api/user.json")
    assert mount.read("api/user.json") == content
    first, second = server.requests("/user")
    assert (first["status"], second["status"]) == (200, 304)
    sent = dict(second["headers"])
    assert sent["if-none-match"] and "if-modified-since" not in sent
    assert mount.state("api/user.json") == "revalidated"
    after = os.stat(mount.join("api/user.json"))
    assert (after.st_ino, after.st_size) == (before.st_ino, before.st_size)


def test_the_tag_goes_back_verbatim(home, make_mount, server):
    home.configure(SHORT)
    mount = make_mount()
    mount.read("api/user.json")
    tag = mount.xattr("api/user.json", "user.http.etag")
    assert tag.startswith('W/"'), "the server compresses, so its tags are weak"
    mount.until_stale("api/user.json")
    mount.read("api/user.json")
    assert dict(server.requests()[-1]["headers"])["if-none-match"] == tag


def test_a_changed_answer_is_read_whole_at_the_next_open(home, make_mount, server):
    home.configure(SHORT)
    mount = make_mount()
    for size in (10, 200_000, 3, 70_000):  # grows and shrinks
        server.edit("/user", json={"login": "x" * size})
        mount.read("api/user.json") if size == 10 else mount.until_stale("api/user.json")
        assert mount.json("api/user.json") == {"login": "x" * size}
        assert os.stat(mount.join("api/user.json")).st_size == len('{"login":""}') + size


def test_an_open_file_keeps_its_version(home, make_mount, server):
    home.configure(SHORT)
    mount = make_mount()
    path = mount.join("api/user.json")
    number = os.stat(path).st_ino
    with open(path, "rb", buffering=0) as old:
        server.edit("/user", json={"login": "y" * 9000})
        mount.until_stale("api/user.json")
        assert mount.json("api/user.json") == {"login": "y" * 9000}
        assert os.pread(old.fileno(), 100, 0) == b'{"login":"octo","id":7}'
        assert os.fstat(old.fileno()).st_size == 23
    assert os.stat(path).st_ino == number, "st_ino is of the path, not of the version"
    assert server.count() == 2


def test_freshness_is_decided_at_open_and_nowhere_else(home, make_mount, server):
    home.configure(SHORT)
    mount = make_mount()
    mount.read("api/user.json")
    server.edit("/user", json={"login": "changed", "id": 7})
    mount.until_stale("api/user.json")
    for _ in range(5):
        assert os.stat(mount.join("api/user.json")).st_size == 23
        os.listdir(mount.join("api"))
        mount.xattr("api/user.json", "user.http.etag")
    assert server.count() == 1, "stat, ls and xattrs show the held version and do not ask"
    assert mount.json("api/user.json")["login"] == "changed"


def test_a_confirmed_answer_is_opened_at_once_for_a_second(home, make_mount, server):
    home.configure("operation_ttls:\n  /user: 0\n")
    mount = make_mount()
    for _ in range(10):
        mount.read("api/user.json")
    assert server.count() <= 3, "ten reads within moments ask once, twice where a second ended between them"


def test_ttls_are_by_operation(home, make_mount, server):
    home.configure(SHORT)
    mount = make_mount()
    mount.read("api/user.json")
    mount.read("api/users/octo.json")
    mount.until_stale("api/user.json")
    assert mount.state("api/users/octo.json") == "fresh"
    mount.read("api/users/octo.json")
    assert server.count("/users/octo") == 1


def test_answers_by_full_commit_id_do_not_change(home, make_mount, server):
    home.configure('operation_ttls:\n  "/repos/{owner}/{repo}/git/commits/{commit_sha}": 1\n  /user: 1\n')
    mount = make_mount()
    path = f"{HELLO}/git/commits/{SHA}.json"
    mount.read(path)
    mount.read("api/user.json")
    mount.until_stale("api/user.json")
    assert mount.state(path) == "immutable"
    mount.read(path)
    assert server.count(f"/repos/octo/hello/git/commits/{SHA}") == 1


def test_a_branch_name_is_no_commit_id(mount):
    mount.read(HELLO + "/commits/main.json")
    assert mount.state(HELLO + "/commits/main.json") == "fresh"


def test_an_answer_without_validator_is_asked_for_anew(home, make_mount, server):
    home.configure(SHORT)
    mount = make_mount()
    server.fault("no_etag", "/user")
    mount.read("api/user.json")
    mount.read("api/user.json")
    sent = [dict(entry["headers"]) for entry in server.requests()]
    assert not any("if-none-match" in headers or "if-modified-since" in headers for headers in sent)


def test_only_a_last_modified_is_used_where_there_is_no_tag(home, make_mount, server):
    home.configure(SHORT)
    mount = make_mount()
    server.edit("/repos/octo/hello", etag="none")
    content = mount.read(HELLO + ".json")
    mount.until_stale(HELLO + ".json")
    assert mount.read(HELLO + ".json") == content
    last = server.requests()[-1]
    assert last["status"] == 304 and dict(last["headers"])["if-modified-since"] == "Thu, 02 Jan 2025 03:04:05 GMT"


def test_a_304_without_a_tag_keeps_the_stored_one(home, make_mount, server):
    home.configure(SHORT)
    mount = make_mount()
    server.switch(name="etag_on_304", value=False)
    mount.read("api/user.json")
    tag = mount.xattr("api/user.json", "user.http.etag")
    mount.until_stale("api/user.json")
    mount.read("api/user.json")
    assert mount.xattr("api/user.json", "user.http.etag") == tag
    mount.until_stale("api/user.json")
    mount.read("api/user.json")
    assert [entry["status"] for entry in server.requests()] == [200, 304, 304]


def test_readers_racing_with_changes_never_see_a_torn_file(home, make_mount, server):
    home.configure("operation_ttls:\n  /user: 0\n")
    mount = make_mount()
    path = mount.join("api/user.json")
    server.edit("/user", json=["0"] * 3000)

    def run(index):
        seen = set()
        for _ in range(60):
            content = read(path)
            words = set(content.strip(b"[]").split(b","))
            assert len(words) == 1 and content.endswith(b"]"), "bytes of two versions"
            seen |= words
        return len(seen)

    join, results = threads(8, run)
    for version in range(1, 12):
        server.edit("/user", json=[str(version)] * (3000 + version * 997 % 4000))
        read(mount.join("api/.now/user.json"))
    assert all(isinstance(one, int) for one in join()), results
