"""Credentials and large results of scans against files in gocryptfs, which encrypts them for the same reason."""

import contextlib
import json
import os
import random
import shutil
import statistics
import subprocess
import time

from common import program
from rfs import PROGRAM, Mount
from scans import sarif

MISSING = {"left_out": "gocryptfs: not installed"}
RESULT = f"codeql/octo/bench/{'0123456789' * 4}/default/python.sarif"
PIECE = 1 << 20  # bytes that a reader and a writer move at a time


class Gocryptfs:
    """A fresh one below `where`; its directory is `plain` while it is mounted."""

    WORDS = ("gocryptfs", "-q", "-nosyslog", "-extpass", "echo bench")

    def __init__(self, where):
        self.cipher, self.plain = os.path.join(where, "cipher"), os.path.join(where, "plain")
        os.makedirs(self.cipher)
        os.makedirs(self.plain)
        subprocess.run([*self.WORDS, "-init", "-scryptn", "10", self.cipher], check=True, stdout=subprocess.DEVNULL)

    @contextlib.contextmanager
    def mounted(self):
        subprocess.run([*self.WORDS, self.cipher, self.plain], check=True, stdout=subprocess.DEVNULL)
        try:
            yield self.plain
        finally:
            subprocess.run(["fusermount3", "-u", self.plain], check=True)


def secret(home, options):
    """open+read+close of a credential, audited (lines grouped) and decrypted, against a file in gocryptfs; with few
    credentials in the store and with many."""
    rounds, many = (500, 50) if options.small else (20_000, 5_000)
    value = "x" * 40
    result = {"audit_sync": "grouped", "credentials": many}
    if not shutil.which("gocryptfs"):
        return MISSING
    with Gocryptfs(home.join("gocryptfs")).mounted() as plain:
        with open(os.path.join(plain, "secret"), "w", encoding="ascii") as file:
            file.write(value)
        mount = Mount(home, "--repo", "octo/bench")
        try:
            with open(mount.join("secrets/API_KEY"), "w", encoding="ascii") as file:
                file.write(value)
            for name in ("few", "many"):
                if name == "many":
                    document = [{"name": f"K{number}", "value": value, "scope": "global"} for number in range(many)]
                    subprocess.run([PROGRAM, "secret", "import", "-", "--mount", mount.path], env=home.environment(), check=True,
                                   input=json.dumps(document), text=True, stdout=subprocess.DEVNULL)
                out = subprocess.run([program("open_read_close"), str(rounds), os.path.join(plain, "secret"), mount.join("secrets/API_KEY")],
                                     check=True, capture_output=True, text=True)
                peer, ours = json.loads(out.stdout)
                result[name] = {"gocryptfs": peer, "runnerfs": ours, "ratio_to_gocryptfs": ours["p50_ns"] / peer["p50_ns"]}
        finally:
            mount.stop()
    return result


def varied_sarif(size):
    """Pieces of a SARIF of at least `size` bytes, in all. Within what is compressed at a time no two results are the same:
    lines, fingerprints and files differ, words repeat, as they do in real ones."""
    head, tail = sarif(count=1).split('"results": [', 1)
    tail = tail[tail.index("}], \"properties\"") + 1:]
    chance = random.Random(7)

    def place(uri):
        region = {"startLine": chance.randrange(5000), "startColumn": chance.randrange(80), "endColumn": chance.randrange(120)}
        return {"physicalLocation": {"artifactLocation": {"uri": uri, "uriBaseId": "%SRCROOT%", "index": chance.randrange(10_000)}, "region": region}}

    def one():
        uri = f"src/module_{chance.randrange(200)}/file_{chance.randrange(50)}.py"
        steps = [{"location": {**place(uri), "message": {"text": f"ControlFlowNode for variable_{chance.randrange(500)}"}}} for _ in range(6)]
        return json.dumps({"ruleId": "py/eval", "ruleIndex": 0, "rule": {"id": "py/eval", "index": 0}, "message": {
            "text": f"This code execution depends on a [user-provided value]({chance.randrange(9)})."}, "locations": [place(uri)],
            "partialFingerprints": {"primaryLocationLineHash": f"{chance.getrandbits(64):x}:1"}, "codeFlows": [{"threadFlows": [{"locations": steps}]}]})
    some = (",".join(one() for _ in range(1500)) + ",").encode()
    yield (head + '"results": [').encode()
    for _ in range(-(-size // len(some))):
        yield some
    yield (one() + tail).encode()


def forget(folder):
    """What is stored below leaves the page cache, so that the next reader has it from the disk."""
    for root, _, files in os.walk(folder):
        for name in files:
            with open(os.path.join(root, name), "rb") as file:
                os.fsync(file.fileno())
                os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)


def write_through(source, target):
    """Seconds to copy a file in order, until close is answered."""
    buffer = bytearray(PIECE)
    began = time.perf_counter()
    with open(source, "rb", buffering=0) as have, open(target, "wb", buffering=0) as file:
        while length := have.readinto(buffer):
            file.write(memoryview(buffer)[:length])
    return time.perf_counter() - began


def read_through(path, size):
    buffer, done = bytearray(PIECE), 0
    began = time.perf_counter()
    with open(path, "rb", buffering=0) as file:
        while length := file.readinto(buffer):
            done += length
    seconds = time.perf_counter() - began
    assert done == size, (done, size)
    return seconds


def scan_results(home, options):
    """A SARIF of 256 MiB: written, read by a mount that is new while the disk's cache is empty, and read again. Each
    round is the one, then the other."""
    size, rounds = (16 << 20, 1) if options.small else (256 << 20, 7)
    if not shutil.which("gocryptfs"):
        return MISSING
    source = home.join("source.sarif")
    with open(source, "wb") as file:
        for piece in varied_sarif(size):
            file.write(piece)
    size = os.stat(source).st_size
    read_through(source, size)  # it is in memory
    peer = Gocryptfs(home.join("gocryptfs-large"))
    times = {"gocryptfs": {}, "runnerfs": {}}

    @contextlib.contextmanager
    def ours():
        mount = Mount(home)
        try:
            yield mount.path
        finally:
            mount.stop()

    for _ in range(rounds):
        for name, mounted, path, below in (("gocryptfs", peer.mounted, "result.sarif", peer.cipher),
                                           ("runnerfs", ours, RESULT, home.join(".cache/codeql"))):
            with mounted() as where:
                target = os.path.join(where, path)
                with contextlib.suppress(FileNotFoundError):
                    os.remove(target)
                times[name].setdefault("write_s", []).append(write_through(source, target))
            forget(below)
            with mounted() as where:
                target = os.path.join(where, path)
                times[name].setdefault("cold_s", []).append(read_through(target, size))
                times[name].setdefault("warm_s", []).append(read_through(target, size))
    result = {"bytes": size, **{name: {what: statistics.median(one) for what, one in found.items()} for name, found in times.items()}}
    for what in ("write", "cold", "warm"):
        result[f"ratio_{what}_to_gocryptfs"] = result["runnerfs"][what + "_s"] / result["gocryptfs"][what + "_s"]
    return result


def rows(credential, scan):
    if "few" in credential:
        few, many = credential["few"], credential["many"]
        yield "read of a credential, audited (lines grouped), against a file in gocryptfs", f"{few['ratio_to_gocryptfs']:.2f} x"
        yield "p99 of such a read, against its p50", f"{few['runnerfs']['p99_ns'] / few['runnerfs']['p50_ns']:.1f} x"
        yield (f"read with {credential['credentials']} credentials in the store, against with one",
               f"{many['runnerfs']['p50_ns'] / few['runnerfs']['p50_ns']:.2f} x")
    if "bytes" in scan:
        size = f"{scan['bytes'] >> 20} MiB"
        yield f"a SARIF of {size} written, checked and sealed, against a copy into gocryptfs", f"{scan['ratio_write_to_gocryptfs']:.2f} x"
        yield "its first read by a new mount, against gocryptfs", f"{scan['ratio_cold_to_gocryptfs']:.2f} x"
        yield "its second read, against gocryptfs", f"{scan['ratio_warm_to_gocryptfs']:.2f} x"
