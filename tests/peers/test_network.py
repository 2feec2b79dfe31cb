"""Runners on machines of their own (network namespaces): what loopback does not show."""

import json
import os
import time
import urllib.parse

import pytest
from cache_server import CacheServer
from conftest import SECRET
from namespaces import Machine, cable, missing, run
from rfs import Mount, until, write

HELLO = "api/repos/octo/hello.json"
PORT = 9000


@pytest.fixture
def machines(server):
    """machines(3) → machines that reach this one's GitHub, and nothing else yet."""
    if reason := missing():
        if os.environ.get("CI") == "true" and os.geteuid() == 0:
            pytest.fail(reason + ", but in CI these tests must run")
        pytest.skip(reason)
    made = []

    def make(number):
        for _ in range(number):
            made.append(Machine(f"machine {len(made)}"))
            made[-1].forward(urllib.parse.urlsplit(server.url).port)
        return made[-number:]

    yield make
    for machine in made:
        machine.end()


class Node(Mount):
    """A mount on a machine: it listens on every address of that machine, at the usual port."""

    def __init__(self, home, machine, *addresses, secret=SECRET, **more):
        self.machine = machine
        super().__init__(home, preexec=machine.enter, CACHE_BOOTSTRAP_PEERS=",".join(addresses) or None, CACHE_P2P_SHARED_SECRET=secret, **more)

    def peers(self):
        return self.json(".runnerfs/peers.json")

    def members(self):
        return {peer["id"] for peer in self.peers()["peers"] if peer["member"]}

    @property
    def id(self):
        return self.peers()["self"]["id"]

    def until_member(self, other, seconds=20):
        until(lambda: other.id in self.members(), seconds, f"a connection of {self.machine.name} with {other.machine.name}")


@pytest.fixture
def node(homes, fuse):
    return lambda machine, *addresses, **more: Node(homes(), machine, *addresses, **more)


@pytest.fixture
def pair(machines, node):
    """Two nodes and the ends of the cable between them."""
    one, two = machines(2)
    ends = cable(one, two, 1)
    first = node(one)
    second = node(two, f"/ip4/10.77.1.1/tcp/{PORT}")
    second.until_member(first)
    first.until_member(second)
    return first, second, ends


def origin(server, path="/repos/octo/hello"):
    return [one["status"] for one in server.requests(path)]


def test_two_machines_share_an_answer_and_an_entry(server, pair):
    first, second, _ = pair
    assert first.peers()["self"]["port"] == PORT and f"/ip4/10.77.1.1/tcp/{PORT}/p2p/{first.id}" in first.peers()["self"]["addrs"]
    [seen] = second.peers()["peers"]
    assert seen["addrs"] == [f"/ip4/10.77.1.1/tcp/{PORT}"]
    content = first.read(HELLO)
    asked = len(origin(server))
    assert second.read(HELLO) == content
    assert second.xattr(HELLO, "user.runnerfs.source") == "peer"
    assert origin(server)[asked:][-1] == 304, origin(server)
    assert second.stats()["peer_hits"] == 1
    write(first.join("cache/list_repos:octo"), json.dumps(["hello"]))
    until(lambda: second.error("cache/list_repos:octo") == "", 5, "the entry")


def test_over_ipv6(machines, node):
    one, two = machines(2)
    cable(one, two, 1)
    first = node(one)
    second = node(two, f"/ip6/fd77:1::1/tcp/{PORT}")
    second.until_member(first)
    write(second.join("cache/report:1"), "1")
    until(lambda: first.error("cache/report:1") == "", 5, "the entry")


def test_a_peer_is_heard_of_from_a_peer(machines, node):
    """One in the middle, whom both others name; what it tells them leads them to each other."""
    one, middle, two = machines(3)
    cable(one, middle, 1)
    cable(middle, two, 2)
    middle.do("sh", "-c", "echo 1 > /proc/sys/net/ipv4/ip_forward")
    one.do("ip", "route", "add", "default", "via", "10.77.1.2")
    two.do("ip", "route", "add", "default", "via", "10.77.2.1")
    between = node(middle)
    first = node(one, f"/ip4/10.77.1.2/tcp/{PORT}")
    first.until_member(between)
    second = node(two, f"/ip4/10.77.2.1/tcp/{PORT}")
    second.until_member(between)
    second.until_member(first, 60)
    write(first.join("cache/report:1"), "1")
    until(lambda: second.error("cache/report:1") == "", 5, "the entry")


@pytest.mark.parametrize("apart", [{"secret": "the secret of the other repository, which is another one"}, {"RUNNERFS_P2P_NETWORK_ID": "octo-other"}],
                         ids=["secrets", "network ids"])
def test_two_repositories_on_one_network_do_not_share(server, machines, node, apart):
    one, two = machines(2)
    cable(one, two, 1)
    first = node(one, f"/ip4/10.77.1.2/tcp/{PORT}", GITHUB_REPOSITORY="octo/hello")
    write(first.join("cache/report:0"), "0")  # what is recent is told to whoever comes and belongs to it
    second = node(two, f"/ip4/10.77.1.1/tcp/{PORT}", GITHUB_REPOSITORY="octo/other", **apart)
    # Each has tried the other.
    until(lambda: first.stats()["peer_refused"] + second.stats()["peer_refused"] >= 1, 20, "the meeting")
    content = first.read(HELLO)
    write(first.join("cache/report:1"), "1")
    write(second.join("cache/report:2"), "2")
    asked = len(origin(server))
    assert second.read(HELLO) == content
    assert second.xattr(HELLO, "user.runnerfs.source") == "origin" and 200 in origin(server)[asked:]
    time.sleep(1)  # entries are told at once, where they are told
    assert second.error("cache/report:0") == second.error("cache/report:1") == first.error("cache/report:2") == "ENOENT"
    assert first.members() == second.members() == set()
    assert first.stats()["peer_served"] == second.stats()["peer_served"] == 0


def test_a_partition_costs_no_reader_anything_but_time(server, pair):
    first, second, (end, _) = pair
    first.read(HELLO)
    first.machine.do("ip", "link", "set", end, "down")
    assert b"octo/hello" in second.read(HELLO)
    write(first.join("cache/report:1"), "1")
    for number in range(5):
        assert second.error(f"cache/missing:{number}") == "ENOENT"
    assert second.stats()["peer_hits"] == 0
    first.machine.do("ip", "link", "set", end, "up")
    until(lambda: second.error("cache/report:1") == "", 60, "the entry after the partition")
    assert first.errors() == [] and second.errors() == []


def test_loss_and_delay_change_only_time(server, pair):
    first, second, (end, other) = pair
    for machine, name in ((first.machine, end), (second.machine, other)):
        slow = run("nsenter", "-t", str(machine.holder.pid), "-n", "tc", "qdisc", "add", "dev", name, "root", "netem", "delay", "200ms", "loss", "20%")
        if slow.returncode != 0:
            pytest.skip(f"no netem: {slow.stderr.strip()}")
    content = first.read(HELLO)
    assert second.read(HELLO) == content
    write(first.join("cache/report:1"), json.dumps("x" * 100_000))
    until(lambda: second.error("cache/report:1") == "", 60, "the entry")
    assert second.json("cache/report:1") == "x" * 100_000
    assert second.errors() == []


def test_a_peer_that_is_killed_is_missed_and_found_again(homes, pair, node):
    first, second, _ = pair
    first.process.kill()
    first.process.wait()
    until(lambda: second.peers()["peers"] == [], 5, "the end of the connection")
    assert b"octo/hello" in second.read(HELLO)
    again = node(first.machine)
    second.until_member(again)


def test_a_hosted_runner_without_an_address_finds_one_that_has_one(server, machines, node):
    """It does not listen and hangs nothing up; with p2p.beacons said it looks, and dials whom it finds."""
    one, two = machines(2)
    ends = cable(one, two, 1)
    one.do("ip", "addr", "add", "198.51.100.1/32", "dev", ends[0])
    two.do("ip", "route", "add", "198.51.100.1/32", "via", "10.77.1.1")
    with CacheServer() as cache:
        cache.on_done = lambda: server.caches(entries=cache.listing())
        server.caches(entries=[], deleters=[], blind=[])
        cache.grant("runtime-token", "refs/heads/main")
        for machine in (one, two):
            machine.forward(cache.server.server_address[1])
        job = {"GITHUB_REPOSITORY": "octo/hello", "GITHUB_REF": "refs/heads/main", **cache.environment("runtime-token")}
        first = node(one, **job)
        until(lambda: cache.keys(), 10, "a beacon")
        hosted = {"GITHUB_ACTIONS": "true", "RUNNER_ENVIRONMENT": "github-hosted", **job}
        quiet = node(two, **hosted)
        assert quiet.peers()["self"] is None and "no address that another one could reach" in quiet.peers()["off"]
        assert quiet.stats()["peer_count"] == 0
        quiet.stop()
        looking = node(two, RUNNERFS_P2P_BEACONS="true", **hosted)
        looking.until_member(first)
        assert looking.peers()["self"]["port"] == 0 and len(cache.keys()) == 1
        first.stop()
        looking.stop()
