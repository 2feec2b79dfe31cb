"""Results of scans between runners: read by name from a member, worth nothing for a skip unless a writer signed them."""

import json
import os
import sys

import pytest
from rfs import until, write

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.normpath(os.path.join(HERE, "../cli")))

from scans import SCAN, Repo, big_sarif, sarif  # noqa: E402

COMMIT = "0123456789" * 4
CONFIG = f"codeql/octo/hello/{COMMIT}/security-extended/"
PYTHON = CONFIG + "python.sarif"


def test_a_result_is_read_from_a_member(server, pair):  # noqa: F811
    first, second = pair()
    text = sarif(count=3)
    write(first.join(PYTHON), text)
    assert second.read(PYTHON) == text.encode()
    told = {name: second.xattr(PYTHON, "user.runnerfs." + name) for name in ("source", "provenance", "trust", "peer")}
    assert told == {"source": "peer", "provenance": "peer", "trust": "fork", "peer": first.id}
    assert second.json(CONFIG + "python.json")["alerts_count"] == 3
    assert second.stats()["cache_entries_received"] == 1 and server.count() == 0
    # It stays when the member goes.
    first.stop()
    assert second.read(PYTHON) == text.encode()


def test_the_summary_is_asked_for_too_and_what_nobody_has_is_absent(pair):
    first, second = pair()
    write(first.join(PYTHON), sarif(count=2))
    assert second.json(CONFIG + "python.json")["alerts_count"] == 2
    assert second.error(CONFIG + "go.sarif") == "ENOENT"
    assert os.listdir(second.join(f"codeql/octo/hello/{'b' * 40}")) == []


def test_what_a_peer_gave_is_not_passed_on(runner):
    first = runner()
    second = runner(peers=[first])
    second.until_member(first)
    third = runner(peers=[second], RUNNERFS_P2P_PEER_DISCOVERY="false")
    third.until_member(second)
    write(first.join(PYTHON), sarif())
    assert second.error(PYTHON) == ""
    assert first.id not in third.members() and third.error(PYTHON) == "ENOENT"


def test_ones_own_result_comes_before_a_peer_s(pair):
    first, second = pair()
    write(first.join(PYTHON), sarif(count=2))
    assert second.json(CONFIG + "python.json")["alerts_count"] == 2
    write(second.join(PYTHON), sarif(count=5))
    assert second.json(CONFIG + "python.json")["alerts_count"] == 5
    assert second.xattr(PYTHON, "user.runnerfs.provenance") == "local"
    os.unlink(second.join(PYTHON))  # whoever stored it


def test_a_large_result_is_waited_for(pair):
    first, second = pair()
    with open(first.join(PYTHON), "wb") as file:
        for piece in big_sarif(24 << 20):
            file.write(piece)
    assert second.read(PYTHON) == first.read(PYTHON)


@pytest.fixture
def repo(homes):
    return Repo(homes().join("work"))


def put(runner, repo, *words):
    text = sarif(count=2)
    write(runner.home.join("result.sarif"), text)
    # What it stores is of a topic branch, whatever its reader is.
    result = runner.home.run("codeql", "put", "--mount", runner.path, *SCAN, "--repo", "octo/hello", runner.home.join("result.sarif"), *words, cwd=repo.root)
    assert result.returncode == 0, result.stderr


def check(runner, repo, *words):
    with open(runner.home.join("event.json"), "w", encoding="utf-8") as file:
        json.dump({"repository": {"full_name": "octo/hello", "default_branch": "main"}}, file)
    environment = runner.home.environment(GITHUB_REPOSITORY="octo/hello", GITHUB_EVENT_NAME="push", GITHUB_REF="refs/heads/main",
                                          GITHUB_EVENT_PATH=runner.home.join("event.json"), RUNNER_TEMP=runner.home.path)
    result = runner.home.run("codeql", "check", "--mount", runner.path, "--json", "--source", "local", *SCAN, *words, cwd=repo.root, environment=environment)
    assert result.returncode == 0, result.stderr
    return json.loads(result.stdout)


def test_a_member_s_result_is_no_ground_for_a_skip_unless_it_is_signed(runner, homes, repo):
    keys = homes()
    public = keys.run("codeql", "keygen", keys.join("writer.key"), check=True).stdout.decode().split(": ")[1].strip()
    first = runner()
    second = runner(peers=[first], RUNNERFS_CODEQL_WRITERS=public)
    second.until_member(first)
    put(first, repo)
    path = f"codeql/octo/hello/{repo.head()}/security-extended/python.sarif"
    assert second.error(path) == ""
    assert check(second, repo)["answer"] == "scan"
    os.unlink(second.join(path))
    put(first, repo, "--sign", keys.join("writer.key"))
    # Another commit of the same content is asked for by the key.
    repo.commit("empty")
    told = until(lambda: (answer := check(second, repo, "--codeql-writers", public))["answer"] == "skip" and answer, 10, "the skip")
    assert "on the word of the writer " + public[:8] in told["reason"]
    assert second.xattr(path, "user.runnerfs.trust") == "fork"
    stranger = keys.run("codeql", "keygen", keys.join("other.key"), check=True).stdout.decode().split(": ")[1].strip()
    assert check(second, repo, "--codeql-writers", stranger)["answer"] == "scan"
