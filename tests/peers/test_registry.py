"""Runners that have nothing in common but a secret and an issue of their repository find each other there."""

import json
import re
import time
from datetime import datetime, timedelta, timezone

import pytest
from conftest import SECRET
from fixtures import ALPHA, BETA
from rfs import until

ISSUES = "/repos/octo/hello/issues"
TITLE = "p2p-peer-registry"


@pytest.fixture
def issue(server):
    """An issue that is there already, and known to the search."""
    server.registry(issues=[{"number": 3, "title": TITLE, "body": "", "state": "open", "indexed": True}], comments=[])
    return server


@pytest.fixture
def node(runner):
    """node(name, …) → a daemon that looks at the registry, and knows no peer's address."""
    def make(name="build", **more):
        return runner(**{"GITHUB_REPOSITORY": "octo/hello", "RUNNERFS_P2P_REGISTRY": "true", "RUNNER_NAME": name, **more})
    return make


def told(node):
    return node.json(".runnerfs/peers.json")["registry"]


def until_told(node, name="told"):
    return until(lambda: told(node)[name] and told(node), 10, f"an entry of the registry ({name})")


def entries(server):
    """What the Python implementation's own way of reading finds: (comment's first line, peer)."""
    out = []
    for comment in server.registry()["comments"]:
        body = comment["body"]
        assert body.strip().startswith(f"<!-- {TITLE}:")
        raw = body[body.find("\n", body.find("```json")) + 1:body.rfind("```")].strip()
        out.append((body.partition("\n")[0], json.loads(raw)))
    return out


def python_comment(address, runner="python", minutes=0, association="OWNER", kind="User"):
    """A comment as the Python implementation writes it."""
    seen = (datetime.now(timezone.utc).replace(tzinfo=None) - timedelta(minutes=minutes)).isoformat()
    info = {"peer_id": address.rpartition("/")[2], "runner_name": runner, "public_ip": None, "listen_port": 9100,
            "multiaddr": address, "last_seen": seen, "metadata": {}}
    body = f"<!-- {TITLE}:{runner} -->\n```json\n{json.dumps(info, indent=2, sort_keys=True)}\n```\n"
    return {"id": 1000, "issue": 3, "body": body, "author_association": association, "user": {"login": "octo", "type": kind}}


def test_two_runners_make_the_registry_and_find_each_other(server, node):
    server.registry()
    first = node("build-1")
    until_told(first)
    second = node("build-2")
    second.until_member(first)
    first.until_member(second)
    [made] = server.registry()["issues"]
    assert made["title"] == TITLE
    (line, peer), (other, _) = entries(server)
    assert (line, other) == (f"<!-- {TITLE}:build-1 -->", f"<!-- {TITLE}:build-2 -->")
    assert peer["peer_id"] == first.id and peer["multiaddr"] == f"{first.address}/p2p/{first.id}" and peer["listen_port"] == first.port
    # A zone would break the comparison, and with it the whole list, of Python peers.
    seen = datetime.fromisoformat(peer["last_seen"])
    assert seen.tzinfo is None and abs(seen - datetime.now(timezone.utc).replace(tzinfo=None)) < timedelta(minutes=1)
    body = server.registry()["comments"][0]["body"]
    assert body == f"{line}\n```json\n{json.dumps(peer, indent=2, sort_keys=True)}\n```\n", "the bytes of the Python implementation"

    told_of = told(second)
    assert told_of["state"] == "ok" and told_of["others"] == 1 and told_of["trouble"] == ""
    assert "registry octo/hello: own entry of " in second.home.run("peers", check=True).stdout.decode()
    assert "1 of others in the list of " in second.home.run("status", check=True).stdout.decode()
    doctor = second.home.run("doctor", environment=second.home.environment(CACHE_P2P_SHARED_SECRET=SECRET)).stdout.decode()
    assert re.search(r"ok +registry +octo/hello: own entry", doctor), doctor
    assert second.stats()["registry_entries"] == 1 and second.stats()["registry_failures"] == 0

    # Departure: the own comment goes, and no other.
    second.stop()
    assert [name for name, _ in entries(server)] == [f"<!-- {TITLE}:build-1 -->"]
    first.stop()
    assert entries(server) == []


def test_nothing_is_asked_unless_it_is_said(issue, node):
    quiet = node(RUNNERFS_P2P_REGISTRY=None)
    off = told(quiet)
    assert off["state"] == "off" and "publishes addresses" in off["off"]
    for name, value, why in (("ENABLE_PEER_DISCOVERY", "false", "peer_discovery"), ("GITHUB_EVENT_NAME", "pull_request", "")):
        assert told(node(**{name: value}))["state"] == "off" and why in told(node(**{name: value}))["off"]
    assert issue.count(ISSUES + "/3/comments") == 0 and issue.count("/search/issues") == 0


def test_a_peer_of_the_python_implementation_is_found(issue, runner, node):
    """It wrote its comment in its own words; here one of ours stands in for it, which does not use the registry."""
    other = runner()
    issue.registry(comments=[python_comment(f"{other.address}/p2p/{other.id}")])
    found = node()
    found.until_member(other)
    assert told(found)["others"] == 1


@pytest.mark.parametrize("what", [{"minutes": 31}, {"minutes": -20}, {"association": "NONE"}, {"association": "CONTRIBUTOR"}],
                         ids=["over", "ahead", "stranger", "contributor"])
def test_whom_nobody_believes(issue, runner, node, what):
    other = runner()
    issue.registry(comments=[python_comment(f"{other.address}/p2p/{other.id}", **what)])
    looking = node()
    assert until_told(looking)["others"] == 0
    assert looking.peers()["peers"] == []


def test_addresses_that_lead_nowhere_are_not_dialled(issue, runner, node):
    """Names, link-local and private networks that this machine is not in; and the node itself."""
    other = runner()
    for address in ("/ip4/169.254.1.1", "/ip6/fe80::1", "/ip4/0.0.0.0", "/dns4/localhost"):
        issue.registry(comments=[python_comment(f"{address}/tcp/{other.port}/p2p/{other.id}")])
        looking = node()
        until_told(looking)
        time.sleep(0.3)
        assert looking.peers()["peers"] == [] and "cannot be had" not in looking.log()
        looking.stop()


def test_two_runners_of_one_name_keep_a_comment_each(issue, node):
    first = node("build")
    until_told(first)
    second = node("build")
    second.until_member(first)
    names = [name for name, _ in entries(issue)]
    assert names == [f"<!-- {TITLE}:build -->", f"<!-- {TITLE}:build-{second.id[-8:]} -->"]


def test_a_token_that_may_only_read_looks(issue, node):
    first = node("build-1")
    until_told(first)
    issue.registry(writers=[ALPHA])
    second = node("build-2", token=BETA)
    second.until_member(first)
    state = until_told(second, "failed")
    assert state["state"] == "fallback" and state["trouble"].endswith("403") and "issues: write" in state["hint"]
    assert state["others"] == 1 and state["told"] == 0


@pytest.mark.parametrize("kind", ["refused", "absent", "limited"])
def test_a_registry_that_cannot_be_had_is_a_fallback(server, issue, runner, node, kind):
    if kind == "refused":
        server.registry(readers=[], writers=[])
    elif kind == "absent":
        server.fault("reset", "/search/issues")
    else:
        server.fault("status", "/search/issues", status=429, headers={"Retry-After": "600"})
    other = runner()
    alone = node(peers=[other])
    state = until_told(alone, "failed")
    assert state["state"] == "fallback" and state["told"] == 0
    assert "fallback to other ways" in alone.home.run("status", check=True).stdout.decode()
    assert [one for one in alone.errors() if one["message"].startswith("registry of peers: ")]
    assert b"octo/hello" in alone.read("api/repos/octo/hello.json")
    alone.until_member(other)
    assert alone.stats()["registry_failures"] == 1, "once; the next try comes later"


def test_the_end_does_not_wait_for_the_registry(issue, node):
    leaving = node()
    until_told(leaving)
    issue.fault("stall", ISSUES + "/comments")
    began = time.monotonic()
    leaving.stop()
    assert time.monotonic() - began < 8
