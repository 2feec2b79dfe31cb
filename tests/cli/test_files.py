"""cat, ls, put, rm, stat, why, path, stats, config, keygen without a daemon."""

import json
import os
import re

from conftest import PROGRAM
import pytest
import subprocess

BODY = '"full_name":"octo/hello"'


@pytest.mark.parametrize("path", ["api/repos/octo/hello.json", "./api/repos/octo/hello.json", "/repos/octo/hello",
                                  "https://api.github.com/repos/octo/hello", "api/repos/{owner}/{repo}.json", "/repos/{owner}/{repo}"])
def test_cat_takes_every_spelling_of_a_path(user, path):
    assert BODY in user.ok("cat", path, GITHUB_REPOSITORY="octo/hello").replace(" ", "")


def test_a_url_of_another_host_is_refused(user):
    assert user.run("cat", "https://elsewhere.example/repos/octo/hello").returncode == 17


def test_cat_takes_several_paths_and_ends_at_the_first_failure(user):
    user.ok("put", "cache/a", stdin="1")
    user.ok("put", "cache/b", stdin="2")
    assert user.ok("cat", "cache/a", "cache/b") == "12"
    result = user.run("cat", "cache/a", "cache/none", "cache/b")
    assert result.returncode == 10 and result.stdout == "1"


def test_owner_and_repo_come_from_the_remote_of_the_work_tree(user):
    user.write("work/.git/config", '[remote "origin"]\n\turl = https://github.com/octo/hello.git\n')
    assert BODY in user.ok("cat", "api/repos/{owner}/{repo}.json", cwd=user.join("work")).replace(" ", "")
    assert user.run("cat", "api/repos/{owner}/{repo}.json").returncode == 2


def test_a_reader_that_has_enough_is_no_failure(user):
    user.ok("put", "cache/big", stdin=json.dumps(["x" * 1000] * 1000))
    script = f'"{PROGRAM}" cat cache/big | head -c 10; echo " ${{PIPESTATUS[0]}}"'
    result = subprocess.run(["bash", "-c", script], env=user.environment(), capture_output=True, text=True, timeout=60, check=True)
    assert result.stdout == '["xxxxxxxx 0\n' and result.stderr == ""


def test_a_full_device_is_a_failure(user):
    user.ok("put", "cache/k", stdin="1")
    with open("/dev/full", "wb") as full:
        result = subprocess.run([PROGRAM, "cat", "cache/k"], env=user.environment(), stdout=full, stderr=subprocess.PIPE, text=True, check=False)
    assert result.returncode == 20 and "runnerfs: error:" in result.stderr


def test_put_cat_ls_stat_rm(user):
    user.write("doc.json", '{"a": 1}\n')
    user.ok("put", "--ttl", "24h", "cache/list_repos:octo", user.join("doc.json"))
    assert user.ok("cat", "cache/list_repos:octo") == '{"a": 1}\n'
    assert user.ok("ls", "cache").splitlines() == ["README", "list_repos:octo"]
    (line,) = [json.loads(line) for line in user.ok("ls", "--json", "cache").splitlines() if "octo" in line]
    assert line["size"] == 9 and line["directory"] is False
    info = json.loads(user.ok("stat", "--json", "cache/list_repos:octo"))
    assert info["xattrs"]["user.runnerfs.ttl"] == "86400" and info["size"] == 9 and info["held"] is True
    user.ok("rm", "cache/list_repos*")
    assert user.ok("ls", "cache").splitlines() == ["README"]


def test_two_processes_share_one_store(user):
    user.ok("cat", "api/repos/octo/hello.json")
    assert "user.runnerfs.source                 disk" in user.ok("stat", "--no-fetch", "api/repos/octo/hello.json")


def test_without_persistence_nothing_is_written(user):
    user.ok("cat", "--no-cache-persistence", "api/repos/octo/hello.json")
    assert not os.path.exists(user.join(".cache")) and not os.path.exists(user.join(".local"))


def test_a_job_on_a_hosted_runner_writes_nothing(user):
    user.ok("cat", "api/repos/octo/hello.json", RUNNERFS_KEY_SOURCE=None, GITHUB_ACTIONS="true", RUNNER_ENVIRONMENT="github-hosted")
    assert not os.path.exists(user.join(".local/state/runnerfs/root-key"))


def test_why_asks_nobody_and_tells_the_route(user):
    text = user.ok("why", "api/repos/octo/hello.json")
    assert "nothing is held" in text and "get_repo_info" in text and "300 s" in text
    user.ok("cat", "api/repos/octo/hello.json")
    text = user.ok("why", "api/repos/octo/hello.json")
    assert "answered at once" in text and "disk" in text and re.search(r'^etag +"[0-9a-f]+"$', text, re.M)


def test_path_prints_the_spelling_that_needs_no_quotes(user):
    url = "https://api.github.com/repos/octo/hello/actions/runs?status=success&per_page=5"
    assert user.ok("path", url, GITHUB_API_URL=None) == "api/repos/octo/hello/actions/runs@status=success@per_page=5.json\n"
    assert user.run("path", "https://elsewhere.example/x", GITHUB_API_URL=None).returncode == 17


def test_stats_have_the_names_of_the_reference_and_total_counts_on(user):
    user.ok("cat", "api/repos/octo/hello.json")
    user.ok("cat", "api/repos/octo/hello.json")
    total = json.loads(user.ok("stats", "--total"))
    assert total["hits"] == 1 and total["misses"] == 1 and total["scans_cached"] == 0 and total["credentials_stored"] == 0
    user.ok("stats", "--total", "-z")
    assert json.loads(user.ok("stats", "--total"))["misses"] == 0


def test_config_tells_values_and_origins(user):
    user.write(".config/runnerfs/config.yml", "api:\n  max_pages: 7\n")
    options = json.loads(user.ok("config", "--json", "--origin-timeout", "11s", CACHE_DEFAULT_TTL="2m"))["options"]
    assert options["api.max_pages"] == {"value": 7, "origin": user.join(".config/runnerfs/config.yml") + ":2"}
    assert options["origin.timeout"] == {"value": 11, "origin": "flag --origin-timeout"}
    assert options["cache.default_ttl"] == {"value": 120, "origin": "environment CACHE_DEFAULT_TTL"}
    assert options["max_object_size"] == {"value": 104857600, "origin": "default"}
    assert "CANARY" not in user.ok("config")


def test_keygen_prints_a_new_secret_each_time(user):
    one, two = user.ok("keygen"), user.ok("keygen")
    assert re.fullmatch(r"rfs1-[a-z2-7]{56}\n", one) and one != two


def test_init_decides_once(user):
    assert "file" in user.ok("init")
    assert os.stat(user.join(".local/state/runnerfs/root-key")).st_mode & 0o777 == 0o600
    assert "was there" in user.ok("init")


def test_doctor_walks_through_the_causes_and_writes_nothing(user):
    result = user.run("doctor")
    names = [line.split()[1] for line in result.stdout.splitlines() if not line.startswith(" ")]
    order = ["/dev/fuse", "fusermount3", "mount", "token", "api", "store", "state", "key"]
    assert [name for name in dict.fromkeys(names) if name in order] == order
    assert result.returncode in (0, 1) and result.stderr == ""
    assert not os.path.exists(user.join(".cache")) and not os.path.exists(user.join(".local"))
    assert "CANARY" not in result.stdout


def test_doctor_fails_when_github_does_not_answer(user):
    result = user.run("doctor", GITHUB_API_URL="http://127.0.0.1:1", RUNNERFS_ORIGIN_TIMEOUT="2")
    assert result.returncode == 1
    assert re.search(r"^fail  api .*\n      hint: ", result.stdout, re.M)
