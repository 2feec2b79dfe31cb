"""The actions under act in host mode, where it is installed: another runner than our own, with its own reading of the files."""

import json
import os
import re
import shutil
import subprocess
import tempfile

import pytest
import runner
from conftest import ACTIONS, PROGRAM

WORKFLOW = """on: push
jobs:
  work:
    runs-on: ubuntu-latest
    steps:
      - uses: actions/checkout@v5
      - id: api
        uses: ./.github/actions/setup-github-cache
        with:
          binary-path: {program}
      - id: inject
        uses: ./.github/actions/inject-credentials
        with:
          binary-path: {program}
          credentials: |
            [{{"name": "API_KEY", "value": ${{{{ toJSON(secrets.API_KEY) }}}}, "scope": "repo"}}]
          from-env: PEM
          export-env: API_KEY
          lifetime: job
        env:
          PEM: ${{{{ secrets.PEM }}}}
      - id: codeql
        uses: ./.github/actions/setup-codeql-cache
        with:
          binary-path: {program}
          languages: python
      - run: |
          echo "api-status=${{{{ steps.api.outputs.cache-status }}}} $(cat "$API_KEY_FILE" | wc -c) $(wc -l < "$PEM_FILE")"
          echo "inject-status=${{{{ steps.inject.outputs.status }}}} ${{{{ steps.inject.outputs.credentials-injected }}}}"
          echo "scan=${{{{ steps.codeql.outputs.should-skip-scan }}}}"
          echo "mounted=$(findmnt -n -o FSTYPE "$RUNNERFS_MOUNT")"
          command -v runnerfs; cat "$API_KEY_FILE" "$PEM_FILE"; echo "$API_KEY"; base64 "$PEM_FILE"
{more}"""
PEM = "-----BEGIN CANARY-----\nfirst-line-canary-one\nsecond-line-canary-two\n-----END CANARY-----"


@pytest.fixture
def repository(alone):  # pylint: disable=unused-argument
    if not shutil.which("act"):
        pytest.skip("act is not installed")
    if not runner.NODE or not shutil.which("git"):
        pytest.skip("act needs node and git")
    job = runner.Job()  # for its directories, and to look for what is left
    place = job.join("repository")
    os.mkdir(place)
    for name in ("setup-github-cache", "inject-credentials", "setup-codeql-cache"):
        shutil.copytree(os.path.join(ACTIONS, name), os.path.join(place, ".github/actions", name))
    job.place = place
    yield job
    job.clean()


def act(job, more="", **secrets):
    os.makedirs(os.path.join(job.place, ".github/workflows"), exist_ok=True)
    with open(os.path.join(job.place, ".github/workflows/x.yml"), "w", encoding="utf-8") as file:
        file.write(WORKFLOW.format(program=PROGRAM, more=more))
    git = ["git", "-c", "user.name=a", "-c", "user.email=a@example.com", "-C", job.place]
    if not os.path.isdir(os.path.join(job.place, ".git")):
        subprocess.run([*git, "init", "-q", "-b", "main"], check=True)
        subprocess.run([*git, "remote", "add", "origin", "https://github.com/octo/hello.git"], check=True)
    subprocess.run([*git, "add", "-A"], check=True)
    subprocess.run([*git, "commit", "-q", "-m", "x", "--allow-empty"], check=True)
    with open(job.join("secrets"), "w", encoding="utf-8") as file:
        for name, value in secrets.items():
            file.write(f"{name}={json.dumps(value)}\n")
    path = os.path.dirname(runner.NODE) + ":" + os.environ["PATH"]
    environment = {"PATH": path, "HOME": job.home, "XDG_CONFIG_HOME": job.home + "/config", "XDG_CACHE_HOME": job.home + "/cache"}
    command = ["act", "push", "-W", ".github/workflows/x.yml", "-P", "ubuntu-latest=-self-hosted", "--rm", "--pull=false", "--no-cache-server",
               "--secret-file", job.join("secrets"), "-s", "GITHUB_TOKEN=ghs_tokenCANARYtokenCANARYtokenCANARYtoken", "--action-cache-path", job.join("act"),
               "--env", "GITHUB_API_URL=http://127.0.0.1:9"]
    return subprocess.run(command, cwd=job.place, env=environment, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=120, check=False)


def left(job):
    """Mounts of runnerfs and processes of it that there were not before: act ends none."""
    running = [pid for pid in filter(str.isdigit, os.listdir("/proc")) if b"action\0daemon" in read(f"/proc/{pid}/cmdline") and
               job.home.encode() in read(f"/proc/{pid}/environ")]
    return job.leftovers(), running


def read(path):
    try:
        with open(path, "rb") as file:
            return file.read()
    except OSError:
        return b""


def test_three_actions_in_one_job(repository):
    result = act(repository, API_KEY="hunter2-canary-key", PEM=PEM)
    log = result.stdout + result.stderr
    assert result.returncode == 0, log
    assert "api-status=success 18 3" in log and "inject-status=success 2" in log and "scan=false" in log and "mounted=fuse.runnerfs" in log
    for canary in ("hunter2-canary-key", "first-line-canary-one", "second-line-canary-two", "tokenCANARY"):
        assert canary not in log
    assert re.search(r"Summary - ### runnerfs", log) or "Reads answered from a cache" in log
    assert left(repository) == ([], [])


def test_a_job_that_fails_is_cleaned_up(repository):
    result = act(repository, more="      - run: exit 3\n", API_KEY="hunter2-canary-key", PEM=PEM)
    assert result.returncode == 1
    assert left(repository) == ([], [])
