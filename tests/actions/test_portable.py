"""The portable archive (scripts/portable), where one was made: RFS_PORTABLE_ARCHIVE, or dist/runnerfs-linux-*.tar.gz."""

import glob
import os
import shutil
import subprocess
import sys
import tarfile

import pytest
from conftest import ACTIONS, ROOT

CHECK = os.path.join(ROOT, "scripts/check-portable")


def check(*words):
    return subprocess.run([sys.executable, CHECK, *words], capture_output=True, text=True, check=False, timeout=120)


@pytest.fixture
def archive():
    found = os.environ.get("RFS_PORTABLE_ARCHIVE") or next(iter(glob.glob(os.path.join(ROOT, "dist/runnerfs-linux-*.tar.gz"))), None)
    if not found:
        pytest.skip("there is no portable archive: scripts/portable makes one")
    return found


def test_the_archive_is_as_it_has_to_be(archive):
    result = check(archive)
    assert result.returncode == 0, result.stdout + result.stderr


def test_it_starts_where_nothing_is_installed(archive):
    roots = list(filter(None, os.environ.get("RFS_BARE_ROOTS", "").split(":")))
    if not roots or os.geteuid() != 0:
        pytest.skip("RFS_BARE_ROOTS names no directory of a bare system (debootstrap --variant=minbase), or this is not root")
    for root in roots:
        result = check(archive, root)
        assert result.returncode == 0, root + result.stdout + result.stderr


def test_a_pinned_release_is_what_the_actions_use(job, archive):
    tree = job.join("tree")
    shutil.copytree(ACTIONS, os.path.join(tree, "actions"))
    os.mkdir(os.path.join(tree, "scripts"))
    shutil.copy(os.path.join(ROOT, "scripts/pin-release"), os.path.join(tree, "scripts"))
    name = os.path.basename(archive)
    subprocess.run([sys.executable, os.path.join(tree, "scripts/pin-release"), "v7.7.7", "file://" + os.path.dirname(os.path.abspath(archive)), archive], check=True)
    step = job.uses(os.path.join(tree, "actions/setup-github-cache"))
    assert step.outputs["cache-status"] == "success", step.raw
    assert step.state["program"].startswith(job.join("tools/runnerfs/7.7.7")) and name
    assert "runnerfs" in job.run("runnerfs version").log
    job.end()


def test_the_check_finds_what_must_not_be(tmp_path):
    """An archive with a program of this system in it, which asks for libraries that are not beside it."""
    root = tmp_path / "runnerfs-linux-test"
    (root / "bin").mkdir(parents=True)
    (root / "lib").mkdir()
    shutil.copy(sys.executable, root / "bin/runnerfs")
    path = str(tmp_path / "runnerfs-linux-test.tar.gz")
    with tarfile.open(path, "w:gz") as tar:
        tar.add(root, root.name)
    result = check(path)
    assert result.returncode == 1 and "does not look for libraries beside itself" in result.stderr
