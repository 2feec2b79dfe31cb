"""What outlives a daemon, and what several processes share."""

import os
import subprocess

import pytest
from fixtures import BETA, SHA
from rfs import read, threads, until, write

HELLO = "api/repos/octo/hello"
PATHS = ["api/user.json", HELLO + ".json", HELLO + "/contents/README.md.raw", f"{HELLO}/git/commits/{SHA}.json",
         HELLO + "/issues@per_page=2.json"]


def test_a_restart_keeps_every_answer_and_asks_for_none(make_mount, server):
    mount = make_mount()
    before = [mount.read(path) for path in PATHS]
    write(mount.join("cache/list_repos:octo"), "[1]")
    mount.stop()
    server.requests(clear=True)
    mount = make_mount()
    assert [mount.read(path) for path in PATHS] == before
    assert mount.read("cache/list_repos:octo") == b"[1]"
    assert os.listdir(mount.join("api/repos/octo/hello/git/commits")) == [SHA + ".json"]
    assert mount.state("api/user.json") == "fresh" and mount.state(PATHS[3]) == "immutable"
    assert server.count() == 0


def test_a_restart_keeps_a_list_of_lines(make_mount, server):
    mount = make_mount()
    content = mount.read(HELLO + "/issues.jsonl")
    mount.stop()
    server.requests(clear=True)
    assert make_mount().read(HELLO + "/issues.jsonl") == content
    assert server.count() == 0


def test_a_large_answer_outlives_a_restart(make_mount, server):
    server.resource("/user", json={"data": "".join(chr(97 + i * i % 26) for i in range(3_000_000))})
    mount = make_mount()
    content = mount.read("api/user.json")
    mount.stop()
    mount = make_mount()
    with open(mount.join("api/user.json"), "rb") as file:
        file.seek(2_500_000)
        assert file.read(1000) == content[2_500_000:2_501_000]
    assert mount.read("api/user.json") == content and server.count() == 1


def test_mounting_and_unmounting_sends_nothing(make_mount, server):
    make_mount().stop()
    assert server.count() == 0


def test_two_processes_share_a_store(mount, home, server):
    alone = home.environment(RUNNERFS_SOCKET=home.join("nowhere.sock"))
    for path in PATHS[:3]:
        content = mount.read(path)
        asked = server.count()
        assert home.run("cat", path, environment=alone, check=True).stdout == content
        assert server.count() == asked, "what the mount read, the other process finds"
    home.run("put", "cache/from-cli", environment=alone, stdin=b'{"n": 1}', check=True)
    until(lambda: mount.error("cache/from-cli") == "", seconds=2, what="another process's entry, seen by the mount")
    assert mount.json("cache/from-cli") == {"n": 1}
    home.run("rm", "cache/from-cli", environment=alone, check=True)
    until(lambda: mount.error("cache/from-cli") == "ENOENT", seconds=2, what="another process's removal")
    home.run("cat", "api/users/octo.json", environment=alone, check=True)
    asked = server.count()
    assert mount.json("api/users/octo.json")["login"] == "octo" and server.count() == asked


def test_a_dozen_processes_write_beside_a_mount(mount, home):
    alone = home.environment(RUNNERFS_SOCKET=home.join("nowhere.sock"))

    def run(index):
        home.run("put", f"cache/k{index}", environment=alone, stdin=b"[%d]" % index, check=True)
        write(mount.join(f"cache/m{index}"), "[%d]" % index)
        return True

    join, _ = threads(12, run)
    assert join(60) == [True] * 12
    until(lambda: len(os.listdir(mount.join("cache"))) == 25, what="24 entries and README")
    assert [mount.json(f"cache/{kind}{index}") for kind in "km" for index in range(12)] == [[n] for n in range(12)] * 2


class TestTheSocket:
    """`runnerfs serve`: the same tree without a mount. The commands have no address of GitHub here: the daemon asks."""

    @pytest.fixture
    def run(self, serve, home):
        serve()
        bare = home.environment(token=None, GITHUB_API_URL="https://127.0.0.1:9", RUNNERFS_CA_FILE=None)

        def call(*arguments, **more):
            return home.run(*arguments, environment=bare, **more)
        return call

    def test_cat_asks_the_daemon(self, run, server):
        assert run("cat", "api/user.json", check=True).stdout == b'{"login":"octo","id":7}'
        assert run("cat", "api/user.json", "api/users/octo.json", check=True).stdout.startswith(b'{"login":"octo","id":7}{')
        assert server.count() == 2

    def test_put_ls_stat_and_rm(self, run, server):
        run("put", "cache/list_repos:octo", stdin=b"[1, 2]", check=True)
        assert run("cat", "cache/list_repos:octo", check=True).stdout == b"[1, 2]"
        assert b"list_repos:octo" in run("ls", "cache", check=True).stdout
        assert b"6" in run("stat", "cache/list_repos:octo", check=True).stdout
        run("rm", "cache/list_repos*", check=True)
        failed = run("cat", "cache/list_repos:octo")
        assert failed.returncode not in (0, 2) and failed.stdout == b""
        assert server.count() == 0

    def test_a_failure_is_two_lines_and_a_code(self, run):
        failed = run("cat", "api/users/nobody.json")
        error, hint = failed.stderr.decode().splitlines()
        assert failed.returncode not in (0, 1, 2) and failed.stdout == b""
        assert error.startswith("runnerfs: error: ") and hint.startswith("hint: ")

    def test_bad_json_is_refused_at_put(self, run):
        failed = run("put", "cache/k", stdin=b"{broken")
        assert failed.returncode not in (0, 2) and b"json" in failed.stderr.lower()
        assert run("cat", "cache/k").returncode not in (0, 2)

    def test_lines_are_streamed_to_head(self, run, server, home):
        from rfs import PROGRAM
        bare = home.environment(token=None, GITHUB_API_URL="https://127.0.0.1:9", RUNNERFS_CA_FILE=None)
        out = subprocess.run(["sh", "-c", '"$1" cat api/repos/octo/hello/actions/runs.jsonl | head -n 2', "sh", PROGRAM],
                             env=bare, capture_output=True, timeout=30)
        assert out.stdout.count(b"\n") == 2 and b'"id":5000' in out.stdout

    def test_a_large_answer_passes_whole(self, run, server):
        server.resource("/user", json={"data": "x" * 5_000_000})
        assert len(run("cat", "api/user.json", check=True).stdout) == 5_000_000 + len('{"data":""}')


def test_the_mount_opens_the_socket_too(mount, home, server):
    bare = home.environment(token=None, GITHUB_API_URL="https://127.0.0.1:9", RUNNERFS_CA_FILE=None)
    assert home.run("cat", "api/user.json", environment=bare, check=True).stdout == mount.read("api/user.json")
    assert server.count() == 1


def test_commands_work_without_any_daemon(home, server):
    assert home.run("cat", "api/user.json", check=True).stdout == b'{"login":"octo","id":7}'
    assert home.run("cat", "api/user.json", check=True).stdout == b'{"login":"octo","id":7}'
    assert server.count() == 1, "the store is the same"
    assert home.run("cat", server.url + "/repos/octo/hello/issues?per_page=1", check=True).stdout.startswith(b'[{"number":120')
    assert home.run("cat", "api/repos/{owner}/{repo}.json", environment=home.environment(GITHUB_REPOSITORY="octo/hello"),
                    check=True).stdout.startswith(b'{"id":1001')
    path = home.run("path", server.url + "/repos/octo/hello/actions/runs?status=success", check=True).stdout.decode().strip()
    assert path.endswith("api/repos/octo/hello/actions/runs@status=success.json")


def test_another_token_on_the_command_line_is_another_identity(home, server):
    home.run("cat", "api/repos/octo/private.json", check=True)
    assert home.run("cat", "api/repos/octo/private.json", environment=home.environment(BETA)).returncode not in (0, 2)


def test_serve_removes_its_socket_and_ends_cleanly(serve, home):
    daemon = serve()
    before = {os.path.join(folder, name) for folder, _, names in os.walk(home.join("run")) for name in names}
    assert any(path.endswith((".sock", "socket")) for path in before), before
    daemon.stop()
    assert not any(path.endswith((".sock", "socket")) for folder, _, names in os.walk(home.join("run")) for path in names)


def test_the_socket_is_the_owners_alone(serve, home):
    import stat
    serve()
    sockets = [os.path.join(folder, name) for folder, _, names in os.walk(home.join("run")) for name in names
               if stat.S_ISSOCK(os.stat(os.path.join(folder, name)).st_mode)]
    assert sockets and all(os.stat(path).st_mode & 0o077 == 0 for path in sockets)
    assert read(home.store("cache.db"))[:15] == b"SQLite format 3"
