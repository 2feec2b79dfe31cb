"""The actions on a machine without /dev/fuse: files on a tmpfs stand in for the mount."""

import os
import stat

import pytest
import runner
from answers import answers


@pytest.fixture(autouse=True, scope="module")
def no_fuse(alone):
    if not alone or not runner.without_fuse():
        pytest.skip("a /dev of our own needs root")
    assert not os.path.exists("/dev/fuse")


def on_tmpfs(path):
    with open("/proc/self/mounts", encoding="utf-8") as file:
        mounts = [line.split() for line in file]
    best = max((one for one in mounts if path == one[1] or path.startswith(one[1].rstrip("/") + "/")), key=lambda one: len(one[1]))
    return best[2] in ("tmpfs", "ramfs")


def test_files_stand_in_for_the_mount(job):
    answers(job)
    step = job.github_cache(prefetch="repos/octo/hello.json")
    assert step.code == 0 and step.outputs["mount-status"] == "fallback" and step.outputs["cache-status"] == "fallback"
    assert "hint" in step.annotated("warning")
    place = step.outputs["mount-path"]
    assert on_tmpfs(place) and step.environment["RUNNERFS_MOUNT"] == place
    later = job.run('runnerfs cat api/repos/octo/hello.json; cat "$RUNNERFS_MOUNT/api/repos/octo/hello.json"')
    assert later.log.count("default_branch") == 2
    posts = job.end()
    assert "API calls made | 1" in posts[-1].summary
    assert not os.path.exists(place)


def test_credentials_are_files_that_post_removes(job):
    job.github_cache()
    step = job.inject('[{"name": "A", "value": "value-a\\nand more"}]', lifetime="job")
    assert step.outputs == {"credentials-injected": "1", "status": "success", "mount-path": step.outputs["mount-path"], "mount-status": "fallback"}
    path = step.environment["A_FILE"]
    assert stat.S_IMODE(os.stat(path).st_mode) == 0o600 and stat.S_IMODE(os.stat(os.path.dirname(path)).st_mode) == 0o700
    job.run('test "$(cat "$A_FILE")" = "$(runnerfs secret get A)"')
    assert job.inject(credential_names="A").outputs["status"] == "success"
    job.end()
    assert not os.path.exists(path)


def test_a_daemon_that_was_killed_leaves_no_file(job):
    step = job.inject('[{"name": "A", "value": "value-a"}]')
    for pid, line in job.processes():
        if "action daemon" in line:
            os.kill(pid, 9)
    posts, killed = job.finish()
    assert posts[0].code == 0 and killed == [] and job.leftovers() == []
    assert not os.path.exists(step.environment["A_FILE"])
