"""SARIF of several tools through a mount: byte for byte, with counts that jq confirms; and what must not be kept."""

import glob
import hashlib
import json
import os
import shutil
import subprocess
import sys

import pytest
from rfs import error_of, until, write
from sarif_tools import TOOLS

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.normpath(os.path.join(HERE, "../cli")))

from scans import sarif  # noqa: E402

CONFIG = f"codeql/octo/hello/{'0123456789' * 4}/default/"
PYTHON = CONFIG + "python.sarif"
COUNTS = ("alerts_count", "suppressed", "absent", "active", "severity_breakdown")
# Real files, where somebody has some.
REAL = sorted(glob.glob(os.path.join(os.environ["RFS_SARIF_DIR"], "*.sarif"))) if "RFS_SARIF_DIR" in os.environ else []


def read_file(path):
    with open(path, "rb") as file:
        return file.read()


def counts_by_jq(path):
    if not shutil.which("jq"):
        pytest.skip("jq is not installed")
    found = subprocess.run(["jq", "-f", os.path.join(HERE, "sarif_counts.jq"), path], capture_output=True, check=True, timeout=60)
    return json.loads(found.stdout)


def stored(home, mount, content):
    """Copies a file in and compares it; its summary."""
    write(home.join("in.sarif"), content)
    subprocess.run(["cp", home.join("in.sarif"), mount.join(PYTHON)], check=True, timeout=60)
    subprocess.run(["cmp", home.join("in.sarif"), mount.join(PYTHON)], check=True, timeout=60)
    return mount.json(CONFIG + "python.json")


def refused(mount, content, name="EINVAL"):
    """Nothing is stored; the line of errors.jsonl. A large one fails at a write or at the close."""
    assert error_of(write, mount.join(PYTHON), content) == name
    assert mount.error(PYTHON) == "ENOENT"
    return until(lambda: [line for line in mount.errors() if line["path"] == PYTHON], what="the line")[-1]


@pytest.mark.parametrize("tool", TOOLS)
def test_a_tools_file_is_kept_byte_for_byte_and_counted(home, mount, tool):
    make, (alerts, suppressed, absent), breakdown = TOOLS[tool]
    content = make()
    summary = stored(home, mount, content)
    assert (summary["alerts_count"], summary["suppressed"], summary["absent"]) == (alerts, suppressed, absent)
    assert {word: count for word, count in summary["severity_breakdown"].items() if count} == breakdown
    assert summary["digest"] == "sha256:" + hashlib.sha256(content).hexdigest() and summary["size"] == len(content)


@pytest.mark.parametrize("tool", [*TOOLS, *REAL], ids=lambda tool: os.path.basename(tool))
def test_jq_counts_the_same(home, mount, tool):
    summary = stored(home, mount, read_file(tool) if tool in REAL else TOOLS[tool][0]())
    assert {name: summary[name] for name in COUNTS} == counts_by_jq(home.join("in.sarif"))


@pytest.mark.parametrize("tool", [*TOOLS, *REAL], ids=lambda tool: os.path.basename(tool))
def test_a_file_that_was_cut_is_refused_where_it_ends(mount, tool):
    whole = read_file(tool) if tool in REAL else TOOLS[tool][0]()
    end = len(whole.rstrip())
    for size in [*range(1024, end, 1024), end - 1]:
        line = refused(mount, whole[:size])
        assert line["position"] == size and "ends early" in line["message"], line


@pytest.mark.parametrize("version", ['"2.0.0"', '"2.1"', '"2.1.0 "', "2.1", "null", "[]", '""', '"2.1.0-rtm.5"'])
def test_another_version_is_refused(mount, version):
    line = refused(mount, sarif().replace('"2.1.0"', version, 1))
    assert "version" in line["message"] or "2.1.0" in line["message"], line


# Bytes that are no UTF-8, wherever they stand: a stray one, an overlong form, half of a pair, one beyond the last, a cut one.
@pytest.mark.parametrize("wrong", [b"\xff", b"\xc0\xaf", b"\xed\xa0\x80", b"\xf4\x90\x80\x80", b"\xe2\x82"], ids=lambda wrong: wrong.hex())
@pytest.mark.parametrize("where", ["result 0", "py/eval", "jobRunUuid", "CodeQL"])
def test_bytes_that_are_no_utf8_are_refused_at_their_place(mount, wrong, where):
    whole = sarif().encode()
    at = whole.index(where.encode())
    line = refused(mount, whole[:at] + wrong + whole[at:])
    assert at <= line["position"] <= at + len(wrong) and "UTF-8" in line["message"], line


@pytest.mark.parametrize("member", ["version", "runs", "results", "tool", "name", "level", "ruleId", "message", "invocations", "properties"])
def test_a_member_that_is_there_twice_is_refused_at_the_second(mount, member):
    run = sarif(invocations=[{"executionSuccessful": True}]).replace('"ruleId"', '"level": "error", "ruleId"', 1)
    at = run.index(f'"{member}": ')
    value, length = json.JSONDecoder().raw_decode(run[at + len(member) + 4:])
    twice = run[:at] + f'"{member}": {json.dumps(value)}, ' + run[at:]
    line = refused(mount, twice)
    assert f"'{member}' is there twice" in line["message"], line
    first_end = at + len(f'"{member}": {json.dumps(value)}, ')
    assert first_end <= line["position"] <= first_end + length + len(member) + 8, line


@pytest.mark.parametrize("begin, end", [("[", "]"), ('{"a":', "}")], ids=["arrays", "objects"])
@pytest.mark.parametrize("depth", [300, 1_000_000])
def test_what_is_nested_too_deeply_is_refused(mount, begin, end, depth):
    deep = begin * depth + ("0" if begin != "[" else "") + end * depth
    for member in ("metricResults", "anything"):
        text = sarif(properties={member: 0}).replace(f'"{member}": 0', f'"{member}": {deep}')
        at = text.index(deep)
        line = refused(mount, text)
        assert "nested too deeply" in line["message"] and at < line["position"] < at + 300 * len(begin), line


HUGE = 64 << 20


def peak_kib(mount):
    with open(f"/proc/{mount.process.pid}/status", encoding="ascii") as status:
        return next(int(line.split()[1]) for line in status if line.startswith("VmHWM:"))


def replaced(text, old, new):
    at = text.index(old)
    return text[:at] + new + text[at + len(old):]


def test_a_string_of_64_mib_passes_by_without_being_held(home, mount):
    before = peak_kib(mount)
    for old in ("result 0", "0:1", "metricResults"):  # a message, a fingerprint, the name of a member
        text = replaced(sarif(), old, "x" * HUGE)
        summary = stored(home, mount, text)
        assert summary["alerts_count"] == 1 and summary["size"] == len(text)
    bound = (64 if not any(name.endswith("SAN_OPTIONS") for name in os.environ) else 400) << 10
    assert peak_kib(mount) - before < bound


@pytest.mark.parametrize("old, member", [("py/eval", "id"), ("app.py", "uri"), ("CodeQL", "name"), ("2.20.1", "semanticVersion"), ("9.3", "security-severity")])
def test_a_string_of_64_mib_is_refused_where_it_has_to_be_kept(mount, old, member):
    before = peak_kib(mount)
    text = replaced(sarif(), f'"{old}"', '"' + "x" * HUGE + '"')
    line = refused(mount, text)
    assert f"'{member}' is longer than" in line["message"], line
    assert peak_kib(mount) - before < (64 << 10 if not any(name.endswith("SAN_OPTIONS") for name in os.environ) else 400 << 10)


def test_a_string_that_never_ends_is_refused_at_the_end(mount):
    line = refused(mount, sarif().split("result 0")[0] + "x" * (8 << 20))
    assert "ends early" in line["message"] and line["position"] > 8 << 20, line


def test_25001_results_are_kept_and_warned_of(home, mount):
    for count, warnings in ((25_000, 0), (25_001, 1)):
        summary = stored(home, mount, sarif(count=count))
        assert summary["alerts_count"] == count and len(summary["warnings"]) == warnings, summary["warnings"]
    assert "25000 results" in summary["warnings"][0]
    assert {name: summary[name] for name in COUNTS} == counts_by_jq(home.join("in.sarif"))
