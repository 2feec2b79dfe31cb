""".runnerfs/: the filesystem explaining itself."""

import json
import os
import re

import pytest
from fixtures import ALPHA
from rfs import error_of, write

NAMES = ["hits", "misses", "peer_hits", "local_hits", "total_hits", "total_requests", "hit_rate", "api_calls_made",
         "api_calls_saved", "expirations", "evictions", "cache_size", "max_cache_size", "connected_peers", "p2p_enabled"]


def test_the_directory_lists_its_files(mount):
    assert {"stats.json", "metrics", "errors.jsonl", "config.yml", "ctl", "ratelimit.json", "README"} <= set(
        os.listdir(mount.join(".runnerfs")))


def test_stats_have_the_names_of_the_reference(mount):
    stats = mount.stats()
    assert set(NAMES) <= set(stats)
    assert stats["api_calls_made"] == 0 and stats["p2p_enabled"] is False and stats["connected_peers"] == 0


def test_stats_count_what_happened_since_the_mount(mount, server):
    mount.read("api/user.json")
    mount.read("api/user.json")
    mount.read("api/user.json")
    mount.error("api/users/nobody.json")
    stats = mount.stats()
    assert stats["api_calls_made"] == server.count() == 2
    assert stats["api_calls_saved"] == 2 and stats["hits"] == 2 and stats["misses"] == 2
    assert stats["total_requests"] == stats["total_hits"] + stats["misses"]
    assert 0 < stats["hit_rate"] < 101 and stats["cache_size"] >= 1 and stats["max_cache_size"] >= 5000


def test_reading_stats_counts_nothing(mount):
    assert {name: mount.stats()[name] for name in NAMES} == {name: mount.stats()[name] for name in NAMES}


def test_metrics_are_prometheus_text(mount):
    mount.read("api/user.json")
    text = mount.read(".runnerfs/metrics").decode()
    assert text.endswith("\n")
    sample = re.compile(r'[a-zA-Z_:][a-zA-Z0-9_:]*(\{([a-zA-Z_]\w*="(\\.|[^"\\])*",?)*\})? [-+0-9.eE]+(Inf|NaN)?$')
    typed, seen = {}, []
    for line in text.splitlines():
        if line.startswith("# TYPE "):
            _, _, name, kind = line.split(" ")
            assert kind in ("counter", "gauge", "histogram", "summary") and name not in typed
            typed[name] = kind
        elif not line.startswith("#"):
            assert sample.match(line), line
            name = re.split(r"[{ ]", line)[0]
            assert name.startswith("runnerfs_")
            assert any(name in (base, base + "_bucket", base + "_sum", base + "_count") for base in typed), line
            seen.append(line.rpartition(" ")[0])
    assert len(seen) == len(set(seen)), "a sample twice"
    assert re.search(r"^runnerfs_api_calls_made(_total)? 1$", text, re.M)


def test_errors_have_the_whole_story(mount):
    mount.error("api/users/nobody.json")
    (line,) = mount.errors()
    assert {"time", "path", "errno", "message", "hint"} <= set(line)
    assert (line["path"], line["errno"]) == ("api/users/nobody.json", "ENOENT")
    assert line["request_id"] == "1AFE:0001:TEST" and "Not Found" in line["message"]
    assert re.match(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d", str(line["time"])) or float(line["time"]) > 1.7e9


def test_the_configuration_says_where_each_value_came_from(home, make_mount):
    home.configure("api:\n  max_pages: 7\n")
    mount = make_mount("--origin-timeout", "11s", "-o", "max_object_size=5M", CACHE_DEFAULT_TTL="123")
    text = mount.read(".runnerfs/config.yml").decode()
    for key, value, origin in (("max_pages", "7", "config.yml:2"), ("timeout", "11", "--origin-timeout"),
                               ("default_ttl", "123", "CACHE_DEFAULT_TTL"), ("max_object_size", "5", "-o"),
                               ("max_size", "", "default"), ("url", mount.home.server.url, "GITHUB_API_URL")):
        assert re.search(rf"^\s*{key}: .*{re.escape(value)}.*#.*{re.escape(origin)}", text, re.M), (key, text)
    assert ALPHA not in text


def test_its_files_are_read_only_but_ctl(mount):
    assert error_of(write, mount.join(".runnerfs/stats.json"), "{}") in ("EROFS", "EACCES")
    assert error_of(write, mount.join(".runnerfs/new"), "{}") in ("EROFS", "EACCES")
    assert error_of(os.unlink, mount.join(".runnerfs/stats.json")) in ("EROFS", "EACCES")
    assert mount.error(".runnerfs/ctl") in ("EACCES", "EROFS", "EINVAL", "")
    assert mount.error(".runnerfs/nothing") == "ENOENT"


def test_ctl_invalidates_by_pattern(mount, server):
    for key in ("list_repos:a", "list_repos:b", "other"):
        write(mount.join("cache", key), "1")
    write(mount.join(".runnerfs/ctl"), "invalidate list_repos*\n")
    assert [key for key in os.listdir(mount.join("cache")) if key != "README"] == ["other"]


def test_ctl_takes_one_command_a_line(mount):
    for key in ("a", "b", "c"):
        write(mount.join("cache", key), "1")
    write(mount.join(".runnerfs/ctl"), "invalidate a\n\ninvalidate b\nlog debug\n")
    assert [key for key in os.listdir(mount.join("cache")) if key != "README"] == ["c"]
    with open(mount.join(".runnerfs/ctl"), "ab") as file:  # as `echo >> ctl`
        file.write(b"invalidate c\n")
    assert os.listdir(mount.join("cache")) == ["README"]


def test_ctl_flush_forgets_every_answer_and_entry(mount, server):
    mount.read("api/user.json")
    write(mount.join("cache/k"), "1")
    write(mount.join(".runnerfs/ctl"), "flush\n")
    assert os.listdir(mount.join("cache")) == ["README"]
    assert mount.read("api/user.json") == b'{"login":"octo","id":7}'
    assert server.count() == 2


@pytest.mark.parametrize("command", ["nonsense", "log loudly", "invalidate", "validate", "log"])
def test_ctl_refuses_what_it_does_not_know(mount, command):
    assert error_of(write, mount.join(".runnerfs/ctl"), command + "\n") == "EINVAL"
    line = mount.errors()[-1]
    assert line["path"] == ".runnerfs/ctl" and line["errno"] == "EINVAL"


def test_the_files_are_made_at_open_and_have_no_stale_size(mount):
    before = mount.read(".runnerfs/stats.json")
    mount.read("api/user.json")
    after = mount.read(".runnerfs/stats.json")
    assert json.loads(before)["api_calls_made"] == 0 and json.loads(after)["api_calls_made"] == 1
    assert os.stat(mount.join(".runnerfs/errors.jsonl")).st_size == 0


def test_errors_are_the_last_thousand(mount):
    for index in range(1050):
        error_of(write, mount.join(".runnerfs/ctl"), f"nonsense {index}\n")
    errors = mount.errors()
    assert len(errors) == 1000
