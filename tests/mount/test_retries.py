"""What goes wrong for a moment is tried again, within bounds; what goes wrong for good is told."""

import pytest
from rfs import threads

SHORT = "operation_ttls:\n  /user: 1\n"
USER = b'{"login":"octo","id":7}'


@pytest.mark.parametrize("status", [500, 502, 503, 504])
def test_a_passing_5xx_is_not_seen(mount, server, status):
    server.fault("status", "/user", count=1, status=status)
    assert mount.read("api/user.json") == USER
    assert [entry["status"] for entry in server.requests()] == [status, 200]
    assert mount.stats()["retries"] == 1


@pytest.mark.parametrize("fault", [{"kind": "reset"}, {"kind": "truncate", "after": 7}, {"kind": "reset_body", "after": 7},
                                   {"kind": "garbage"}])
def test_a_broken_transfer_is_tried_again(mount, server, fault):
    server.fault(path="/user", count=1, **fault)
    assert mount.read("api/user.json") == USER
    assert server.count() == 2


def test_a_lasting_5xx_is_eio_after_few_tries_that_are_spaced(make_mount, server):
    mount = make_mount(RUNNERFS_ORIGIN_TIMEOUT="8s")
    server.fault("status", "/user", status=502)
    assert mount.error("api/user.json") == "EIO"
    times = [entry["time"] for entry in server.requests()]
    assert 2 <= len(times) <= 6
    gaps = [later - earlier for earlier, later in zip(times, times[1:])]
    assert min(gaps) >= 0.05 and gaps == sorted(gaps) or sum(gaps) >= 0.3, gaps
    line = mount.errors()[-1]
    assert line["errno"] == "EIO" and "502" in line["message"]


def test_retry_after_of_a_503_is_kept(make_mount, server):
    mount = make_mount(RUNNERFS_ORIGIN_TIMEOUT="10s")
    server.fault("status", "/user", count=1, status=503, headers={"Retry-After": "1"})
    assert mount.read("api/user.json") == USER
    first, second = server.requests()
    assert second["time"] - first["time"] >= 1


def test_answers_that_mean_no_are_not_tried_again(mount, server):
    for path, name in (("/users/nobody", "ENOENT"), ("/repos/octo/hello/actions/runs/451", "EACCES"),
                       ("/repos/octo/hello/actions/runs/202", "EAGAIN")):
        assert mount.error(f"api{path}.json") == name
        assert server.count(path) == 1


def test_a_stale_copy_is_served_while_github_fails(home, make_mount, server):
    home.configure(SHORT)
    mount = make_mount(RUNNERFS_ORIGIN_TIMEOUT="1s")
    mount.read("api/user.json")
    mount.until_stale("api/user.json")
    server.fault("status", "/user", status=503)
    assert mount.read("api/user.json") == USER
    assert mount.state("api/user.json") == "stale"
    server.release()
    server.edit("/user", json={"login": "back"})
    assert mount.json("api/.now/user.json") == {"login": "back"}


@pytest.mark.parametrize("how", ["revoked", "forbidden", "gone"])
def test_a_stale_copy_is_not_served_once_access_is_lost(home, make_mount, server, how):
    from fixtures import ALPHA
    home.configure(SHORT)
    mount = make_mount()
    mount.read("api/user.json")
    mount.until_stale("api/user.json")
    if how == "revoked":
        server.revoke(ALPHA)
    elif how == "forbidden":
        server.edit("/user", permission="user=read")
    else:
        server.remove("/user")
    expected = "ENOENT" if how == "gone" else "EACCES"
    assert mount.error("api/user.json") == expected
    server.fault("status", "/user", status=502)
    assert mount.error("api/user.json") in (expected, "EIO"), "the copy is forgotten, not kept for worse days"


def test_failures_of_many_readers_are_one_series_of_tries(make_mount, server):
    mount = make_mount(RUNNERFS_ORIGIN_TIMEOUT="2s")
    server.fault("status", "/user", status=502)
    join, _ = threads(100, lambda _: mount.read("api/user.json"))
    assert set(join()) == {"EIO"}
    assert server.count() <= 12
