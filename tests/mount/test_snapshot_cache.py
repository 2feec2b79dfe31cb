"""Snapshots through the Actions cache, version 2 and version 1, against a local server that behaves as they do."""

import json
import os
import time

import pytest
from cache_server import CacheServer
from fixtures import ALPHA, BETA
from rfs import Daemon
from snapshot_runs import HELLO, RUNS, SECRET, answer, cat, job

MAIN, TOPIC = "refs/heads/main", "refs/heads/topic"


@pytest.fixture
def cache():
    with CacheServer() as server:
        server.grant("runtime-main", MAIN)
        server.grant("runtime-topic", TOPIC, MAIN)
        server.grant("runtime-read", MAIN, readonly=True)
        yield server


@pytest.fixture(params=["v2", "v1"])
def v1(request):
    return request.param == "v1"


def run(home, cache, command, *options, runtime="runtime-main", v1=False, **more):
    environment = job(home, **{**cache.environment(runtime, v1=v1), **more})
    return home.run("snapshot", command, "--json", *options, environment=environment, timeout=120)


def put(home, name, size):
    home.run("put", f"cache/list_repos:{name}", stdin=json.dumps(os.urandom(size).hex()).encode(), environment=job(home), check=True)


def one_line(result, *words):
    assert answer(result)["status"] in ("failed", "skipped")
    assert len(result.stderr.splitlines()) == 1, result.stderr
    for word in words:
        assert word in result.stderr.decode(), result.stderr
    return result


def test_two_jobs_with_nothing_in_common_but_the_cache(runner, server, cache, v1):
    first, second = runner(), runner()
    expected = {path: cat(first, path) for path in (HELLO, RUNS)}
    put(first, "big", 6 << 20)
    saved = answer(run(first, cache, "save", v1=v1))
    assert saved["status"] == "saved" and saved["entries"] == 3 and saved["size"] > 6 << 20
    assert cache.keys() == [saved["name"]]
    restored = answer(run(second, cache, "restore", v1=v1, token=BETA))
    assert restored["entries"] == 3 and restored["whole"] and restored["name"] == saved["name"]
    for path in (HELLO, RUNS):
        assert cat(second, path, token=BETA) == expected[path]
        assert [entry["status"] for entry in server.requests("/" + path[4:-5])][-1] == 304
    for one in cache.requests("put") + cache.requests("get"):
        assert "authorization" not in one["headers"], "the token is not for the store"
    assert all(one["headers"]["authorization"] == "Bearer runtime-main" for one in cache.requests("find"))


def test_ephemeral_jobs_with_a_daemon_in_memory(runner, server, cache):
    """As a hosted runner has it: nothing on disk, a daemon for the job, the cache between them."""
    first, second = runner(), runner()
    hosted = {"GITHUB_ACTIONS": "true", "RUNNER_ENVIRONMENT": "github-hosted", "RUNNERFS_KEY_SOURCE": None}
    Daemon(first, environment=job(first, **hosted))
    cat(first, HELLO, **hosted)
    assert answer(run(first, cache, "restore", **hosted))["status"] == "skipped"
    assert answer(run(first, cache, "save", **hosted))["entries"] == 1
    Daemon(second, environment=job(second, token=BETA, **hosted))
    assert answer(run(second, cache, "restore", token=BETA, **hosted))["entries"] == 1
    cat(second, HELLO, token=BETA, **hosted)
    assert [entry["status"] for entry in server.requests("/repos/octo/hello")][-1] == 304
    assert answer(run(second, cache, "save", token=BETA, **hosted))["status"] == "skipped", "nothing has changed"


def test_a_branch_reads_the_default_branch_and_the_newest_wins(runner, cache):
    first, second = runner(), runner()
    cat(first, HELLO)
    older = answer(run(first, cache, "save"))["name"]
    topic = {"runtime": "runtime-topic", "GITHUB_REF": TOPIC}
    assert answer(run(second, cache, "restore", **topic))["name"] == older
    cat(first, RUNS)
    newer = answer(run(first, cache, "save", "--force"))["name"]
    assert answer(run(runner(), cache, "restore", **topic))["name"] == newer
    cat(second, RUNS)
    own = answer(run(second, cache, "save", **topic))["name"]
    assert answer(run(runner(), cache, "restore", **topic))["name"] == own
    assert answer(run(runner(), cache, "restore"))["name"] == newer, "a branch is not seen by the default branch"


def test_at_most_one_a_branch_and_interval_and_only_when_something_changed(runner, cache, v1):
    first = runner()
    cat(first, HELLO)
    answer(run(first, cache, "save", v1=v1))
    cat(first, RUNS)
    result = run(first, cache, "save", v1=v1)
    assert answer(result)["status"] == "skipped" and b"saved 0 min ago" in result.stderr
    assert answer(run(first, cache, "save", "--snapshot-interval", "0", v1=v1))["status"] == "saved"
    result = run(first, cache, "save", "--snapshot-interval", "0", v1=v1)
    assert answer(result)["status"] == "skipped" and b"nothing has changed" in result.stderr
    assert len(cache.keys()) == 2


def test_older_ones_are_removed_where_the_token_may(runner, server, cache):
    first = runner()
    cat(first, HELLO)
    old = answer(run(first, cache, "save"))["name"]
    server.caches(entries=[{"id": 7, "key": old, "ref": MAIN}, {"id": 8, "key": "other-cache", "ref": MAIN},
                           {"id": 9, "key": old, "ref": TOPIC}], deleters=[ALPHA])
    cat(first, RUNS)
    assert answer(run(first, cache, "save", "--force"))["removed"] == 1
    assert [one["id"] for one in server.caches()] == [8, 9]
    server.caches(entries=[{"id": 7, "key": old, "ref": MAIN}], deleters=[])
    assert answer(run(first, cache, "save", "--force"))["removed"] == 0


def test_a_reservation_of_a_dead_runner_is_no_obstacle(runner, cache, v1):
    first = runner()
    cat(first, HELLO)
    cache.fault("reserve" if v1 else "create", 409, body=b'{"code":"already_exists","msg":"taken"}')
    assert answer(run(first, cache, "save", v1=v1))["status"] == "saved"
    cache.fault("reserve" if v1 else "create", 409, count=None)
    one_line(run(first, cache, "save", "--force", v1=v1), "hint: ")


def test_a_save_that_ended_half_way_leaves_nothing_to_find(runner, cache):
    first = runner()
    cat(first, HELLO)
    cache.fault("put", "reset", count=None)
    one_line(run(first, cache, "save"))
    cache.faults.clear()
    assert cache.keys() == []
    assert answer(run(runner(), cache, "restore"))["status"] == "skipped"
    assert answer(run(first, cache, "save"))["status"] == "saved"
    assert answer(run(runner(), cache, "restore"))["entries"] == 1


def test_what_is_limited_or_broken_for_a_while_is_waited_for(runner, cache, v1):
    first = runner()
    cat(first, HELLO)
    cache.fault("reserve" if v1 else "create", 429, {"Retry-After": "1"})
    cache.fault("find1" if v1 else "find", 503)
    cache.fault("patch" if v1 else "put", 503)
    if not v1:
        cache.fault("finalize", 404, body=b'{"code":"not_found","msg":"not yet"}')
    begun = time.monotonic()
    assert answer(run(first, cache, "save", v1=v1))["status"] == "saved"
    assert time.monotonic() - begun >= 1
    cache.fault("get", 503)
    cache.fault("get", "truncate")
    cache.fault("find1" if v1 else "find", 429, {"Retry-After": "1"})
    assert answer(run(runner(), cache, "restore", v1=v1))["entries"] == 1


def test_a_limit_that_lasts_too_long_is_not_waited_for(runner, cache):
    cache.fault("find", 429, {"Retry-After": "3600"}, count=None)
    begun = time.monotonic()
    one_line(run(runner(), cache, "restore"), "3600 s", "hint: ")
    assert time.monotonic() - begun < 20


def test_a_long_download_goes_on_after_cuts_and_expired_urls(runner, cache):
    first = runner()
    for number in range(3):
        put(first, number, 8 << 20)
    saved = answer(run(first, cache, "save"))
    assert saved["size"] > 24 << 20 and len(cache.requests("put")) >= 4
    for kind in ("truncate", "reset", "truncate"):
        cache.fault("get", kind)
    cache.fault("get", 403, body=b"expired")
    restored = answer(run(runner(), cache, "restore"))
    assert restored["entries"] == 3 and restored["whole"]
    assert len(cache.requests("find")) >= 3, "another URL was asked for"
    cache.ranges = False
    assert answer(run(runner(), cache, "restore"))["entries"] == 3


def test_a_url_that_stays_expired_ends_it(runner, cache):
    first = runner()
    cat(first, HELLO)
    answer(run(first, cache, "save"))
    cache.fault("get", 403, body=b"expired", count=None)
    one_line(run(runner(), cache, "restore"), "hint: ")


@pytest.mark.parametrize("step, status, body, word", [
    ("create", 403, b'{"code":"permission_denied","msg":"cache write denied: token has no writable scopes"}', "no writable scopes"),
    ("create", 400, b'{"code":"resource_exhausted","msg":"insufficient usage left"}', "insufficient usage"),
    ("create", 401, b'{"code":"unauthenticated","msg":"expired"}', "runtime token"),
    ("find", 200, b"not JSON", "not of the form"), ("create", 200, b'{"ok":true,"signed_upload_url":"gopher://x"}', "address"),
    ("create", 200, b'{"ok":false}', "no new entry"), ("create", 302, b"", "no new entry"),
    ("finalize", 200, b'{"ok":false,"message":"no"}', "does not keep"), ("put", 403, b"", "refuses the upload")])
def test_a_cache_that_is_full_or_read_only_or_strange_costs_one_line(runner, cache, step, status, body, word):
    first = runner()
    cat(first, HELLO)
    cache.fault(step, status, body=body, count=None)
    result = one_line(run(first, cache, "save"), word, "hint: ")
    for secret in ("runtime-main", SECRET, ALPHA, "sig="):
        assert secret not in result.stderr.decode() + result.stdout.decode()
    assert run(first, cache, "save", "--exit-code").returncode not in (0, 1)


def test_a_job_that_may_only_read_writes_nothing_and_goes_on(runner, cache):
    first = runner()
    cat(first, HELLO)
    answer(run(first, cache, "save"))
    cat(first, RUNS)
    one_line(run(first, cache, "save", "--force", runtime="runtime-read"), "no writable scopes")
    assert answer(run(runner(), cache, "restore", runtime="runtime-read"))["entries"] == 1


def test_a_token_that_is_none_and_a_service_that_is_not_there(runner, cache):
    one_line(run(runner(), cache, "restore", runtime="wrong"), "runtime token")
    one_line(run(runner(), cache, "restore", ACTIONS_RUNTIME_TOKEN=None), "ACTIONS_RUNTIME_TOKEN")
    one_line(run(runner(), cache, "restore", ACTIONS_RESULTS_URL="nothing"), "no URL")
    one_line(run(runner(), cache, "restore", ACTIONS_RESULTS_URL="http://127.0.0.1:9/"), "hint: ")


def test_a_fork_neither_writes_nor_opens_it(runner, cache, tmp_path):
    first = runner()
    cat(first, HELLO)
    payload = {"repository": {"full_name": "octo/hello"}, "pull_request": {"head": {"repo": {"full_name": "eve/hello"}}, "number": 3}}
    (tmp_path / "event.json").write_text(json.dumps(payload))
    fork = {"GITHUB_EVENT_NAME": "pull_request", "GITHUB_EVENT_PATH": str(tmp_path / "event.json")}
    for command in ("save", "restore"):
        assert answer(run(first, cache, command, **fork))["status"] == "skipped"
    assert cache.record == []


def test_another_repository_another_secret_and_a_changed_snapshot(runner, cache):
    first = runner()
    cat(first, HELLO)
    answer(run(first, cache, "save"))
    one_line(run(runner(), cache, "restore", GITHUB_REPOSITORY="octo/other", GITHUB_REPOSITORY_ID="1003"), "another repository")
    one_line(run(runner(), cache, "restore", secret="another secret, long enough as well"), "fleet secret")
    one_line(run(runner(), cache, "restore", secret=None), "CACHE_P2P_SHARED_SECRET")
    name = cache.entries[0].blob
    content = cache.blobs[name]
    for spoiled in (content[:-30], content[:len(content) // 2], content[:-30] + bytes(30), b"", bytes(100), os.urandom(1000)):
        cache.blobs[name] = spoiled
        result = run(runner(), cache, "restore")
        assert result.returncode == 0 and result.stderr, result
        assert json.loads(result.stdout).get("entries", 0) == 0


def test_one_gibibyte_in_bounded_memory(runner, cache, tmp_path):
    """All of it with RFS_LARGE, else an eighth: memory has a limit that neither fits into."""
    total = (1 << 30) if os.environ.get("RFS_LARGE") else (1 << 27)
    first, second = runner(), runner()
    piece = 8 << 20
    most = (1 << 31) if any(name.endswith("SAN_OPTIONS") for name in os.environ) else 120 << 20
    for number in range(total // piece):
        content = tmp_path / "document.json"
        content.write_bytes(b'"' + os.urandom(piece // 2).hex().encode() + b'"')
        first.run("put", f"cache/list_repos:{number}", str(content), "--ttl", "24h", environment=job(first), check=True)

    def peak(home, command):
        environment = job(home, **cache.environment("runtime-main"), RUNNERFS_MEMORY_MAX_BYTES="16M")
        code = ("import json,resource,subprocess,sys; r=subprocess.run(sys.argv[1:],capture_output=True); "
                "print(json.dumps([resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss, r.stdout.decode(), r.stderr.decode()]))")
        import subprocess
        import sys

        from rfs import PROGRAM
        out = subprocess.run([sys.executable, "-c", code, PROGRAM, "snapshot", command, "--json"], env=environment, capture_output=True,
                             timeout=200, check=True).stdout
        kib, stdout, stderr = json.loads(out)
        assert stdout, stderr
        return kib << 10, json.loads(stdout)

    memory, saved = peak(first, "save")
    assert saved["bytes"] >= total and memory < most, memory
    memory, restored = peak(second, "restore")
    assert restored["entries"] == total // piece and restored["whole"] and memory < most, memory
