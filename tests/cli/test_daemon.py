"""serve: the socket, who uses it, its end, and what it keeps to itself."""

import json
import os
import signal
import socket
import subprocess

import pytest
from conftest import PROGRAM, failure, until


def requests(user):
    return json.loads(user.ok("stats"))["socket_requests"]


def test_commands_use_a_daemon_that_keeps_the_same_store(user):
    user.serve()
    before = requests(user)
    assert "octo/hello" in user.ok("cat", "api/repos/octo/hello.json")
    assert requests(user) > before


def test_commands_with_another_store_do_not_use_it(user):
    user.serve()
    before = requests(user)
    user.ok("put", "cache/k", stdin="1", CACHE_DIR=user.join("other"))
    assert user.run("cat", "cache/k").returncode == 10
    assert os.path.exists(user.join("other/cache.db"))
    # What was asked since: status.json by each, to tell that it works otherwise, and one missing key.
    assert requests(user) > before


def test_options_that_say_how_to_work_ask_for_a_process_of_their_own(user):
    user.serve()
    user.write("token", "ghp_other\n")
    user.ok("cat", "--token-file", user.join("token"), "api/repos/octo/hello.json")
    assert json.loads(user.ok("stats"))["misses"] == 0


def test_a_named_socket_is_where_it_is_and_nowhere_else(user):
    process = user.start("serve", "--socket", user.join("s/own.sock"))
    assert process.stdout.readline().strip() == user.join("s/own.sock")
    assert os.stat(user.join("s")).st_mode & 0o777 == 0o700 and os.stat(user.join("s/own.sock")).st_mode & 0o777 == 0o600
    user.ok("put", "--socket", user.join("s/own.sock"), "cache/k", stdin="1")
    assert user.ok("cat", "cache/k", RUNNERFS_SOCKET=user.join("s/own.sock")) == "1"
    assert user.ok("cat", "cache/k", RUNNERFS_SOCKET=user.join("none.sock")) == "1", "without it the store is used"


def test_a_second_daemon_is_refused(user):
    user.serve()
    failure(user.run("serve"), 25)


def test_a_socket_that_a_dead_daemon_left_is_replaced(user):
    process = user.serve()
    process.kill()
    process.wait()
    assert os.path.exists(user.join("run/runnerfs.sock"))
    user.serve()
    assert "octo/hello" in user.ok("cat", "api/repos/octo/hello.json")


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_it_and_takes_the_socket_away(user, number):
    process = user.serve()
    process.send_signal(number)
    assert process.wait(15) == 0
    assert os.listdir(user.join("run")) == [], "neither the socket nor its lock stays"


def test_a_stopped_daemon_is_not_waited_for(user):
    process = user.serve()
    process.send_signal(signal.SIGSTOP)
    try:
        failure(user.run("status"), 13)
        assert "octo/hello" in user.ok("cat", "api/repos/octo/hello.json")
    finally:
        process.send_signal(signal.SIGCONT)


def test_in_the_background_it_returns_when_it_answers(user):
    assert user.ok("serve", "--background") == user.join("run/runnerfs.sock") + "\n"
    pid = json.loads(user.ok("status", "--json"))["pid"]
    try:
        assert "octo/hello" in user.ok("cat", "api/repos/octo/hello.json")
        # Whoever waits for the end of its output must not wait for the daemon.
        assert os.readlink(f"/proc/{pid}/fd/1") == "/dev/null" and os.readlink(f"/proc/{pid}/cwd") == "/"
    finally:
        os.kill(pid, signal.SIGTERM)
    until(lambda: not os.path.exists(user.join("run/runnerfs.sock")))


def test_a_start_that_fails_in_the_background_tells_why(user):
    user.serve()
    failure(user.run("serve", "--background"), 25)


def test_systemd_is_told(user):
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as notify:
        notify.bind(user.join("notify"))
        notify.settimeout(15)
        process = user.serve(NOTIFY_SOCKET=user.join("notify"))
        assert notify.recv(100) == b"READY=1"
        process.send_signal(signal.SIGTERM)
        assert notify.recv(100) == b"STOPPING=1"


def test_no_secret_stays_in_the_environment_or_can_be_dumped(user):
    process = user.serve(**{"INPUT_CREDENTIALS": "canaryCANARYinput", "ACTIONS_RUNTIME_TOKEN": "canaryCANARYruntime"})
    with open(f"/proc/{process.pid}/environ", "rb") as file:
        assert b"CANARY" not in file.read()
    with open(f"/proc/{process.pid}/limits", encoding="ascii") as file:
        (core,) = [line.split() for line in file if line.startswith("Max core file size")]
    assert core[4:6] == ["0", "0"]
    # Not dumpable: the files of /proc/PID belong to root.
    assert os.stat(f"/proc/{process.pid}/environ").st_uid == 0
    assert "CANARY" not in user.ok("status", "--json") + user.ok("cat", ".runnerfs/config.yml") + user.ok("cat", ".runnerfs/metrics")


def test_status_tells_where_what_and_what_is_weak(user):
    user.serve()
    text = user.ok("status")
    assert "key beside data" in text and user.join("run/runnerfs.sock") in text and "GITHUB_TOKEN" in text
    status = json.loads(user.ok("status", "--json"))
    assert status["secure"] is False and status["store"]["on_disk"] is True and status["identity"]["kind"] == "ghs"


def test_watch_shows_it_again(user):
    user.serve()
    watch = user.start("status", "--watch", "--interval", "0.1", "--json")
    assert [json.loads(watch.stdout.readline())["pid"] for _ in range(3)]
    watch.terminate()


def test_zeroed_counts_begin_anew(user):
    user.serve()
    user.ok("cat", "api/repos/octo/hello.json")
    assert json.loads(user.ok("stats", "-z"))["misses"] == 1
    assert json.loads(user.ok("stats"))["misses"] == 0
    assert json.loads(user.ok("stats", "--total"))["misses"] == 1


def test_a_daemon_sees_what_another_process_writes(user):
    user.serve()
    assert user.run("cat", "cache/k").returncode == 10
    user.ok("put", "--cache-max-size", "1000000", "cache/k", stdin="1")  # an option of its own: not through the daemon
    until(lambda: user.run("cat", "cache/k").stdout == "1", 3)


def test_stop_ends_it_and_returns_when_it_is_gone(user):
    process = user.serve()
    assert user.ok("serve", "--stop") == ""
    assert process.poll() == 0, "gone when it returns"
    assert os.listdir(user.join("run")) == []
    failure(user.run("serve", "--stop"), 14)


def test_placeholders_stand_for_the_daemons_repository_where_the_command_knows_none(user):
    failure(user.run("cat", "api/repos/{owner}/{repo}.json"), 2)
    user.serve("--repo", "octo/hello")
    assert "octo/hello" in user.ok("cat", "api/repos/{owner}/{repo}.json")
    failure(user.run("cat", "api/repos/{owner}/{repo}.json", GITHUB_REPOSITORY="octo/other"), 10)


def test_what_has_no_effect_is_said_when_a_daemon_starts(user):
    user.write(".config/runnerfs/config.yml", "security:\n  encryption:\n    algorithm: AES-256-GCM\n")
    user.write("work/.git/HEAD", "")
    user.write("work/.github/cache-config.yml", "cache:\n  directory: /tmp/x\n  no_such: 7\n")
    process = subprocess.Popen([PROGRAM, "serve"], env=user.environment(), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                               stderr=subprocess.PIPE, text=True, cwd=user.join("work"))
    user.daemons.append(process)
    process.stdout.readline()
    user.ok("serve", "--stop")
    lines = process.stderr.read().splitlines()
    for words in ("config.yml:3: security.encryption.algorithm has no effect: ", "cache-config.yml:2: cache.directory is ignored: ",
                  "warning: ", "cache-config.yml:3: unknown key 'cache.no_such'"):
        assert sum(words in line for line in lines) == 1, lines


def test_a_token_file_that_is_not_there_is_told(user):
    process = user.serve("--token-file", user.join("none"))
    user.ok("serve", "--stop")
    assert user.join("none") + ": no such file or directory" in process.stderr.read().lower()


def test_a_full_pipe_that_does_not_block_is_waited_for(user):
    content = json.dumps("x" * 300_000)
    user.ok("put", "cache/big", stdin=content)
    read_end, write_end = os.pipe()
    os.set_blocking(write_end, False)
    process = subprocess.Popen([PROGRAM, "cat", "cache/big"], env=user.environment(), stdout=write_end, stderr=subprocess.PIPE)
    os.close(write_end)
    until(lambda: process.poll() is not None or process_waits(process.pid))
    with os.fdopen(read_end, "rb") as pipe:
        assert pipe.read().decode() == content
    assert process.wait(15) == 0 and process.stderr.read() == b""
    process.stderr.close()


def process_waits(pid):
    with open(f"/proc/{pid}/wchan", encoding="ascii") as file:
        return "poll" in file.read()
