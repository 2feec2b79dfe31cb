"""What users read agrees with what is there: action.yml, pages, examples, workflows, and the table of the guide's Python."""

import filecmp
import json
import os
import re
import subprocess
import sys

import pytest
import yaml_lite
from answers import answers
from conftest import ACTIONS, PROGRAM, ROOT

sys.path.append(os.path.join(ROOT, "tests/cli"))
from scans import Repo, sarif  # noqa: E402

NAMES = ("setup-github-cache", "setup-codeql-cache", "inject-credentials")
# The guide's, exactly; others are additions.
GUIDE = {
    "setup-github-cache": ({"enable-p2p": "true", "cache-size": "5000", "cache-ttl": "300", "p2p-port": "9000", "enable-peer-discovery": "true"},
                           {"cache-status", "peer-count", "cache-dir"}),
    "setup-codeql-cache": ({"enable-caching": "true", "cache-ttl": "86400", "commit-sha": "${{ github.sha }}"},
                           {"cache-status", "should-skip-scan", "cached-result", "cache-dir"}),
    "inject-credentials": ({"credentials": "", "credential-names": "", "runner-id": ""}, {"credentials-injected", "status"}),
}


def read(*parts):
    with open(os.path.join(ROOT, *parts), encoding="utf-8") as file:
        return file.read()


def rows(text, title):
    """The first column of the table under a title: names in backquotes."""
    part = text.split(f"\n## {title}\n", 1)[1].split("\n## ", 1)[0]
    return {name for line in part.splitlines() if line.startswith("| `") for name in re.findall(r"`([a-z0-9-]+)`", line.split("|")[1])}


@pytest.mark.parametrize("name", NAMES)
def test_an_action_has_the_guides_inputs_and_outputs(name):
    action = yaml_lite.action(os.path.join(ACTIONS, name, "action.yml"))
    inputs, outputs = GUIDE[name]
    for key, default in inputs.items():
        assert action["inputs"][key] == default, key
    assert action["inputs"]["github-token"] == "${{ github.token }}"
    assert outputs <= set(action["outputs"])
    assert action["using"] == "node24" and action["post-if"] == "always()"
    for entry in ("main", "post"):
        assert os.path.isfile(os.path.join(ACTIONS, name, action[entry]))


@pytest.mark.parametrize("name", NAMES)
def test_a_page_names_every_input_and_output_with_its_default(name):
    action, page = yaml_lite.action(os.path.join(ACTIONS, name, "action.yml")), read("actions", name, "README.md")
    assert rows(page, "Inputs") == set(action["inputs"])
    assert rows(page, "Outputs") == set(action["outputs"])
    for key, default in action["inputs"].items():
        if default and key not in ("use-path", "matrix", "job-status"):
            row = next(line for line in page.splitlines() if line.startswith("| `") and f"`{key}`" in line.split("|")[1])
            assert f"`{default}`" in row.split("|")[2], row
    for title in ("Permissions", "Inputs", "Outputs"):
        assert f"\n## {title}\n" in page


@pytest.mark.parametrize("name", NAMES)
def test_outputs_without_a_program_are_all_outputs(name):
    action, text = yaml_lite.action(os.path.join(ACTIONS, name, "action.yml")), read("actions", name, "main.cjs")
    listed = set(re.findall(r"^  '?([a-z-]+)'?:", text, re.M))
    assert listed == set(action["outputs"])


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("file", ["launch.cjs", "release.json"])
def test_each_folder_has_the_same_copy(name, file):
    assert filecmp.cmp(os.path.join(ACTIONS, file), os.path.join(ACTIONS, name, file), shallow=False)


def test_the_javascript_needs_nothing_that_is_not_nodes_own():
    for folder, _, files in os.walk(ACTIONS):
        assert "package.json" not in files and "node_modules" not in folder
        for name in files:
            if name.endswith(".cjs"):
                with open(os.path.join(folder, name), encoding="utf-8") as file:
                    for required in re.findall(r"require\('([^']+)'\)", file.read()):
                        assert required.startswith("node:") or required in ("./launch.cjs", "./release.json")


def workflows():
    for folder in (".github/workflows", "actions/examples"):
        for name in sorted(os.listdir(os.path.join(ROOT, folder))):
            yield f"{folder}/{name}"


@pytest.mark.parametrize("name", workflows())
def test_a_workflow_gives_actions_only_inputs_that_they_have(name):
    text = read(name)
    assert re.search(r"^permissions:", text, re.M), "permissions are to be named"
    steps = re.findall(r"uses: (\S+)[^\n]*\n((?:(?! *- )[^\n]*\n)*)", text)
    assert steps
    for uses, rest in steps:
        local = re.match(r"\./(?:\.github/)?actions/([a-z-]+)$", uses)
        if not local:
            assert re.search(r"@[0-9a-f]{40}$", uses), f"{uses} is not pinned"
            continue
        action = yaml_lite.action(os.path.join(ACTIONS, local.group(1), "action.yml"))
        given = re.search(r"^( *)with:\n((?:\1 +[^\n]*\n)*)", rest, re.M)
        if given:
            indent = re.match(r" *", given.group(2)).group()
            for key in re.findall(rf"^{indent}([a-z0-9-]+):", given.group(2), re.M):
                assert key in action["inputs"], (uses, key)
    # Outputs that are used are outputs that there are.
    ids = dict(re.findall(r"id: ([a-z]+)\n *uses: \./(?:\.github/)?actions/([a-z-]+)", text))
    for step, output in re.findall(r"steps\.([a-z]+)\.outputs\.([a-z-]+)", text):
        if step in ids:
            assert output in yaml_lite.action(os.path.join(ACTIONS, ids[step], "action.yml"))["outputs"], output


def test_the_four_troubles_end_in_doctor():
    text = read("actions/README.md").split("## If something is not as it should be")[1].split("\n## ")[0]
    paragraphs = [part for part in text.split("\n\n") if part.startswith("**")]
    assert len(paragraphs) == 4 and all("`runnerfs doctor`" in part.replace("\n", " ") for part in paragraphs)


def test_every_command_of_the_pages_is_one():
    listed = subprocess.run([PROGRAM, "list-options"], capture_output=True, text=True, check=True).stdout
    commands = {line.split()[0] for line in listed.splitlines()} | {"help"}
    for name in ["actions/README.md"] + [f"actions/{one}/README.md" for one in NAMES]:
        for command in re.findall(r"`runnerfs ([a-z]+)", read(name)):
            assert command in commands, (name, command)


def test_the_guides_python_has_a_path_or_command_for_each_line(job):
    """Each row of the table does what the line of Python did."""
    answers(job, [{"scope": "https://api.github.com:443", "method": "get", "path": "/users/owner/repos", "status": 200, "response": [{"name": "one"}],
                   "rawHeaders": ["Content-Type", "application/json; charset=utf-8"]}])
    job.github_cache()
    job.run("""
printf value | runnerfs secret put API_KEY --scope repo --filter octo/hello --ttl 24h
test "$(cat "$RUNNERFS_MOUNT/secrets/API_KEY")" = value
test "$(runnerfs secret get API_KEY)" = value
runnerfs secret ls | grep -q API_KEY
test "$(jq .active_credentials "$RUNNERFS_MOUNT/.runnerfs/stats.json")" = 1
echo '["one"]' | runnerfs put --ttl 600 cache/list_repos:owner
test "$(jq -r '.[0]' "$RUNNERFS_MOUNT/cache/list_repos:owner")" = one
test "$(runnerfs cat api/users/owner/repos.json | jq -r '.[0].name')" = one
runnerfs stats | jq -e '.hit_rate >= 0 and .api_calls_saved >= 0' >/dev/null
jq -e '[.connected_peers, .peer_hits, .total_hits, .scan_time_saved_hours] | all(. >= 0)' "$RUNNERFS_MOUNT/.runnerfs/stats.json" >/dev/null
eval "$(runnerfs env)"
test "$CACHE_DIR" = "$HOME/.cache/github-api-p2p"
test "$CREDENTIALS_DIR" = "$HOME/.credentials"
""")
    job.end()


def test_the_script_of_the_guide_sets_variables_and_no_token(job):
    answers(job)
    job.github_cache()
    script = os.path.join(ROOT, "scripts/ci/setup_gh_auth_and_p2p.sh")
    step = job.run(f'. "{script}"; env', env={"GITHUB_TOKEN": "ghp_tokenCANARYtokenCANARY"})
    assert "CACHE_DIR=" in step.raw and "RUNNERFS_MOUNT=" in step.raw
    told = job.run("runnerfs env", env={"GITHUB_TOKEN": "ghp_tokenCANARYtokenCANARY"})
    assert "CANARY" not in told.raw and "export CACHE_DIR=" in told.raw
    job.end()
    job.environment.clear()
    # Without the action it starts the daemon itself.
    job.run(f'PATH={os.path.dirname(PROGRAM)}:$PATH; . "{script}"; runnerfs cat api/repos/octo/hello.json >/dev/null; runnerfs umount "$RUNNERFS_MOUNT"',
            env={"XDG_RUNTIME_DIR": job.home})


def test_the_guides_python_about_scans_has_a_command_for_each_line(job):
    """What was put, with the time that it took, is what a later check skips by and what a path shows; other content scans."""
    os.rmdir(job.workspace)
    repo = Repo(job.workspace)
    where = f"$RUNNERFS_MOUNT/codeql/octo/hello/{repo.head()}/security-extended/python.sarif"
    job.github["GITHUB_SHA"] = repo.head()
    with open(job.join("python.sarif"), "w", encoding="utf-8") as file:
        file.write(sarif(count=2))
    job.github_cache()
    job.run(f"""
scan="--language python --config security-extended --tool-version 2.20.1"
runnerfs codeql check $scan >first
grep -q ^scan first; rm first
runnerfs codeql put $scan --scan-duration 300 {job.join("python.sarif")}
cmp "{where}" {job.join("python.sarif")}
test "$(jq .alerts_count "$(dirname "{where}")/python.json")" = 2
runnerfs codeql ls | grep -q octo/hello
runnerfs codeql check $scan | grep -q ^skip
jq -e '.scans_cached == 1 and .scans_skipped == 1 and .scan_time_saved_hours > 0.08' "$RUNNERFS_MOUNT/.runnerfs/stats.json"
echo 'print("other")' >app.py; git -c user.name=a -c user.email=a@example.com commit -qam other
GITHUB_SHA=$(git rev-parse HEAD) runnerfs codeql check $scan | grep -q ^scan
""")
    job.end()


def test_release_json_is_what_launch_reads():
    document = json.loads(read("actions/release.json"))
    assert re.fullmatch(r"\d+\.\d+\.\d+", document["version"])
    for assets in document["assets"].values():
        for asset in assets.values():
            assert re.fullmatch(r"[0-9a-f]{64}", asset["sha256"]) and "bin/runnerfs" in asset["files"]
