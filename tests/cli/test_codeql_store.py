"""`runnerfs codeql put|get|ls|invalidate`, and skips that this machine's own store answers for. Without a network."""

import hashlib
import json
import os
import re

import pytest
from conftest import failure
from scans import SCAN, Repo, outputs, sarif

PUSH = {"GITHUB_EVENT_NAME": "push", "GITHUB_REF": "refs/heads/main"}


@pytest.fixture
def repo(user):
    return Repo(user.join("work"))


def environment(user, default="main", head="octo/hello", **more):
    with open(user.join("event.json"), "w", encoding="utf-8") as file:
        json.dump({"number": 5, "repository": {"full_name": "octo/hello", "default_branch": default},
                   "pull_request": {"number": 5, "head": {"repo": {"full_name": head}}, "base": {"repo": {"full_name": "octo/hello"}}}}, file)
    os.makedirs(user.join("temp"), exist_ok=True)
    return {"GITHUB_REPOSITORY": "octo/hello", "RUNNER_TEMP": user.join("temp"), "GITHUB_EVENT_PATH": user.join("event.json"), **PUSH, **more}


def codeql(user, repo, command, *words, scan=SCAN, cwd=None, **more):
    return user.run("codeql", command, *scan, *words, cwd=cwd or repo.root, **environment(user, **more))


def put(user, repo, *words, text=None, scan=SCAN, **more):
    user.write("result.sarif", sarif(count=2) if text is None else text)
    return codeql(user, repo, "put", user.join("result.sarif"), *words, scan=scan, **more)


def kept(result):
    """The path that a result has in the tree."""
    assert result.returncode == 0 and result.stdout.count("\n") == 1, (result.stdout, result.stderr)
    return result.stdout.strip()


def check(user, repo, *words, **more):
    result = codeql(user, repo, "check", "--json", *words, **more)
    assert result.returncode == 0 and result.stderr == "", result.stderr
    return json.loads(result.stdout)


def test_what_was_put_lets_the_next_scan_be_skipped(user, repo):
    first, text = repo.head(), sarif(count=2)
    path = kept(put(user, repo, text=text))
    assert path == f"codeql/octo/hello/{first}/security-extended/python.sarif"
    assert user.ok("cat", path) == text
    answer = check(user, repo)
    assert (answer["answer"], answer["source"], answer["reused_commit"]) == ("skip", "the local store", first)
    assert "the local store has the result of this commit" in answer["reason"]
    assert answer["digest"] == hashlib.sha256(text.encode()).hexdigest()
    with open(answer["sarif"], encoding="utf-8") as file:
        assert file.read() == text
    repo.commit("empty")
    answer = check(user, repo)
    assert answer["answer"] == "skip" and f"commit {first[:12]}, which is the same to a scan" in answer["reason"]
    repo.write("app.py", "print('other')\n")
    repo.commit()
    assert check(user, repo)["reason"] == "the local store has no result with this key"


def test_the_outputs_of_a_skip(user, repo):
    put(user, repo)
    result = codeql(user, repo, "check", "--github-output", "--exit-code", GITHUB_OUTPUT=user.join("output"))
    assert result.returncode == 0 and result.stdout.startswith("skip\nreason: the local store has")
    with open(user.join("output"), encoding="utf-8") as file:
        told = outputs(file.read())
    assert told["should-skip-scan"] == "true" and os.path.isfile(told["cached-result"]) and told["needs-upload"] == "true"
    repo.write("app.py", "print('other')\n")
    repo.commit()
    assert codeql(user, repo, "check", "--exit-code").returncode == 1


def test_the_summary_and_the_manifest_beside_a_result(user, repo):
    path = kept(put(user, repo, "--scan-duration", "5m"))
    summary = json.loads(user.ok("cat", path.replace(".sarif", ".json")))
    key = json.loads(codeql(user, repo, "key", "--json").stdout)
    assert summary["key"] == key["key"] and summary["tree"] == repo.tree() and summary["mode"] == "inert"
    assert (summary["scan_duration"], summary["trust"], summary["not_reusable"]) == (300, "default", "")
    manifest = json.loads(user.ok("cat", path.replace(".sarif", ".manifest.json")))
    assert manifest["inputs"] == key["inputs"] and manifest["commit"] == repo.head()
    assert manifest["blobs"] == {"app.py": repo.git("rev-parse", "HEAD:app.py")}
    assert json.loads(user.ok("cat", os.path.dirname(path) + "/manifest.json"))["python"] == manifest
    explained = user.ok("cat", path.replace(".sarif", ".explain"))
    assert "it stands for a scan of the same key" in explained and "tool-version: 2.20.1" in explained


def test_prepare_upload_makes_a_stored_result_truthful(user, repo):
    first, text = repo.head(), sarif(count=3)
    put(user, repo, text=text)
    repo.write("README.md", "# other\n")
    second = repo.commit()
    result = codeql(user, repo, "prepare-upload", "--output", user.join("up.sarif"))
    assert result.returncode == 0, result.stderr
    with open(user.join("up.sarif"), encoding="utf-8") as file:
        run = json.load(file)["runs"][0]
    was = json.loads(text)["runs"][0]
    assert run["results"] == was["results"] and run["automationDetails"] == was["automationDetails"]
    assert "jobRunUuid" not in run["properties"] and second != first
    told = run["properties"]["runnerfs.reusedFrom"]
    assert told["commit"] == first and told["digest"] == hashlib.sha256(text.encode()).hexdigest()


def test_prepare_upload_refuses_a_result_about_a_document_that_changed(user, repo):
    put(user, repo, text=sarif(path="README.md"))
    repo.write("README.md", "# other\n")
    repo.commit()
    result = codeql(user, repo, "prepare-upload", "--output", user.join("up.sarif"))
    assert result.returncode == 10 and "error: README.md, which a result is about, is another" in result.stderr
    assert not os.path.exists(user.join("up.sarif"))


@pytest.mark.parametrize("change, words", [
    ({"text": sarif(version="2.19.0")}, "version 2.19.0"), ({"text": sarif(category="/language:go")}, "category"),
    ({"text": sarif(properties={"incrementalMode": "diff-informed"})}, "incremental"),
    ({"text": sarif(invocations=[{"executionSuccessful": False}])}, "failed"), ({"text": "{"}, "byte 1"), ({"text": ""}, "byte 0"),
    ({"text": sarif(tool={"driver": {"name": "Other", "rules": []}})}, "Other")])
def test_what_is_not_this_scan_is_refused(user, repo, change, words):
    assert words in failure(put(user, repo, **change), 17)
    assert user.ok("codeql", "ls") == "" and check(user, repo)["answer"] == "scan"


@pytest.mark.parametrize("doubt, words", [("dirty", "app.py is modified"), ("untracked", "new.py is not tracked"), ("runs", "2 runs"),
                                          ("generated", "gen.py, which a result is about, is not in the commit")])
def test_what_is_no_ground_for_a_skip_is_kept_and_said(user, repo, doubt, words):
    text = None
    if doubt == "dirty":
        repo.write("app.py", "print('dirty')\n")
    elif doubt == "untracked":
        repo.write("new.py", "")
    elif doubt == "generated":
        text = sarif(path="gen.py")
    else:
        document = json.loads(sarif())
        document["runs"] *= 2
        text = json.dumps(document)
    result = put(user, repo, text=text)
    path = kept(result)
    assert words in result.stderr and "no ground to skip a scan" in result.stderr
    assert words in json.loads(user.ok("cat", path.replace(".sarif", ".json")))["not_reusable"]
    repo.git("checkout", "-q", ".")
    repo.git("clean", "-qfd")
    answer = check(user, repo)
    assert answer["answer"] == "scan"
    if doubt in ("runs", "generated"):  # of the key that is asked for
        assert words in answer["reason"]


FORK = {"GITHUB_EVENT_NAME": "pull_request", "GITHUB_REF": "refs/pull/5/merge", "head": "stranger/hello"}
PULL = {"GITHUB_EVENT_NAME": "pull_request", "GITHUB_REF": "refs/pull/5/merge"}
TOPIC = {"GITHUB_REF": "refs/heads/topic"}


@pytest.mark.parametrize("writer, reader, answer", [
    ({}, {}, "skip"), ({}, TOPIC, "skip"), ({}, PULL, "skip"), ({}, FORK, "skip"), (TOPIC, TOPIC, "skip"), (PULL, PULL, "skip"),
    (TOPIC, {}, "scan"), (PULL, {}, "scan"), (PULL, TOPIC, "scan"), (FORK, FORK, "scan"), (FORK, {}, "scan"), (TOPIC, PULL, "scan"),
    ({"GITHUB_EVENT_NAME": "", "GITHUB_REF": ""}, {}, "scan")],
    ids=lambda one: one if isinstance(one, str) else "-".join(one.get(name, "") for name in ("GITHUB_EVENT_NAME", "GITHUB_REF", "head")).strip("-") or "default")
def test_who_may_rely_on_whose_result(user, repo, writer, reader, answer):
    kept(put(user, repo, **writer))
    told = check(user, repo, **reader)
    assert told["answer"] == answer, told
    if answer == "scan":
        assert "does not rely on" in told["reason"] and "GitHub" in told["reason"]


def writer(user):
    """A pair of keys: the option that believes it."""
    line = user.ok("codeql", "keygen", user.join("writer.key"))
    assert line.startswith("codeql.writers: ") and os.stat(user.join("writer.key")).st_mode & 0o777 == 0o600
    return line.split(": ")[1].strip()


def test_a_signed_result_is_relied_on_by_who_believes_the_writer(user, repo):
    public = writer(user)
    result = put(user, repo, "--sign", user.join("writer.key"), **TOPIC)
    assert kept(result) and result.stderr == ""
    assert "does not rely on" in check(user, repo)["reason"]
    told = check(user, repo, "--codeql-writers", public)
    assert told["answer"] == "skip" and told["reason"].endswith("on the word of the writer " + public[:8]), told
    assert check(user, repo, RUNNERFS_CODEQL_WRITERS=public, **PULL)["answer"] == "skip"
    stranger = user.ok("codeql", "keygen", user.join("other.key")).split(": ")[1].strip()
    assert check(user, repo, "--codeql-writers", stranger)["answer"] == "scan"
    # A checkout cannot name writers.
    repo.write(".github/cache-config.yml", f"codeql.writers: {public}\n")
    repo.commit()
    kept(put(user, repo, "--sign", user.join("writer.key"), **TOPIC))
    refused = codeql(user, repo, "check", "--json")
    assert json.loads(refused.stdout)["answer"] == "scan"


def test_what_is_no_ground_for_a_skip_is_not_signed(user, repo):
    public = writer(user)
    repo.write("app.py", "print('dirty')\n")
    result = put(user, repo, "--sign", user.join("writer.key"))
    assert kept(result) and "and not signed" in result.stderr
    assert "signature" not in json.loads(user.ok("cat", result.stdout.strip().replace(".sarif", ".manifest.json")))
    repo.git("checkout", "-q", ".")
    assert check(user, repo, "--codeql-writers", public)["answer"] == "scan"


def test_keys_of_writers_that_are_none(user, repo):
    writer(user)
    assert "is there already" in failure(user.run("codeql", "keygen", user.join("writer.key")), 24)
    user.write("bad.key", "nonsense\n")
    assert "is no key of a writer" in failure(put(user, repo, "--sign", user.join("bad.key")), 17)
    failure(put(user, repo, "--sign", user.join("none.key")), 10)
    kept(put(user, repo, **TOPIC))
    assert "'nonsense' is no public key" in check(user, repo, "--codeql-writers", "nonsense")["reason"]


def test_another_repository_s_result_is_not_relied_on(user, repo):
    kept(put(user, repo))
    assert check(user, repo, GITHUB_REPOSITORY="octo/other")["answer"] == "scan"
    assert check(user, repo)["answer"] == "skip"


def test_a_scan_that_was_examined_before_it_ran(user, repo):
    manifest = codeql(user, repo, "key", "--json").stdout
    user.write("key.json", manifest)
    repo.write("build.o", "left by a build")
    repo.write("app.py", "changed by a build")
    result = put(user, repo, "--manifest", user.join("key.json"), "--scan-duration", "90")
    assert kept(result) and result.stderr == ""
    repo.git("checkout", "-q", ".")
    repo.git("clean", "-qfd")
    assert check(user, repo)["answer"] == "skip"


@pytest.mark.parametrize("words, said", [
    (["--language", "go", "--config", "security-extended"], "language"), ([*SCAN[:2], "--config", "default"], "config"),
    ([*SCAN, "--commit", "a" * 40], "commit"), ([*SCAN[:4], "--tool-version", "9"], "tool-version"), ([*SCAN, "--build-mode", "none"], "build-mode")])
def test_a_manifest_of_another_scan_is_refused(user, repo, words, said):
    user.write("key.json", codeql(user, repo, "key", "--json").stdout)
    text = failure(put(user, repo, "--manifest", user.join("key.json"), scan=words), 17)
    assert "the manifest is of " + said in text
    assert user.ok("codeql", "ls") == ""


def test_a_manifest_that_is_none_is_refused(user, repo):
    for content in ("", "{}", "[1]", json.dumps({"schema": 1, "mode": "tree", "inputs": {"a": "b"}, "blobs": {}, "key": "0" * 64})):
        user.write("key.json", content)
        assert "key.json" in failure(put(user, repo, "--manifest", user.join("key.json")), 17)
    failure(put(user, repo, "--manifest", user.join("none.json")), 10)


def test_statistics_say_what_skips_saved(user, repo):
    put(user, repo, "--scan-duration", "1h")
    for _ in range(2):
        assert check(user, repo)["answer"] == "skip"
    totals = json.loads(user.ok("stats", "--total", "--json"))
    assert (totals["scans_cached"], totals["scans_skipped"], totals["scan_time_saved_hours"]) == (1, 2, 2.0)


def test_a_skip_whose_time_nobody_knows_is_not_guessed(user, repo):
    put(user, repo)
    user.serve()
    assert check(user, repo)["answer"] == "skip"
    stats = json.loads(user.ok("cat", ".runnerfs/stats.json"))
    assert stats["scans_skipped"] == 1 and stats["scan_time_saved_hours"] is None


def test_get_by_commit_and_by_key(user, repo):
    text, first = sarif(count=2), repo.head()
    kept(put(user, repo, text=text))
    got = codeql(user, repo, "get")
    assert (got.returncode, got.stdout, got.stderr) == (0, text, "")
    assert codeql(user, repo, "get", "--commit", first, cwd=user.home).stdout == text  # no checkout
    second = repo.commit("empty")
    got = codeql(user, repo, "get", "-o", user.join("got.sarif"))
    assert got.returncode == 0 and got.stdout == "" and f"the result of commit {first}" in got.stderr and second in got.stderr
    with open(user.join("got.sarif"), encoding="utf-8") as file:
        assert file.read() == text
    repo.write("app.py", "print('other')\n")
    repo.commit()
    assert "no result of python is stored" in failure(codeql(user, repo, "get"), 10)


def test_ls_and_invalidate(user, repo):
    first = repo.head()
    kept(put(user, repo))
    second = repo.commit("empty")
    kept(put(user, repo, scan=["--language", "python", "--config", "default", "--tool-version", "2.20.1"]))
    kept(put(user, repo))
    lines = user.ok("codeql", "ls").splitlines()
    assert len(lines) == 3 and all(re.search(r"  octo/hello  [0-9a-f]{12}  \S+  python  CodeQL 2.20.1  default$", line) for line in lines), lines
    rows = [json.loads(line) for line in user.ok("codeql", "ls", "--json", "octo/hello").splitlines()]
    assert {(row["commit"], row["config"]) for row in rows} == {(first, "security-extended"), (second, "default"), (second, "security-extended")}
    assert [row["timestamp"] for row in rows] == sorted((row["timestamp"] for row in rows), reverse=True)
    assert len(user.ok("codeql", "ls", f"octo/hello/{second}").splitlines()) == 2 and user.ok("codeql", "ls", "octo/none") == ""

    def invalidate(*words):
        return user.run("codeql", "invalidate", "--repo", "octo/hello", *words)
    assert "nothing says which" in failure(invalidate(), 2)
    assert "full commit SHA" in failure(invalidate("--commit", "abc"), 17)
    failure(invalidate("--language", "klingon"), 2)
    assert invalidate("--language", "go").stdout == "0 results were invalidated\n"
    assert invalidate("--config", "default").stdout == "1 result was invalidated\n"
    assert invalidate("--commit", first, "--language", "python").stdout == "1 result was invalidated\n"
    assert invalidate("--all").stdout == "1 result was invalidated\n"
    assert user.ok("codeql", "ls") == "" and check(user, repo)["answer"] == "scan"
    assert "the repository is not known" in failure(user.run("codeql", "invalidate", "--all"), 2)


def test_a_result_copied_by_path_is_no_ground_for_a_skip(user, repo):
    user.ok("put", f"codeql/octo/hello/{repo.head()}/security-extended/python.sarif", stdin=sarif())
    assert check(user, repo)["reason"] == "the local store has no result with this key"
    assert "not reusable: it was stored without the key" in user.ok("codeql", "ls")


def test_explain_names_the_results_that_were_looked_at(user, repo):
    kept(put(user, repo, **TOPIC))
    told = codeql(user, repo, "explain", "--source", "local")
    assert told.returncode == 0 and f"the local store: commit {repo.head()[:12]}" in told.stdout and "refs/heads/topic" in told.stdout


def test_nothing_is_said_to_be_kept_that_ends_with_the_command(user, repo):
    memory = {"RUNNERFS_KEY_SOURCE": "memory"}
    text = failure(put(user, repo, **memory), 32)
    assert "in memory" in text and "runnerfs mount" in text
    user.serve(**environment(user, **memory))
    assert kept(put(user, repo, RUNNERFS_KEY_SOURCE=None)) and check(user, repo)["answer"] == "skip"


def test_beside_a_daemon_that_sees_it_at_once(user, repo):
    user.serve(**environment(user))
    path = kept(put(user, repo))
    assert user.ok("cat", path) and check(user, repo)["source"] == "the local store"
    assert user.run("codeql", "invalidate", "--repo", "octo/hello", "--all").stdout == "1 result was invalidated\n"
    assert check(user, repo)["answer"] == "scan"


def test_files_that_cannot_be_put(user, repo):
    assert "none.sarif: no such file" in failure(codeql(user, repo, "put", user.join("none.sarif")), 10)
    assert "is no file" in failure(codeql(user, repo, "put", user.home), 17)
    os.mkfifo(user.join("pipe"))
    assert "is no file" in failure(codeql(user, repo, "put", user.join("pipe")), 17)
    failure(codeql(user, repo, "put"), 2)
    assert "no time" in failure(put(user, repo, "--scan-duration", "soon"), 2)
    failure(put(user, repo, cwd=user.home), None)  # no checkout


def test_ten_thousand_files_have_results(user, repo):
    """The manifest holds the blob of each."""
    document = json.loads(sarif())
    for number in range(10_000):
        name = f"src/a_rather_long_directory_name_for_a_file/file_{number:05}.py"
        repo.write(name, f"x = {number}\n")
    result = document["runs"][0]["results"][0]
    document["runs"][0]["results"] = [
        {**result, "locations": [{"physicalLocation": {"artifactLocation": {"uri": f"src/a_rather_long_directory_name_for_a_file/file_{number:05}.py"},
                                                       "region": {"startLine": 1}}}]} for number in range(10_000)]
    repo.commit()
    user.serve(**environment(user))
    path = kept(put(user, repo, text=json.dumps(document)))
    assert len(json.loads(user.ok("cat", path.replace(".sarif", ".manifest.json")))["blobs"]) == 10_000
    assert check(user, repo)["answer"] == "skip"
