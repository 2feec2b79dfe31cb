"""Many readers: one request for all of them; stuck ones hold up nobody, and can be ended."""

import json
import signal
import subprocess
import sys
import time

from rfs import threads

HELLO = "api/repos/octo/hello"


def test_a_thousand_readers_of_one_cold_path_are_one_request(mount, server):
    server.fault("stall", "/user")
    join, _ = threads(1000, lambda _: mount.read("api/user.json"))
    server.arrived(1, "/user")
    server.release()
    assert join() == [b'{"login":"octo","id":7}'] * 1000
    assert server.count() == 1


def test_a_thousand_readers_of_one_stale_path_are_one_request(home, make_mount, server):
    home.configure("operation_ttls:\n  /user: 1\n")
    mount = make_mount()
    mount.read("api/user.json")
    mount.until_stale("api/user.json")
    server.edit("/user", json={"login": "z" * 5000})
    server.fault("stall", "/user")
    join, _ = threads(1000, lambda _: mount.read("api/user.json"))
    server.arrived(2, "/user")
    server.release()
    assert set(join()) == {json.dumps({"login": "z" * 5000}, separators=(",", ":")).encode()}
    assert server.count() <= 3, "one for all; one more only where a second passed before the last reader came"


def test_a_failure_reaches_every_reader_that_waits_for_it(make_mount, server):
    mount = make_mount(RUNNERFS_ORIGIN_TIMEOUT="3s")
    server.fault("stall", "/user")
    join, _ = threads(50, lambda _: mount.read("api/user.json"))
    assert set(join()) == {"ETIMEDOUT"}


def stuck_readers(mount, server, number=500):
    """Readers of as many cold paths on an origin that answers nothing, once GitHub has been asked for the first."""
    server.fault("stall", "/repos/octo/hello/issues/")
    join, results = threads(number, lambda index: mount.read(f"{HELLO}/issues/{index + 10}.json"))
    server.arrived(1)
    return join, results


def test_500_stuck_readers_hold_up_nobody(mount, server):
    mount.read("api/user.json")
    mount.read(HELLO + ".json")
    join, results = stuck_readers(mount, server)
    out = subprocess.run(["cat", mount.join("api/user.json"), mount.join(HELLO + ".json"), mount.join(".runnerfs/stats.json")],
                         capture_output=True, timeout=5)
    assert out.returncode == 0 and out.stdout.startswith(b'{"login":"octo","id":7}')
    subprocess.run(["sh", "-c", 'find "$1" > /dev/null; echo 1 > "$1/cache/k"; cat "$1/cache/k"', "sh", mount.path], timeout=5, check=True)
    assert results == [None] * 500, "they are stuck all the while"
    assert server.state()["most_in_flight"] <= 100, "GitHub's own bound of concurrent requests"
    server.release()
    assert join() == ["ENOENT"] * 500, "each got its answer at last"


def test_umount_ends_within_ten_seconds_while_readers_are_stuck(mount, server):
    join, _ = stuck_readers(mount, server)
    began = time.monotonic()
    mount.stop()
    assert time.monotonic() - began < 10
    assert set(join()) == {"ECONNABORTED"}, "every reader got an error"


def stuck_cat(mount, server, path="api/user.json"):
    server.fault("stall", "/" + path.removeprefix("api/").removesuffix(".json"))
    process = subprocess.Popen(["cat", mount.join(path)], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    server.arrived(1)
    return process


def end_of(process, number):
    process.send_signal(number)
    try:
        _, _ = process.communicate(timeout=5)
    finally:
        process.kill()
    return process.returncode


def test_ctrl_c_ends_a_stuck_cat_and_the_fetch_goes_on_for_others(mount, server):
    first = stuck_cat(mount, server)
    second = subprocess.Popen(["cat", mount.join("api/user.json")], stdout=subprocess.PIPE)
    assert end_of(first, signal.SIGINT) == -signal.SIGINT
    server.release()
    assert second.communicate(timeout=10)[0] == b'{"login":"octo","id":7}'
    assert server.count() == 1


def test_sigterm_and_sigkill_end_a_stuck_cat(mount, server):
    assert end_of(stuck_cat(mount, server), signal.SIGTERM) == -signal.SIGTERM
    assert end_of(stuck_cat(mount, server, "api/users/octo.json"), signal.SIGKILL) == -signal.SIGKILL


def test_a_signal_ends_a_stuck_stat(mount, server):
    server.fault("stall", "/user")
    process = subprocess.Popen(["stat", mount.join("api/user.json")], stdout=subprocess.DEVNULL)
    server.arrived(1)
    assert end_of(process, signal.SIGINT) == -signal.SIGINT


HANDLED = """
import ctypes, os, signal, sys
signal.signal(signal.SIGUSR1, lambda *_: None)
libc = ctypes.CDLL(None, use_errno=True)
file = libc.open(sys.argv[1].encode(), os.O_RDONLY)  # Python's own open would hide an EINTR
print(ctypes.get_errno() if file < 0 else os.read(file, 100).decode())
"""


def test_a_signal_that_is_handled_does_not_interrupt_a_read(mount, server):
    server.fault("stall", "/user")
    process = subprocess.Popen([sys.executable, "-c", HANDLED, mount.join("api/user.json")], stdout=subprocess.PIPE)
    server.arrived(1, "/user")
    for _ in range(5):  # Go's SIGURG and git's SIGALRM come in numbers
        process.send_signal(signal.SIGUSR1)
        time.sleep(0.05)
    server.release()
    assert process.communicate(timeout=10)[0] == b'{"login":"octo","id":7}\n'


def test_a_reader_that_gave_up_leaves_nothing_behind(mount, server):
    for _ in range(5):
        server.fault("stall", "/user")
        process = subprocess.Popen(["cat", mount.join("api/user.json")], stderr=subprocess.DEVNULL)
        server.arrived(1, "/user")
        end_of(process, signal.SIGINT)
    server.release()
    assert mount.read("api/user.json") == b'{"login":"octo","id":7}'
    assert server.count() == 1
