"""Jobs for the tests of the actions, on a machine that is this process's own where it may be (runner.alone)."""

import os
import shutil
import sys

import pytest

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, HERE)
import runner  # noqa: E402

ROOT = os.path.normpath(os.path.join(HERE, "../.."))
ACTIONS = os.path.join(ROOT, "actions")
PROGRAM = os.path.abspath(os.environ.get("RUNNERFS") or os.path.join(ROOT, "build/release/runnerfs"))


@pytest.fixture(scope="session")
def alone():
    return runner.alone(ROOT, PROGRAM, *sys.path)


@pytest.fixture
def make_job(alone):  # pylint: disable=unused-argument
    if not runner.NODE:
        pytest.skip("there is no node")
    made = []

    def make(**more):
        job = OwnJob(**more)
        made.append(job)
        return job

    yield make
    for job in made:
        job.clean()


@pytest.fixture
def job(make_job):
    return make_job()


class OwnJob(runner.Job):
    """A job whose actions use the program under test."""

    def action(self, name, inputs=None, **more):
        given = {"binary-path": PROGRAM, **(inputs or {})}
        return self.uses(os.path.join(ACTIONS, name), {key: value for key, value in given.items() if value is not None}, **more)

    @staticmethod
    def architecture():
        return {"x86_64": "x64", "aarch64": "arm64"}.get(os.uname().machine, os.uname().machine)

    def github_cache(self, **inputs):
        return self.action("setup-github-cache", {key.replace("_", "-"): value for key, value in inputs.items()})

    def inject(self, credentials=None, env=None, expect=0, secrets=(), **inputs):
        given = {key.replace("_", "-"): value for key, value in inputs.items()}
        if credentials is not None:
            given["credentials"] = credentials
        return self.action("inject-credentials", given, env=env, expect=expect, secrets=secrets)

    def end(self):
        """Posts and sweep; nothing is left, and nothing had to be killed."""
        posts, killed = self.finish()
        for post in posts:
            assert post.ok, post.raw
            assert not post.held, "something still holds the step's output"
        assert killed == [] and self.leftovers() == []
        return posts


def copied(job, name, place=".github/actions"):
    """An action's folder, copied into the job's workspace and nothing else of this project."""
    folder = os.path.join(job.workspace, place, name)
    shutil.copytree(os.path.join(ACTIONS, name), folder)
    return folder
