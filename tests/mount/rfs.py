"""What the tests through a mount are written with: Home (a user's directories), Mount (a daemon and its mountpoint)."""

import ctypes
import errno
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import tempfile
import threading
import time

from fixtures import ALPHA

PROGRAM = os.environ.get("RUNNERFS") or os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../build/release/runnerfs")
SANITIZER = re.compile(r"ERROR: \w+Sanitizer|WARNING: ThreadSanitizer|runtime error:|SUMMARY: \w+Sanitizer")
STORE = ".cache/github-api-p2p"
LIBC = ctypes.CDLL(None, use_errno=True)
PR_SET_PDEATHSIG = 1


def die_with_parent():
    """In the child: a killed test run leaves no daemon behind; SIGTERM makes it unmount."""
    LIBC.prctl(PR_SET_PDEATHSIG, signal.SIGTERM)


def until(condition, seconds=10, what="it"):
    """Polls a condition that no event tells of. Its value, once it is true."""
    end = time.monotonic() + seconds
    while True:
        value = condition()
        if value:
            return value
        assert time.monotonic() < end, f"{what} did not happen within {seconds} s"
        time.sleep(0.02)


def error_of(call, *arguments):
    """The name of the errno that a call fails with, "" when it succeeds: error_of(open, path)."""
    try:
        result = call(*arguments)
        if hasattr(result, "close"):
            result.close()
        return ""
    except OSError as error:
        return errno.errorcode[error.errno]


def read(path):
    with open(path, "rb") as file:
        return file.read()


def write(path, content):
    with open(path, "wb") as file:
        file.write(content.encode() if isinstance(content, str) else content)


def threads(number, call):
    """Starts threads that run call(index) → (join, results): a result, or the name of the OSError, by index.

    Returns once every thread runs; join(seconds) waits for all of them and gives the results.
    """
    results = [None] * number
    begun = threading.Semaphore(0)

    def run(index):
        begun.release()
        try:
            results[index] = call(index)
        except OSError as error:
            results[index] = errno.errorcode[error.errno]

    started = [threading.Thread(target=run, args=(index,), daemon=True) for index in range(number)]
    for thread in started:
        thread.start()
    for _ in started:
        begun.acquire()

    def join(seconds=30):
        end = time.monotonic() + seconds
        for thread in started:
            thread.join(max(0, end - time.monotonic()))
        assert not any(thread.is_alive() for thread in started), "a reader is still stuck"
        return results

    return join, results


class Home:
    """A user's home: HOME and the XDG directories below one temporary directory, and commands that run in it."""

    def __init__(self, server):
        self.server = server
        self.path = tempfile.mkdtemp(prefix="rfs-test-", dir="/tmp")
        self.daemons = []
        os.mkdir(self.join("run"), 0o700)

    def join(self, *parts):
        return os.path.join(self.path, *parts)

    def environment(self, token=ALPHA, **more):
        """What a process gets, and nothing of the environment that the tests run in (but what sanitizers read)."""
        result = {"PATH": os.environ["PATH"], "HOME": self.path, "XDG_RUNTIME_DIR": self.join("run"), "LANG": "C.UTF-8",
                  "GITHUB_API_URL": self.server.url, "RUNNERFS_CA_FILE": self.server.ca_file, "RUNNERFS_KEY_SOURCE": "file"}
        if token:
            result["GITHUB_TOKEN"] = token
        result.update({name: os.environ[name] for name in os.environ if name.endswith("SAN_OPTIONS")})
        result.update(more)
        return {name: value for name, value in result.items() if value is not None}

    def configure(self, text):
        os.makedirs(self.join(".config/runnerfs"), exist_ok=True)
        write(self.join(".config/runnerfs/config.yml"), text)

    def run(self, *arguments, environment=None, stdin=b"", timeout=60, check=False, cwd=None):
        """runnerfs ARGUMENTS in this home → CompletedProcess with bytes."""
        result = subprocess.run([PROGRAM, *arguments], env=environment or self.environment(), input=stdin, timeout=timeout,
                                capture_output=True, cwd=cwd or self.path)
        assert not SANITIZER.search(result.stderr.decode(errors="replace")), result.stderr.decode(errors="replace")
        assert not check or result.returncode == 0, result.stderr.decode(errors="replace")
        return result

    def store(self, *parts):
        return self.join(STORE, *parts)

    def clean(self):
        for daemon in self.daemons:
            daemon.kill()
        # Nothing is to stay mounted below, or removing would reach through it.
        with open("/proc/self/mounts", encoding="utf-8") as mounts:
            places = [line.split()[1] for line in mounts]
        for place in sorted((one for one in places if one.startswith(self.path + "/")), reverse=True):
            LIBC.umount2(place.encode(), 2)  # MNT_DETACH
        shutil.rmtree(self.path, ignore_errors=True)


class Daemon:
    """`runnerfs mount -f DIR` or `runnerfs serve` as a child, ready when it says so."""

    def __init__(self, home, *options, environment=None, ready=30, preexec=None, **more):
        self.home = home
        number = len(home.daemons)
        home.daemons.append(self)
        self.log_path = home.join(f"daemon-{number}.log")
        notify = home.join(f"notify-{number}")
        self.prepare(number)
        env = dict(environment or home.environment(**more), NOTIFY_SOCKET=notify)
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as ready_socket, open(self.log_path, "wb") as log:
            ready_socket.bind(notify)
            ready_socket.settimeout(0.05)

            def before():
                die_with_parent()
                if preexec:
                    preexec()

            self.process = subprocess.Popen([PROGRAM, *self.arguments(), *options], env=env, stdin=subprocess.DEVNULL,
                                            stdout=log, stderr=log, cwd=home.path, preexec_fn=before)
            end = time.monotonic() + ready
            while True:
                try:
                    if b"READY=1" in ready_socket.recv(4096).split(b"\n"):
                        return
                except TimeoutError:
                    pass
                assert self.process.poll() is None, f"the daemon ended ({self.process.returncode}):\n{self.log()}"
                assert time.monotonic() < end, f"the daemon was not ready within {ready} s:\n{self.log()}"

    def prepare(self, number):
        pass

    def arguments(self):
        return ("serve",)

    def log(self):
        return read(self.log_path).decode(errors="replace")

    def check(self):
        """A clean end: exit code 0 and no complaint of a sanitizer."""
        log = self.log()
        assert not SANITIZER.search(log), log
        assert self.process.returncode == 0, f"exit code {self.process.returncode}:\n{log}"

    def stop(self):
        self.process.terminate()
        self.process.wait(30)
        self.check()

    def kill(self):
        """Whatever happened, it is gone afterwards."""
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()


class Mount(Daemon):
    """A mount at self.path. stop() unmounts it as a user does and checks that it ended well."""

    def prepare(self, number):
        self.path = self.home.join(f"mnt-{number}")
        os.mkdir(self.path, 0o700)

    def arguments(self):
        return ("mount", "-f", self.path)

    def join(self, *parts):
        return os.path.join(self.path, *parts)

    def read(self, path):
        return read(self.join(path))

    def json(self, path):
        return json.loads(self.read(path))

    def error(self, path):
        """The errno's name that opening and reading it fails with, "" when it works."""
        return error_of(self.read, path)

    def xattr(self, path, name):
        return os.getxattr(self.join(path), name).decode()

    def state(self, path):
        return self.xattr(path, "user.runnerfs.state")

    def until_stale(self, *paths):
        for path in paths:
            until(lambda path=path: self.state(path) == "stale", what=f"{path} past its TTL")

    def errors(self):
        """errors.jsonl as a list of objects, oldest first, with the errno's name in the number's place."""
        lines = [json.loads(line) for line in self.read(".runnerfs/errors.jsonl").splitlines()]
        return [{**line, "errno": errno.errorcode[line["errno"]]} for line in lines]

    def stats(self):
        return self.json(".runnerfs/stats.json")

    def mounted(self):
        with open("/proc/self/mounts", encoding="utf-8") as mounts:
            return any(line.split()[1] == self.path for line in mounts)

    def stop(self):
        if self.process.poll() is None:
            result = self.home.run("umount", self.path, timeout=30)
            assert result.returncode == 0, result.stderr.decode() + self.log()
        self.process.wait(30)
        self.check()
        assert not self.mounted(), "still mounted after the daemon's end"

    def kill(self):
        super().kill()
        if hasattr(self, "path"):
            LIBC.umount2(self.path.encode(), 2)
