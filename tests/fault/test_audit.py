"""An audit log that cannot be kept: whoever cannot be recorded gets no credential, and is told why."""

import os
import sys
import time

import pytest
from rfs import LIBC, PROGRAM, error_of, read, until, write

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../mount"))
from credentials import audit  # noqa: E402

SYNC = os.path.join(os.path.dirname(PROGRAM), "libsync_fails.so")
VALUE = "canaryOfTheAudit"


def refused(mount, path, *words):
    """A read fails, and the daemon says why by name."""
    assert mount.error(path) in ("EIO", "ENOSPC")
    text = mount.read(".runnerfs/errors.jsonl").decode()
    assert any(word in text for word in words), text
    assert VALUE not in text


@pytest.fixture
def unsynced(home, make_mount):
    """(mount, fail): after fail() the disk does not keep what is written to audit.log."""
    flag = home.join("sync-fails")
    asan = "verify_asan_link_order=0:" + os.environ.get("ASAN_OPTIONS", "")
    mount = make_mount("--repo", "octo/hello", LD_PRELOAD=SYNC, SYNC_FAILS=flag, ASAN_OPTIONS=asan)
    write(mount.join("secrets/KEPT"), VALUE)

    def fail(now=True):
        if now:
            write(flag, "")
        else:
            os.unlink(flag)
    return mount, fail


def test_a_change_whose_line_is_not_on_disk_is_no_change(unsynced):
    mount, fail = unsynced
    fail()
    assert error_of(write, mount.join("secrets/NEW"), VALUE) == "EIO"
    fail(False)
    # What a disk dropped once it may have dropped for good: nothing is given out until somebody looked.
    refused(mount, "secrets/KEPT", "could not be synced")
    assert "could not be synced" in mount.home.run("status").stdout.decode()
    assert mount.error("api/user.json") == "", "answers of GitHub need no audit"


def test_reads_end_within_a_second_of_a_line_that_is_not_on_disk(unsynced):
    mount, fail = unsynced
    fail()
    assert mount.read("secrets/KEPT") == VALUE.encode(), "its line is written, and to be synced within a second"
    until(lambda: mount.error("secrets/KEPT") == "EIO", seconds=10, what="the refusal")


def test_after_a_restart_the_log_goes_on(unsynced, make_mount):
    mount, fail = unsynced
    fail()
    assert error_of(write, mount.join("secrets/NEW"), VALUE) == "EIO"
    fail(False)
    mount.stop()
    again = make_mount("--repo", "octo/hello")
    assert again.read("secrets/KEPT") == VALUE.encode()
    assert mount.home.run("audit", "verify").returncode == 0
    assert error_of(read, again.join("secrets/NEW")) == "ENOENT"


@pytest.fixture
def small(home):
    """A tmpfs of 3 MiB as the directory of the credentials."""
    folder = home.join(".credentials")
    os.makedirs(folder, mode=0o700)
    if LIBC.mount(b"none", folder.encode(), b"tmpfs", 0, b"size=3m,mode=0700") != 0:
        pytest.skip("mounting a tmpfs needs root")
    yield folder
    for daemon in home.daemons:
        daemon.kill()
    LIBC.umount2(folder.encode(), 2)


def test_a_disk_that_is_full_for_the_log_refuses_reads_until_there_is_room(home, make_mount, small):
    mount = make_mount("--repo", "octo/hello")
    write(mount.join("secrets/KEPT"), VALUE)
    filler = os.path.join(small, "filler")
    with open(filler, "wb", buffering=0) as file:
        size = 1 << 16
        while size:
            try:
                file.write(b"x" * size)
            except OSError:
                size //= 2
    # Room that is kept ahead is used up first: every read that was granted has its line.
    granted = 0
    deadline = time.monotonic() + 60
    while mount.error("secrets/KEPT") == "":
        granted += 1
        assert time.monotonic() < deadline, "reads went on though no line fits any more"
    refused(mount, "secrets/KEPT", "room", "space")
    lines = [line for line in audit(home) if line["action"] == "access_granted"]
    assert len(lines) == granted
    assert audit(home)[-1]["details"]["reason"] == "audit_full"
    os.unlink(filler)
    assert mount.read("secrets/KEPT") == VALUE.encode()
    mount.stop()
    assert home.run("audit", "verify").returncode == 0


@pytest.mark.parametrize("change", ["removed", "replaced", "shortened"])
def test_a_log_that_somebody_touched_ends_the_reads(home, make_mount, change):
    mount = make_mount("--repo", "octo/hello")
    write(mount.join("secrets/KEPT"), VALUE)
    log = home.join(".credentials/audit.log")
    if change == "removed":
        os.unlink(log)
    elif change == "replaced":
        content = read(log)
        os.unlink(log)
        write(log, content)
    else:
        os.truncate(log, os.path.getsize(log) - 10)
    refused(mount, "secrets/KEPT", "audit.log")
    assert error_of(write, mount.join("secrets/NEW"), VALUE) == "EIO"
    if change == "shortened":  # a copy in its place says the same
        assert home.run("audit", "verify").returncode != 0
