"""The key of a scan over the project's own history: two commits have one key just where git says that nothing which a scan
may read differs between them."""

import json
import os
import subprocess

import pytest
from conftest import ROOT

NEWEST = 40  # commits that are looked at
DOCUMENTS = (".md", ".rst", ".adoc", ".png", ".jpg", ".jpeg", ".gif", ".svg", ".ico", ".pdf")


def git(*words, at):
    return subprocess.run(["git", "-c", "safe.directory=*", "-C", at, *words], check=True, capture_output=True, text=True).stdout.strip()


@pytest.fixture(scope="module")
def history(tmp_path_factory):
    try:
        commits = git("rev-list", "--first-parent", f"--max-count={NEWEST}", "HEAD", at=ROOT).split()
        shallow = git("rev-parse", "--is-shallow-repository", at=ROOT) == "true"
    except subprocess.CalledProcessError:
        pytest.skip("this is no git checkout")
    if shallow or len(commits) < 3:
        pytest.skip("the checkout has no history")
    clone = str(tmp_path_factory.mktemp("history") / "clone")
    git("clone", "-q", "--no-hardlinks", "file://" + os.path.abspath(ROOT), clone, at="/")
    return clone, commits


def keys(user, history, *words):
    clone, commits = history
    found = {}
    for commit in commits:
        git("checkout", "-q", commit, at=clone)
        result = user.run("codeql", "key", "--json", "--config", "security-extended", "--tool-version", "2.20.1", *words, cwd=clone,
                          GITHUB_REPOSITORY="octo/hello")
        assert result.returncode == 0 and result.stderr == "", result.stderr
        found[commit] = json.loads(result.stdout)
        assert found[commit]["commit"] == commit and found[commit]["tree"] == git("rev-parse", commit + "^{tree}", at=clone)
    return found


def changed(history, one, other):
    return git("diff", "--name-only", "--no-renames", one, other, at=history[0]).splitlines()


def test_by_tree_two_commits_have_one_key_just_when_they_have_one_tree(user, history):
    found = keys(user, history, "--language", "c-cpp", "--mode", "tree")
    commits = history[1]
    for one, other in zip(commits, commits[1:]):
        assert (found[one]["key"] == found[other]["key"]) == (not changed(history, one, other)), (one, other)


def test_without_a_build_documents_alone_make_no_difference(user, history):
    found = keys(user, history, "--language", "python")
    commits, seen = history[1], set()
    for one, other in zip(commits, commits[1:]):
        names = changed(history, one, other)
        gone = git("diff", "--name-status", "--no-renames", "--diff-filter=ADT", one, other, at=history[0])
        modes = [line for line in git("diff", "--summary", one, other, at=history[0]).splitlines() if "mode change" in line]
        same = not gone and not modes and all(name.endswith(DOCUMENTS) for name in names)
        assert (found[one]["key"] == found[other]["key"]) == same, (one, other, names)
        seen.add(same)
    assert False in seen
