"""setup-codeql-cache as a job runs it: a checkout of its own, a server that knows GitHub's analyses, results of the analyze
step laid down as codeql-action does."""

import json
import os
import shutil
import sys
import time

import pytest

HERE = os.path.dirname(os.path.abspath(__file__))
for folder in ("../cli", "../mount"):
    sys.path.append(os.path.normpath(os.path.join(HERE, folder)))

from conftest import OwnJob  # noqa: E402
from fixtures_of_mounts import running, server  # noqa: E402,F401
from scans import Repo, sarif  # noqa: E402
from test_codeql_github import Record  # noqa: E402

SHA = "9e907b5e64f6b83e7804b09294d44122997950d6"
WORKFLOW = f"""on: push
jobs:
  other:
    runs-on: ubuntu-latest
    steps:
      - uses: github/codeql-action/init@{SHA}
        with:
          languages: ruby
  scan:
    runs-on: ubuntu-latest
    steps:
      - uses: actions/checkout@v5
      - uses: github/codeql-action/init@{SHA}
        with:
          languages: python
          queries: security-extended
          tools: https://github.com/github/codeql-action/releases/download/codeql-bundle-v2.20.1/codeql-bundle-linux64.tar.gz
      - uses: github/codeql-action/analyze@{SHA}
        with:
          category: /language:python
"""
ANSWERS = {"cache-status", "should-skip-scan", "cached-result", "cache-dir", "reason", "needs-upload", "mount-path", "mount-status"}


@pytest.fixture
def scan(make_job, server):  # noqa: F811
    def make(workflow=WORKFLOW, name="scan", **more):
        job = make_job(name=name, GITHUB_API_URL=server.url, GITHUB_WORKFLOW_REF="octo/hello/.github/workflows/scan.yml@refs/heads/main", **more)
        job.base.update({"RUNNERFS_CA_FILE": server.ca_file, "JOB_TOKEN": "ghp_alphaTokenOfTheTests"})
        with open(job.github["GITHUB_EVENT_PATH"], "w", encoding="utf-8") as file:
            json.dump({"repository": {"full_name": "octo/hello", "default_branch": "main"}}, file)
        os.rmdir(job.workspace)
        job.repo = Repo(job.workspace)
        job.repo.write(".github/workflows/scan.yml", workflow)
        job.repo.commit("workflow")
        job.record = Record(server, job.repo)
        return job
    return make


def check(job, **inputs):
    job.github["GITHUB_SHA"] = job.repo.head()
    return job.action("setup-codeql-cache", {key.replace("_", "-"): value for key, value in inputs.items()})


def test_nothing_stored_means_scan(scan):
    job = scan()
    step = check(job, source="github")
    assert step.ok and set(step.outputs) == ANSWERS, step.raw
    assert step.outputs["cache-status"] == "success" and step.outputs["should-skip-scan"] == "false" and step.outputs["cached-result"] == "", (step.raw, step.annotations)
    assert step.outputs["reason"] and step.outputs["needs-upload"] == "false" and step.outputs["mount-status"] == "mounted"
    job.end()


def test_the_same_content_is_skipped_with_a_sarif_for_this_commit(scan):
    job = scan()
    scanned = job.repo.head()
    job.record.add(text=sarif(count=3))
    job.repo.commit("an empty one")
    step = check(job)
    assert step.outputs["should-skip-scan"] == "true" and step.outputs["needs-upload"] == "true", step.raw
    with open(step.outputs["cached-result"], encoding="utf-8") as file:
        prepared = json.load(file)
    run = prepared["runs"][0]
    assert run["properties"]["runnerfs.reusedFrom"]["commit"] == scanned and "jobRunUuid" not in run["properties"]
    assert run["results"] == json.loads(sarif(count=3))["runs"][0]["results"] and run["automationDetails"]["id"] == "/language:python/"
    assert scanned[:12] in step.outputs["reason"]
    job.end()


def test_a_changed_source_file_is_scanned(scan):
    job = scan()
    job.record.add()
    job.repo.write("app.py", "print('bye')\n")
    job.repo.commit()
    step = check(job)
    assert step.outputs["should-skip-scan"] == "false" and step.outputs["cached-result"] == ""
    job.end()


def test_inputs_win_over_the_workflow(scan):
    job = scan()
    job.record.add()
    assert check(job, queries="security-and-quality", tools="2.21.0").outputs["should-skip-scan"] == "false"
    assert check(job).outputs["should-skip-scan"] == "true"
    job.end()


MATRIX = """on: push
jobs:
  scan:
    strategy:
      matrix:
        language: [python, go]
    steps:
      - uses: github/codeql-action/init@%s
        with:
          languages: ${{ matrix.language }}
          tools: 2.20.1
          config: %s
      - uses: github/codeql-action/analyze@%s
        with:
          category: "/language:${{matrix.language}}"
"""


def test_the_matrix_fills_expressions_in(scan):
    job = scan(MATRIX % (SHA, '""', SHA))
    job.base["JOB_MATRIX"] = json.dumps({"language": "python"})
    job.record.add()
    assert check(job).outputs["should-skip-scan"] == "true", job.steps[-1].raw
    job.end()


def test_what_cannot_be_evaluated_is_scanned_and_said(scan):
    job = scan(MATRIX % (SHA, "${{ vars.CODEQL_CONFIG }}", SHA))
    job.base["JOB_MATRIX"] = json.dumps({"language": "python"})
    job.record.add()
    step = check(job)
    assert step.outputs["should-skip-scan"] == "false" and "vars.CODEQL_CONFIG" in step.outputs["reason"] and step.outputs["cache-status"] == "success"
    job.end()


def test_several_languages_are_skipped_together_or_not_at_all(scan):
    job = scan(WORKFLOW.replace("languages: python", "languages: python, ruby").replace("          category: /language:python\n", "          category: both\n"))
    job.record.add(text=sarif(category="both"), category="both")
    assert check(job).outputs["should-skip-scan"] == "false"
    step = check(job, source="github")
    assert step.outputs["should-skip-scan"] == "false" and "category" in step.outputs["reason"]
    job.end()


@pytest.mark.parametrize("change, word", [
    (lambda job: shutil.rmtree(os.path.join(job.workspace, ".git")), ""), (lambda job: job.repo.write("new.py", "x = 1\n"), ""),
    (lambda job: job.github.update(GITHUB_EVENT_NAME="schedule"), "schedule"), (lambda job: job.github.update(GITHUB_JOB="nobody"), "nobody"),
    (lambda job: os.unlink(os.path.join(job.workspace, ".github/workflows/scan.yml")), "checked out"),
    (lambda job: job.github.update(GITHUB_WORKFLOW_REF="acme/other/.github/workflows/x.yml@main"), "not one of this repository")])
def test_every_doubt_is_a_scan(scan, change, word):
    job = scan()
    job.record.add()
    head = job.repo.head()
    change(job)
    job.github["GITHUB_SHA"] = head
    step = job.action("setup-codeql-cache")
    assert step.code == 0 and step.outputs["should-skip-scan"] == "false" and step.outputs["cached-result"] == ""
    assert word in step.outputs["reason"], step.outputs
    job.end()


def test_switched_off(scan):
    job = scan()
    step = check(job, enable_caching="false")
    assert step.code == 0 and step.outputs["cache-status"] == "disabled" and step.outputs["should-skip-scan"] == "false"
    assert step.environment == {}
    job.end()


def test_wrong_inputs_mean_scan(scan):
    job = scan()
    for inputs in ({"enable_caching": "perhaps"}, {"config": "no_such: key\n"}):
        step = check(job, **inputs)
        assert step.code == 0 and step.outputs["cache-status"] == "error" and step.outputs["should-skip-scan"] == "false" and step.outputs["reason"]
        assert len(step.annotations) == 1
    assert check(job, languages="klingon").outputs["should-skip-scan"] == "false"
    job.end()


def test_github_that_does_not_answer_means_scan(scan):
    job = scan()
    job.github["GITHUB_API_URL"] = "http://127.0.0.1:9"
    step = check(job)
    assert step.code == 0 and step.outputs["should-skip-scan"] == "false" and step.outputs["reason"]
    job.end()


# ---- what post keeps

def analyze(job, text=None, age=0, said="true", language="python"):
    """What github/codeql-action/analyze leaves behind."""
    folder = os.path.join(job.workspace, "../results")
    os.makedirs(folder, exist_ok=True)
    path = os.path.join(folder, language + ".sarif")
    with open(path, "w", encoding="utf-8") as file:
        file.write(text or sarif())
    os.utime(path, (time.time() - age, time.time() - age))
    if said is not None:
        job.environment["CODEQL_ACTION_ANALYZE_DID_COMPLETE_SUCCESSFULLY"] = said


def next_job(job):
    """Another job on the same machine, with the same checkout and home."""
    other = OwnJob(root=job.root, name="scan", **{key: job.github[key] for key in ("GITHUB_API_URL", "GITHUB_WORKFLOW_REF", "GITHUB_EVENT_PATH")})
    other.base.update({key: job.base[key] for key in ("RUNNERFS_CA_FILE", "JOB_TOKEN")})
    other.repo, other.record = job.repo, job.record
    with open(other.github["GITHUB_EVENT_PATH"], "w", encoding="utf-8") as file:
        json.dump({"repository": {"full_name": "octo/hello", "default_branch": "main"}}, file)
    return other


def test_the_second_run_of_the_same_content_skips_and_uploads_the_same_alerts(scan):
    job = scan()
    assert check(job, source="local").outputs["should-skip-scan"] == "false"
    # A build leaves files behind; the key is that of the checkout all the same.
    job.repo.write("build.log", "x")
    analyze(job, sarif(count=4))
    posts = job.end()
    assert "stored" in posts[0].raw and "not stored" not in posts[0].raw, posts[0].raw
    os.unlink(job.repo.join("build.log"))
    scanned = job.repo.head()
    job.repo.commit("the same content again")
    again = next_job(job)
    step = check(again, source="local")
    assert step.outputs["should-skip-scan"] == "true" and step.outputs["needs-upload"] == "true", step.raw
    with open(step.outputs["cached-result"], encoding="utf-8") as file:
        run = json.load(file)["runs"][0]
    assert len(run["results"]) == 4 and run["properties"]["runnerfs.reusedFrom"]["commit"] == scanned
    summary = again.end()[-1].summary
    assert "| Scans skipped | 1 |" in summary
    job.repo.write("app.py", "print('changed')\n")
    job.repo.commit()
    third = next_job(job)
    assert check(third, source="local").outputs["should-skip-scan"] == "false"
    third.end()


def test_several_languages_are_stored_and_skipped_together(scan):
    job = scan(WORKFLOW.replace("languages: python", "languages: python, ruby").replace("          category: /language:python\n", "          category: both\n"))
    assert check(job).outputs["should-skip-scan"] == "false"
    analyze(job, sarif(count=2, category="both"))
    analyze(job, sarif(count=1, category="both"), language="ruby")
    posts = job.end()
    assert posts[0].raw.count("stored for later jobs") == 2, posts[0].raw
    job.repo.commit("the same content again")
    again = next_job(job)
    step = check(again)
    assert step.outputs["should-skip-scan"] == "true" and step.outputs["reason"].startswith("all 2 languages"), step.raw
    counts = {name: len(json.load(open(os.path.join(step.outputs["cached-result"], name), encoding="utf-8"))["runs"][0]["results"])
              for name in os.listdir(step.outputs["cached-result"])}
    assert counts == {"python.sarif": 2, "ruby.sarif": 1}
    again.end()


@pytest.mark.parametrize("how", ["failed", "old", "nothing", "incremental", "version"])
def test_what_is_no_whole_analysis_is_not_stored(scan, how):
    job = scan()
    check(job, source="local")
    if how == "failed":
        analyze(job, said="false")
    elif how == "old":
        analyze(job, age=3600)
    elif how == "incremental":
        analyze(job, sarif(properties={"incrementalMode": "diff-informed"}))
    elif how == "version":
        analyze(job, sarif(version="2.19.0"))
    job.end()
    again = next_job(job)
    assert check(again, source="local").outputs["should-skip-scan"] == "false"
    again.end()


def test_a_job_that_failed_stores_nothing(scan):
    job = scan()
    check(job, source="local")
    analyze(job, said=None)
    job.run("exit 3", expect=3)
    posts = job.end()
    assert "nothing is stored" in posts[0].raw
    again = next_job(job)
    assert check(again, source="local").outputs["should-skip-scan"] == "false"
    again.end()
