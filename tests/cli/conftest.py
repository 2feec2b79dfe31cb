"""A user without a network: a home of his own, and recorded answers instead of GitHub."""

import json
import os
import re
import shutil
import signal
import subprocess
import tempfile
import time

import pytest

ROOT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "../..")
PROGRAM = os.environ.get("RUNNERFS") or os.path.join(ROOT, "build/release/runnerfs")

ANSWERS = [
    {"scope": "https://api.github.com:443", "method": "get", "path": "/repos/octo/hello", "status": 200,
     "response": {"id": 7, "full_name": "octo/hello"},
     "rawHeaders": ["Content-Type", "application/json; charset=utf-8", "ETag", '"0123456789abcdef"']},
    {"scope": "https://api.github.com:443", "method": "get", "path": "/users/nobody", "status": 404,
     "response": {"message": "Not Found"}, "rawHeaders": ["Content-Type", "application/json; charset=utf-8"]},
]


class User:
    def __init__(self):
        self.home = tempfile.mkdtemp(prefix="rfs-cli-", dir="/tmp")
        os.mkdir(self.join("run"), 0o700)
        os.mkdir(self.join("answers"))
        with open(self.join("answers/recorded.json"), "w", encoding="utf-8") as file:
            json.dump(ANSWERS, file)
        self.daemons = []

    def join(self, *parts):
        return os.path.join(self.home, *parts)

    def environment(self, **more):
        result = {"PATH": os.environ["PATH"], "HOME": self.home, "XDG_RUNTIME_DIR": self.join("run"), "LANG": "C.UTF-8",
                  "GITHUB_API_URL": "file://" + self.join("answers"), "RUNNERFS_KEY_SOURCE": "file", "GITHUB_TOKEN": "ghs_canaryCANARYcanary"}
        result.update({name: os.environ[name] for name in os.environ if name.endswith("SAN_OPTIONS")})
        result.update(more)
        return {name: value for name, value in result.items() if value is not None}

    def run(self, *arguments, stdin="", cwd=None, **more):
        return subprocess.run([PROGRAM, *arguments], env=self.environment(**more), input=stdin, capture_output=True, text=True,
                              timeout=60, cwd=cwd or self.home, check=False)

    def ok(self, *arguments, **more):
        result = self.run(*arguments, **more)
        assert result.returncode == 0, result.stderr
        return result.stdout

    def start(self, *arguments, **more):
        process = subprocess.Popen([PROGRAM, *arguments], env=self.environment(**more), stdin=subprocess.DEVNULL,
                                   stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=self.home)
        self.daemons.append(process)
        return process

    def serve(self, *arguments, **more):
        """A daemon that answers: its first line names the socket."""
        process = self.start("serve", *arguments, **more)
        assert process.stdout.readline().strip().endswith(".sock")
        return process

    def write(self, name, content):
        os.makedirs(os.path.dirname(self.join(name)), exist_ok=True)
        with open(self.join(name), "w", encoding="utf-8") as file:
            file.write(content)

    def clean_daemons(self):
        """Ends them, and keeps the home."""
        for process in self.daemons:
            if process.poll() is None:
                process.send_signal(signal.SIGTERM)
                try:
                    process.wait(15)
                except subprocess.TimeoutExpired:
                    process.kill()
                    process.wait()
            process.stdout.close()
            process.stderr.close()
        self.daemons = []

    def clean(self):
        self.clean_daemons()
        shutil.rmtree(self.home, ignore_errors=True)


def failure(result, code=None):
    """Exactly two lines on stderr, nothing on stdout → both as one text."""
    lines = result.stderr.splitlines()
    assert len(lines) == 2, result.stderr
    assert re.match(r"runnerfs: error: [^A-Z].*[^.]$", lines[0]) and re.match(r"hint: .*[^.]$", lines[1]), lines
    assert result.stdout == ""
    assert result.returncode not in (0, 1)
    assert code is None or result.returncode == code, (result.returncode, lines)
    return "\n".join(lines)


def until(condition, seconds=10):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it did not happen in time"
        time.sleep(0.02)


@pytest.fixture
def user():
    one = User()
    yield one
    one.clean()
