"""What tests of snapshots share: jobs on machines that share nothing."""

import json

from fixtures import ALPHA

SECRET = "a fleet secret of the tests, long enough"
HELLO = "api/repos/octo/hello.json"
RUNS = "api/repos/octo/hello/actions/runs/4999.json"
PRIVATE = "api/repos/octo/private.json"
JOB = {"GITHUB_REPOSITORY": "octo/hello", "GITHUB_REPOSITORY_ID": "1001", "GITHUB_REF": "refs/heads/main",
       "GITHUB_EVENT_NAME": "push"}


def job(home, token=ALPHA, secret=SECRET, **more):
    return home.environment(token=token, CACHE_P2P_SHARED_SECRET=secret, **{**JOB, **more})


def cat(home, path, **more):
    return home.run("cat", path, environment=job(home, **more), check=True).stdout


def answer(result):
    assert result.returncode == 0, result.stderr
    return json.loads(result.stdout)
