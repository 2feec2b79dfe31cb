"""`runnerfs codeql check --source github`: GitHub's own analyses are the cache."""

import hashlib
import json
import os
import sys
import time

import pytest

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.normpath(os.path.join(HERE, "../mount")))

from fixtures_of_mounts import *  # noqa: E402,F401,F403
from rfs import Daemon  # noqa: E402
from scans import SCAN, Repo, outputs, sarif  # noqa: E402

HELLO = "/repos/octo/hello"
LIST = HELLO + "/code-scanning/analyses"
JOB = {"GITHUB_REPOSITORY": "octo/hello", "GITHUB_EVENT_NAME": "push", "GITHUB_REF": "refs/heads/main",
       "GITHUB_WORKFLOW_REF": "octo/hello/.github/workflows/scan.yml@refs/heads/main"}


@pytest.fixture
def repo(home):
    return Repo(home.join("work"))


class Record:
    """What GitHub knows: analyses, and the commits and trees of a repository."""

    def __init__(self, server, repo):
        self.server, self.repo, self.analyses = server, repo, []

    def add(self, commit=None, text=None, **fields):
        """An analysis of a commit, and the commit itself."""
        commit, text = commit or self.repo.head(), text or sarif()
        number = 70 + len(self.analyses)
        one = {"id": number, "ref": "refs/heads/main", "commit_sha": commit, "analysis_key": ".github/workflows/scan.yml:analyze",
               "category": "/language:python", "error": "", "warning": "", "created_at": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(1767323045 + number)),
               "results_count": len(json.loads(text)["runs"][0]["results"]), "tool": {"name": "CodeQL", "version": "2.20.1"}}
        one.update(fields)
        self.analyses.insert(0, one)
        self.server.resource(LIST, items=self.analyses, filters={"ref": "ref", "tool_name": "tool.name"})
        self.server.resource(f"{LIST}/{number}", json=one, variants={"sarif": ["application/sarif+json; charset=utf-8", text]})
        self.know(commit)
        return number

    def know(self, commit):
        tree = self.repo.tree(commit)
        self.server.resource(f"{HELLO}/git/commits/{commit}", json={"sha": commit, "message": "x", "tree": {"sha": tree}})
        entries = []
        for line in self.repo.git("ls-tree", "-r", "-t", "-z", commit).rstrip("\0").split("\0"):
            about, path = line.split("\t")
            mode, kind, sha = about.split(" ")
            entries.append({"path": path, "mode": mode, "type": kind, "sha": sha})
        self.server.resource(f"{HELLO}/git/trees/{tree}?recursive=1", json={"sha": tree, "tree": entries, "truncated": False})


@pytest.fixture
def github(server, repo):
    return Record(server, repo)


def ask(home, repo, command, *words, source="github", token="ghp_alphaTokenOfTheTests", cwd=None, **more):
    if "GITHUB_EVENT_PATH" not in more:
        more["GITHUB_EVENT_PATH"] = home.join("push.json")
        with open(home.join("push.json"), "w", encoding="utf-8") as file:
            json.dump({"repository": {"full_name": "octo/hello", "default_branch": "main"}}, file)
    environment = home.environment(token=token, **{**JOB, "RUNNER_TEMP": home.join("temp"), **more})
    os.makedirs(home.join("temp"), exist_ok=True)
    return home.run("codeql", command, *SCAN, "--source", source, *words, environment=environment, cwd=cwd or repo.root)


def check(home, repo, *words, **more):
    result = ask(home, repo, "check", "--json", *words, **more)
    assert result.returncode == 0 and result.stderr == b"", result.stderr
    return json.loads(result.stdout)


def asked(server, clear=True):
    """What GitHub was asked, as (path, status)."""
    return [(entry["path"].removeprefix(HELLO), entry["status"]) for entry in server.requests(clear=clear)]


def test_a_scan_of_the_same_files_is_skipped_without_a_store_of_results(home, server, repo, github):
    scanned = repo.head()
    text = sarif(count=3)
    number = github.add(text=text)
    repo.commit("empty")
    answer = check(home, repo)
    assert answer["answer"] == "skip" and answer["source"] == "GitHub" and "GitHub has the result of commit " + scanned[:12] in answer["reason"]
    with open(answer["sarif"], encoding="utf-8") as file:
        assert file.read() == text
    assert os.stat(answer["sarif"]).st_mode & 0o777 == 0o600
    assert answer["digest"] == hashlib.sha256(text.encode()).hexdigest() and answer["reused_commit"] == scanned
    assert answer["needs_upload"] is True
    assert asked(server) == [("/code-scanning/analyses", 200), (f"/git/commits/{scanned}", 200), (f"/code-scanning/analyses/{number}", 200)]
    # Again: one conditional request for the list; what never changes is not asked for.
    assert check(home, repo)["answer"] == "skip"
    assert asked(server) == [("/code-scanning/analyses", 304)]


def test_the_default_branch_is_asked_for_when_no_payload_tells_it(home, server, repo, github):
    server.resource(HELLO, json={"full_name": "octo/hello", "default_branch": "trunk"})
    github.add(ref="refs/heads/trunk")
    assert check(home, repo, GITHUB_EVENT_PATH="")["answer"] == "skip"
    assert check(home, repo, GITHUB_EVENT_PATH="/no/such/event.json")["answer"] == "skip"


def test_the_text_and_the_outputs_of_a_skip(home, repo, github):
    github.add()
    result = ask(home, repo, "check", "--github-output", "--exit-code", GITHUB_OUTPUT=home.join("output"))
    lines = result.stdout.decode().splitlines()
    assert result.returncode == 0 and lines[0] == "skip" and lines[1].startswith("reason: GitHub has") and lines[2].startswith("sarif: /")
    with open(home.join("output"), encoding="utf-8") as file:
        told = outputs(file.read())
    assert told["should-skip-scan"] == "true" and told["reason"] == lines[1][8:] and told["cached-result"] == lines[2][7:]
    assert told["needs-upload"] == "false"  # GitHub has this very commit's


def test_an_edited_document_is_no_change_and_an_edited_source_is(home, server, repo, github):
    github.add()
    repo.write("README.md", "# other\n")
    repo.commit()
    assert check(home, repo)["answer"] == "skip"
    assert check(home, repo, "--mode", "tree")["answer"] == "scan"
    repo.write("app.py", "print('other')\n")
    repo.commit()
    assert check(home, repo)["reason"] == "GitHub has no result with this key"


def test_through_a_daemon_no_step_needs_the_token(home, server, repo, github):
    github.add()
    daemon = Daemon(home)
    try:
        server.requests(clear=True)
        assert check(home, repo, token=None)["answer"] == "skip"
        assert check(home, repo, token=None)["answer"] == "skip"
        assert [path for path, _ in asked(server)].count("/code-scanning/analyses") == 2
    finally:
        daemon.stop()


@pytest.mark.parametrize("fields, words", [
    ({"error": "out of disk"}, "out of disk"), ({"warning": "too many"}, "too many"), ({"category": "/language:ruby"}, "no result"),
    ({"tool": {"name": "CodeQL", "version": "2.19.0"}}, "no result"), ({"tool": {"name": "eslint", "version": "2.20.1"}}, "no result"),
    ({"analysis_key": "dynamic/github-code-scanning/codeql:analyze"}, "default setup"),
    ({"analysis_key": ".github/workflows/other.yml:analyze"}, "other.yml"), ({"ref": "refs/heads/topic"}, "no result"),
    ({"ref": "refs/pull/7/merge"}, "no result"), ({"commit_sha": "main"}, "no result"), ({"results_count": 7}, "GitHub's list says 7")])
def test_what_is_not_known_to_be_the_same_scan_is_a_scan(home, repo, github, fields, words):
    github.add(**fields)
    answer = check(home, repo)
    assert answer["answer"] == "scan" and words in answer["reason"], answer
    assert answer["sarif"] == "" and not os.path.exists(home.join("temp/runnerfs-codeql-0")) or os.listdir(home.join("temp/runnerfs-codeql-0")) == []


@pytest.mark.parametrize("text, words", [
    ("{", "ends"), (sarif(properties={"incrementalMode": "diff-informed"}), "incremental"), (sarif(category="/language:ruby"), "category"),
    (sarif(version="2.1"), "version"), (sarif(invocations=[{"executionSuccessful": False}]), "failed")])
def test_a_sarif_that_is_no_such_result_is_a_scan(home, repo, github, text, words):
    github.add(text=text if text != "{" else None)
    if text == "{":
        github.server.edit(f"{LIST}/70", variants={})
        github.server.resource(f"{LIST}/70", text="{}", variants={"sarif": ["application/sarif+json", text]})
    answer = check(home, repo)
    assert answer["answer"] == "scan" and answer["sarif"] == "", answer
    assert words in answer["reason"] or text == "{"


def test_a_fork_s_job_relies_on_the_default_branch_and_on_nothing_else(home, repo, github):
    with open(home.join("event.json"), "w", encoding="utf-8") as file:
        json.dump({"repository": {"full_name": "octo/hello", "default_branch": "main"},
                   "pull_request": {"number": 7, "head": {"repo": {"full_name": "evil/hello"}}}}, file)
    job = {"GITHUB_EVENT_NAME": "pull_request", "GITHUB_EVENT_PATH": home.join("event.json"), "GITHUB_REF": "refs/pull/7/merge"}
    github.add(ref="refs/pull/7/merge")
    assert check(home, repo, **job)["answer"] == "scan"
    github.add()
    answer = check(home, repo, **job)
    assert answer["answer"] == "skip" and answer["needs_upload"] is False


def test_a_branch_relies_on_its_own_analyses_too(home, repo, github):
    github.add(ref="refs/heads/topic")
    assert check(home, repo)["answer"] == "scan"
    assert check(home, repo, GITHUB_REF="refs/heads/topic")["answer"] == "skip"
    assert check(home, repo, GITHUB_REF="refs/heads/other")["answer"] == "scan"


@pytest.mark.parametrize("trouble", ["no code scanning", "no permission", "silence", "nonsense", "no token"])
def test_github_that_does_not_answer_is_a_scan(home, server, repo, github, trouble):
    github.add()
    more = {}
    if trouble == "no code scanning":
        server.resource(LIST, json={"message": "no analysis found"}, status=404)
    elif trouble == "no permission":
        server.resource(LIST, json=[], permission="security_events=read")
    elif trouble == "silence":
        server.fault("stall", path=LIST)
        more["RUNNERFS_ORIGIN_TIMEOUT"] = "1s"
    elif trouble == "nonsense":
        server.resource(LIST, json={"id": 1})
    else:
        more["token"] = "ghp_unknown"
    try:
        answer = check(home, repo, **more)
    finally:
        server.release()
    assert answer["answer"] == "scan" and answer["reason"].startswith("GitHub could not be asked: "), answer


def test_a_moving_input_bounds_the_age(home, repo, github):
    repo.write(".github/workflows/scan.yml", "on: push\njobs: {scan: {steps: [{uses: github/codeql-action/init@v3}]}}\n")
    repo.commit()
    github.add()
    assert "github/codeql-action/init@v3 may move" in check(home, repo)["reason"]
    github.add(created_at=time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() - 3600)))
    assert check(home, repo)["answer"] == "skip"
    assert check(home, repo, CODEQL_CACHE_TTL="600")["answer"] == "scan"


def test_output_names_the_file(home, repo, github):
    github.add()
    answer = check(home, repo, "--output", home.join("here.sarif"))
    assert answer["sarif"] == home.join("here.sarif") and os.path.getsize(home.join("here.sarif")) > 100
    assert check(home, repo, "--output", home.join("no/such/here.sarif"))["answer"] == "scan"
    assert check(home, repo, "--output", "/dev/null")["answer"] == "scan"


def test_explain_lists_what_was_looked_at(home, repo, github):
    github.add(tool={"name": "CodeQL", "version": "2.19.0"})
    shown = json.loads(ask(home, repo, "explain", "--json").stdout)
    assert [one["same_key"] for one in shown["candidates"]] == [False]
    assert "results that were looked at" in ask(home, repo, "explain").stdout.decode()


def prepare(home, repo, **more):
    return ask(home, repo, "prepare-upload", "--output", home.join("up.sarif"), **more)


def test_prepare_upload_makes_a_reused_result_truthful(home, repo, github):
    scanned = repo.head()
    text = sarif(count=2, versionControlProvenance=[{"repositoryUri": "https://github.com/octo/hello", "revisionId": scanned}])
    github.add(text=text)
    head = repo.commit("empty")
    result = prepare(home, repo)
    assert result.returncode == 0 and result.stdout == b"", result.stderr
    with open(home.join("up.sarif"), encoding="utf-8") as file:
        made = json.load(file)
    was = json.loads(text)["runs"][0]
    run = made["runs"][0]
    assert run["results"] == was["results"] and run["automationDetails"] == was["automationDetails"] and run["tool"] == was["tool"]
    assert run["properties"].pop("runnerfs.reusedFrom") == {
        "commit": scanned, "digest": hashlib.sha256(text.encode()).hexdigest(), "analysedAt": time.strftime("%Y-%m-%dT%H:%M:%S.000Z", time.gmtime(1767323045 + 70))}
    assert run["properties"] == {"metricResults": []}
    assert run["versionControlProvenance"] == [{"repositoryUri": "https://github.com/octo/hello", "revisionId": head, "branch": "main"}]


def test_prepare_upload_refuses_what_is_about_another_file(home, repo, github):
    """A document may differ and the scan be skipped, but not where a result is about it."""
    github.add(text=sarif(path="README.md"))
    repo.write("README.md", "# other\n")
    repo.commit()
    assert check(home, repo)["answer"] == "skip"
    with open(home.join("up.sarif"), "w", encoding="utf-8") as file:
        file.write("former")
    result = prepare(home, repo)
    assert result.returncode == 10 and b"README.md, which a result is about, is another" in result.stderr
    with open(home.join("up.sarif"), encoding="utf-8") as file:
        assert file.read() == "former"
    assert [name for name in os.listdir(home.path) if name.startswith("up.sarif")] == ["up.sarif"]


def test_prepare_upload_without_a_result_writes_nothing(home, repo, github):
    result = prepare(home, repo)
    assert result.returncode == 10 and b"nothing to upload" in result.stderr
    assert not os.path.exists(home.join("up.sarif"))


PULL = {"GITHUB_EVENT_NAME": "pull_request", "GITHUB_REF": "refs/pull/5/merge"}


def put_by_a_pull_request(home, repo, text):
    """Stored by a class that the default branch does not rely on."""
    with open(home.join("pull.json"), "w", encoding="utf-8") as file:
        json.dump({"number": 5, "repository": {"full_name": "octo/hello", "default_branch": "main"},
                   "pull_request": {"number": 5, "head": {"repo": {"full_name": "octo/hello"}}, "base": {"repo": {"full_name": "octo/hello"}}}}, file)
    with open(home.join("result.sarif"), "w", encoding="utf-8") as file:
        file.write(text)
    result = home.run("codeql", "put", *SCAN, home.join("result.sarif"), cwd=repo.root,
                      environment=home.environment(**{**JOB, **PULL, "GITHUB_EVENT_PATH": home.join("pull.json")}))
    assert result.returncode == 0, result.stderr


@pytest.mark.parametrize("record, answer", [({}, "skip"), ({"results_count": 1}, "scan"), ({"error": "failed"}, "scan"), ({"category": "/language:go"}, "scan"),
                                            ({"ref": "refs/pull/5/merge"}, "scan"), ({"tool": {"name": "CodeQL", "version": "2.0"}}, "scan"), (None, "scan")])
def test_github_s_record_raises_a_result_of_less_trust(home, repo, github, record, answer):
    text = sarif(count=2)
    put_by_a_pull_request(home, repo, text)
    if record is not None:
        github.add(text=text, **record)
    told = check(home, repo, source="local,github")
    assert told["answer"] == answer, told
    if answer == "skip":
        assert told["source"] == "GitHub" and told["needs_upload"] is False


def test_a_plain_check_asks_github_only_for_its_word(home, server, repo, github):
    text = sarif(count=2)
    github.add(text=text)
    plain = [*SCAN, "--json"]

    def ask_plainly():
        environment = home.environment(token="ghp_alphaTokenOfTheTests", **{**JOB, "RUNNER_TEMP": home.path, "GITHUB_EVENT_PATH": home.join("push.json")})
        return json.loads(home.run("codeql", "check", *plain, cwd=repo.root, environment=environment).stdout)
    with open(home.join("push.json"), "w", encoding="utf-8") as file:
        json.dump({"repository": {"full_name": "octo/hello", "default_branch": "main"}}, file)
    assert ask_plainly()["reason"] == "the local store has no result with this key" and asked(server) == []
    put_by_a_pull_request(home, repo, text)
    told = ask_plainly()
    assert (told["answer"], told["source"]) == ("skip", "GitHub"), told
    assert [path for path, _ in asked(server)] == ["/code-scanning/analyses", "/code-scanning/analyses/70"]
