"""js-libp2p speaks the Python implementation's messages with the real program, both ways."""

import base64
import json
import os
import time

import pytest
from conftest import SECRET
from fernet import CACHE, EXCHANGE, Fernet, content_hash, entry
from rfs import until, write

import importlib.util

spec = importlib.util.spec_from_file_location("interop_conftest", os.path.join(os.path.dirname(__file__), "../interop/conftest.py"))
interop = importlib.util.module_from_spec(spec)
spec.loader.exec_module(interop)


@pytest.fixture(scope="module")
def folder():
    found, reason = interop.installed_js()
    if not found:
        pytest.skip(reason)
    return found


@pytest.fixture
def js(folder):
    node = interop.Node(["node", "node.mjs"], cwd=folder)
    yield node
    node.end()


@pytest.fixture
def fernet():
    return Fernet(SECRET)


def send(js, protocol, token):
    """The answer of our program to a token."""
    answer = js.ask(f"send {protocol} {base64.b64encode(token).decode()}")
    assert answer == "got" or answer.startswith("got "), answer
    return base64.b64decode(answer[4:])


def received(js, protocol):
    return [base64.b64decode(one) for one in js.ask(f"received {protocol}").split()[1:]]


def dial(js, node):
    answer = js.ask(f"dial {node.address}/p2p/{node.id}")
    assert answer.startswith(f"dialled {node.id} runnerfs/"), answer


def test_what_a_peer_sends_is_there_with_its_source(runner, js, fernet):
    node = runner()
    dial(js, node)
    fields = {"hello": {"updatedAt": "2025-11-06T10:00:00Z", "pushedAt": None}}
    began = time.monotonic()
    assert send(js, CACHE, fernet.seal({"key": "list_repos:octo", "entry": entry([{"name": "hello", "n": 12345678901234567890}], fields=fields)})) == b"OK"
    until(lambda: node.error("cache/list_repos:octo") == "", 2, "the entry")
    assert time.monotonic() - began < 2
    assert node.read("cache/list_repos:octo") == b'[{"name": "hello", "n": 12345678901234567890}]'
    assert node.xattr("cache/list_repos:octo", "user.runnerfs.source") == "peer"
    assert node.xattr("cache/list_repos:octo", "user.runnerfs.peer") == js.id
    assert node.xattr("cache/list_repos:octo", "user.runnerfs.ttl") == "300"
    stats = node.stats()
    assert stats["cache_entries_received"] == 1 and stats["connected_peers"] == 1 and stats["p2p_enabled"] is True
    assert stats["message_count"] >= 2 and stats["bytes_received"] > 500 and stats["bytes_sent"] > 100
    [peer] = until(lambda: [one for one in node.peers()["peers"] if one["received"] == 1], 2, "the count")
    assert peer["id"] == js.id and peer["member"] is False and peer["proof"] == "token"


def test_answers_and_what_is_kept(runner, js, fernet):
    node = runner()
    dial(js, node)
    other = Fernet("another secret than the one of these tests")
    fields = {"hello": {"updatedAt": "2025-11-06T10:00:00Z"}}
    wrong_hash = entry([1], fields=fields)
    wrong_hash["content_hash"] = content_hash({"hello": {}})
    without_ttl = entry([1])
    del without_ttl["ttl"]
    cases = [
        (other.seal({"key": "a", "entry": entry([1])}), b"ERROR: Decryption failed"),
        (b"this is no token at all", b"ERROR: Decryption failed"),
        (fernet.seal(b"\x00\x01 no JSON"), b"ERROR: Decryption failed"),
        (fernet.seal({"entry": entry([1])}), b"ERROR: Invalid format"),
        (fernet.seal({"key": "a"}), b"ERROR: Invalid format"),
        (fernet.seal({"key": "a", "entry": {}}), b"ERROR: Invalid format"),
        (fernet.seal({"key": 7, "entry": entry([1])}), b""),
        (fernet.seal({"key": "a", "entry": "text"}), b""),
        (fernet.seal({"key": "a", "entry": wrong_hash}), b""),
        (fernet.seal({"key": "a", "entry": without_ttl}), b""),
        (fernet.seal({"key": "a", "entry": entry([1], ttl="long")}), b""),
        (fernet.seal({"key": "a", "entry": {**entry([1]), "validation_fields": [1]}}), b""),
        (fernet.seal({"key": "a", "entry": entry([1], age=1000)}), b"OK"),            # expired
        (fernet.seal({"key": "a", "entry": entry([1], age=-400)}), b"OK"),            # dated ahead
        (fernet.seal({"key": "a", "entry": entry([1])}, at=time.time() - 700), b"OK"),  # recorded
        (fernet.seal({"key": "", "entry": entry([1])}), b"OK"),
        (fernet.seal({"key": ".", "entry": entry([1])}), b"OK"),
        (fernet.seal({"key": "..", "entry": entry([1])}), b"OK"),
        (fernet.seal({"key": "a\nb", "entry": entry([1])}), b"OK"),
        (fernet.seal({"key": "a\0b", "entry": entry([1])}), b"OK"),
        (fernet.seal({"key": "\ud800", "entry": entry([1])}), b"OK"),
        (fernet.seal({"key": "k" * 256, "entry": entry([1])}), b"OK"),
        (fernet.seal({"key": "/" * 100, "entry": entry([1])}), b"OK"),
    ]
    for number, (token, answer) in enumerate(cases):
        assert send(js, CACHE, token) == answer, number
    assert node.stats()["cache_entries_received"] == 0
    assert node.stats()["cache_entries_refused"] == len(cases)
    assert sorted(os.listdir(node.join("cache"))) == ["README"]
    # And a good one after all that, on the same connection.
    assert send(js, CACHE, fernet.seal({"key": "k" * 255, "entry": entry(None)})) == b"OK"
    assert node.read("cache/" + "k" * 255) == b"null"
    assert send(js, CACHE, fernet.seal({"key": "owner/name", "entry": entry({"a": 1.50})})) == b"OK"
    assert json.loads(node.read("cache/owner%2Fname")) == {"a": 1.5}


def test_the_newer_entry_stays(runner, js, fernet):
    node = runner()
    dial(js, node)
    assert send(js, CACHE, fernet.seal({"key": "a", "entry": entry("old", age=50)})) == b"OK"
    assert node.json("cache/a") == "old"
    assert send(js, CACHE, fernet.seal({"key": "a", "entry": entry("older", age=60)})) == b"OK"
    assert send(js, CACHE, fernet.seal({"key": "a", "entry": entry("new", age=10)})) == b"OK"
    until(lambda: node.json("cache/a") == "new", 2, "the newer entry")
    write(node.join("cache/a"), '"ours"')
    assert send(js, CACHE, fernet.seal({"key": "a", "entry": entry("late", age=5)})) == b"OK"
    assert node.json("cache/a") == "ours"


def test_what_is_received_outlives_the_daemon(runner, homes, js, fernet):
    home = homes()
    node = runner(home=home)
    dial(js, node)
    assert send(js, CACHE, fernet.seal({"key": "a", "entry": entry([1, 2])})) == b"OK"
    assert node.json("cache/a") == [1, 2]
    own = node.id
    node.stop()
    again = runner(home=home)
    assert again.json("cache/a") == [1, 2]
    assert again.xattr("cache/a", "user.runnerfs.source") == "peer"
    assert again.id == own, "the peer id is the same after a restart"


def test_a_proven_peer_is_told_of_what_is_put(runner, js, fernet):
    answer = base64.b64encode(b"OK").decode()
    assert js.ask(f"handle {CACHE} {answer}") == "handling"
    exchange = base64.b64encode(fernet.seal({"addrs": [], "peers": [], "ts": time.time()})).decode()
    assert js.ask(f"handle {EXCHANGE} {exchange}") == "handling"
    node = runner()
    dial(js, node)
    # Its answer to the exchange that we begin proves it.
    until(lambda: [peer["proof"] for peer in node.peers()["peers"]] == ["token"], 10, "the exchange of peers")
    [asked] = received(js, EXCHANGE)
    message = fernet.open(asked)
    assert set(message) == {"addrs", "peers", "ts"} and abs(message["ts"] - time.time()) < 60
    write(node.join("cache/get_repo_info:octo%2Fhello"), json.dumps({"name": "hello", "updatedAt": "2025-11-06T10:00:00Z", "pushedAt": None}))
    until(lambda: received(js, CACHE), 5, "the entry at the peer")
    [token] = received(js, CACHE)
    told = fernet.open(token)
    assert told["key"] == "get_repo_info:octo/hello"
    assert told["entry"]["data"]["name"] == "hello" and told["entry"]["ttl"] == 300
    assert abs(told["entry"]["timestamp"] - time.time()) < 60
    assert told["entry"]["content_hash"] == content_hash(told["entry"]["validation_fields"])
    until(lambda: node.stats()["cache_entries_shared"] == 1, 5, "the acknowledgement")


def test_who_proves_nothing_is_told_nothing(runner, js, fernet):
    assert js.ask(f"handle {CACHE} {base64.b64encode(b'OK').decode()}") == "handling"
    node = runner()
    dial(js, node)
    write(node.join("cache/a"), "1")
    # A second peer that is proven is told, so the first had its chance.
    assert send(js, CACHE, Fernet("another secret than the one of these tests").seal({"key": "b", "entry": entry(1)})).startswith(b"ERROR")
    time.sleep(1)
    assert received(js, CACHE) == []


def test_a_large_entry_both_ways(runner, js, fernet):
    assert js.ask(f"handle {CACHE} {base64.b64encode(b'OK').decode()}") == "handling"
    node = runner()
    dial(js, node)
    large = "x" * (16 << 20)
    assert send(js, CACHE, fernet.seal({"key": "large", "entry": entry(large[:-2])})) == b"OK"
    until(lambda: node.error("cache/large") == "", 2, "the large entry")
    assert len(node.read("cache/large")) == 16 << 20
    assert send(js, CACHE, fernet.seal({"key": "larger", "entry": entry(large)})) == b""
    write(node.join("cache/ours"), json.dumps(large[:-2]))
    until(lambda: received_count(js) >= 1, 20, "the large entry at the peer")


def received_count(js):
    return len(js.ask(f"received {CACHE}").split()) - 1
