"""cache/: operation results written, read and removed as files."""

import json
import os
import subprocess
import time

import pytest
from rfs import error_of, read, threads, until, write

TTL = "user.runnerfs.ttl"
DOCUMENT = '{"items": [1, 2, 3],\n "name": "näme"}\n'


def test_what_was_written_is_read_byte_for_byte(mount, server):
    write(mount.join("cache/list_repos:octo:limit=10"), DOCUMENT)
    assert mount.read("cache/list_repos:octo:limit=10") == DOCUMENT.encode()
    assert os.stat(mount.join("cache/list_repos:octo:limit=10")).st_size == len(DOCUMENT.encode())
    assert os.listdir(mount.join("cache")).count("list_repos:octo:limit=10") == 1
    assert server.count() == 0


def test_writing_again_replaces_the_whole(mount):
    for document in ('{"long": "%s"}' % ("x" * 100_000), "[]", '"text"', "17", "null", "true"):
        write(mount.join("cache/k"), document)
        assert mount.read("cache/k") == document.encode()


@pytest.mark.parametrize("document, position", [('{"a": 1,}', 8), ("nonsense", 0), ("[1, 2", 5), ('{"a": 1} x', 9), ("", 0), ('"\x01"', 1)])
def test_what_is_no_json_is_einval_at_close_and_nothing_is_stored(mount, document, position):
    write(mount.join("cache/k"), '"before"')
    file = os.open(mount.join("cache/k"), os.O_WRONLY | os.O_TRUNC)
    os.write(file, document.encode())
    assert error_of(os.close, file) == "EINVAL"
    assert mount.read("cache/k") == b'"before"'
    line = mount.errors()[-1]
    assert (line["path"], line["errno"]) == ("cache/k", "EINVAL") and abs(line["position"] - position) <= 1
    assert error_of(write, mount.join("cache/fresh"), document) == "EINVAL"
    assert mount.error("cache/fresh") == "ENOENT" and "fresh" not in os.listdir(mount.join("cache"))


def test_an_open_that_writes_nothing_changes_nothing(mount):
    write(mount.join("cache/k"), '"before"')
    assert error_of(write, mount.join("cache/k"), "") == "EINVAL"
    assert error_of(write, mount.join("cache/k2"), "") == "EINVAL"
    assert mount.read("cache/k") == b'"before"' and mount.error("cache/k2") == "ENOENT"
    until(lambda: {"cache/k", "cache/k2"} <= {line["path"] for line in mount.errors()}, what="both lines in errors.jsonl")


def test_shell_writes_work(mount):
    script = 'echo "{\\"a\\": 1}" > "$1"; printf "[1,%s]" 2 > "$1"2; cp "$1" "$1"3; echo "[3]" | tee "$1"4'
    subprocess.run(["sh", "-ec", script, "sh", mount.join("cache/k")], check=True, timeout=20, stdout=subprocess.DEVNULL)
    assert [mount.json("cache/k" + n) for n in ("", "2", "3", "4")] == [{"a": 1}, [1, 2], {"a": 1}, [3]]


def test_rm_removes_one_and_patterns(mount):
    for key in ("list_repos:a", "list_repos:b", "get_repo_info:a"):
        write(mount.join("cache", key), "1")
    os.unlink(mount.join("cache/list_repos:a"))
    assert mount.error("cache/list_repos:a") == "ENOENT"
    assert error_of(os.unlink, mount.join("cache/list_repos:a")) == "ENOENT"
    subprocess.run(["sh", "-c", 'rm "$1"/list_repos*', "sh", mount.join("cache")], check=True, timeout=10)
    assert [key for key in os.listdir(mount.join("cache")) if key != "README"] == ["get_repo_info:a"]


def test_a_pattern_as_a_name_invalidates_too(mount):
    for key in ("list_repos:a", "list_repos:b", "other"):
        write(mount.join("cache", key), "1")
    os.unlink(mount.join("cache/list_repos*"))
    assert [key for key in os.listdir(mount.join("cache")) if key != "README"] == ["other"]


def test_the_ttl_is_an_attribute_that_can_be_set(mount):
    write(mount.join("cache/k"), "1")
    assert float(mount.xattr("cache/k", TTL)) == 300
    os.setxattr(mount.join("cache/k"), TTL, b"24h")
    assert float(mount.xattr("cache/k", TTL)) == 86400
    for bad in (b"soon", b"-1", b"", b"1x"):
        assert error_of(os.setxattr, mount.join("cache/k"), TTL, bad) == "EINVAL"
    assert float(mount.xattr("cache/k", TTL)) == 86400
    assert error_of(os.setxattr, mount.join("cache/k"), "user.other", b"1") != ""


def test_an_expired_entry_is_gone(mount):
    write(mount.join("cache/k"), "1")
    os.setxattr(mount.join("cache/k"), TTL, b"1s")
    until(lambda: mount.error("cache/k") == "ENOENT", what="the entry's end")
    assert "k" not in os.listdir(mount.join("cache"))
    assert mount.stats()["expirations"] >= 1


def test_an_open_reader_keeps_its_bytes(mount):
    write(mount.join("cache/k"), '"old"')
    with open(mount.join("cache/k"), "rb", buffering=0) as file:
        write(mount.join("cache/k"), '"new and longer"')
        assert file.read() == b'"old"'
        os.unlink(mount.join("cache/k"))
        assert os.pread(file.fileno(), 100, 0) == b'"old"'
    assert mount.error("cache/k") == "ENOENT"


def test_ttls_follow_the_operation(home, make_mount):
    home.configure("operation_ttls:\n  list_repos: 17\n  my_operation: 5m\n")
    mount = make_mount()
    for key, ttl in (("list_repos:a", 17), ("my_operation:x:y", 300), ("get_workflow_run:1", 60), ("get_workflow_runs:a", 120),
                     ("list_workflows:a", 300), ("copilot_completion:x", 3600), ("unknown:x", 300)):
        write(mount.join("cache", key), "1")
        assert float(mount.xattr("cache/" + key, TTL)) == ttl, key


def test_exclusive_creation_has_one_winner(mount):
    def create(index):
        with open(mount.join("cache/lock"), "x", encoding="ascii") as file:
            file.write(str(index))
        return index

    join, _ = threads(20, create)
    results = join()
    winners = [one for one in results if isinstance(one, int)]
    assert len(winners) == 1 and results.count("EEXIST") == 19
    assert mount.json("cache/lock") == winners[0]


def test_append_adds_to_what_is_there(mount):
    write(mount.join("cache/k"), "[1,2,3]  ")
    with open(mount.join("cache/k"), "ab") as file:
        file.write(b"\n\n")
    assert mount.read("cache/k") == b"[1,2,3]  \n\n"
    with open(mount.join("cache/k"), "r+b") as file:
        file.seek(1)
        file.write(b"9")
    assert mount.read("cache/k") == b"[9,2,3]  \n\n"


def test_slashes_and_percent_signs_are_escaped_in_names(mount, home):
    name = "get_repo_info:octo%2Fhello:discount=5%25"
    write(mount.join("cache", name), '{"id": 1}')
    assert mount.json("cache/" + name) == {"id": 1}
    assert name in os.listdir(mount.join("cache"))
    for bad in ("a%2", "a%zz", "%00", "%2e%2e"):
        assert error_of(write, mount.join("cache", bad), "1") == "EINVAL", bad
    assert error_of(write, mount.join("cache", "k" * 256), "1") == "ENAMETOOLONG"
    assert error_of(os.mkdir, mount.join("cache/d")) != ""
    assert error_of(write, mount.join("cache/d/e"), "1") in ("ENOENT", "ENOTDIR", "EINVAL")


def test_an_unknown_name_is_absent_without_a_request(mount, server):
    assert mount.error("cache/nobody") == "ENOENT"
    assert not os.path.exists(mount.join("cache/nobody")) and server.count() == 0


RUN = {"databaseId": 7, "status": "in_progress", "conclusion": None, "updatedAt": "2025-01-01T00:00:00Z", "name": "build"}


def test_validation_by_current_fields_expires_what_changed(mount):
    key = "get_workflow_runs:octo"
    write(mount.join("cache", key), json.dumps([RUN]))
    same = json.dumps({"7": {"status": "in_progress", "conclusion": None, "updatedAt": "2025-01-01T00:00:00Z"}})
    write(mount.join(".runnerfs/ctl"), f"validate {key} {same}\n")
    assert mount.json("cache/" + key) == [RUN]
    write(mount.join(".runnerfs/ctl"), f"validate {key} {same.replace('in_progress', 'completed')}\n")
    assert mount.error("cache/" + key) == "ENOENT"
    assert error_of(write, mount.join(".runnerfs/ctl"), f"validate {key} {same}\n") == "ENOENT"
    write(mount.join("cache", key), json.dumps([RUN]))
    assert error_of(write, mount.join(".runnerfs/ctl"), f"validate {key} {{broken\n") == "EINVAL"


def test_many_writers_of_one_key_leave_one_whole_document(mount):
    documents = [json.dumps([index] * (500 + index * 300)) for index in range(16)]

    def run(index):
        for _ in range(10):
            write(mount.join("cache/k"), documents[index])
            assert read(mount.join("cache/k")).decode() in documents
        return True

    join, results = threads(16, run)
    join()
    assert mount.read("cache/k").decode() in documents and set(results) == {True}


def test_fsync_and_long_writes(mount):
    document = json.dumps(["%06d" % number for number in range(60_000)]).encode()
    file = os.open(mount.join("cache/big"), os.O_CREAT | os.O_WRONLY, 0o600)
    for start in range(0, len(document), 10_007):
        os.write(file, document[start:start + 10_007])
    os.fsync(file)
    os.close(file)
    assert mount.read("cache/big") == document


def test_modes_are_the_owners(mount):
    write(mount.join("cache/k"), "1")
    assert os.stat(mount.join("cache/k")).st_mode & 0o777 == 0o600
    assert os.stat(mount.join("cache")).st_mode & 0o777 == 0o700
    assert abs(os.stat(mount.join("cache/k")).st_mtime - time.time()) < 300


def test_a_read_only_mount_refuses_to_write(make_mount):
    mount = make_mount("-o", "ro")
    assert error_of(write, mount.join("cache/k"), "1") == "EROFS"
    assert mount.json("api/user.json")["login"] == "octo"
