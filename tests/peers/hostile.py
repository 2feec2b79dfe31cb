"""What the tests of hostile parties share: a runner that has to be well afterwards, and hands to attack it with."""

import os
import threading
import time

import pytest

pytest.importorskip("cryptography", reason="python3-cryptography is not installed")

from conftest import SECRET  # noqa: E402
from libp2p import Ended, Member, Session  # noqa: E402
from rfs import until  # noqa: E402

HELLO = "api/repos/octo/hello.json"
SANITIZED = any(name.endswith("SAN_OPTIONS") for name in os.environ)


def counts(node, *names):
    stats = node.stats()
    return tuple(stats[name] for name in names)


def until_counted(node, name, least):
    until(lambda: node.stats()[name] >= least, 10, f"{least} of {name}: {node.stats()[name]}")


def resident(node):
    """MiB."""
    with open(f"/proc/{node.process.pid}/status", encoding="utf-8") as file:
        return next(int(line.split()[1]) for line in file if line.startswith("VmRSS")) / 1024


def descriptors(node):
    return len(os.listdir(f"/proc/{node.process.pid}/fd"))


class Addresses:
    """Addresses of this machine that nobody has used yet: limits are by address."""

    def __init__(self):
        self.last = 1

    def __call__(self):
        self.last += 1
        return f"127.0.{self.last // 200}.{self.last % 200 + 1}"


@pytest.fixture
def address():
    return Addresses()


@pytest.fixture
def node(runner, address):
    """A runner that has to be well after the test: it reads, and lets a member in."""
    made = runner()
    yield made
    assert made.process.poll() is None, made.log()
    assert b"octo/hello" in made.read(HELLO)
    friend(made, address).session.wire.close()


def friend(node, address, answer=None):
    return Member(Session.dial(node.port, source=address(), answer=answer), SECRET)


def pumped(session, call):
    """The result of a call that reads from the daemon, while the session answers what the daemon asks of it."""
    out = []
    thread = threading.Thread(target=lambda: out.append(call()), daemon=True)
    thread.start()
    end = time.monotonic() + 40
    while thread.is_alive():
        assert time.monotonic() < end, "the reader is stuck"
        try:
            if session.gone is None and session.ready(0.02):
                session.read()
            thread.join(0.001)
        except Ended:
            thread.join(end - time.monotonic())
    return out[0]


def drain(session):
    try:
        while session.ready(0):
            session.read()
    except Ended:
        session.gone = 0
