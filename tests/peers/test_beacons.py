"""Runners that have nothing in common but a secret and their repository's Actions cache find each other there."""

import json
import socket
import time

import pytest
from cache_server import CacheServer
from conftest import SECRET, free_port
from fixtures import ALPHA, BETA
from rfs import until, write

HELLO = "api/repos/octo/hello.json"
CACHES = "/repos/octo/hello/actions/caches"
MAIN = "refs/heads/main"


@pytest.fixture
def cache(server):
    with CacheServer() as cache:
        cache.on_done = lambda: server.caches(entries=cache.listing())
        server.caches(entries=[], deleters=[], blind=[])
        for token in ("runtime-one", "runtime-two"):
            cache.grant(token, MAIN)
        yield cache


@pytest.fixture
def job(runner, cache):
    """job("runtime-one") → the daemon of a job that its runner gave the cache service to, and no peer's address."""
    def make(runtime, v1=False, **more):
        service = cache.environment(runtime, v1=v1) if runtime else {}
        return runner(GITHUB_REPOSITORY="octo/hello", GITHUB_REF=MAIN, **{**service, **more})
    return make


def beacons(node):
    return node.json(".runnerfs/peers.json")["beacons"]


def until_listed(node):
    return until(lambda: beacons(node)["listed"] and beacons(node), 10, "a list of beacons")


def until_hung(node):
    return until(lambda: beacons(node)["hung"] and beacons(node), 10, "a beacon")


@pytest.mark.parametrize("v1", [False, True], ids=["v2", "v1"])
def test_two_runners_find_each_other_and_share(server, cache, job, v1):
    first = job("runtime-one", v1)
    until_hung(first)
    second = job("runtime-two", v1)
    second.until_member(first)
    first.until_member(second)

    write(first.join("cache/list_repos:octo"), json.dumps([{"name": "hello"}]))
    until(lambda: second.error("cache/list_repos:octo") == "", 5, "the entry at the peer")
    assert second.json("cache/list_repos:octo") == [{"name": "hello"}]
    content = first.read(HELLO)
    assert second.read(HELLO) == content
    assert second.xattr(HELLO, "user.runnerfs.source") == "peer"

    assert beacons(second)["others"] == 1 and beacons(second)["trouble"] == ""
    assert second.stats()["beacons_hung"] == 1 and second.stats()["beacon_failures"] == 0
    # Each beacon is one entry of one byte, and each runner asked once, perhaps twice.
    assert len(cache.keys()) == 2 and all(key.startswith("rfs-beacon1-") and len(key) <= 512 for key in cache.keys())
    assert 2 <= server.count(CACHES) <= 4
    for request in server.requests(CACHES):
        assert dict(request["headers"])["authorization"] == f"Bearer {ALPHA}", "the runtime token is the service's alone"
    for request in cache.requests():
        assert ALPHA not in request["headers"].get("authorization", "")


def test_what_is_shown(job):
    first = job("runtime-one")
    until_hung(first)
    second = job("runtime-two")
    second.until_member(first)
    shown = second.home.run("peers", check=True).stdout.decode()
    assert "beacons  own hung up " in shown and "; 1 of others in the list of " in shown, shown
    status = second.home.run("status", check=True).stdout.decode()
    assert "beacons    own hung up " in status, status
    told = json.loads(second.home.run("status", "--json", check=True).stdout)["beacons"]
    assert told["running"] is True and told["hung"] == 1 and told["others"] == 1 and abs(told["hung_at"] - time.time()) < 60
    doctor = second.home.run("doctor", environment=second.home.environment(CACHE_P2P_SHARED_SECRET=SECRET)).stdout.decode()
    assert "ok    beacons        own hung up " in doctor, doctor
    metrics = second.read(".runnerfs/metrics").decode()
    assert "runnerfs_beacons_hung_total 1\n" in metrics and "runnerfs_beacon_failures_total 0\n" in metrics


def test_the_secret_decides_who_is_found(job):
    first = job("runtime-one")
    until_hung(first)
    other = job("runtime-two", secret="another secret than the one of these tests")
    assert until_listed(other)["others"] == 0
    again = job("runtime-two", RUNNERFS_P2P_NETWORK_ID="another-network")
    assert until_listed(again)["others"] == 0
    assert first.peers()["peers"] == [] and other.peers()["peers"] == [] and again.peers()["peers"] == []


def test_a_token_that_may_not_list(server, job):
    server.caches(blind=[ALPHA])
    node = job("runtime-one")
    told = until(lambda: beacons(node)["failed"] and beacons(node), 10, "the failure")
    assert told["trouble"].endswith("403") and "actions: read" in told["hint"]
    until_hung(node)
    assert b"octo/hello" in node.read(HELLO)
    [line] = node.errors()
    assert line["message"].startswith("beacons: ") and "actions: read" in line["hint"]
    assert "beacons: " in node.log()
    assert "actions: read" in node.home.run("peers", check=True).stdout.decode()
    doctor = node.home.run("doctor", environment=node.home.environment(CACHE_P2P_SHARED_SECRET=SECRET)).stdout.decode()
    assert "warn  beacons " in doctor and "actions: read" in doctor, doctor
    assert node.stats()["beacon_failures"] == 1
    # Who may list finds it all the same.
    second = job("runtime-two", token=BETA)
    second.until_member(node)


def test_a_service_that_stores_nothing(cache, job):
    first = job("runtime-one")
    until_hung(first)
    cache.fault("create", 500, count=None)
    second = job("runtime-two")
    second.until_member(first)
    told = until(lambda: beacons(second)["failed"] and beacons(second), 10, "the failure")
    assert "500" in told["trouble"] and told["hung"] == 0 and told["others"] == 1
    assert len(cache.requests("create")) == 2, "one of each; the next one comes later"


def test_a_job_that_may_only_read_looks_and_hangs_nothing_up(cache, job):
    first = job("runtime-one")
    until_hung(first)
    second = job("runtime-two", ACTIONS_CACHE_MODE="read")
    second.until_member(first)
    assert "read-only (read)" in beacons(second)["looks_only"]
    assert len(cache.keys()) == 1


def test_without_the_cache_nothing_is_asked(server, cache, job):
    node = job(None)
    assert beacons(node)["running"] is False and "no Actions cache" in beacons(node)["off"]
    assert "beacons" not in node.log()
    for name, value, why in (("RUNNERFS_P2P_BEACONS", "false", "switched off"), ("ENABLE_PEER_DISCOVERY", "false", "peer_discovery")):
        off = job("runtime-one", **{name: value})
        assert why in beacons(off)["off"]
        off.stop()
    assert server.count(CACHES) == 0 and cache.requests() == []


def test_who_asks_for_it_looks_with_githubs_token_alone(cache, job):
    first = job("runtime-one")
    until_hung(first)
    second = job(None, RUNNERFS_P2P_BEACONS="true")
    second.until_member(first)
    assert "no token for the Actions cache" in beacons(second)["looks_only"]
    assert len(cache.keys()) == 1


def test_an_untrusted_event_has_no_beacons(server, cache, job):
    node = job("runtime-one", GITHUB_EVENT_NAME="pull_request", RUNNERFS_P2P_BEACONS="true")
    assert beacons(node)["running"] is False
    assert len([line for line in node.log().splitlines() if "beacons are off" in line]) == 1
    assert server.count(CACHES) == 0 and cache.requests() == []


def test_a_hosted_runner_that_nobody_can_reach_may_look(job, make_mount, cache):
    hosted = {"GITHUB_ACTIONS": "true", "RUNNER_ENVIRONMENT": "github-hosted", "CACHE_P2P_SHARED_SECRET": SECRET,
              "GITHUB_REPOSITORY": "octo/hello", **cache.environment("runtime-one")}
    quiet = make_mount(**hosted)
    if quiet.json(".runnerfs/peers.json")["self"] is not None:
        pytest.skip("this machine has a public address")
    quiet.stop()
    looking = make_mount(**hosted, RUNNERFS_P2P_BEACONS="true")
    assert looking.json(".runnerfs/peers.json")["self"]["port"] == 0
    until_listed(looking)
    assert cache.keys() == []


def test_the_runtime_token_is_in_no_log_and_no_environment(job):
    node = job("runtime-one")
    until_hung(node)
    with open(f"/proc/{node.process.pid}/environ", "rb") as file:
        assert b"runtime-one" not in file.read()
    assert "runtime-one" not in node.log()
    for name in ("config.yml", "status.json", "peers.json", "metrics", "errors.jsonl"):
        assert b"runtime-one" not in node.read(".runnerfs/" + name)


def test_the_end_does_not_wait_for_the_service(cache, job):
    held = free_port()
    with socket.socket() as mute:
        mute.bind(("127.0.0.1", held))
        mute.listen()
        node = job("runtime-one", ACTIONS_RESULTS_URL=f"http://127.0.0.1:{held}/")
        began = time.monotonic()
        node.stop()
        assert time.monotonic() - began < 8
