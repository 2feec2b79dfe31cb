"""Snapshots through a directory: what one runner read is there for the next one, and what must never travel does not."""

import json
import os
import shutil

import pytest
from fixtures import ALPHA, BETA
from rfs import Daemon, until, write
from snapshot_runs import HELLO, PRIVATE, RUNS, SECRET, answer, cat, job


@pytest.fixture
def place(tmp_path):
    return str(tmp_path / "snapshots")


def save(home, place, *options, **more):
    return home.run("snapshot", "save", "--dir", place, "--json", *options, environment=job(home, **more))


def restore(home, place, *options, **more):
    return home.run("snapshot", "restore", "--dir", place, "--json", *options, environment=job(home, **more))


def the_file(place):
    names = os.listdir(place)
    assert len(names) == 1 and names[0].endswith(".zst"), names
    return os.path.join(place, names[0])


def used(server, token):
    return server.state()["windows"].get(f"{token}|core", 0)


def test_the_second_runner_serves_what_the_first_one_read_at_no_quota(runner, server, place):
    first, second = runner(), runner()
    expected = {path: cat(first, path) for path in (HELLO, RUNS)}
    first.run("put", "cache/list_repos:octo", stdin=b'["octo/hello"]', environment=job(first), check=True)
    saved = answer(save(first, place))
    assert saved["status"] == "saved" and saved["sealed"] and saved["entries"] == 3
    restored = answer(restore(second, place, token=BETA))
    assert restored["status"] == "restored" and restored["entries"] == 3 and restored["whole"]
    server.requests(clear=True)
    assert cat(second, HELLO, token=BETA) == expected[HELLO]  # with the negative control of the first proof
    before = used(server, BETA)
    assert cat(second, RUNS, token=BETA) == expected[RUNS]
    assert [entry["status"] for entry in server.requests("/repos/octo/hello/actions/runs/4999")][-1] == 304
    assert used(server, BETA) <= before + 1
    assert cat(second, "cache/list_repos:octo", token=BETA) == b'["octo/hello"]'


def test_a_snapshot_is_sealed_and_holds_no_canary(runner, place):
    first = runner()
    first.run("secret", "put", "API_KEY", stdin=b"CANARYsecretCANARY", environment=job(first), check=True)
    first.run("put", "cache/list_repos:octo", stdin=b'["CANARYplainCANARY"]', environment=job(first), check=True)
    first.run("put", "cache/list_repos:token", stdin=b'["ghs_CANARYtokenCANARYtoken0123"]', environment=job(first), check=True)
    saved = answer(save(first, place))
    assert saved["entries"] == 1 and saved["withheld"] == 1
    with open(the_file(place), "rb") as file:
        content = file.read()
    for canary in (b"CANARY", b"list_repos", ALPHA.encode(), SECRET.encode()):
        assert canary not in content
    assert os.stat(the_file(place)).st_mode & 0o777 == 0o600
    if shutil.which("zstd"):
        assert os.system(f"zstd -qt {the_file(place)}") == 0


def test_without_a_fleet_secret_only_what_is_public_travels(runner, server, place):
    first, second = runner(), runner()
    for path in (HELLO, RUNS, PRIVATE):
        cat(first, path, secret=None)
    first.run("put", "cache/list_repos:octo", stdin=b'["private things"]', environment=job(first, secret=None), check=True)
    saved = answer(save(first, place, secret=None))
    assert not saved["sealed"] and saved["entries"] == 2
    restored = answer(restore(second, place, token=BETA, secret=None))
    assert restored["entries"] == 2
    server.requests(clear=True)
    cat(second, HELLO, token=BETA, secret=None)
    assert [entry["status"] for entry in server.requests("/repos/octo/hello")] == [200, 304]  # the control, the proof
    assert second.run("cat", PRIVATE, environment=job(second, token=BETA)).returncode == 10


def test_a_poisoned_public_snapshot_is_not_believed(runner, server, place):
    """Whoever can write the file can make any answer up: GitHub's 304 is what counts."""
    first, second, third = runner(), runner(), runner()
    expected = cat(first, HELLO, secret=None)
    server.edit("/repos/octo/hello", json={"id": 1001, "full_name": "octo/hello", "private": False, "poisoned": True})
    cat(second, HELLO, secret=None)
    answer(save(second, place, secret=None))
    server.edit("/repos/octo/hello", text=expected.decode())
    assert answer(restore(third, place, token=BETA, secret=None))["entries"] == 1
    assert cat(third, HELLO, token=BETA, secret=None) == expected


def test_another_secret_restores_nothing_and_says_so(runner, place):
    first, second = runner(), runner()
    cat(first, HELLO)
    answer(save(first, place))
    for secret, words in (("another secret of the tests, long enough", b"fleet secret"), (None, b"CACHE_P2P_SHARED_SECRET"),
                          ("rfs1-mistyped", b"fleet secret")):
        result = restore(second, place, secret=secret)
        assert answer(result)["status"] == "failed"
        assert len(result.stderr.splitlines()) == 1 and words in result.stderr and b"hint: " in result.stderr
        assert restore(second, place, "--exit-code", secret=secret).returncode not in (0, 1)


def fleet_file(home, *lines):
    write(home.join("fleet"), "".join(line + "\n" for line in lines))
    os.chmod(home.join("fleet"), 0o600)
    return home.join("fleet")


def test_the_secret_is_found_wherever_peers_find_it(runner, place):
    """A file, either name in the environment, a configuration file, an rfs1- secret: one lookup for peers and snapshots."""
    first = runner()
    key = first.run("keygen", check=True).stdout.decode().strip()
    cat(first, HELLO)
    assert answer(save(first, place, secret=None, RUNNERFS_P2P_SECRET_FILE=fleet_file(first, key)))["sealed"]
    ways = [({"secret": key}, ""), ({"secret": None, "RUNNERFS_P2P_SHARED_SECRET": f" {key} "}, ""),
            ({"secret": "another one, which the other name wins over", "RUNNERFS_P2P_SHARED_SECRET": key}, ""), ({"secret": None}, "{}")]
    for more, configured in ways:
        home = runner()
        if configured:
            home.configure("p2p: {secret_file: " + fleet_file(home, key) + "}\n")
        assert answer(restore(home, place, **more))["entries"] == 1, more
        daemon = Daemon(home, environment=job(home, RUNNERFS_P2P_LISTEN="127.0.0.1", P2P_LISTEN_PORT="0", **more))
        secret = json.loads(home.run("cat", ".runnerfs/peers.json", environment=job(home), check=True).stdout)["self"]["secret"]
        assert secret == ("p2p.secret_file" if configured else "RUNNERFS_P2P_SHARED_SECRET" if more["secret"] != key else
                          "CACHE_P2P_SHARED_SECRET")
        daemon.stop()


def test_a_secret_that_was_rotated_opens_what_was_saved_before(runner, place):
    old, new = "the secret of the fleet until today", "the secret of the fleet from now on"
    first, second = runner(), runner()
    cat(first, HELLO)
    answer(save(first, place, secret=old))
    restored = restore(second, place, secret=None, RUNNERFS_P2P_SECRET_FILE=fleet_file(second, new, old))
    assert answer(restored)["entries"] == 1
    assert answer(save(second, place, secret=None, RUNNERFS_P2P_SECRET_FILE=second.join("fleet")))["removed"] == 1
    assert answer(restore(runner(), place, secret=old))["status"] == "failed"
    assert answer(restore(runner(), place, secret=new))["entries"] == 1


def test_a_secret_that_cannot_be_read_or_may_be_guessed_is_said(runner, place):
    first = runner()
    cat(first, HELLO)
    for command in (save, restore):
        result = command(first, place, RUNNERFS_P2P_SECRET_FILE="/nowhere/fleet")
        assert answer(result)["status"] == "failed" and b"/nowhere/fleet" in result.stderr
    assert not os.path.exists(place), "nothing is saved unsealed in its place"
    assert b"may be guessed" in save(first, place, secret="short").stderr


def test_a_damaged_snapshot_ends_where_the_damage_is(runner, place):
    first, second = runner(), runner()
    for number in range(3):
        first.run("put", f"cache/list_repos:{number}", stdin=json.dumps(os.urandom(6 << 20).hex()).encode(), environment=job(first),
                  check=True)
    answer(save(first, place))
    path = the_file(place)
    with open(path, "rb") as file:
        content = file.read()
    assert len(content) > 12 << 20
    for spoil in (lambda c: c[:len(c) - 40], lambda c: c[:len(c) * 3 // 4] + bytes([c[len(c) * 3 // 4] ^ 1]) + c[len(c) * 3 // 4 + 1:]):
        write(path, spoil(content))
        result = restore(second, place)
        restored = answer(result)
        assert restored["status"] == "restored" and not restored["whole"] and restored["tampered"] == 1
        assert restored["entries"] + restored["kept"] in (1, 2) and b"what came before is good" in result.stderr
    for spoil in (lambda c: c[:100], lambda c: b"", lambda c: os.urandom(4096), lambda c: c[:9] + b"RFSN\x07" + c[14:]):
        write(path, spoil(content))
        result = restore(second, place)
        assert answer(result)["status"] in ("failed", "skipped"), result.stderr


def test_a_snapshot_of_another_repository_or_an_older_one_is_refused(runner, place):
    first, second = runner(), runner()
    cat(first, HELLO)
    answer(save(first, place))
    other = restore(second, place, GITHUB_REPOSITORY="octo/other", GITHUB_REPOSITORY_ID="1003")
    assert answer(other)["status"] == "skipped" and b"another repository" in other.stderr
    path = the_file(place)
    parts = os.path.basename(path).split("-")
    parts[-2] = str(int(parts[-2]) + 60)
    os.rename(path, os.path.join(place, "-".join(parts)))
    replayed = restore(second, place)
    assert answer(replayed)["status"] == "failed" and b"older one under a newer name" in replayed.stderr


def test_the_newest_wins_and_older_ones_of_the_branch_are_removed(runner, place):
    first, second = runner(), runner()
    cat(first, HELLO)
    answer(save(first, place))
    assert answer(save(first, place))["status"] == "skipped"
    cat(first, RUNS)
    saved = answer(save(first, place))
    assert saved["entries"] == 2 and saved["removed"] == 1
    the_file(place)
    answer(save(first, place, GITHUB_REF="refs/heads/topic"))
    assert len(os.listdir(place)) == 2
    assert answer(restore(second, place))["entries"] == 2


@pytest.mark.parametrize("event", [
    {"GITHUB_EVENT_NAME": "pull_request", "fork": True}, {"GITHUB_ACTOR": "dependabot[bot]"}])
def test_a_fork_neither_writes_nor_opens_it(runner, tmp_path, place, event):
    first = runner()
    cat(first, HELLO)
    more = dict(event)
    if more.pop("fork", False):
        payload = {"repository": {"full_name": "octo/hello"}, "pull_request": {"head": {"repo": {"full_name": "eve/hello"}}, "number": 3}}
        write(str(tmp_path / "event.json"), json.dumps(payload))
        more["GITHUB_EVENT_PATH"] = str(tmp_path / "event.json")
    assert answer(save(first, place, **more))["status"] == "skipped"
    assert not os.path.exists(place)
    answer(save(first, place))
    assert answer(restore(first, place, **more))["status"] == "skipped"


@pytest.mark.parametrize("more, saves, restores", [
    ({"GITHUB_EVENT_NAME": "pull_request_target"}, False, True), ({"GITHUB_EVENT_NAME": "issue_comment"}, False, True),
    ({"ACTIONS_CACHE_MODE": "read"}, False, True), ({"ACTIONS_CACHE_MODE": "none"}, False, False),
    ({"ACTIONS_CACHE_MODE": "write-only"}, True, False), ({"ACTIONS_CACHE_MODE": "write"}, True, True)])
def test_events_and_modes_that_may_not_write_or_read(runner, place, more, saves, restores):
    first = runner()
    cat(first, HELLO)
    assert answer(save(first, place, **more))["status"] == ("saved" if saves else "skipped")
    if not saves:
        answer(save(first, place))
    assert answer(restore(runner(), place, **more))["status"] == ("restored" if restores else "skipped")


def test_beside_a_mount_what_is_restored_is_seen(runner, fuse, server, place):
    from rfs import Mount
    first, second = runner(), runner()
    first.run("put", "cache/list_repos:octo", stdin=b'["octo/hello"]', environment=job(first), check=True)
    expected = cat(first, HELLO)
    answer(save(first, place))
    mount = Mount(second, environment=job(second, token=BETA))
    assert mount.error("cache/list_repos:octo") == "ENOENT"
    assert answer(restore(second, place, token=BETA))["entries"] == 2
    until(lambda: mount.error("cache/list_repos:octo") == "", seconds=2)
    assert mount.read(HELLO) == expected
    assert [entry["status"] for entry in server.requests("/repos/octo/hello")][-1] == 304


def test_a_daemon_that_keeps_all_in_memory_gives_and_takes(runner, server, place):
    first, second = runner(), runner()
    hosted = {"GITHUB_ACTIONS": "true", "RUNNER_ENVIRONMENT": "github-hosted", "RUNNERFS_KEY_SOURCE": None}
    nothing = save(runner(), place, **hosted)
    assert answer(nothing)["status"] == "failed" and b"hint: " in nothing.stderr
    Daemon(first, environment=job(first, **hosted))
    expected = cat(first, HELLO, **hosted)
    first.run("put", "cache/list_repos:octo", stdin=b'["octo/hello"]', environment=job(first, **hosted), check=True)
    assert answer(save(first, place, **hosted))["entries"] == 2
    Daemon(second, environment=job(second, token=BETA, **hosted))
    assert answer(restore(second, place, token=BETA, **hosted))["entries"] == 2
    assert cat(second, "cache/list_repos:octo", token=BETA, **hosted) == b'["octo/hello"]'
    assert cat(second, HELLO, token=BETA, **hosted) == expected
    assert [entry["status"] for entry in server.requests("/repos/octo/hello")][-1] == 304
    assert answer(save(first, place, secret=None, **hosted))["entries"] == 1


def test_a_writer_that_dies_leaves_nothing(runner, place):
    first = runner()
    os.mkdir(place, 0o700)
    write(os.path.join(place, ".runnerfs-snapshot-0011223344556677.draft"), "half")
    os.utime(os.path.join(place, ".runnerfs-snapshot-0011223344556677.draft"), (1, 1))
    cat(first, HELLO)
    answer(save(first, place))
    the_file(place)
    assert answer(restore(runner(), place))["entries"] == 1


def test_a_directory_that_cannot_be_had_is_an_error(runner, place):
    first = runner()
    cat(first, HELLO)
    write(place, "a file")
    result = first.run("snapshot", "save", "--dir", place, environment=job(first))
    assert result.returncode not in (0, 1) and len(result.stderr.splitlines()) == 2
    assert first.run("snapshot", "save", "--dir", "", environment=job(first)).returncode == 2
    assert answer(restore(first, place + "-none"))["status"] == "skipped"


def test_without_an_actions_cache_one_line_says_so(runner):
    first = runner()
    for command in ("save", "restore"):
        result = first.run("snapshot", command, environment=job(first))
        assert result.returncode == 0 and result.stdout == b""
        assert len(result.stderr.splitlines()) == 1 and b"hint: " in result.stderr


def test_import_takes_the_files_of_the_python_implementation(runner, tmp_path):
    import time
    first = runner()
    now = time.time()

    def entry(name, **fields):
        write(str(tmp_path / name), json.dumps({"data": [1], "timestamp": now, "ttl": 300, "content_hash": None,
                                                "validation_fields": None, **fields}))
    entry("list_repos_octo_limit=10.json")
    entry("get_repo_info_octo_hello_world.json")
    entry("any.json", cache_key="list_workflows:octo/hello")
    entry("list_runners_octo.json", timestamp=now - 1000)
    entry("list_repos_hash.json", content_hash="0" * 64, validation_fields={"a": 1})
    write(str(tmp_path / "broken.json"), "{")
    write(str(tmp_path / "other.txt"), "x")
    result = json.loads(first.run("snapshot", "import", str(tmp_path), "--json", environment=job(first), check=True).stdout)
    assert result == {"entries": 3, "expired": 2, "refused": 1}
    for key in ("list_repos:octo:limit=10", "get_repo_info:octo%2Fhello_world", "list_workflows:octo%2Fhello"):
        assert json.loads(first.run("cat", "cache/" + key, environment=job(first), check=True).stdout) == [1]
