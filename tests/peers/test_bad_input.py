"""What users get wrong, and machines that are not as one hopes: a clear line, and everything else works."""

import os
import re
import socket
import sqlite3

import pytest
from conftest import SECRET, free_port
from rfs import error_of, until, write

HELLO = "api/repos/octo/hello.json"


def off(node):
    peers = node.peers()
    assert peers["self"] is None and peers["peers"] == []
    assert node.stats()["p2p_enabled"] is False and node.stats()["peer_count"] == 0
    assert b"octo/hello" in node.read(HELLO)
    return peers["off"]


@pytest.mark.parametrize("address", ["nonsense", "/ip4/127.0.0.1", "/ip4/127.0.0.1/tcp/99999", "/ip4/127.0.0.1/udp/9000",
                                     "/ip4/127.0.0.1/tcp/9000/p2p/QmNobody", "/dns4//tcp/9000"])
def test_a_malformed_address_is_an_error_with_its_place(homes, address):
    home = homes()
    result = home.run("serve", environment=home.environment(CACHE_BOOTSTRAP_PEERS=address, CACHE_P2P_SHARED_SECRET=SECRET))
    assert result.returncode == 2 and result.stdout == b""
    lines = result.stderr.decode().splitlines()
    assert lines[-2].startswith("runnerfs: error: environment CACHE_BOOTSTRAP_PEERS: ") and lines[-1].startswith("hint: ")


def test_a_malformed_peer_id_in_a_list_is_an_error(homes):
    home = homes()
    result = home.run("serve", environment=home.environment(RUNNERFS_P2P_ALLOW="me"))
    assert result.returncode == 2 and b"'me' is no peer id" in result.stderr


def test_ctl_refuses_an_address_that_is_none(runner):
    node = runner()
    assert error_of(write, node.join(".runnerfs/ctl"), "peer add nonsense\n") == "EINVAL"
    assert error_of(write, node.join(".runnerfs/ctl"), "peer add\n") == "EINVAL"
    assert [line["errno"] for line in node.errors()] == ["EINVAL", "EINVAL"]


def test_a_peer_is_added_by_ctl(runner):
    first, second = runner(), runner()
    write(second.join(".runnerfs/ctl"), f"peer add {first.address}\n")
    second.until_member(first)


def test_a_port_in_use_is_said_and_the_next_one_taken(runner):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        node = runner(port=port)
        own = node.peers()["self"]
        assert own["port"] != port and own["addrs"]
        assert f"port {port} cannot be had, listening on port {own['port']}" in node.log()


def test_without_a_secret_peers_are_off_with_one_line(runner):
    node = runner(secret=None, token="ghs_aTokenOfAJob000000000000000000000000")
    assert "job's own GITHUB_TOKEN" in node.peers()["off"]
    lines = [line for line in node.log().splitlines() if "peers are off" in line]
    assert len(lines) == 1 and "runnerfs keygen" in lines[0]


def test_an_anonymous_mount_has_no_peers(runner):
    assert "no secret" in off(runner(secret=None, token=None))


def test_a_mount_that_asks_for_nothing_is_quiet_about_peers(make_mount):
    mount = make_mount()
    assert "peers" not in mount.log()
    assert mount.json(".runnerfs/peers.json")["self"] is None


def test_a_long_lived_token_makes_a_weak_network(runner):
    first = runner(secret=None)
    second = runner(secret=None, peers=[first])
    second.until_member(first)
    status = second.json(".runnerfs/status.json")
    assert status["secure"] is False and any("token" in reason for reason in status["weak"])


def test_a_mistyped_fleet_secret_is_said(homes, runner):
    good = homes().run("keygen", check=True).stdout.decode().strip()
    bad = good[:-1] + ("a" if good[-1] != "a" else "b")
    assert "mistyped" in off(runner(secret=bad))


def test_switched_off(runner):
    assert "switched off" in off(runner(ENABLE_P2P_CACHE="false"))


def test_a_hosted_runner_that_nobody_can_reach_does_not_listen(make_mount):
    hosted = {"GITHUB_ACTIONS": "true", "RUNNER_ENVIRONMENT": "github-hosted", "CACHE_P2P_SHARED_SECRET": SECRET}
    mount = make_mount(**hosted)
    if mount.json(".runnerfs/peers.json")["self"] is not None:
        pytest.skip("this machine has a public address")
    assert mount.stats()["peer_count"] == 0
    assert len([line for line in mount.log().splitlines() if "no address that another one could reach" in line]) == 1
    named = make_mount(**hosted, P2P_LISTEN_PORT=str(free_port()), RUNNERFS_P2P_LISTEN="127.0.0.1")
    assert named.json(".runnerfs/peers.json")["self"]["port"] != 0


def test_an_identity_that_cannot_be_read_is_said_and_kept(homes, runner):
    home = homes()
    node = runner(home=home)
    before = node.id
    node.stop()
    with sqlite3.connect(home.store("cache.db")) as database:
        [kept] = database.execute("SELECT value FROM meta WHERE name = 'value/node-key'").fetchone()
        database.execute("UPDATE meta SET value = ? WHERE name = 'value/node-key'", ("AAAA" + kept[4:] if isinstance(kept, str) else b"AAAA" + kept[4:],))
    database.close()
    node = runner(home=home)
    assert node.id != before
    assert "identity of this node cannot be read" in node.log()
    node.stop()
    with sqlite3.connect(home.store("cache.db")) as database:
        database.execute("UPDATE meta SET value = ? WHERE name = 'value/node-key'", (kept,))
    database.close()
    assert runner(home=home).id == before


def test_an_ephemeral_id_is_another_one_each_time(homes, runner):
    home = homes()
    node = runner(home=home, RUNNERFS_P2P_EPHEMERAL="true")
    before = node.id
    node.stop()
    assert runner(home=home, RUNNERFS_P2P_EPHEMERAL="true").id != before


def test_the_secret_is_in_no_log_and_no_environment(runner):
    node = runner()
    assert SECRET not in node.log()
    with open(f"/proc/{node.process.pid}/environ", "rb") as file:
        assert SECRET.encode() not in file.read()
    for name in ("config.yml", "status.json", "peers.json", "metrics"):
        assert SECRET.encode() not in node.read(".runnerfs/" + name)


def test_doctor_looks_at_peers(homes):
    home = homes()
    with socket.socket() as there:
        there.bind(("127.0.0.1", 0))
        there.listen()
        near = f"/ip4/127.0.0.1/tcp/{there.getsockname()[1]}"
        gone = f"/ip4/127.0.0.1/tcp/{free_port()}"
        environment = home.environment(CACHE_P2P_SHARED_SECRET=SECRET, P2P_LISTEN_PORT=str(there.getsockname()[1]),
                                       RUNNERFS_P2P_LISTEN="127.0.0.1", CACHE_BOOTSTRAP_PEERS=f"{near},{gone}")
        text = home.run("doctor", "--peers", environment=environment).stdout.decode()
    assert re.search(r"^ok    secret         CACHE_P2P_SHARED_SECRET, for the network ipfs-datasets-py-cache$", text, re.M), text
    assert re.search(r"^warn  port .*in use\n      hint: .*9000 to 9010", text, re.M), text
    assert f"{near} can be reached" in text and re.search(rf"^warn  peer           {gone}: .*refused", text, re.M), text
    assert re.search(r"^ok    clock ", text, re.M), text
    job = home.run("doctor", "--peers", environment=home.environment(token="ghs_aTokenOfAJob"))
    assert job.returncode == 1 and b"fail  peers" in job.stdout and b"runnerfs keygen" in job.stdout
    short = home.run("doctor", "--peers", environment=home.environment(CACHE_P2P_SHARED_SECRET="short"))
    assert b"may be guessed" in short.stdout


def test_the_command_shows_peers(pair):
    first, second = pair()
    shown = second.home.run("peers", check=True).stdout.decode()
    assert second.id in shown and first.id in shown and "member" in shown and first.address in shown
    assert until(lambda: second.home.run("status", check=True).stdout.decode().count("1 members"), 5)


def test_the_command_says_why_there_are_none(runner):
    node = runner(ENABLE_P2P_CACHE="false")
    assert node.home.run("peers", check=True).stdout.decode().startswith("peers are off: switched off")


def test_ids_are_of_one_daemon_of_a_store(homes, runner):
    home = homes()
    first, second = runner(home=home), runner(home=home)
    assert first.id != second.id
    assert os.path.exists(home.store("node.lock"))
