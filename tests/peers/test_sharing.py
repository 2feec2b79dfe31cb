"""Two runners share what one of them fetched, and what is written under cache/."""

import json

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
