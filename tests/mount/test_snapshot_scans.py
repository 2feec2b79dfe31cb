"""Results of scans in snapshots: the next runner reads them, and they are worth no more than their way proves."""

import json
import os
import sys

import pytest
from cache_server import CacheServer
from rfs import Daemon, write
from snapshot_runs import answer, job

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.normpath(os.path.join(HERE, "../cli")))

from scans import sarif  # noqa: E402

MAIN, TOPIC = "refs/heads/main", "refs/heads/topic"
CONFIG = f"codeql/octo/hello/{'0123456789' * 4}/default/"
PYTHON = CONFIG + "python.sarif"
HOSTED = {"GITHUB_ACTIONS": "true", "RUNNER_ENVIRONMENT": "github-hosted", "RUNNERFS_KEY_SOURCE": None}


@pytest.fixture
def cache():
    with CacheServer() as server:
        server.grant("runtime-main", MAIN)
        server.grant("runtime-topic", TOPIC, MAIN)
        yield server


def run(home, cache, command, *options, runtime="runtime-main", **more):
    return home.run("snapshot", command, "--json", *options, environment=job(home, **{**cache.environment(runtime), **more}), timeout=120)


def put(home, text, path=PYTHON, **more):
    write(home.join("in.sarif"), text)
    home.run("put", path, stdin=text.encode(), environment=job(home, **more), check=True)


def summary(home, **more):
    return json.loads(home.run("cat", CONFIG + "python.json", environment=job(home, **more), check=True).stdout)


def test_the_next_job_reads_the_result_that_an_earlier_one_stored(runner, cache):
    first, second = runner(), runner()
    text = sarif(count=3)
    put(first, text)
    put(first, sarif(), path=CONFIG.replace("octo/hello", "octo/other") + "go.sarif")
    stored = summary(first)
    assert answer(run(first, cache, "save"))["entries"] == 1
    assert second.run("cat", PYTHON, environment=job(second)).returncode == 10
    restored = answer(run(second, cache, "restore"))
    assert (restored["entries"], restored["refused"]) == (1, 0)
    assert second.run("cat", PYTHON, environment=job(second), check=True).stdout.decode() == text
    found = summary(second)
    assert (found["provenance"], found["trust"], found["alerts_count"]) == ("snapshot", "default", 3)
    assert found["timestamp"] == stored["timestamp"] and found["digest"] == stored["digest"]
    assert answer(run(second, cache, "restore"))["kept"] == 1


def test_a_result_is_worth_no_more_than_the_job_that_restores_it(runner, cache):
    first, second = runner(), runner()
    put(first, sarif())
    assert answer(run(first, cache, "save"))["entries"] == 1
    assert answer(run(second, cache, "restore", runtime="runtime-topic", GITHUB_REF=TOPIC))["entries"] == 1
    assert summary(second, GITHUB_REF=TOPIC)["trust"] == "ref:" + TOPIC


def test_a_directory_proves_nothing(runner, tmp_path):
    first, second = runner(), runner()
    put(first, sarif())
    for home, command in ((first, "save"), (second, "restore")):
        result = answer(home.run("snapshot", command, "--json", "--dir", str(tmp_path / "place"), environment=job(home)))
        assert result["entries"] == 1
    assert summary(second)["trust"] == "fork"
    # And goes no further.
    again = answer(second.run("snapshot", "save", "--json", "--dir", str(tmp_path / "next"), environment=job(second)))
    assert again["status"] == "skipped", again


def test_without_a_fleet_secret_no_result_travels(runner, cache):
    first, second = runner(), runner()
    put(first, sarif(), secret=None)
    # Saving asks GitHub whether the repository is public, and that answer may travel.
    assert answer(run(first, cache, "save", secret=None))["entries"] == 1
    assert answer(run(second, cache, "restore", secret=None))["entries"] == 1
    assert second.run("cat", "api/repos/octo/hello.json", environment=job(second, secret=None)).returncode == 0
    assert second.run("cat", PYTHON, environment=job(second, secret=None)).returncode == 10


def test_a_result_with_a_token_in_it_stays(runner, cache):
    first = runner()
    put(first, sarif().replace("result 0", "found ghs_0123456789012345678901234567890123456"))
    saved = answer(run(first, cache, "save"))
    assert saved["status"] == "skipped" and cache.keys() == []


def test_ephemeral_jobs_with_a_daemon_in_memory(runner, cache):
    first, second = runner(), runner()
    text = sarif(count=2)
    Daemon(first, environment=job(first, **HOSTED))
    put(first, text, **HOSTED)
    assert answer(run(first, cache, "save", **HOSTED))["entries"] == 1
    Daemon(second, environment=job(second, **HOSTED))
    assert answer(run(second, cache, "restore", **HOSTED))["entries"] == 1
    assert second.run("cat", PYTHON, environment=job(second, **HOSTED), check=True).stdout.decode() == text
    assert summary(second, **HOSTED)["trust"] == "default"
