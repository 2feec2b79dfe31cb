"""Nodes of several libp2p stacks that take the same commands (see p2p_node.cpp)."""

import fcntl
import os
import select
import shutil
import subprocess
import sys

import pytest

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.join(HERE, "../..")
P2P_NODE = os.environ.get("P2P_NODE") or os.path.join(ROOT, "build/release/p2p_node")
INTEROP_DIR = os.environ.get("INTEROP_DIR") or os.path.join(ROOT, "build/release/interop")
PATIENCE = 90


class Node:
    def __init__(self, command, cwd=None):
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=cwd, bufsize=1)
        line = self.line()
        assert line.startswith("listening "), line
        self.address = line.split()[1]
        self.id = self.address.rsplit("/", 1)[1]

    def line(self):
        ready, _, _ = select.select([self.process.stdout], [], [], PATIENCE)
        assert ready, "no answer in time"
        return self.process.stdout.readline().strip()

    def ask(self, command):
        self.process.stdin.write(command + "\n")
        return self.line()

    def end(self):
        try:
            self.process.stdin.write("quit\n")
            self.process.stdin.close()
            self.process.wait(timeout=10)
        except (OSError, ValueError, subprocess.TimeoutExpired):
            self.process.kill()
            self.process.wait()


def installed_js():
    """The folder with node.mjs and its packages, or the reason why there is none."""
    if not shutil.which("node") or not shutil.which("npm"):
        return None, "node and npm are not installed"
    folder = os.path.join(INTEROP_DIR, "js")
    os.makedirs(folder, exist_ok=True)
    with open(os.path.join(folder, "lock"), "w", encoding="ascii") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        wanted = open(os.path.join(HERE, "package.json"), encoding="utf-8").read()
        stamp = os.path.join(folder, "installed")
        if not os.path.exists(stamp) or open(stamp, encoding="utf-8").read() != wanted:
            shutil.copy(os.path.join(HERE, "package.json"), folder)
            result = subprocess.run(["npm", "install", "--no-package-lock", "--no-audit", "--no-fund", "--ignore-scripts"], cwd=folder,
                                    capture_output=True, text=True, timeout=300, check=False)
            if result.returncode != 0:
                return None, "npm install failed: " + (result.stderr.strip().splitlines() or ["no reason given"])[-1]
            with open(stamp, "w", encoding="utf-8") as file:
                file.write(wanted)
        for name in ("node.mjs", "polyfill.mjs"):
            shutil.copy(os.path.join(HERE, name), folder)
    return folder, ""


@pytest.fixture(scope="session")
def js_folder():
    folder, reason = installed_js()
    if not folder:
        print("skipped: " + reason, file=sys.stderr)
        pytest.skip(reason)
    return folder


@pytest.fixture
def js(js_folder):
    node = Node(["node", "node.mjs"], cwd=js_folder)
    yield node
    node.end()


@pytest.fixture
def ours():
    node = Node([P2P_NODE])
    yield node
    node.end()
