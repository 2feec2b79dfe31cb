"""`runnerfs codeql` without a network: words, keys, doubts, and answers when something is wrong."""

import json
import os
import subprocess

import pytest
from conftest import failure
from scans import SCAN, Repo, outputs


@pytest.fixture
def repo(user):
    return Repo(user.join("work"))


def run(user, repo, command, *words, cwd=None, **more):
    environment = {"GITHUB_REPOSITORY": "octo/hello", **more}
    return user.run("codeql", command, *words, cwd=cwd or repo.root, **environment)


def key(user, repo, *words, **more):
    result = run(user, repo, "key", *(words or SCAN), **more)
    assert result.returncode == 0 and result.stderr == "", result.stderr
    assert len(result.stdout) == 65 and result.stdout.endswith("\n")
    return result.stdout


def scan(result):
    """The reason of a scan."""
    lines = result.stdout.splitlines()
    assert result.returncode == 0 and lines[0] == "scan" and lines[1].startswith("reason: "), (result.stdout, result.stderr)
    return lines[1][8:]


def test_the_key_and_what_it_is_made_of(user, repo):
    shown = json.loads(run(user, repo, "key", "--json", *SCAN).stdout)
    assert shown["key"] == key(user, repo).strip()
    assert shown["commit"] == repo.head() and shown["tree"] == repo.tree() and shown["mode"] == "inert"
    assert shown["inputs"]["config"] == "security-extended" and shown["inputs"]["tool-version"] == "2.20.1"
    # A second implementation of the key: SHA-256 over length-prefixed fields.
    import hashlib
    text = b"".join(len(field.encode()).to_bytes(8, "big") + field.encode()
                    for field in ["runnerfs-codeql-key/1", *[part for pair in sorted(shown["inputs"].items()) for part in pair]])
    assert hashlib.sha256(text).hexdigest() == shown["key"]


def test_the_reference_s_key_by_commit(user, repo):
    config = '{"queries": "security-extended", "languages": "auto"}'
    assert run(user, repo, "key", "--mode", "commit", "--language", "python", "--config", config).stdout == (
        f"codeql_scan:octo/hello:{repo.head()}:2ccff85ba03cadca8ea58a559085f041f954c9826751f57a5b05b04dcda93168:python\n")


def test_a_run_s_own_variables_leave_the_key_as_it_is(user, repo):
    changed = ["RUN_ID", "RUN_NUMBER", "RUN_ATTEMPT", "SHA", "REF", "REF_NAME", "REF_TYPE", "REF_PROTECTED", "HEAD_REF", "BASE_REF", "ACTOR",
               "ACTOR_ID", "TRIGGERING_ACTOR", "EVENT_NAME", "WORKFLOW_SHA", "JOB", "ACTION", "ACTION_PATH", "ENV", "OUTPUT", "PATH",
               "STATE", "STEP_SUMMARY", "WORKSPACE", "SERVER_URL", "RETENTION_DAYS"]
    names = ["GITHUB_" + name for name in changed]
    names += ["RUNNER_" + name for name in ["NAME", "TEMP", "WORKSPACE", "TOOL_CACHE", "TRACKING_ID", "ENVIRONMENT", "DEBUG"]]
    names += ["CODEQL_ACTION_JOB_RUN_UUID", "CODEQL_WORKFLOW_STARTED_AT", "CODEQL_RAM", "CODEQL_DIST", "LGTM_SRC"]
    where = {"GITHUB_WORKFLOW_REF": "octo/hello/.github/workflows/scan.yml@refs/heads/main"}
    first = key(user, repo, **where)
    assert key(user, repo, **where, **{name: "changed" for name in names}) == first
    assert key(user, repo, **where, CODEQL_THREADS="4") != first  # which the workflow sets


@pytest.mark.parametrize("change", ["re-run", "empty", "merge", "squash", "rebase", "revert", "tag", "shallow"])
def test_the_same_content_has_the_same_key(user, repo, change):
    first = key(user, repo)
    repo.git("checkout", "-q", "-b", "topic")
    repo.write("app.py", "print('other')\n")
    repo.commit()
    topic = key(user, repo)
    assert topic != first
    where = None
    if change == "re-run":
        pass
    elif change == "empty":
        repo.commit("empty")
    elif change == "revert":
        repo.git("revert", "--no-edit", "HEAD")
        topic = first
    elif change == "tag":
        repo.git("tag", "v1")
        repo.git("checkout", "-q", "v1")
    elif change == "shallow":
        where = user.join("shallow")
        repo.git("clone", "-q", "--depth", "1", "--branch", "topic", "file://" + repo.root, where)
    else:
        repo.git("checkout", "-q", "main")
        repo.commit("empty")
        if change == "merge":
            repo.git("merge", "-q", "--no-ff", "-m", "merge", "topic")
        elif change == "squash":
            repo.git("merge", "-q", "--squash", "topic")
            repo.commit("squashed")
        else:
            repo.git("checkout", "-q", "topic")
            repo.git("rebase", "-q", "main")
    assert key(user, repo, cwd=where) == topic


@pytest.mark.parametrize("doubt, words", [
    ("modified", "app.py is modified"), ("deleted", "app.py is deleted"), ("untracked", "new.py is not tracked"),
    ("ignored", "out.gen is ignored"), ("missing", "missing"), ("sparse", "sparse"), ("replace", "replace refs"), ("grafts", "grafts"),
    ("partial", "partial clone"), ("sha256", "sha256"), ("extra", "CODEQL_ACTION_EXTRA_OPTIONS"), ("schedule", "schedule"),
    ("dispatch", "workflow_dispatch"), ("changed", "app.py changed"), ("empty repository", "no commit")])
def test_every_doubt_is_a_scan_that_says_why(user, repo, doubt, words):
    more, options = {}, list(SCAN)
    if doubt == "modified":
        repo.write("app.py", "print('hellO')\n")
    elif doubt == "deleted":
        os.unlink(repo.join("app.py"))
    elif doubt == "untracked":
        repo.write("new.py", "")
    elif doubt == "ignored":
        repo.write(".gitignore", "*.gen\n")
        repo.commit()
        repo.write("out.gen", "")
    elif doubt == "missing":
        blob = repo.git("rev-parse", "HEAD:lib/tool.py")
        os.unlink(repo.join(f".git/objects/{blob[:2]}/{blob[2:]}"))
    elif doubt == "sparse":
        repo.git("sparse-checkout", "set", "lib")
    elif doubt == "replace":
        repo.git("replace", repo.git("rev-parse", "HEAD:app.py"), repo.git("rev-parse", "HEAD:run.sh"))
    elif doubt == "grafts":
        repo.write(".git/info/grafts", repo.head() + "\n")
    elif doubt == "partial":
        repo.git("config", "uploadpack.allowFilter", "true")
        repo.git("clone", "-q", "--filter=blob:none", "file://" + repo.root, user.join("partial"))
        more["cwd"] = user.join("partial")
    elif doubt == "sha256":
        repo = Repo(user.join("wide"), "--object-format=sha256")
    elif doubt == "extra":
        more["CODEQL_ACTION_EXTRA_OPTIONS"] = "{}"
    elif doubt == "schedule":
        more["GITHUB_EVENT_NAME"] = "schedule"
    elif doubt == "dispatch":
        more["GITHUB_EVENT_NAME"] = "workflow_dispatch"
    elif doubt == "changed":
        user.write("changed", "README.md\napp.py\n")
        options += ["--changed-files", user.join("changed")]
    elif doubt == "empty repository":
        subprocess.run(["git", "init", "-q", user.join("empty")], check=True)
        more["cwd"] = user.join("empty")
    assert words in scan(run(user, repo, "check", *options, **more))


@pytest.mark.parametrize("options, code, words", [
    (["--language", "cobol"], 2, "no CodeQL language 'cobol'"), ([], 2, "--language is missing"), (["--language", "python", "--mode", "some"], 2, "mode"),
    (["--language", "python", "--build-mode", "some"], 2, "build mode"), (["--language", "python", "--source", "peers"], 2, "source"),
    (["--language", "python", "--commit", "HEAD"], 17, "full commit SHA"), (["--language", "python", "--commit", "6dcb09b"], 17, "full commit SHA"),
    (["--language", "python", "--commit", "1" * 40], 10, "not in this repository"), (["--language", "python", "--config", '{"a": '], 17, "byte"),
    (["--language", "python", "--config", "../x"], 17, "query suite"), (["--language", "python", "-C", "/no/such/place"], 10, "/no/such/place"),
    (["--language", "python", "--repo", "nonsense"], 2, "owner/name"), (["--language", "python", "-C", "/"], 10, "no git repository")])
def test_bad_words_are_errors_of_every_command_and_a_scan_of_check(user, repo, options, code, words):
    for command in ["key", "explain", "prepare-upload"]:
        more = ["--output", user.join("x.sarif")] if command == "prepare-upload" else []
        assert words in failure(run(user, repo, command, *options, *more), code)
    assert not os.path.exists(user.join("x.sarif"))
    result = run(user, repo, "check", *options, "--github-output", GITHUB_OUTPUT=user.join("output"))
    assert words in scan(result)
    with open(user.join("output"), encoding="utf-8") as file:
        told = outputs(file.read())
    assert told["should-skip-scan"] == "false" and told["cached-result"] == "" and words in told["reason"]


def test_a_repository_that_nobody_names(user, repo):
    assert "--repo OWNER/REPO" in failure(run(user, repo, "key", *SCAN, GITHUB_REPOSITORY=None), 17)
    assert "not known" in scan(run(user, repo, "check", *SCAN, GITHUB_REPOSITORY=None))
    repo.git("remote", "add", "origin", "git@github.com:octo/hello.git")
    assert run(user, repo, "key", *SCAN, GITHUB_REPOSITORY=None).stdout == key(user, repo)


def test_a_machine_without_git(user, repo):
    empty = user.join("empty")
    os.mkdir(empty)
    assert "git cannot be run" in failure(run(user, repo, "key", *SCAN, PATH=empty), 32)
    assert "git cannot be run" in scan(run(user, repo, "check", *SCAN, PATH=empty))


def test_a_directory_that_git_does_not_trust(user, repo):
    if os.geteuid() != 0:
        pytest.skip("only root can give it away")
    for place in [repo.root, repo.join(".git")]:
        os.chown(place, 12345, 12345)
    text = failure(run(user, repo, "key", *SCAN), 11)
    assert "safe.directory" in text
    assert "does not trust" in scan(run(user, repo, "check", *SCAN))
    user.ok_git = subprocess.run(["git", "config", "--global", "--add", "safe.directory", repo.root], env=user.environment(), check=True)
    assert "no result with this key" in scan(run(user, repo, "check", *SCAN))


def test_a_wrong_command_line_is_exit_2_and_tells_the_runner_to_scan(user, repo):
    more = {"GITHUB_OUTPUT": user.join("output")}
    failure(run(user, repo, "check", "--nonsense", "--github-output", **more), 2)
    with open(user.join("output"), encoding="utf-8") as file:
        assert outputs(file.read())["should-skip-scan"] == "false"
    failure(run(user, repo, "check", *SCAN, "--github-output"), 2)  # and no file to tell it in
    failure(run(user, repo, "nonsense"), 2)


def test_outputs_are_appended_and_cannot_be_forged(user, repo):
    """What a repository is called, or an earlier step left, is no output."""
    user.write("output", "earlier=1")
    evil = "x\nshould-skip-scan=true\ny.py"
    user.write("changed", evil + "\0")
    result = run(user, repo, "check", *SCAN, "--github-output", "--changed-files", user.join("changed"), GITHUB_OUTPUT=user.join("output"))
    scan(result)
    with open(user.join("output"), encoding="utf-8") as file:
        text = file.read()
    told = outputs(text)
    assert told["earlier"] == "1" and told["should-skip-scan"] == "false" and told["cached-result"] == "" and told["needs-upload"] == "false"
    assert told["reason"] == evil + " changed, which a scan may read"
    # One line is one line, for scripts that grep; only what has line ends is a heredoc.
    assert text.startswith("earlier=1\nshould-skip-scan=false\ncached-result=\nreason<<runnerfs_") and text.endswith("\nneeds-upload=false\n")
    failure(run(user, repo, "check", *SCAN, "--github-output", GITHUB_OUTPUT="/no/such/directory/output"), 10)


def test_changed_files_by_list_stdin_and_range(user, repo):
    first = repo.head()
    repo.write("lib/new.py", "")
    repo.write("README.md", "# other\n")
    repo.commit()
    where = ["--changed-files"]
    assert "lib/new.py changed" in scan(run(user, repo, "check", *SCAN, *where, f"{first}..HEAD"))
    user.write("list", "./README.md\r\n")
    assert "no result with this key" in scan(run(user, repo, "check", *SCAN, *where, user.join("list")))
    result = user.run("codeql", "check", *SCAN, *where, "-", cwd=repo.root, stdin="a.md\nb.py\n", GITHUB_REPOSITORY="octo/hello")
    assert "b.py changed" in scan(result)
    for bad, words in [("/etc/passwd", "outside"), ("a/../../x", "out of the repository")]:
        user.write("list", bad + "\n")
        assert words in scan(run(user, repo, "check", *SCAN, *where, user.join("list")))
    assert "fetch" in run(user, repo, "check", *SCAN, *where, "nowhere..HEAD").stdout
    assert "/no/such/list" in scan(run(user, repo, "check", *SCAN, *where, "/no/such/list"))


def test_exit_code_and_json_on_demand(user, repo):
    result = run(user, repo, "check", *SCAN, "--exit-code", "--json")
    assert result.returncode == 1
    answer = json.loads(result.stdout)
    assert answer["answer"] == "scan" and answer["commit"] == repo.head() and answer["key"] == key(user, repo).strip()
    assert answer["sarif"] == "" and answer["needs_upload"] is False


def test_a_broken_configuration_of_the_owner_is_a_scan(user, repo):
    user.write(".config/runnerfs/config.yml", "no_such_key: 1\n")
    assert "no_such_key" in scan(run(user, repo, "check", *SCAN))
    failure(run(user, repo, "key", *SCAN), 2)


def test_explain_names_the_inputs_and_the_doubts(user, repo):
    repo.write("app.py", "x\n")
    text = run(user, repo, "explain", *SCAN).stdout
    assert text.startswith("scan\nreason: app.py is modified\n") and "tool-version: 2.20.1" in text
    shown = json.loads(run(user, repo, "explain", "--json", "--language", "python").stdout)
    assert shown["doubts"] == ["app.py is modified"] and shown["manifest"]["floating"] == ["the version of CodeQL is not known"]


def test_asking_touches_neither_repository_nor_home(user, repo):
    def seen(folder):
        return sorted((where, name, os.lstat(os.path.join(where, name)).st_mtime_ns) for where, _, names in os.walk(folder) for name in names)

    before = seen(repo.root)
    run(user, repo, "check", *SCAN)
    run(user, repo, "explain", *SCAN)
    assert seen(repo.root) == before
    assert not os.path.exists(user.join(".cache/github-api-p2p"))
