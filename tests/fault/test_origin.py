"""An origin that is dead, half-open, restarted or unknown; a clock that jumps."""

import os
import subprocess
import time

import pytest
from client import Server
from fixtures import ALPHA
from rfs import PROGRAM, error_of, threads, until, write

USER = b'{"login":"octo","id":7}'
HELLO = "api/repos/octo/hello"
CLOCK = os.environ.get("RUNNERFS_CLOCK_STEP", os.path.join(os.path.dirname(PROGRAM), "libclock_step.so"))


def test_a_host_that_stops_answering_costs_the_timeout_and_no_more(make_mount, server):
    mount = make_mount(RUNNERFS_ORIGIN_TIMEOUT="2s")
    mount.read("api/user.json")  # the connection is open, and half-open from here on
    server.pause()
    join, _ = threads(100, lambda index: mount.read(f"{HELLO}/issues@per_page={index + 1}.json"))
    assert mount.read("api/user.json") == USER, "what is fresh is read at once"
    assert set(join()) == {"ETIMEDOUT"}
    server.resume()
    until(lambda: mount.error("api/users/octo.json") == "", what="an answer after the host is back")


def test_a_host_that_is_dead_from_the_start(make_mount, server):
    server.pause()
    mount = make_mount(RUNNERFS_ORIGIN_TIMEOUT="1s")
    assert mount.error("api/user.json") in ("ETIMEDOUT", "EHOSTUNREACH")
    server.resume()
    until(lambda: mount.error("api/user.json") == "", what="an answer after the host is back")


def test_stale_bytes_are_served_while_the_host_is_dead(home, make_mount, server):
    home.configure("operation_ttls:\n  /user: 1\n")
    mount = make_mount(RUNNERFS_ORIGIN_TIMEOUT="1s")
    mount.read("api/user.json")
    mount.until_stale("api/user.json")
    server.pause()
    assert mount.read("api/user.json") == USER
    assert mount.state("api/user.json") == "stale"
    assert error_of(mount.read, "api/.now/user.json") in ("ETIMEDOUT", "EHOSTUNREACH"), "who asks for the newest is told"


def test_a_restarted_host_is_not_noticed(make_mount):
    """The pooled connections died with it."""
    with Server() as first:
        port, url = first.ready["port"], first.url
        mount = make_mount("--ca-file", first.ca_file, GITHUB_API_URL=url, RUNNERFS_CA_FILE=None)
        mount.read("api/user.json")
        kept = mount.home.join("ca.pem")
        with open(first.ca_file, "rb") as file:
            write(kept, file.read())
    # The certificate is another one; trust is read anew with each connection, or the failure is told as such.
    with Server("--port", str(port)):
        assert mount.error("api/users/octo.json") in ("", "EHOSTUNREACH")
        assert mount.read("api/user.json") == USER


def test_a_connection_that_the_host_closed_while_idle_is_replaced(make_mount, server):
    mount = make_mount()
    mount.read("api/user.json")
    server.fault("reset", "/users/octo", count=1)
    assert mount.json("api/users/octo.json")["login"] == "octo"
    assert len({entry["connection"] for entry in server.requests()}) == 2


def test_a_name_that_does_not_resolve_is_ehostunreach(make_mount):
    mount = make_mount(GITHUB_API_URL="https://no-such-host.invalid", RUNNERFS_ORIGIN_TIMEOUT="3s")
    began = time.monotonic()
    assert mount.error("api/user.json") in ("EHOSTUNREACH", "ETIMEDOUT")
    assert mount.read(".runnerfs/stats.json") and time.monotonic() - began < 30


def test_unmounting_with_a_dead_host_is_clean(make_mount, server):
    mount = make_mount()
    server.pause()
    join, _ = threads(50, lambda index: mount.read(f"{HELLO}/issues/{index}.json"))
    mount.stop()
    assert set(join()) <= {"ECONNABORTED", "ENOTCONN"}


@pytest.fixture
def clock(home, make_mount):
    """(mount, step): step(seconds) sets the daemon's wall clock apart from ours."""
    if not os.path.exists(CLOCK):
        pytest.skip("the clock is not built here")
    file = home.join("clock")
    write(file, "0")
    asan = "verify_asan_link_order=0:" + os.environ.get("ASAN_OPTIONS", "")
    mount = make_mount(LD_PRELOAD=CLOCK, CLOCK_STEP=file, ASAN_OPTIONS=asan)

    def step(seconds):
        write(file + ".new", str(seconds))
        os.rename(file + ".new", file)
    return mount, step


def test_a_clock_that_jumps_ahead_makes_answers_stale_not_wrong(clock, server):
    mount, step = clock
    mount.read("api/user.json")
    write(mount.join("cache/k"), "1")
    step(86_400)
    assert mount.state("api/user.json") == "stale"
    assert mount.read("api/user.json") == USER
    assert [entry["status"] for entry in server.requests()] == [200, 304]
    assert mount.error("cache/k") == "ENOENT"
    assert mount.state("api/user.json") == "revalidated"


def test_a_clock_that_jumps_back_makes_nothing_last_for_ever(clock, server):
    mount, step = clock
    mount.read("api/user.json")
    step(-86_400)
    assert mount.state("api/user.json") == "stale", "an answer of the future is not believed"
    assert mount.read("api/user.json") == USER and server.count() == 2
    assert mount.read("api/user.json") == USER and server.count() == 2, "confirmed, and fresh by the clock of now"
    write(mount.join("cache/k"), "1")
    assert mount.read("cache/k") == b"1"


def test_deadlines_do_not_depend_on_the_wall_clock(clock, server):
    mount, step = clock
    server.fault("stall", "/user")
    join, _ = threads(1, lambda _: mount.read("api/user.json"))
    server.arrived(1)
    step(-1_000_000)
    step(1_000_000)
    server.release()
    assert join() == [USER]


def test_a_stepping_clock_opens_no_gate_and_closes_none_for_ever(clock, server):
    """How long a limit lasts is counted from GitHub's own Date, not from our clock."""
    mount, step = clock
    server.limit(ALPHA, remaining=0, reset_in=3000)
    assert mount.error("api/user.json") == "EAGAIN"
    step(4000)
    assert mount.error("api/user.json") == "EAGAIN" and server.count() == 1
    step(-90_000)
    server.limit(ALPHA, resource="search", remaining=0, reset_in=2)
    assert mount.error("api/search/repositories@q=a.json") == "EAGAIN"
    until(lambda: mount.error("api/search/repositories@q=a.json") == "", seconds=15, what="the next window")


def test_the_socket_front_has_the_same_bounds(serve, home, server):
    serve(RUNNERFS_ORIGIN_TIMEOUT="1s")
    server.pause()
    result = subprocess.run([PROGRAM, "cat", "api/user.json"], env=home.environment(), capture_output=True, timeout=20)
    assert result.returncode not in (0, 2) and result.stdout == b""
    assert home.run("cat", ".runnerfs/stats.json", check=True).stdout
