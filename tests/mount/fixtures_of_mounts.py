"""Fixtures: a server for each file, a home for each test, mounts that are ended and checked afterwards."""

import os
import sys
import threading

import pytest

HERE = os.path.dirname(os.path.abspath(__file__))
for folder in (os.path.join(HERE, "../server"), HERE):
    sys.path.insert(0, os.path.normpath(folder))

from client import Server  # noqa: E402
from rfs import Daemon, Home, Mount  # noqa: E402

# No test takes this long; a daemon that hangs its readers is ended then, so that they, and the test run, go on.
LONGEST = 120


def unusable():
    """Why no mount is possible here, '' when it is."""
    if not os.path.exists("/dev/fuse"):
        return "no /dev/fuse"
    try:
        os.close(os.open("/dev/fuse", os.O_RDWR))
    except OSError as error:
        return f"/dev/fuse cannot be opened: {error.strerror}"
    return ""


@pytest.fixture(scope="session")
def fuse():
    reason = unusable()
    if reason and os.environ.get("CI") == "true":
        pytest.fail(reason + ", but in CI these tests must run")
    if reason:
        pytest.skip(reason)


@pytest.fixture(scope="module")
def running():
    with Server() as server:
        yield server


@pytest.fixture
def server(running):
    running.reset()
    return running


@pytest.fixture
def home(server):
    home = Home(server)
    watchdog = threading.Timer(LONGEST, lambda: [daemon.kill() for daemon in home.daemons])
    watchdog.daemon = True
    watchdog.start()
    yield home
    watchdog.cancel()
    server.resume()
    server.release()
    try:
        for daemon in home.daemons:
            if daemon.process.poll() is None:
                daemon.stop()
    finally:
        home.clean()


@pytest.fixture
def make_mount(home, fuse):
    """make_mount(*options, token=…, NAME=value…) → a Mount of this test's home; several may share it."""
    return lambda *options, **more: Mount(home, *options, **more)


@pytest.fixture
def mount(make_mount):
    return make_mount()


@pytest.fixture
def serve(home):
    """serve(*options, …) → `runnerfs serve` of this test's home; needs no /dev/fuse."""
    return lambda *options, **more: Daemon(home, *options, **more)


@pytest.fixture
def runner(server):
    """runner() → the home of a machine that shares nothing with the others."""
    homes = []

    def make():
        homes.append(Home(server))
        return homes[-1]
    yield make
    try:
        for home in homes:
            for daemon in home.daemons:
                if daemon.process.poll() is None:
                    daemon.stop()
    finally:
        for home in homes:
            home.clean()
