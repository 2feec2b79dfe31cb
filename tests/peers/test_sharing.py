"""Two runners share what one of them fetched, and what is written under cache/."""

import json
import os
import time

from rfs import read, until, write

HELLO = "api/repos/octo/hello.json"


def asked(server, path="/repos/octo/hello"):
    """(status, If-None-Match) of each request for it."""
    return [(one["status"], one["headers"].get("if-none-match")) for one in server.requests(path)]


def test_a_body_comes_from_a_peer_and_github_confirms_it(server, pair):
    first, second = pair()
    content = first.read(HELLO)
    before = server.count("/repos/octo/hello")
    assert second.read(HELLO) == content
    assert second.xattr(HELLO, "user.runnerfs.source") == "peer"
    assert second.xattr(HELLO, "user.runnerfs.proof") == "etag"
    told = server.requests("/repos/octo/hello")[before:]
    print(told)
    assert second.stats()["peer_hits"] == 1
    assert second.stats()["misses"] == 0


def test_what_is_put_into_the_cache_reaches_the_other_one(pair):
    first, second = pair()
    write(first.join("cache/list_repos:octo"), json.dumps([{"name": "hello"}]))
    until(lambda: second.error("cache/list_repos:octo") == "", 5, "the entry at the peer")
    assert second.json("cache/list_repos:octo") == [{"name": "hello"}]
    assert second.xattr("cache/list_repos:octo", "user.runnerfs.source") == "peer"
    write(second.join("cache/get_repo_info:hello"), "{}")
    until(lambda: first.error("cache/get_repo_info:hello") == "", 5, "the entry at the peer")


def test_an_entry_is_asked_for_by_name(runner):
    """Looking a name up asks members; listing does not."""
    first = runner(RUNNERFS_P2P_COMPAT="false")
    write(first.join("cache/report:1"), '{"n": 1}')
    second = runner(peers=[first], RUNNERFS_P2P_COMPAT="false")
    second.until_member(first)
    assert second.json("cache/report:1") == {"n": 1}
    assert second.xattr("cache/report:1", "user.runnerfs.peer") == first.id
    assert second.error("cache/report:2") == "ENOENT"
    write(first.join("cache/report:3"), '{"n": 3}')
    assert second.home.run("cat", "--mount", second.path, "cache/report:3").stdout == b'{"n": 3}'
    assert second.stats()["cache_entries_received"] == 2


def test_who_comes_later_gets_what_was_put_before(runner):
    first = runner()
    write(first.join("cache/report:1"), '{"n": 1}')
    second = runner(peers=[first])
    until(lambda: "report:1" in os.listdir(second.join("cache")), 10, "the entry")


def test_a_daemon_ends_at_once_and_is_missed(pair):
    first, second = pair()
    began = time.monotonic()
    first.stop()
    assert time.monotonic() - began < 5
    until(lambda: second.peers()["peers"] == [], 5, "the end of the connection")
