"""secrets/: credentials as files, byte for byte, rotated whole, gone when their time is over."""

import errno
import mmap
import os
import subprocess

import pytest
from rfs import error_of, read, threads, until, write
from credentials import audit, names, since

TTL = "user.runnerfs.ttl"
VALUES = {"empty": b"", "one": b"x", "newline": b"value\n", "newlines": b"\n\n\n", "crlf": b"a\r\nb\r\n", "binary": bytes(range(256)) * 17,
          "unicode": "schlüssel 鍵\u0000".encode(), "large": os.urandom(1 << 20), "page": b"p" * 4096, "page1": b"p" * 4097}


@pytest.mark.parametrize("name", VALUES)
def test_a_value_comes_back_byte_for_byte(mount, name):
    write(mount.join("secrets/KEY"), VALUES[name])
    assert mount.read("secrets/KEY") == VALUES[name]
    assert os.stat(mount.join("secrets/KEY")).st_size == len(VALUES[name])
    assert mount.home.run("cat", "secrets/KEY", check=True).stdout == VALUES[name]


def test_it_survives_the_daemon_sealed(home, make_mount):
    first = make_mount()
    write(first.join("secrets/CANARY_NAME"), "canaryCanaryCanary")
    first.stop()
    second = make_mount()
    assert second.read("secrets/CANARY_NAME") == b"canaryCanaryCanary"
    for folder, _, files in os.walk(home.join(".credentials")):
        assert os.stat(folder).st_mode & 0o077 == 0
        for file in files:
            assert os.stat(os.path.join(folder, file)).st_mode & 0o077 == 0, file
            content = read(os.path.join(folder, file))
            assert b"canaryCanary" not in content and (file.startswith("audit") or b"CANARY_NAME" not in content), file


def test_modes_and_owner_are_the_owners_alone(mount):
    write(mount.join("secrets/KEY"), "v")
    os.chmod(mount.join("secrets/KEY"), 0o644)
    for path, mode in (("secrets", 0o700), ("secrets/KEY", 0o600), ("secrets/.scopes", 0o700), ("secrets/.scopes/repo/a/b", 0o700)):
        assert os.stat(mount.join(path)).st_mode & 0o777 == mode, path
        assert os.stat(mount.join(path)).st_uid == os.getuid()


def test_the_listing_shows_names_and_a_readme(mount):
    for name in ("B", "A", "C"):
        write(mount.join("secrets", name), name)
    assert sorted(os.listdir(mount.join("secrets"))) == ["A", "B", "C", "README"]
    assert b"secrets/ holds credentials" in mount.read("secrets/README")
    assert error_of(write, mount.join("secrets/README"), "x") == "EROFS"
    assert sorted(os.listdir(mount.join("secrets/.scopes"))) == ["global", "repo", "runner", "workflow"]


def test_removing_is_for_good_and_an_open_reader_keeps_its_value(mount):
    write(mount.join("secrets/KEY"), "old")
    with open(mount.join("secrets/KEY"), "rb", buffering=0) as file:
        os.unlink(mount.join("secrets/KEY"))
        assert file.read() == b"old"
    assert mount.error("secrets/KEY") == "ENOENT" and names(mount.join("secrets")) == []
    assert error_of(os.unlink, mount.join("secrets/KEY")) == "ENOENT"


def test_rotation_is_whole_at_close_and_an_open_reader_keeps_the_old(mount, home):
    write(mount.join("secrets/KEY"), "old value")
    before = os.getxattr(mount.join("secrets/KEY"), "user.runnerfs.version")
    with open(mount.join("secrets/KEY"), "rb", buffering=0) as reader:
        with open(mount.join("secrets/KEY"), "wb", buffering=0) as writer:
            writer.write(b"new ")
            assert mount.read("secrets/KEY") == b"old value", "nothing is seen before the close"
            writer.write(b"value, longer")
        assert reader.read() == b"old value" and os.pread(reader.fileno(), 3, 4) == b"val"
        assert mount.read("secrets/KEY") == b"new value, longer"
    assert int(os.getxattr(mount.join("secrets/KEY"), "user.runnerfs.version")) == int(before) + 1
    assert [line["action"] for line in audit(home) if line["action"] in ("store", "rotate")] == ["store", "rotate"]


def test_readers_and_a_rotator_never_see_a_mixture(mount):
    values = [bytes([65 + n]) * (1000 + 777 * n) for n in range(8)]
    write(mount.join("secrets/KEY"), values[0])

    def work(index):
        if index == 0:
            for value in values * 3:
                write(mount.join("secrets/KEY"), value)
            return True
        return all(mount.read("secrets/KEY") in values for _ in range(30))

    join, _ = threads(6, work)
    assert join(60) == [True] * 6


def test_what_is_expired_is_gone_by_name_and_ekeyexpired_on_an_open_descriptor(mount, home):
    write(mount.join("secrets/KEY"), "v")
    os.setxattr(mount.join("secrets/KEY"), TTL, b"1s")
    with open(mount.join("secrets/KEY"), "rb", buffering=0) as file:
        assert os.pread(file.fileno(), 10, 0) == b"v"
        until(lambda: error_of(os.pread, file.fileno(), 10, 0) == "EKEYEXPIRED", what="its end")
        count = len(audit(home))
        assert error_of(os.pread, file.fileno(), 10, 0) == "EKEYEXPIRED"
        assert len(audit(home)) == count, "one line a descriptor"
        assert error_of(os.stat, mount.join("secrets/KEY")) == "ENOENT" and mount.error("secrets/KEY") == "ENOENT"
    assert names(mount.join("secrets")) == []
    reasons = [line["details"]["reason"] for line in audit(home) if line["action"] == "access_denied"]
    assert reasons and set(reasons) == {"expired"}
    assert mount.stats()["credentials_expired"] >= 1


def test_the_page_cache_holds_nothing(mount):
    write(mount.join("secrets/KEY"), "v" * 5000)
    with open(mount.join("secrets/KEY"), "rb") as file:
        assert error_of(lambda: mmap.mmap(file.fileno(), 0, mmap.MAP_SHARED, mmap.PROT_READ)) == "ENODEV"
        number = len(audit(mount.home))
        for _ in range(2):
            assert os.pread(file.fileno(), 5000, 0) == b"v" * 5000
        assert len(audit(mount.home)) == number, "one line an open, not one a read"


@pytest.mark.parametrize("ttl", [b"soon", b"-1", b"0", b"", b"1x", b"1e400", b"99999999999h", b"nan"])
def test_a_bad_ttl_is_einval_and_changes_nothing(mount, ttl):
    write(mount.join("secrets/KEY"), "v")
    os.setxattr(mount.join("secrets/KEY"), TTL, b"24h")
    assert float(os.getxattr(mount.join("secrets/KEY"), TTL)) == 86400
    assert error_of(os.setxattr, mount.join("secrets/KEY"), TTL, ttl) == "EINVAL"
    assert float(os.getxattr(mount.join("secrets/KEY"), TTL)) == 86400
    said = mount.errors()[-1]
    assert (said["path"], said["errno"]) == ("secrets/KEY", "EINVAL") and "TTL" in said["message"] and said["hint"], said


def test_a_rotation_restarts_the_ttl(mount):
    write(mount.join("secrets/KEY"), "v")
    os.setxattr(mount.join("secrets/KEY"), TTL, b"1h")
    first = int(os.getxattr(mount.join("secrets/KEY"), "user.runnerfs.expires"))
    until(lambda: write(mount.join("secrets/KEY"), "w") or int(os.getxattr(mount.join("secrets/KEY"), "user.runnerfs.expires")) > first)
    assert float(os.getxattr(mount.join("secrets/KEY"), TTL)) == 3600


def test_attributes_say_what_it_is(mount):
    write(mount.join("secrets/KEY"), "v")
    known = {name: os.getxattr(mount.join("secrets/KEY"), name).decode() for name in os.listxattr(mount.join("secrets/KEY"))}
    assert known["user.runnerfs.scope"] == "global" and known["user.runnerfs.version"] == "1" and int(known["user.runnerfs.created"]) > 0
    assert TTL not in known and "user.runnerfs.expires" not in known
    assert os.getxattr(mount.join("secrets"), "user.runnerfs.isolation") == b"user"
    assert error_of(os.setxattr, mount.join("secrets/KEY"), "user.other", b"1") == "ENOTSUP"


@pytest.mark.parametrize("name, error", [("bad\x01name", "EINVAL"), ("bad\x7f", "EINVAL"), ("bad\nname", "EINVAL"), ("n" * 256, "ENAMETOOLONG"),
                                         (".hidden", "EINVAL"), (b"\xff\xfe", "EINVAL")])
def test_bad_names_are_refused(mount, name, error):
    path = os.path.join(mount.join("secrets").encode(), name if isinstance(name, bytes) else name.encode())
    assert error_of(write, path, "v") == error
    assert names(mount.join("secrets")) == []


def test_odd_but_good_names_work(mount):
    for name in ("n" * 255, "with blank", "schlüssel", "a%b", "KEY*", "x.y-z"):
        write(mount.join("secrets", name), name)
        assert mount.read("secrets/" + name) == name.encode()
    assert len(names(mount.join("secrets"))) == 6


def test_unknown_scopes_and_files_as_directories(mount):
    write(mount.join("secrets/KEY"), "v")
    assert error_of(os.listdir, mount.join("secrets/.scopes/planet")) == "ENOENT"
    assert error_of(read, mount.join("secrets/KEY/below")) == "ENOTDIR"
    assert error_of(os.listdir, mount.join("secrets/.scopes/repo/a%2")) == "EINVAL"
    assert error_of(os.mkdir, mount.join("secrets/dir")) == "EACCES" and error_of(os.mkdir, mount.join("secrets/.scopes/repo")) == "EEXIST"


def test_more_than_a_mebibyte_is_efbig_and_nothing_is_stored(mount):
    write(mount.join("secrets/KEY"), "old")
    file = os.open(mount.join("secrets/KEY"), os.O_WRONLY | os.O_TRUNC)
    os.write(file, b"x" * (1 << 20))
    assert error_of(os.write, file, b"y") == "EFBIG"
    assert error_of(os.close, file) == "EFBIG", "for who did not look at what write() said"
    assert mount.read("secrets/KEY") == b"old", "a part of a key is no key"
    assert error_of(os.truncate, mount.join("secrets/KEY"), (1 << 20) + 1) == "EFBIG" and mount.read("secrets/KEY") == b"old"
    result = subprocess.run(["sh", "-c", f"head -c 2000000 /dev/zero >{mount.join('secrets/NEW')}"], capture_output=True, check=False)
    assert result.returncode != 0 and not os.path.exists(mount.join("secrets/NEW"))
    # One that begins again on the same descriptor has a value again.
    file = os.open(mount.join("secrets/KEY"), os.O_WRONLY)
    assert error_of(os.pwrite, file, b"y", 1 << 20) == "EFBIG"
    os.ftruncate(file, 0)
    os.pwrite(file, b"new", 0)
    os.close(file)
    assert mount.read("secrets/KEY") == b"new"
    assert any(line["errno"] == "EFBIG" for line in mount.errors())


def test_shell_writes_work(mount):
    script = 'printf v > "$1"; printf w >> "$1"; cp "$1" "$1"2; mv "$1"2 "$1"3; : > "$1"4; touch "$1"; printf x | tee "$1"5'
    subprocess.run(["sh", "-ec", script, "sh", mount.join("secrets/K")], check=True, timeout=20, stdout=subprocess.DEVNULL)
    assert [mount.read("secrets/K" + n) for n in ("", "3", "4", "5")] == [b"vw", b"vw", b"", b"x"]
    assert mount.error("secrets/K2") == "ENOENT"


def test_changing_in_place_keeps_the_rest(mount):
    write(mount.join("secrets/KEY"), "0123456789")
    with open(mount.join("secrets/KEY"), "r+b", buffering=0) as file:
        file.seek(3)
        file.write(b"abc")
        file.seek(0)
        assert file.read() == b"012abc6789"
    assert mount.read("secrets/KEY") == b"012abc6789"
    os.truncate(mount.join("secrets/KEY"), 4)
    assert mount.read("secrets/KEY") == b"012a"
    os.truncate(mount.join("secrets/KEY"), 6)
    assert mount.read("secrets/KEY") == b"012a\0\0"


def test_exclusive_creation_has_one_winner(mount):
    def create(index):
        with open(mount.join("secrets/LOCK"), "x", encoding="ascii") as file:
            file.write(str(index))
        return index

    join, _ = threads(8, create)
    results = join()
    assert results.count("EEXIST") >= 1 and int(mount.read("secrets/LOCK")) in [one for one in results if isinstance(one, int)]


def test_looking_reads_nothing_and_writes_no_line(mount, home):
    write(mount.join("secrets/KEY"), "v")
    number = len(audit(home))
    subprocess.run(["ls", "-laR", mount.path], check=True, timeout=20, stdout=subprocess.DEVNULL)
    subprocess.run(["find", mount.path, "-size", "+0"], check=True, timeout=20, stdout=subprocess.DEVNULL)
    os.listxattr(mount.join("secrets/KEY"))
    assert mount.error("secrets/NOBODY") == "ENOENT"
    assert since(home, number) == []


def test_the_audit_line_of_a_read_names_reader_and_context(home, make_mount):
    mount = make_mount("--repo", "octo/hello", "--workflow", "build.yml", "--runner", "r1")
    write(mount.join("secrets/KEY"), "v")
    number = len(audit(home))
    reader = subprocess.Popen(["cat", mount.join("secrets/KEY")], stdout=subprocess.DEVNULL)
    assert reader.wait(20) == 0
    line, = since(home, number)
    assert (line["action"], line["credential"], line["uid"], line["gid"], line["pid"]) == ("access_granted", "KEY", os.getuid(), os.getgid(), reader.pid)
    assert line["exe"].endswith("cat") or "coreutils" in line["exe"] or "busybox" in line["exe"]
    assert (line["details"]["repo"], line["details"]["workflow"], line["details"]["runner_id"]) == ("octo/hello", "build.yml", "r1")


def test_a_read_only_mount_refuses_writes(home, make_mount):
    write(make_mount().join("secrets/KEY"), "v")
    mount = make_mount("-o", "ro")
    assert mount.read("secrets/KEY") == b"v"
    assert error_of(write, mount.join("secrets/KEY"), "w") == "EROFS" and error_of(os.unlink, mount.join("secrets/KEY")) == "EROFS"


def test_a_store_that_cannot_be_opened_leaves_the_rest(home, make_mount):
    write(make_mount().join("secrets/KEY"), "v")
    for daemon in home.daemons:
        daemon.stop()
    write(home.join(".credentials/credentials.db"), b"no database at all" * 100)
    mount = make_mount()
    write(mount.join("cache/k"), "1")
    assert mount.read("cache/k") == b"1"
    assert mount.error("secrets/KEY") not in ("", "ENOENT"), "the reason, not an absence"
    status = mount.json(".runnerfs/status.json")
    assert status["secrets"]["available"] is False and status["secrets"]["trouble"]
    assert any("secrets/" in warning for warning in status["warnings"]) and mount.errors()


def test_job_isolation_keeps_nothing_on_disk(home, make_mount):
    mount = make_mount("--isolation", "job")
    write(mount.join("secrets/KEY"), "v")
    assert mount.read("secrets/KEY") == b"v"
    assert os.getxattr(mount.join("secrets"), "user.runnerfs.isolation") == b"job"
    assert mount.json(".runnerfs/status.json")["secrets"]["isolation"] == "job"
    assert home.run("secret", "get", "KEY", "--mount", mount.path).stdout == b"v"
    mount.stop()
    assert not os.path.exists(home.join(".credentials/credentials.db"))
    assert make_mount("--isolation", "job").error("secrets/KEY") == "ENOENT"


def test_status_and_stats_count_credentials(mount):
    write(mount.join("secrets/KEY"), "v")
    write(mount.join("secrets/KEY"), "w")
    mount.read("secrets/KEY")
    stats = mount.stats()
    assert (stats["credentials_stored"], stats["credentials_rotated"], stats["active_credentials"]) == (1, 1, 1)
    assert stats["credentials_accessed"] >= 1
    text = mount.home.run("status", "--mount", mount.path, check=True).stdout.decode()
    assert "advisory (same uid)" in text and "every process of this user" in text
    assert b"runnerfs_credentials_stored_total 1" in mount.read(".runnerfs/metrics")


def test_errno_is_a_number_that_programs_know():
    assert errno.EKEYEXPIRED == 127
