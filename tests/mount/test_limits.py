"""Rate limits: copies while there are any, EAGAIN else, and never a storm of retries."""

import time

import pytest
from fixtures import ALPHA
from rfs import threads

HELLO = "api/repos/octo/hello"
SHORT = "operation_ttls:\n  /user: 1\n"


def test_a_reached_limit_without_a_copy_is_eagain_and_asks_no_more(mount, server):
    server.limit(ALPHA, remaining=0)
    for path in ("api/user.json", "api/user.json", "api/users/octo.json", HELLO + ".json"):
        assert mount.error(path) == "EAGAIN"
    assert server.count() == 1, "the answer said how long to wait; nothing is sent until then"
    line = mount.errors()[-1]
    assert line["errno"] == "EAGAIN" and "limit" in line["message"] and line["hint"]


def test_a_reached_limit_with_a_copy_serves_it_and_says_stale(home, make_mount, server):
    home.configure(SHORT)
    mount = make_mount()
    content = mount.read("api/user.json")
    mount.until_stale("api/user.json")
    server.edit("/user", json={"login": "changed"})
    server.limit(ALPHA, remaining=0)
    for _ in range(5):
        assert mount.read("api/user.json") == content
    assert mount.state("api/user.json") == "stale"
    assert server.count() == 2
    assert mount.xattr("api/user.json", "user.github.ratelimit-remaining") == "0"
    assert mount.stats()["stale_served"] >= 1


def test_the_next_window_is_used_as_soon_as_it_opens(mount, server):
    server.limit(ALPHA, remaining=0, reset_in=2)
    assert mount.error("api/user.json") == "EAGAIN"
    deadline = time.monotonic() + 15
    while mount.error("api/user.json") == "EAGAIN":
        assert time.monotonic() < deadline
        time.sleep(0.2)
    assert server.count() == 2


def test_a_limit_is_of_one_resource(mount, server):
    server.limit(ALPHA, remaining=0, resource="search")
    assert mount.error("api/search/repositories@q=hello.json") == "EAGAIN"
    assert mount.json("api/user.json")["login"] == "octo"
    assert mount.error("api/search/repositories@q=other.json") == "EAGAIN"
    assert server.count() == 2


def test_a_limit_that_runs_low_serves_stale_copies_but_still_fetches_what_is_new(home, make_mount, server):
    home.configure(SHORT)
    mount = make_mount()
    server.limit(ALPHA, remaining=20)
    mount.read("api/user.json")
    mount.until_stale("api/user.json")
    mount.read("api/user.json")
    assert server.count("/user") == 1 and mount.state("api/user.json") == "stale"
    assert mount.json("api/users/octo.json")["login"] == "octo"


@pytest.mark.parametrize("status", [403, 429])
def test_a_secondary_limit_is_kept_for_the_time_that_it_names(mount, server, status):
    server.secondary(ALPHA, status=status, retry_after=3600)
    for path in ("api/user.json", "api/users/octo.json", "api/search/repositories@q=x.json"):
        assert mount.error(path) == "EAGAIN"
    assert server.count() == 1, "it is of the credential, whatever the resource"


def test_a_secondary_limit_without_a_time_waits_too(mount, server):
    server.secondary(ALPHA, count=1, status=403)
    assert mount.error("api/user.json") == "EAGAIN"
    assert mount.error("api/users/octo.json") == "EAGAIN"
    assert server.count() == 1


def test_a_short_retry_after_is_waited_for_or_told_but_never_broken(make_mount, server):
    mount = make_mount(RUNNERFS_ORIGIN_TIMEOUT="10s")
    server.secondary(ALPHA, count=1, status=429, retry_after=1)
    deadline = time.monotonic() + 10
    while mount.error("api/user.json") == "EAGAIN":
        assert time.monotonic() < deadline
        time.sleep(0.1)
    first, second = server.requests()
    assert second["time"] - first["time"] >= 1


def test_100_readers_at_the_limit_make_no_storm(mount, server):
    server.limit(ALPHA, remaining=0)
    join, _ = threads(100, lambda index: mount.read(f"{HELLO}/issues/{index}.json"))
    assert set(join()) == {"EAGAIN"}
    assert server.count() <= 64, "only what was under way before the first answer"
    before = server.count()
    join, _ = threads(100, lambda index: mount.read(f"{HELLO}/issues/{index}.json"))
    assert set(join()) == {"EAGAIN"} and server.count() == before


def test_a_304_costs_no_quota_and_ratelimit_json_shows_it(home, make_mount, server):
    home.configure(SHORT)
    mount = make_mount()
    mount.read("api/user.json")
    mount.until_stale("api/user.json")
    mount.read("api/user.json")
    assert server.state()["windows"][ALPHA + "|core"] == 1
    text = mount.read(".runnerfs/ratelimit.json").decode()
    assert "core" in text and "4999" in text
    assert server.count() == 2


def test_an_installation_without_limits_sends_no_headers(mount, server):
    server.switch(name="rate_headers", value=False)
    assert mount.json("api/user.json")["login"] == "octo"
    assert mount.error("api/users/nobody.json") == "ENOENT"
    assert mount.json("api/users/octo.json")["login"] == "octo"
