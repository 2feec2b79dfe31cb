"""Who sees which credential: scopes, contexts, users, and what a reader claims of itself."""

import os
import subprocess

import pytest
from rfs import error_of, read, threads, until, write
from credentials import CONTEXT, FULL_ID, SCOPES, audit, names, since


@pytest.fixture
def mount(make_mount):
    return make_mount(*CONTEXT)


def scoped(mount, place, name="KEY"):
    return mount.join("secrets/.scopes", place, name)


@pytest.mark.parametrize("scope", SCOPES)
def test_a_matching_scope_is_read_written_listed_and_removed(mount, home, scope):
    place = SCOPES[scope][0]
    path = scoped(mount, place)
    write(path, "v")
    assert read(path) == b"v" and mount.read("secrets/KEY") == b"v"
    assert names(mount.join("secrets/.scopes", place)) == ["KEY"] and names(mount.join("secrets")) == ["KEY"]
    assert os.getxattr(path, "user.runnerfs.scope").decode() == FULL_ID[scope]
    os.unlink(path)
    assert error_of(read, path) == "ENOENT" and mount.error("secrets/KEY") == "ENOENT"
    lines = since(home, 0)
    assert [line["action"] for line in lines] == ["store", "access_granted", "access_granted", "delete"]
    assert all(line["details"]["scope"] == FULL_ID[scope] and line["credential"] == "KEY" for line in lines)


@pytest.mark.parametrize("scope", [scope for scope in SCOPES if SCOPES[scope][1]])
def test_a_foreign_scope_is_written_listed_and_removed_by_its_owner_but_not_read(mount, home, scope):
    place = SCOPES[scope][1]
    path = scoped(mount, place)
    write(path, "v")
    assert names(mount.join("secrets/.scopes", place)) == ["KEY"]
    number = len(audit(home))
    assert error_of(read, path) == "EACCES"
    line = since(home, number)[-1]
    assert (line["action"], line["credential"], line["details"]["reason"]) == ("access_denied", "KEY", "scope_mismatch")
    assert mount.error("secrets/KEY") == "ENOENT" and names(mount.join("secrets")) == []
    assert since(home, number)[-1]["details"]["reason"] == "scope_mismatch"
    write(path, "w")
    os.unlink(path)
    assert error_of(os.stat, path) == "ENOENT"
    assert [one["action"] for one in since(home, 0) if one["action"] != "access_denied"] == ["store", "rotate", "delete"]


def test_the_narrowest_scope_wins_and_an_expired_one_uncovers_nothing(mount):
    for scope, (place, _) in SCOPES.items():
        write(scoped(mount, place), scope)
        assert mount.read("secrets/KEY") == scope.encode()
    os.setxattr(scoped(mount, SCOPES["runner"][0]), "user.runnerfs.ttl", b"1s")
    until(lambda: mount.error("secrets/KEY") == "ENOENT", what="the end of the narrowest")
    assert read(scoped(mount, SCOPES["workflow"][0])) == b"workflow"
    write(mount.join("secrets/KEY"), "again")
    assert mount.read("secrets/KEY") == b"again"


def test_a_new_name_belongs_to_the_repository_of_the_mount(mount, make_mount):
    write(mount.join("secrets/KEY"), "v")
    assert os.getxattr(mount.join("secrets/KEY"), "user.runnerfs.scope") == b"repo:octo/hello"
    bare = make_mount()
    assert bare.error("secrets/KEY") == "ENOENT"
    write(bare.join("secrets/KEY"), "global")
    assert os.getxattr(bare.join("secrets/KEY"), "user.runnerfs.scope") == b"global"
    until(lambda: mount.read("secrets/KEY") == b"v")


def test_writing_rotates_in_the_scope_that_is_seen(mount):
    write(scoped(mount, "global"), "old")
    write(mount.join("secrets/KEY"), "new")
    assert read(scoped(mount, "global")) == b"new" and names(mount.join("secrets/.scopes/repo/octo/hello")) == []


def test_every_spelling_of_a_scope_is_the_same(mount):
    write(scoped(mount, "workflow/octo/hello/build.yml"), "v")
    for place in ("workflow/build.yml", "workflow/octo%2Fhello%2Fbuild.yml", "workflow/OCTO/Hello/build.yml"):
        assert read(scoped(mount, place)) == b"v", place
    write(scoped(mount, "repo/octo%2Fhello", "R"), "r")
    assert read(scoped(mount, "repo/Octo/HELLO", "R")) == b"r"
    write(scoped(mount, "workflow/deploy", "TOKEN"), "alias")
    assert names(mount.join("secrets/.scopes/workflow/octo/hello")) == ["build.yml", "deploy"]


def test_directories_exist_by_name_alone_and_list_what_is_held(mount):
    assert os.listdir(mount.join("secrets/.scopes/repo/any/thing")) == []
    write(scoped(mount, "repo/any/thing"), "v")
    write(scoped(mount, "runner/a%2Fb"), "v")
    assert os.listdir(mount.join("secrets/.scopes/repo")) == ["any"] and os.listdir(mount.join("secrets/.scopes/repo/any")) == ["thing"]
    assert os.listdir(mount.join("secrets/.scopes/runner")) == ["a%2Fb"]
    assert error_of(write, mount.join("secrets/.scopes/repo/only-owner/KEY"), "v") == "EISDIR"
    assert error_of(os.listdir, mount.join("secrets/.scopes/repo/bad owner/x")) == "EINVAL"


def test_what_a_reader_says_of_itself_changes_nothing(mount, home):
    write(scoped(mount, "repo/octo/other"), "foreign")
    forged = dict(os.environ, GITHUB_REPOSITORY="octo/other", GITHUB_WORKFLOW="release.yml", RUNNER_NAME="runner-2", RUNNERFS_REPO="octo/other")
    for path in ("secrets/KEY", "secrets/.scopes/repo/octo/other/KEY"):
        assert subprocess.run(["cat", mount.join(path)], env=forged, capture_output=True, timeout=20).returncode != 0
    result = home.run("secret", "get", "KEY", "--mount", mount.path, environment=home.environment(GITHUB_REPOSITORY="octo/other"))
    assert result.returncode != 0 and result.stdout == b""
    assert all(line["details"]["repo"] == "octo/hello" for line in audit(home))


def test_an_untrusted_event_gets_nothing_unless_it_was_allowed(home, make_mount, tmp_path):
    trusted = make_mount(*CONTEXT)
    write(trusted.join("secrets/KEY"), "v")
    home.run("secret", "put", "OPEN", "--allow-untrusted", "--mount", trusted.path, stdin=b"o", check=True)
    payload = home.join("event.json")
    write(payload, '{"pull_request": {"head": {"repo": {"full_name": "mallory/hello"}}}, "repository": {"full_name": "octo/hello"}}')
    fork = make_mount(*CONTEXT, GITHUB_EVENT_NAME="pull_request", GITHUB_EVENT_PATH=payload)
    number = len(audit(home))
    assert fork.error("secrets/KEY") == "EACCES"
    assert since(home, number)[-1]["details"]["reason"] == "untrusted_event"
    assert fork.read("secrets/OPEN") == b"o"
    assert fork.json(".runnerfs/status.json")["secrets"]["context"]["untrusted"]
    robot = make_mount(*CONTEXT, GITHUB_ACTOR="dependabot[bot]", GITHUB_EVENT_NAME="push")
    assert robot.error("secrets/KEY") == "EACCES"


def as_nobody(*command):
    return subprocess.run(["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", *command], capture_output=True, timeout=20)


@pytest.mark.skipif(os.getuid() != 0, reason="needs root, to be somebody else")
@pytest.mark.parametrize("options", [(), ("-o", "allow_other")], ids=["alone", "allow_other"])
def test_another_user_gets_nothing(make_mount, home, options):
    mount = make_mount(*CONTEXT, *options)
    write(mount.join("secrets/KEY"), "canaryCanary")
    os.chmod(home.path, 0o755)
    for command in (["cat", mount.join("secrets/KEY")], ["ls", mount.join("secrets")], ["cat", mount.join("secrets/README")],
                    ["ls", mount.join("secrets/.scopes/global")], ["getfattr", "-d", mount.join("secrets/KEY")], ["rm", "-f", mount.join("secrets/KEY")],
                    ["sh", "-c", f"echo x > {mount.join('secrets/KEY')}"], ["sh", "-c", f"echo x > {mount.join('secrets/NEW')}"]):
        result = as_nobody(*command)
        assert result.returncode != 0 and b"canary" not in result.stdout, command
    assert mount.read("secrets/KEY") == b"canaryCanary" and names(mount.join("secrets")) == ["KEY"]


@pytest.mark.skipif(os.getuid() != 0, reason="needs root, to serve somebody else")
def test_root_is_another_user_where_somebody_else_is_served(make_mount, home):
    mount = make_mount(*CONTEXT, "-o", "for=65534")
    os.chmod(home.path, 0o755)
    assert as_nobody("sh", "-c", f"printf mine > {mount.join('secrets/KEY')}").returncode == 0
    assert as_nobody("cat", mount.join("secrets/KEY")).stdout == b"mine"
    assert os.stat(mount.join("secrets")).st_uid == 65534
    number = len(audit(home))
    assert mount.error("secrets/KEY") == "EACCES" and error_of(os.listdir, mount.join("secrets")) == "EACCES"
    assert {line["details"]["reason"] for line in since(home, number)} == {"other_user"}


def test_the_socket_refuses_and_serves_as_the_mount_does(mount, home):
    write(scoped(mount, "repo/octo/other"), "foreign")
    write(mount.join("secrets/MINE"), "mine")
    assert home.run("cat", "secrets/MINE", check=True).stdout == b"mine"
    for path, code in (("secrets/KEY", 10), ("secrets/.scopes/repo/octo/other/KEY", 11)):
        result = home.run("cat", path)
        assert (result.returncode, result.stdout) == (code, b""), result.stderr
    home.run("put", "secrets/NEW", stdin=b"new", check=True)
    assert mount.read("secrets/NEW") == b"new"
    home.run("rm", "secrets/NEW", check=True)
    assert mount.error("secrets/NEW") == "ENOENT"


def test_eight_mounts_share_one_store(home, make_mount):
    mounts = [make_mount("--repo", f"octo/r{n % 4}", "--workflow", "w.yml", "--runner", f"runner-{n}") for n in range(8)]
    write(mounts[0].join("secrets/.scopes/global/SHARED"), "0")

    def work(index):
        mount = mounts[index]
        for round_number in range(6):
            write(mount.join(f"secrets/.scopes/runner/runner-{index}/OWN"), f"{index}:{round_number}")
            write(mount.join("secrets/SHARED"), f"{index}:{round_number}")
            assert mount.read("secrets/OWN") == f"{index}:{round_number}".encode()
            assert mount.read("secrets/SHARED").count(b":") == 1
        return True

    join, _ = threads(8, work)
    assert join(100) == [True] * 8
    until(lambda: len({mount.read("secrets/SHARED") for mount in mounts}) == 1)
    for index, mount in enumerate(mounts):
        assert mount.read("secrets/OWN") == f"{index}:5".encode()
        assert mount.error(f"secrets/.scopes/runner/runner-{(index + 1) % 8}/OWN") == "EACCES"
    lines = audit(home)
    assert [line["seq"] for line in lines] == list(range(1, len(lines) + 1)), "one chain"
    assert sum(line["action"] in ("store", "rotate") for line in lines) == 1 + 8 * 6 * 2
