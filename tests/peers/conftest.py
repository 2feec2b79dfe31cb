"""Several runners on one machine: a home and a mount each, one local GitHub, one secret."""

import os
import socket
import sys
import threading

import pytest

HERE = os.path.dirname(os.path.abspath(__file__))
for folder in (HERE, os.path.join(HERE, "../mount"), os.path.join(HERE, "../interop")):
    sys.path.insert(0, os.path.normpath(folder))

from fixtures_of_mounts import LONGEST, fuse, home, make_mount, running, server  # noqa: E402,F401
from rfs import Daemon, Home, Mount, until  # noqa: E402

SECRET = "a secret that the runners of these tests share"


def free_port():
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


class Runner(Mount):
    """A mount that is in the network; it listens on a port of its own, on loopback."""

    def __init__(self, home, *options, peers=(), port=None, verify=None, secret=SECRET, **more):
        self.port = port or free_port()
        more.setdefault("RUNNERFS_P2P_LISTEN", "127.0.0.1")
        addresses = [peer if isinstance(peer, str) else peer.address for peer in peers]
        super().__init__(home, *options, P2P_LISTEN_PORT=str(self.port), CACHE_BOOTSTRAP_PEERS=",".join(addresses) or None,
                         CACHE_P2P_SHARED_SECRET=secret, RUNNERFS_P2P_VERIFY=verify, **more)

    @property
    def address(self):
        return f"/ip4/127.0.0.1/tcp/{self.port}"

    def peers(self):
        return self.json(".runnerfs/peers.json")

    @property
    def id(self):
        return self.peers()["self"]["id"]

    def members(self):
        return [peer["id"] for peer in self.peers()["peers"] if peer["member"]]

    def until_member(self, *others, seconds=15):
        for other in others:
            until(lambda other=other: other.id in self.members(), seconds, f"a connection with {other.address}")


@pytest.fixture
def homes(server):  # noqa: F811
    made = []

    def make():
        made.append(Home(server))
        return made[-1]

    watchdog = threading.Timer(LONGEST, lambda: [daemon.kill() for home in made for daemon in home.daemons])
    watchdog.daemon = True
    watchdog.start()
    yield make
    watchdog.cancel()
    server.resume()
    server.release()
    try:
        for home in made:
            for daemon in home.daemons:
                if daemon.process.poll() is None:
                    daemon.stop()
    finally:
        for home in made:
            home.clean()


@pytest.fixture
def runner(homes, fuse):  # noqa: F811
    """runner(peers=[…], verify=…, NAME=value…) → a Runner in a home of its own."""
    return lambda *options, home=None, **more: Runner(home or homes(), *options, **more)


@pytest.fixture
def pair(runner):
    """pair(**both) → two runners that know each other."""

    def make(**both):
        first = runner(**both)
        second = runner(peers=[first], **both)
        second.until_member(first)
        first.until_member(second)
        return first, second

    return make
