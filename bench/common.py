"""What all parts of bench/run share: where things are, and how a command is timed."""

import os
import statistics
import subprocess
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
os.environ.setdefault("RUNNERFS", os.path.join(HERE, "../build/release/runnerfs"))
BUILD = os.path.dirname(os.environ["RUNNERFS"])
for folder in ("../tests/server", "../tests/mount", "../tests/cli"):
    sys.path.insert(0, os.path.normpath(os.path.join(HERE, folder)))


def program(name):
    return os.path.join(BUILD, name)


def timed(command, env, rounds):
    """Median seconds of a command as a whole process."""
    times = []
    for _ in range(rounds + 1):
        began = time.perf_counter()
        subprocess.run(command, env=env, check=True, stdout=subprocess.DEVNULL)
        times.append(time.perf_counter() - began)
    return statistics.median(times[1:])


def resident_kib(pid):
    with open(f"/proc/{pid}/status", encoding="ascii") as status:
        return next(int(line.split()[1]) for line in status if line.startswith("VmRSS:"))
