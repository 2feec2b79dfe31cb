"""kill -9 in the middle of everything: what was closed is there, the rest is whole or absent, the next mount cleans up."""

import json
import os
import sqlite3

import pytest
from fixtures import SHA
from rfs import Mount, error_of, read, threads, until, write

HELLO = "api/repos/octo/hello"


def remount(mount):
    """The next mount, on the mountpoint that the killed daemon left behind."""

    class Same(Mount):
        def prepare(self, number):
            self.path = mount.path

    return Same(mount.home)


def kill(mount):
    mount.process.kill()
    mount.process.wait()
    assert mount.mounted(), "a killed daemon leaves a dead mount"
    assert error_of(os.statvfs, mount.path) == "ENOTCONN"


def check_database(home):
    """By SQLite itself, on the files as they are after the next daemon's end."""
    database = sqlite3.connect(f"file:{home.store('cache.db')}?mode=ro", uri=True)
    try:
        assert database.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        assert database.execute("PRAGMA foreign_key_check").fetchall() == []
    finally:
        database.close()


def document(index):
    return json.dumps({"index": index, "data": [index] * (index * 37 % 2000)})


@pytest.mark.parametrize("after", [1, 40, 120, 199])
def test_kill_in_the_middle_of_200_writes(make_mount, home, after):
    mount = make_mount()
    closed = []

    def run(worker):
        for index in range(worker, 200, 4):
            write(mount.join(f"cache/k{index}"), document(index))
            closed.append(index)
            if len(closed) >= after and not mount.process.poll():
                mount.process.kill()

    join, _ = threads(4, run)
    join(60)
    mount.process.wait()
    certain = list(closed)
    again = remount(mount)
    for index in range(200):
        name = f"cache/k{index}"
        failed = again.error(name)
        assert failed in ("", "ENOENT")
        if failed == "":
            assert again.read(name).decode() == document(index), "whole"
        else:
            assert index not in certain, f"{name} had been closed and is gone"
    assert "dead" in again.log() or "cleaned" in again.log()
    again.stop()
    check_database(home)


@pytest.mark.parametrize("size", [2_000, 2_000_000])
def test_kill_while_answers_are_stored(make_mount, home, server, size):
    mount = make_mount()
    for index in range(40):
        server.resource(f"/repos/octo/hello/issues/{index + 1}", json={"n": index, "data": "d" * size})
    read_whole = []

    def run(worker):
        for index in range(worker, 40, 4):
            assert mount.json(f"{HELLO}/issues/{index + 1}.json")["n"] == index
            read_whole.append(index)
            if len(read_whole) == 12:
                mount.process.kill()

    join, _ = threads(4, run)
    join(60)
    mount.process.wait()
    again = remount(mount)
    for index in range(40):
        assert again.json(f"{HELLO}/issues/{index + 1}.json") == {"n": index, "data": "d" * size}
    again.stop()
    check_database(home)


def test_kill_while_a_file_is_written_leaves_the_former_one(make_mount, home):
    mount = make_mount()
    write(mount.join("cache/k"), '"former"')
    file = os.open(mount.join("cache/k"), os.O_WRONLY | os.O_TRUNC)
    os.write(file, b'"later, but never closed"')
    kill(mount)
    assert error_of(os.close, file) in ("ENOTCONN", "")
    again = remount(mount)
    assert again.read("cache/k") == b'"former"'


def test_what_was_fsynced_survives(make_mount):
    mount = make_mount()
    file = os.open(mount.join("cache/k"), os.O_CREAT | os.O_WRONLY, 0o600)
    os.write(file, b'"synced"')
    os.fsync(file)
    kill(mount)
    error_of(os.close, file)
    assert remount(mount).read("cache/k") == b'"synced"'


def test_a_killed_daemon_leaves_no_socket_in_the_way(make_mount, home, server):
    mount = make_mount()
    mount.read(f"{HELLO}/git/commits/{SHA}.json")
    until(lambda: mount.stats()["store_writes"] > 0, what="the answer on disk")  # a reader does not wait for it
    kill(mount)
    assert home.run("cat", "api/user.json", check=True).stdout == b'{"login":"octo","id":7}'
    again = remount(mount)
    assert home.run("cat", "api/users/octo.json", environment=home.environment(token=None, RUNNERFS_CA_FILE=None,
                    GITHUB_API_URL="https://127.0.0.1:9"), check=True).stdout
    assert again.read(f"{HELLO}/git/commits/{SHA}.json")
    assert server.count(f"/repos/octo/hello/git/commits/{SHA}") == 1


def test_readers_of_a_killed_daemon_get_an_error(make_mount, server):
    mount = make_mount()
    server.fault("stall", "/user")
    join, _ = threads(20, lambda _: read(mount.join("api/user.json")))
    server.arrived(1)
    kill(mount)
    assert set(join()) <= {"ENOTCONN", "ECONNABORTED"}
