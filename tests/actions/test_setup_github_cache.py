"""setup-github-cache as a job runs it, and how its JavaScript finds the program."""

import hashlib
import http.server
import json
import os
import shutil
import subprocess
import sys
import tarfile
import threading

import pytest
from answers import answers
from conftest import PROGRAM, copied

sys.path.append(os.path.normpath(os.path.join(os.path.dirname(os.path.abspath(__file__)), "../server")))
from cache_server import CacheServer  # noqa: E402
from client import Server  # noqa: E402
from fixtures import ALPHA  # noqa: E402

DISABLED = {"cache-status": "disabled", "peer-count": "0", "cache-dir": "", "mount-path": "", "mount-status": "disabled", "restored-entries": "0"}


def configure(job, text, name="cache-config.yml"):
    os.makedirs(os.path.join(job.workspace, ".github"), exist_ok=True)
    with open(os.path.join(job.workspace, ".github", name), "w", encoding="utf-8") as file:
        file.write(text)


def test_outputs_are_those_of_the_guide_and_more(job):
    step = job.github_cache()
    assert step.ok and step.annotations == [], step.raw
    assert step.outputs["cache-status"] == "success" and step.outputs["peer-count"] == "0" and step.outputs["mount-status"] == "mounted"
    assert step.outputs["cache-dir"] == os.path.join(job.home, ".cache/github-api-p2p") and os.path.isdir(step.outputs["cache-dir"])
    assert set(step.outputs) == set(DISABLED) and set(step.environment) == {"RUNNERFS_MOUNT"}
    assert os.path.ismount(step.outputs["mount-path"]) and not step.held
    job.end()


def test_steps_read_answers_and_the_summary_counts_them(job):
    answers(job)
    job.github_cache()
    later = job.run('for i in 1 2 3; do cat "$RUNNERFS_MOUNT/api/repos/octo/hello.json" >"$RUNNER_TEMP/x"; done; runnerfs cat api/repos/octo/hello.json')
    assert '"full_name": "octo/hello"' in later.log.replace('":"', '": "')
    posts = job.end()
    summary = posts[-1].summary
    assert "| API calls made | 1 |" in summary and "```mermaid" in summary and "Peers" in summary
    assert "Credentials granted" in summary and "Scans skipped" in summary and "API limit left" in summary


def test_one_mount_for_all_actions_of_a_job(job):
    first = job.github_cache()
    second = job.inject('[{"name": "A", "value": "value-a"}]')
    third = job.github_cache()
    assert first.outputs["mount-path"] == second.outputs["mount-path"] == third.outputs["mount-path"]
    assert len([1 for _, line in job.processes() if "action daemon" in line]) == 1
    posts = job.end()
    assert [bool(post.summary) for post in posts] == [False, False, True]


def test_inputs_are_settings(job):
    job.github_cache(cache_size="77", cache_ttl="90")
    config = job.run('cat "$RUNNERFS_MOUNT/.runnerfs/config.yml"').log
    assert "max_size: 77" in config and "default_ttl: 90" in config and "input cache-size" in config
    job.end()


def test_a_default_gives_way_to_the_checkout(job):
    configure(job, "cache:\n  max_size: 123\n")
    job.github_cache()
    assert "max_size: 123" in job.run('cat "$RUNNERFS_MOUNT/.runnerfs/config.yml"').log
    job.end()


def test_the_guides_defaults_hold(job):
    job.github_cache()
    config = job.run('cat "$RUNNERFS_MOUNT/.runnerfs/config.yml"').log
    assert "max_size: 5000" in config and "default_ttl: 300" in config
    job.end()


def test_settings_as_yaml_and_as_a_file(make_job):
    job = make_job()
    job.github_cache(config="operation_ttls:\n  list_repos: 60\nlog:\n  level: warning\n")
    config = job.run('cat "$RUNNERFS_MOUNT/.runnerfs/config.yml"').log
    assert "input config, line 2" in config and "input config, line 4" in config
    job.end()
    job = make_job()
    configure(job, "cache: {max_size: 9}\n", "runnerfs.yml")
    job.github_cache(config=".github/runnerfs.yml")
    assert "max_size: 9" in job.run('cat "$RUNNERFS_MOUNT/.runnerfs/config.yml"').log
    job.end()


def test_a_cache_that_is_switched_off_is_disabled(job):
    configure(job, "cache:\n  enabled: false\n")
    step = job.github_cache()
    assert step.code == 0 and step.outputs["cache-status"] == "disabled" and "cache.enabled" in step.annotated("notice")
    job.end()


@pytest.mark.parametrize("inputs, word", [({"cache_size": "many"}, "cache-size"), ({"cache_ttl": "-1"}, "cache-ttl"),
                                          ({"config": "no_such_key: 1\n"}, "no_such_key"), ({"config": "missing.yml"}, "missing.yml")])
def test_wrong_inputs_do_not_fail_the_job(job, inputs, word):
    step = job.github_cache(**inputs)
    assert step.code == 0 and step.outputs["cache-status"] == "disabled" and step.outputs["mount-status"] == "disabled"
    assert set(step.outputs) == set(DISABLED)
    assert word in step.annotated("warning") and len(step.annotations) == 1
    job.end()


def test_no_token_is_a_warning(job):
    step = job.github_cache(github_token="")
    assert step.code == 0 and step.outputs["cache-status"] == "success" and "no token" in step.annotated("warning")
    job.end()


def test_paths_are_fetched_beforehand(job):
    answers(job)
    step = job.github_cache(prefetch="repos/octo/hello.json\nrepos/octo/none.json")
    assert step.code == 0 and "repos/octo/none.json" in step.annotated("warning")
    stats = json.loads(job.run('cat "$RUNNERFS_MOUNT/api/repos/octo/hello.json" >/dev/null; runnerfs stats').raw)
    assert stats["hits"] == 1 and stats["api_calls_made"] == 2
    job.end()


def test_the_cache_lasts_from_job_to_job(make_job):
    job = make_job()
    answers(job)
    job.github_cache()
    job.run('cat "$RUNNERFS_MOUNT/api/repos/octo/hello.json"')
    job.end()
    again = make_job(root=job.root)
    answers(again)
    assert int(again.github_cache().outputs["restored-entries"]) >= 1
    again.end()


def test_what_one_job_read_is_there_for_the_next(make_job):
    """On another machine, through the cache service that runners give to actions."""
    with CacheServer() as cache:
        cache.grant("runtime-token-of-the-tests", "refs/heads/main")

        def job():
            one = make_job()
            answers(one)
            one.actions.update(cache.environment("runtime-token-of-the-tests"))
            return one

        first = job()
        assert first.github_cache(shared_secret="a fleet secret of some length").outputs["restored-entries"] == "0"
        first.run("echo '[\"octo\"]' | runnerfs put cache/list_repos:octo --ttl 1h")
        assert "saved" in first.end()[-1].raw
        second = job()
        assert int(second.github_cache(shared_secret="a fleet secret of some length").outputs["restored-entries"]) == 1
        assert "octo" in second.run("runnerfs cat cache/list_repos:octo").log
        second.end()
        assert all("a fleet secret" not in line for step in first.steps + second.steps for line in step.argv)


def test_jobs_of_a_repository_find_each_other_through_its_cache(make_job):
    """No address is named: the daemon that an action starts has the runner's token for the cache service."""
    with Server() as github, CacheServer() as cache:
        cache.on_done = lambda: github.caches(entries=cache.listing())
        cache.grant("runtime-token-of-the-tests", "refs/heads/main")

        def job(port, **more):
            one = make_job(**more)
            one.actions.update(cache.environment("runtime-token-of-the-tests"))
            config = f"p2p:\n  listen: [127.0.0.1]\napi:\n  url: {github.url}\nca_file: {github.ca_file}\n"
            return one, one.github_cache(shared_secret="a fleet secret of some length", p2p_port=port, config=config, github_token=ALPHA)

        first, alone = job("19374")
        assert alone.outputs["peer-count"] == "0", alone.raw
        first.run("for i in $(seq 100); do [ \"$(jq .beacons.hung $RUNNERFS_MOUNT/.runnerfs/peers.json)\" = 0 ] || exit 0; sleep 0.1; done; exit 1")
        first.run("echo '[\"octo/hello\"]' | runnerfs put cache/list_repos:octo")
        second, found = job("19375", runner_id="runner-2")
        assert found.outputs["peer-count"] == "1", found.raw
        assert "octo/hello" in second.run("runnerfs cat cache/list_repos:octo").log
        for one in (second, first):
            posts, killed = one.finish()
            assert all(post.ok for post in posts) and killed == []
            assert "runtime-token-of-the-tests" not in "".join(step.raw + "".join(step.argv) for step in one.steps)
        assert any(key.startswith("rfs-beacon1-") for key in cache.keys())


@pytest.mark.parametrize("name", ["setup-github-cache", "setup-codeql-cache", "inject-credentials"])
def test_whichever_makes_the_daemon_restores_and_saves(make_job, name):
    """Whatever comes behind it in the job; the secret stands in a file that the input `config` names."""
    with CacheServer() as cache:
        cache.grant("runtime-token-of-the-tests", "refs/heads/main")

        def job():
            one = make_job()
            answers(one)
            one.actions.update(cache.environment("runtime-token-of-the-tests"))
            with open(one.join("fleet"), "w", encoding="utf-8") as file:
                file.write("a fleet secret of some length\n")
            one.action(name, {"config": f"p2p:\n  secret_file: {one.join('fleet')}\n"})
            return one

        first = job()
        first.inject('[{"name": "A", "value": "value-a"}]')
        assert first.github_cache().outputs["restored-entries"] == "0"
        first.run("echo '[\"octo\"]' | runnerfs put cache/list_repos:octo --ttl 1h")
        posts = first.end()
        assert ["saved 1 entries" in post.raw for post in posts] == [False, False, True], [post.raw for post in posts]
        assert cache.keys()[0].startswith("runnerfs-snapshot-1-sealed-")
        second = job()
        assert "octo" in second.run("runnerfs cat cache/list_repos:octo").log
        finds = len(cache.requests("find"))
        assert second.github_cache().outputs["restored-entries"] == "1"
        assert len(cache.requests("find")) == finds, "what is there is not fetched again"
        second.end()


def test_a_cache_service_that_is_dead_costs_little_and_fails_nothing(job):
    job.actions.update({"ACTIONS_RESULTS_URL": "http://127.0.0.1:9/", "ACTIONS_CACHE_SERVICE_V2": "True"})
    step = job.github_cache()
    assert step.ok and step.outputs["cache-status"] == "success" and "nothing was restored" in step.raw
    assert "saved" not in job.end()[-1].raw


def test_runners_that_hold_one_secret_share_what_they_have(make_job):
    secret = "rfs1-" + subprocess.run([PROGRAM, "keygen"], capture_output=True, text=True, check=True).stdout.strip().removeprefix("rfs1-")
    first, second = make_job(), make_job(runner_id="runner-2")
    config = "p2p:\n  listen: [127.0.0.1]\n"
    first.github_cache(shared_secret=secret, p2p_port="19371", config=config)
    step = second.github_cache(shared_secret=secret, p2p_port="19372", config=config + "  bootstrap_peers: [/ip4/127.0.0.1/tcp/19371]\n")
    assert step.ok and int(step.outputs["peer-count"]) >= 0
    second.run("for i in $(seq 100); do [ \"$(jq '.peers | length' $RUNNERFS_MOUNT/.runnerfs/peers.json)\" = 0 ] || exit 0; sleep 0.1; done; exit 1")
    first.run("echo '[\"octo/hello\"]' | runnerfs put cache/list_repos:octo")
    second.run("for i in $(seq 100); do runnerfs cat cache/list_repos:octo 2>/dev/null && exit 0; sleep 0.1; done; exit 1")
    third = make_job()
    assert third.github_cache(p2p_port="19373").outputs["peer-count"] == "0"
    for job in (third, second, first):
        assert secret not in "".join(step.raw + "".join(step.argv) for step in job.steps)
    # Three jobs of one machine at a time: each ends its own.
    for job in (third, second, first):
        posts, killed = job.finish()
        assert all(post.ok for post in posts) and killed == []
    assert first.leftovers() == []


# ---- finding the program


class Release:
    """A release as the release workflow makes it, of the program under test, known to a copy of the action."""

    def __init__(self, job, version="9.9.9"):
        self.job, self.folder = job, copied(job, "setup-github-cache")
        root = job.join("release/runnerfs-linux-amd64")
        os.makedirs(os.path.join(root, "bin"))
        os.makedirs(os.path.join(root, "lib"))
        shutil.copy(PROGRAM, os.path.join(root, "bin/runnerfs"))
        with open(os.path.join(root, "lib/libexample.so.1"), "w", encoding="utf-8") as file:
            file.write("a library")
        self.archive = job.join("release/runnerfs-linux-amd64.tar.gz")
        with tarfile.open(self.archive, "w:gz", compresslevel=1) as tar:
            tar.add(root, "runnerfs-linux-amd64")
        files = {name: self.digest(os.path.join(root, name)) for name in ("bin/runnerfs", "lib/libexample.so.1")}
        asset = {"url": "file://" + self.archive, "sha256": self.digest(self.archive), "files": files}
        self.write({"version": version, "assets": {version: {f"linux-{job.architecture()}": asset}}})
        self.installed = job.join("tools/runnerfs", version, job.architecture())

    @staticmethod
    def digest(path):
        with open(path, "rb") as file:
            return hashlib.sha256(file.read()).hexdigest()

    def write(self, document):
        self.document = document
        with open(os.path.join(self.folder, "release.json"), "w", encoding="utf-8") as file:
            json.dump(document, file)

    def use(self, **inputs):
        return self.job.uses(self.folder, {key.replace("_", "-"): value for key, value in inputs.items()})


def test_a_release_is_fetched_checked_and_kept(job):
    release = Release(job)
    step = release.use()
    assert step.outputs["cache-status"] == "success", step.raw
    assert step.state["program"] == os.path.join(release.installed, "bin/runnerfs")
    job.end()
    os.unlink(release.archive)  # the tool cache has it
    assert release.use().outputs["cache-status"] == "success"
    job.end()


def test_an_archive_with_a_wrong_digest_is_not_unpacked(job):
    release = Release(job)
    with open(release.archive, "ab") as file:
        file.write(b"more")
    step = release.use()
    assert step.code == 0 and step.outputs == DISABLED and "SHA-256" in step.annotated("warning") and "hint" in step.annotated("warning")
    assert not os.path.exists(release.installed)
    job.end()


@pytest.mark.parametrize("name", ["bin/runnerfs", "lib/libexample.so.1"])
def test_a_changed_file_of_the_tool_cache_is_not_used(job, name):
    release = Release(job)
    release.use()
    job.end()
    with open(os.path.join(release.installed, name), "ab") as file:
        file.write(b"more")
    os.unlink(release.archive)
    step = release.use()
    assert step.outputs == DISABLED and step.code == 0
    job.end()


def test_another_place_for_the_same_release(job):
    release = Release(job)
    asset = next(iter(release.document["assets"]["9.9.9"].values()))
    asset["url"] = "http://127.0.0.1:9/none"
    release.write(release.document)

    class Handler(http.server.SimpleHTTPRequestHandler):
        def __init__(self, *arguments):
            super().__init__(*arguments, directory=job.join("release"))

        def log_message(self, *_):
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        url = f"http://127.0.0.1:{server.server_port}/runnerfs-linux-amd64.tar.gz"
        assert release.use().outputs == DISABLED
        assert release.use(download_url=url + "x").outputs == DISABLED
        assert release.use(download_url=url).outputs["cache-status"] == "success"
        server.shutdown()
    job.end()


def test_path_is_used_only_when_asked(job):
    folder = copied(job, "setup-github-cache")
    os.makedirs(job.join("bin"))
    os.symlink(PROGRAM, job.join("bin/runnerfs"))
    job.base["PATH"] = job.join("bin") + ":" + job.base["PATH"]
    step = job.uses(folder)
    assert step.code == 0 and step.outputs == DISABLED and "binary-path" in step.annotated("warning")
    assert job.uses(folder, {"use-path": "true"}).outputs["cache-status"] == "success"
    job.end()


@pytest.mark.parametrize("inputs", [{"runnerfs-version": "1.2.3"}, {"binary-path": "/nowhere/runnerfs"}, {"binary-path": "/etc"}])
def test_no_program_sets_outputs_and_says_why(job, inputs):
    Release(job)
    step = job.uses(os.path.join(job.workspace, ".github/actions/setup-github-cache"), inputs)
    assert step.code == 0 and step.outputs == DISABLED and len(step.annotations) == 1 and "hint" in step.annotated("warning")
    job.end()


def test_a_machine_that_no_release_is_for(job):
    release = Release(job)
    release.write({"version": "9.9.9", "assets": {"9.9.9": {"linux-riscv64": next(iter(release.document["assets"]["9.9.9"].values()))}}})
    step = release.use()
    assert step.outputs == DISABLED and step.code == 0 and "there is no runnerfs for" in step.annotated("warning")
    job.end()


def test_a_program_that_breaks_off_sets_outputs(job):
    with open(job.join("broken"), "w", encoding="utf-8") as file:
        file.write("#!/bin/sh\nkill -9 $$\n")
    os.chmod(job.join("broken"), 0o755)
    step = job.github_cache(binary_path=job.join("broken"))
    assert step.code == 0 and step.outputs == DISABLED and "signal" in step.annotated("warning")
    posts, _ = job.finish()
    assert posts[0].code == 0


def test_post_runs_the_program_of_main_whatever_path_says(job):
    job.github_cache()
    job.run('mkdir -p "$RUNNER_TEMP/evil"; printf "#!/bin/sh\\necho pwned\\n" > "$RUNNER_TEMP/evil/runnerfs"; chmod +x "$RUNNER_TEMP/evil/runnerfs"; '
            'cp "$RUNNER_TEMP/evil/runnerfs" "$RUNNER_TEMP/evil/tar"; echo "$RUNNER_TEMP/evil" >> "$GITHUB_PATH"; echo "RUNNERFS_SOCKET=/nowhere" >> "$GITHUB_ENV"')
    assert "pwned" in job.run("runnerfs").log
    posts = job.end()
    assert "pwned" not in posts[0].raw
