"""A failure is two lines on stderr, nothing on stdout, and the exit code of its kind."""

import json
import os
import signal
import subprocess

import pytest
from conftest import PROGRAM, failure


@pytest.mark.parametrize("arguments", [
    [], ["nonsense"], ["mount", "--no-such"], ["mount", "-o", "no_such=1", "/tmp"], ["mount", "a", "b", "c"], ["cat"],
    ["mount", "--origin-timeout", "soon"], ["mount", "--key-source", "magic"], ["mount", "-o", "ro,rw"], ["mount", "-o", "ca_file"],
    ["mount", "--key-source", "file", "-o", "key_source=memory"], ["cat", "--origin-timeout", "1", "--origin-timeout", "2", "api/user.json"],
    ["keygen", "much"], ["serve", "here"], ["put"], ["why", "a", "b"], ["help", "nonsense"], ["umount", "a", "b"],
    ["put", "--ttl", "soon", "cache/k"], ["mount", "--config", "/no/such/file.yml"], ["status", "--interval", "x"]])
def test_a_wrong_command_line_is_exit_2(user, arguments):
    failure(user.run(*arguments), 2)


@pytest.mark.parametrize("arguments, code", [
    (["cat", "api/users/nobody.json"], 10), (["cat", "api/nonsense"], 10), (["cat", "cache/none"], 10), (["rm", "cache/none"], 10),
    (["cat", "api/repos/octo/hello/%2e%2e/x.json"], 17), (["cat", "api/" + "x" * 300 + ".json"], 18), (["cat", "api"], 23),
    (["ls", "api/nonsense/x"], 10), (["cat", "cache/a/b"], None), (["status"], 10), (["umount"], 10), (["umount", "/tmp"], 10),
    (["cat", "--socket", "/no/such.sock", "api/user.json"], 14), (["put", "api/user.json", "/dev/null"], 19),
    (["why", "api/nonsense"], 10), (["put", "cache/k", "/no/such/file"], 10)])
def test_each_kind_of_failure_has_its_code(user, arguments, code):
    failure(user.run(*arguments), code)


def test_what_may_lie_in_a_store_that_cannot_be_read_is_not_called_absent(user):
    user.ok("put", "cache/k", stdin="[1]")
    database = user.join(".cache/github-api-p2p/cache.db")
    os.rename(database, database + ".away")
    os.symlink("cache.db", database)  # what root cannot read either
    for command in ("cat", "stat", "why", "rm"):
        assert "cache/k: the store cannot be read: " in failure(user.run(command, "cache/k"))
    listed = user.run("ls", "cache")
    assert listed.returncode not in (0, 1) and listed.stdout == "README\n" and "cannot be read" in listed.stderr
    assert "cannot be read, and may hold it" in user.ok("why", "api/repos/octo/hello.json")
    assert "octo/hello" in user.ok("cat", "api/repos/octo/hello.json")
    checked = user.run("doctor")
    assert checked.returncode == 1 and "fail  answers" in checked.stdout
    user.serve()
    assert "cache/k: the store cannot be read: " in failure(user.run("cat", "cache/k"))
    user.clean_daemons()
    os.replace(database + ".away", database)
    assert user.ok("cat", "cache/k") == "[1]"
    failure(user.run("cat", "cache/none"), 10)


def test_a_mountpoint_that_cannot_be_looked_at_is_not_called_missing(user):
    os.symlink("loop", user.join("loop"))
    assert "does not exist" not in failure(user.run("mount", user.join("loop", "rfs")))


def test_what_is_no_json_is_refused_with_its_place(user):
    text = failure(user.run("put", "cache/k", stdin='{"a": }'), 17)
    assert "6" in text or "position" in text or "byte" in text
    failure(user.run("cat", "cache/k"), 10)


def test_an_unknown_key_of_the_owner_is_told_with_file_and_line(user):
    user.write(".config/runnerfs/config.yml", "api:\n  max_pages: 7\n  max_pags: 7\n")
    text = failure(user.run("cat", "api/repos/octo/hello.json"), 2)
    assert "config.yml:3" in text and "max_pags" in text


def test_an_unknown_key_of_a_checkout_stops_nothing(user):
    user.write("work/.git/HEAD", "")
    user.write("work/.github/cache-config.yml", "cache:\n  no_such: 7\n")
    result = user.run("cat", "api/repos/octo/hello.json", cwd=user.join("work"))
    assert result.returncode == 0 and result.stderr == ""
    assert "cache-config.yml:2: unknown key 'cache.no_such'" in user.ok("config", cwd=user.join("work"))
    assert "warn  configuration" in user.run("doctor", cwd=user.join("work")).stdout


def test_control_bytes_of_a_path_do_not_reach_the_terminal(user):
    text = failure(user.run("cat", "api/repos/\x1b[31mred/x.json"))
    assert "\x1b" not in text


def test_another_root_key_is_told_and_answers_go_on(user):
    user.ok("cat", "api/repos/octo/hello.json")
    key = user.join(".local/state/runnerfs/root-key")
    with open(key, encoding="ascii") as file:
        words = file.read().split()
    with open(key, "w", encoding="ascii") as file:
        file.write(f"{words[0]} {'A' * 43}=\n")
    assert "octo/hello" in user.ok("cat", "api/repos/octo/hello.json")
    user.serve(RUNNERFS_KEY_SOURCE=None)
    assert "trouble" in user.ok("status")


def test_a_key_source_that_was_named_must_serve(user):
    text = failure(user.run("cat", "api/repos/octo/hello.json", RUNNERFS_KEY_SOURCE="systemd"), 30)
    assert "credential" in text


def test_another_key_source_than_the_recorded_one_is_an_error(user):
    user.ok("init")
    failure(user.run("cat", "cache/k", RUNNERFS_KEY_SOURCE="systemd"), 30)
    failure(user.run("init", "--key-source", "systemd"), 24)


def test_a_store_without_its_key_is_not_given_a_new_one(user):
    user.ok("cat", "api/repos/octo/hello.json")
    state = user.join(".local/state/runnerfs")
    import shutil
    shutil.rmtree(state)
    assert "octo/hello" in user.ok("cat", "api/repos/octo/hello.json", RUNNERFS_KEY_SOURCE=None)
    import os
    assert not os.path.exists(os.path.join(state, "root-key"))


@pytest.mark.parametrize("arguments", [["mount", "--ro", "-o", "rw"], ["mount", "-o", "rw,ro=true"], ["ls", "--nope"]])
def test_contradictions_and_unknown_options_are_exit_2(user, arguments):
    failure(user.run(*arguments), 2)


def test_arguments_are_taken_as_they_are_written(user):
    user.ok("put", "cache/[a,b]", stdin="1")
    assert user.ok("cat", "cache/[a,b]") == "1"
    assert "[c,d]" in failure(user.run("ls", "[c,d]"), 10)
    assert user.ok("path", "/user", "/rate_limit").split() == ["api/user.json", "api/rate_limit.json"]
    assert "--json" in failure(user.run("ls", "--", "--json"), 10)


def test_a_put_that_nothing_would_keep_fails(user):
    assert "cache/k" in failure(user.run("put", "cache/k", stdin="1", RUNNERFS_KEY_SOURCE="memory"), 32)


def test_without_a_stdout_no_file_takes_its_place(user):
    script = '"$0" serve --background >&- 2>&- <&-; "$0" status --json'
    result = subprocess.run(["sh", "-c", script, PROGRAM], env=user.environment(), capture_output=True, text=True, timeout=60, check=False)
    status = json.loads(result.stdout)
    try:
        assert status["store"]["trouble"] == ""
        assert user.ok("put", "cache/k", stdin="1") == ""
    finally:
        os.kill(status["pid"], signal.SIGTERM)


@pytest.mark.parametrize("command", ["cat", "ls", "rm", "stat", "why", "path"])
@pytest.mark.parametrize("argument", ["cache/none", "api/repos/x/../y.json", "nonsense/x", "https://example.com/x"])
def test_a_failure_names_the_argument(user, command, argument):
    result = user.run(command, argument)
    if result.returncode != 0:
        assert argument in failure(result).splitlines()[0]


def test_a_put_that_fails_names_its_path(user):
    assert "api/user.json" in failure(user.run("put", "api/user.json", "/dev/null"), 19)


def test_the_printed_configuration_is_one(user):
    user.write("own.yml", user.ok("config"))
    assert [line.split("  #")[0] for line in user.ok("config", "--config", user.join("own.yml")).splitlines()[1:]] == [
        line.split("  #")[0] for line in user.ok("config").splitlines()[1:]]


def test_doctor_goes_from_cause_to_effect(user):
    order = ["/dev/fuse", "fusermount3", "mount", "token", "api", "store", "state", "key"]
    seen = [line.split()[1] for line in user.run("doctor").stdout.splitlines() if not line.startswith(" ")]
    assert [name for name in dict.fromkeys(seen) if name in order] == order
