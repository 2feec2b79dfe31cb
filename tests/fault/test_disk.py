"""Disks that are full or read-only, databases that are broken, keys that are another store's.

Reads go on, from GitHub; the failure is told; nothing is deleted that could be of use.
"""

import hashlib
import os
import re
import shutil
import sqlite3

import pytest
from rfs import LIBC, error_of, read, until, write

HELLO = "api/repos/octo/hello"
USER = b'{"login":"octo","id":7}'
MS_RDONLY, MS_REMOUNT = 1, 32


@pytest.fixture
def small(home):
    """A tmpfs of 3 MiB as the cache directory; remount(flags) changes it."""
    folder = home.store()
    os.makedirs(folder, mode=0o700)

    def mount(flags=0):
        return LIBC.mount(b"none", folder.encode(), b"tmpfs", flags, b"size=3m,mode=0700")

    if mount() != 0:
        pytest.skip("mounting a tmpfs needs root")
    yield lambda flags: mount(flags | MS_REMOUNT)
    for daemon in home.daemons:
        daemon.kill()
    LIBC.umount2(folder.encode(), 2)


def fill(home):
    with open(home.store("filler"), "wb", buffering=0) as file:
        size = 1 << 16
        while size:
            try:
                file.write(b"x" * size)
            except OSError:
                size //= 2


def told(mount, *words):
    """The failure of the store is in errors.jsonl, in the metrics and in status."""
    text = mount.read(".runnerfs/errors.jsonl").decode()
    assert any(word in text for word in words), text
    metrics = mount.read(".runnerfs/metrics").decode()
    assert re.search(r"^runnerfs_store_errors(_total)? [1-9]", metrics, re.M) or re.search(
        r"^runnerfs_store_(ok|up|usable) 0$", metrics, re.M), metrics
    status = mount.home.run("status").stdout.decode()
    assert re.search(r"store|cache", status) and any(word in status for word in words), status


def test_a_full_disk_does_not_stop_reads(make_mount, home, small, server):
    mount = make_mount()
    assert mount.read("api/user.json") == USER
    fill(home)
    for index in range(20):
        server.resource(f"/repos/octo/hello/issues/{index + 1}", json={"n": index, "data": os.urandom(40_000).hex()})
        assert mount.json(f"{HELLO}/issues/{index + 1}.json")["n"] == index
    assert mount.read("api/user.json") == USER
    told(mount, "full", "space", "ENOSPC")
    assert server.count() == 21


def test_a_write_that_cannot_be_kept_is_an_error(make_mount, home, small):
    mount = make_mount()
    write(mount.join("cache/small"), "1")
    fill(home)
    import json
    big = json.dumps(os.urandom(300_000).hex())
    assert error_of(write, mount.join("cache/big"), big) in ("ENOSPC", "EIO")
    assert mount.error("cache/big") == "ENOENT", "nothing half-written"
    assert mount.read("cache/small") == b"1"


def test_a_disk_that_has_room_again_is_used_again(make_mount, home, small, server):
    mount = make_mount()
    mount.read("api/user.json")
    fill(home)
    server.resource("/users/octo", json={"data": os.urandom(200_000).hex()})
    mount.read("api/users/octo.json")
    os.unlink(home.store("filler"))

    def writes():
        return error_of(write, mount.join("cache/k"), "1") == ""

    until(writes, seconds=90, what="a write after there is room")
    mount.stop()
    assert make_mount().read("cache/k") == b"1"


def test_a_read_only_cache_directory_does_not_stop_reads(make_mount, home, small, server):
    mount = make_mount()
    mount.read("api/user.json")
    mount.stop()
    assert small(MS_RDONLY) == 0
    mount = make_mount()
    assert mount.read("api/user.json") == USER
    assert mount.json("api/users/octo.json")["login"] == "octo"
    assert mount.json("api/users/octo.json")["login"] == "octo"
    assert server.count("/users/octo") == 1, "kept in memory"
    told(mount, "read-only", "EROFS")


def corrupt_header(path):
    with open(path, "r+b") as file:
        file.write(b"this is no database at all, but a text")


def corrupt_middle(path):
    size = os.path.getsize(path)
    with open(path, "r+b") as file:
        for place in range(4096, size, 4096):
            file.seek(place)
            file.write(os.urandom(600))


def truncate(path):
    os.truncate(path, os.path.getsize(path) // 2 + 100)


@pytest.mark.parametrize("damage", [corrupt_header, corrupt_middle, truncate])
def test_a_damaged_database_is_set_aside_and_named(make_mount, home, server, damage):
    mount = make_mount()
    paths = ["api/user.json", HELLO + ".json", HELLO + "/issues@per_page=5.json"]
    for path in paths:
        mount.read(path)
    for index in range(100):
        write(mount.join(f"cache/k{index}"), "[%d]" % index)
    mount.stop()
    for extra in ("-wal", "-shm"):
        assert not os.path.exists(home.store("cache.db" + extra)) or not os.path.getsize(home.store("cache.db" + extra))
    damage(home.store("cache.db"))
    broken = hashlib.sha256(read(home.store("cache.db"))).digest()
    server.requests(clear=True)
    mount = make_mount()
    assert [mount.error(path) for path in paths] == ["", "", ""]
    assert mount.read("api/user.json") == USER
    for index in range(100):
        assert mount.error(f"cache/k{index}") in ("", "ENOENT")
    write(mount.join("cache/new"), "1")
    aside = [name for name in os.listdir(home.store())
             if os.path.isfile(home.store(name)) and hashlib.sha256(read(home.store(name))).digest() == broken]
    assert aside and aside != ["cache.db"], "the damaged file is kept, byte for byte"
    text = mount.read(".runnerfs/errors.jsonl").decode() + mount.log()
    assert aside[0] in text, f"{aside[0]} is not named in {text}"
    told(mount, "damaged", "corrupt", "malformed", "not a database")
    mount.stop()
    mount = make_mount()
    assert mount.read("cache/new") == b"1", "the new database works"


def test_a_damaged_record_is_fetched_anew(make_mount, home, server):
    mount = make_mount()
    mount.read("api/user.json")
    mount.stop()
    database = sqlite3.connect(home.store("cache.db"))
    tables = [row[0] for row in database.execute("select name from sqlite_master where type = 'table'")]
    changed = 0
    for table in tables:
        columns = [row[1] for row in database.execute(f"pragma table_info({table})")]
        for column in ("meta", "data"):
            if column in columns:
                for rowid, blob in database.execute(f"select rowid, {column} from {table}").fetchall():
                    if isinstance(blob, bytes) and len(blob) > 80:
                        blob = blob[:-5] + bytes([blob[-5] ^ 1]) + blob[-4:]
                        database.execute(f"update {table} set {column} = ? where rowid = ?", (blob, rowid))
                        changed += 1
    database.commit()
    database.close()
    assert changed
    mount = make_mount()
    assert mount.read("api/user.json") == USER
    assert server.count() == 2
    assert "tampered" in mount.read(".runnerfs/metrics").decode()


def one_object(home):
    (name,) = os.listdir(home.store("objects"))
    return home.store("objects", name)


def lose(path):
    os.unlink(path)


def cut(path):
    os.truncate(path, os.path.getsize(path) - 1)


def lengthen(path):
    with open(path, "ab") as file:
        file.write(b"x")


def replace(path):
    os.unlink(path)
    os.mkdir(path)


@pytest.mark.parametrize("damage", [lose, cut, lengthen, replace])
def test_a_large_body_that_is_gone_is_fetched_again_for_its_first_reader(make_mount, home, server, damage):
    server.resource("/repos/octo/hello/issues/1", json={"data": os.urandom(400_000).hex()})
    path = HELLO + "/issues/1.json"
    mount = make_mount()
    content = mount.read(path)
    mount.stop()
    damage(one_object(home))
    mount = make_mount()
    assert mount.read(path) == content
    assert server.count("/repos/octo/hello/issues/1") == 2
    (line,) = mount.errors()
    assert line["path"] == path and "missing" in line["message"] and "again" in line["hint"]
    mount.stop()
    assert make_mount().read(path) == content
    assert server.count("/repos/octo/hello/issues/1") == 2, "kept anew"


@pytest.mark.parametrize("damage", [lose, cut])
def test_a_large_entry_of_the_cache_that_is_gone_says_so_until_it_is_replaced(make_mount, home, damage):
    content = b'"' + os.urandom(400_000).hex().encode() + b'"'
    mount = make_mount()
    write(mount.join("cache/big"), content)
    mount.stop()
    damage(one_object(home))
    mount = make_mount()
    assert [mount.error("cache/big") for _ in range(3)] == ["EIO"] * 3
    (line,) = mount.errors()
    assert line["path"] == "cache/big" and line["errno"] == "EIO" and "written again" in line["hint"]
    assert os.listdir(mount.join("cache")).count("big") == 1
    write(mount.join("cache/big"), content)
    assert mount.read("cache/big") == content
    mount.stop()
    damage(max((home.store("objects", name) for name in os.listdir(home.store("objects"))), key=os.path.getmtime))
    mount = make_mount()
    assert mount.error("cache/big") == "EIO"
    os.unlink(mount.join("cache/big"))
    assert mount.error("cache/big") == "ENOENT"


@pytest.mark.parametrize("case", ["other", "missing"])
def test_another_key_opens_nothing_and_destroys_nothing(make_mount, home, server, case):
    mount = make_mount(RUNNERFS_KEY_SOURCE=None)  # decided at the first mount, and recorded
    mount.read("api/user.json")
    write(mount.join("cache/k"), "1")
    mount.stop()
    (key,) = [os.path.join(folder, name) for folder, _, names in os.walk(home.join(".local/state/runnerfs")) for name in names
              if read(os.path.join(folder, name)).startswith(b"runnerfs-root-key-v1 ")]
    shutil.copy2(key, home.join("kept-key"))
    before = read(home.store("cache.db"))
    if case == "other":
        import base64
        write(key, b"runnerfs-root-key-v1 " + base64.b64encode(bytes(range(32))) + b"\n")
    else:
        os.unlink(key)
    server.requests(clear=True)
    mount = make_mount(RUNNERFS_KEY_SOURCE=None)
    assert mount.read("api/user.json") == USER and server.count() == 1, "reads go on, from GitHub"
    assert mount.error("cache/k") == "ENOENT"
    told(mount, "key")
    assert not os.path.exists(key) or case == "other", "never a new key where there is a store"
    mount.stop()
    assert read(home.store("cache.db")) == before, "the store is as it was"
    shutil.copy2(home.join("kept-key"), key)
    server.requests(clear=True)
    mount = make_mount(RUNNERFS_KEY_SOURCE=None)
    assert mount.read("cache/k") == b"1" and mount.read("api/user.json") == USER and server.count() == 0


def test_a_newer_database_is_refused_and_left_alone(make_mount, home, server):
    make_mount().stop()
    database = sqlite3.connect(home.store("cache.db"))
    (version,) = database.execute("pragma user_version").fetchone()
    database.execute(f"pragma user_version = {version + 1000}")
    database.commit()
    database.close()
    before = read(home.store("cache.db"))
    mount = make_mount()
    assert mount.read("api/user.json") == USER
    told(mount, "newer", "version")
    with open(mount.join("secrets/K"), "w", encoding="ascii") as file:
        file.write("kept")
    doctor = home.run("doctor")
    assert b"fail  answers" in doctor.stdout and b"newer version" in doctor.stdout and doctor.returncode == 1
    mount.stop()
    mount = make_mount()
    assert mount.read("secrets/K") == b"kept", "another store's trouble costs no credential"
    mount.stop()
    assert read(home.store("cache.db")) == before
