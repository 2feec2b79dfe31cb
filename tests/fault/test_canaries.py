"""Tokens, bodies, credentials, private paths and header values are found in no file, argument list, environment or core."""

import os
import resource
import signal
import sqlite3

import pytest
from rfs import read, threads, until, write

TOKEN = "ghp_canaryTokenThatNobodyMayFind"
BODY = "canaryBodyThatNobodyMayFind"
OWNER = "canary-owner-of-a-private-path"
HEADER = "canaryHeaderValueThatNobodyMayFind"
CACHE = "canaryCacheDocument"
KEY = "canaryCacheKey"
CREDENTIAL = "canaryCredentialThatNobodyMayFind"
CANARIES = (TOKEN, BODY, OWNER, HEADER, CACHE, KEY, CREDENTIAL)


@pytest.fixture
def planted(make_mount, server, home):
    server.token(TOKEN)
    for index in range(5):
        server.resource(f"/repos/{OWNER}/secret{index}", json={"id": index, "text": BODY * (1 + index * 3000)},
                        headers={"Last-Modified": HEADER, "Link": f'<{server.url}/{HEADER}>; rel="last"'}, visible_to=[TOKEN])
    mount = make_mount("--log-level", "debug", token=TOKEN)
    for index in range(5):
        assert mount.json(f"api/repos/{OWNER}/secret{index}.json")["id"] == index
    write(mount.join(f"cache/list_repos:{KEY}"), f'["{CACHE}"]')
    assert mount.error(f"api/repos/{OWNER}/nothing.json") == "ENOENT"
    for size in (1, 30, 20000):
        write(mount.join(f"secrets/KEPT{size}"), CREDENTIAL * size)
        write(mount.join(f"secrets/KEPT{size}"), "rotated" + CREDENTIAL * size)
        assert mount.read(f"secrets/KEPT{size}").endswith(CREDENTIAL.encode())
    home.run("secret", "put", "BY_SOCKET", "--mount", mount.path, stdin=CREDENTIAL.encode(), check=True)
    assert home.run("secret", "get", "BY_SOCKET", "--mount", mount.path, check=True).stdout == CREDENTIAL.encode()
    write(mount.join("secrets/REMOVED"), CREDENTIAL)
    os.unlink(mount.join("secrets/REMOVED"))
    return mount


def spellings(canary):
    import base64
    text = canary.encode()
    yield text
    for shift in range(3):
        encoded = base64.b64encode(b"x" * shift + text)
        yield encoded[4 if shift else 0:len(encoded) // 4 * 4 - 4]
    yield text.hex().encode()


def find(content, where):
    for canary in CANARIES:
        for spelling in spellings(canary):
            assert spelling not in content, f"{canary} in {where}"


def search(home, mount):
    """Every file below the home, but not through the mount."""
    files = 0
    for folder, folders, names in os.walk(home.path):
        folders[:] = [name for name in folders if os.path.join(folder, name) != mount.path]
        for name in names:
            path = os.path.join(folder, name)
            find(name.encode(), f"the name {path}")
            if os.path.isfile(path):
                find(read(path), path)
                files += 1
    return files


def test_nothing_is_in_clear_in_any_file(planted, home):
    assert search(home, planted) >= 3, "database, log, key"
    planted.stop()
    assert search(home, planted) >= 3
    database = sqlite3.connect(home.store("cache.db"))
    assert database.execute("select count(*) from sqlite_master").fetchone()[0] >= 2, "there is a store to search"


def test_nothing_is_in_the_log_of_failures_and_debugging(make_mount, server, home):
    server.token(TOKEN)
    mount = make_mount("--log-level", "debug", token=TOKEN, RUNNERFS_ORIGIN_TIMEOUT="2s")
    for fault in ({"kind": "status", "status": 500, "body": BODY}, {"kind": "body", "body": "{" + BODY}, {"kind": "garbage", "data": BODY},
                  {"kind": "truncate", "after": 3}):
        server.fault(path=f"/repos/{OWNER}/", **fault)
        assert mount.error(f"api/repos/{OWNER}/x.json") not in ("",)
        server.release()
    server.revoke(TOKEN)
    assert mount.error(f"api/repos/{OWNER}/x.json") == "EACCES"
    find(read(mount.log_path), "the log")
    errors = mount.read(".runnerfs/errors.jsonl").decode()
    for canary in (TOKEN, BODY, HEADER):
        assert canary not in errors
    for name in ("stats.json", "metrics", "config.yml", "ratelimit.json"):
        find(mount.read(".runnerfs/" + name), name)


def test_no_process_shows_the_token(planted):
    for name in ("cmdline", "environ"):
        for pid in [planted.process.pid] + children(planted.process.pid):
            find(read(f"/proc/{pid}/{name}"), f"/proc/{pid}/{name}")


def children(pid):
    try:
        return [int(child) for child in read(f"/proc/{pid}/task/{pid}/children").split()]
    except OSError:
        return []


def unlocked(pid, canary):
    """Where a process holds the bytes in memory that could be swapped out: mappings without the flag `lo`."""
    found, place, flags = [], None, {}
    with open(f"/proc/{pid}/smaps", encoding="ascii", errors="replace") as maps:
        for line in maps:
            words = line.split()
            if "-" in words[0] and not words[0].endswith(":"):
                place = tuple(int(edge, 16) for edge in words[0].split("-"))
                flags[place] = [words[1], line.strip()]
            elif words[0] == "VmFlags:":
                flags[place] += words[1:]
    with open(f"/proc/{pid}/mem", "rb", buffering=0) as memory:
        for (begin, end), mapping in flags.items():
            if not mapping[0].startswith("rw") or "lo" in mapping[2:]:
                continue
            if end - begin > 1 << 40:
                pytest.skip("the address sanitizer, whose shadow this is, makes mlock() do nothing")
            try:
                content = os.pread(memory.fileno(), end - begin, begin)
            except OSError:
                continue
            if canary.encode() in content:
                found.append(mapping[1])
    return found


def test_no_credential_is_in_memory_that_can_be_swapped(planted):
    if os.getuid() != 0:
        pytest.skip("needs root, to read the daemon's memory")
    with open(planted.join("secrets/KEPT30"), "rb", buffering=0) as held:
        assert held.read(10) == b"rotatedcan"
        assert unlocked(planted.process.pid, "secrets/KEPT30"), "the search finds what is there"
        assert unlocked(planted.process.pid, CREDENTIAL) == []


def test_no_core_is_made(make_mount, server, home):
    server.token(TOKEN)
    mount = make_mount(token=TOKEN, preexec=lambda: resource.setrlimit(resource.RLIMIT_CORE, (resource.RLIM_INFINITY,) * 2)
                       if resource.getrlimit(resource.RLIMIT_CORE)[1] == resource.RLIM_INFINITY else None)
    mount.read("api/user.json")
    pid = mount.process.pid
    os.kill(pid, signal.SIGABRT)
    _, status = os.waitpid(pid, 0)
    mount.process.returncode = -signal.SIGABRT
    assert os.WIFSIGNALED(status) and not os.WCOREDUMP(status)


def test_files_are_the_owners_alone(planted, home):
    planted.stop()
    places = [home.store(), home.join(".local/state/runnerfs"), home.join(".credentials")]
    seen = 0
    for place in places:
        for folder, _, names in os.walk(place):
            assert os.stat(folder).st_mode & 0o077 == 0, folder
            for name in names:
                assert os.stat(os.path.join(folder, name)).st_mode & 0o077 == 0, os.path.join(folder, name)
                seen += 1
    assert seen >= 2
    assert not any(b"runnerfs-root-key" in read(os.path.join(folder, name)) for folder, _, names in os.walk(home.join(".cache"))
                   for name in names), "people cache ~/.cache: no key there"


def test_a_loose_umask_changes_nothing(make_mount, home):
    mount = make_mount(preexec=lambda: os.umask(0))
    mount.read("api/user.json")
    write(mount.join("cache/k"), "1")
    mount.stop()
    for folder, _, names in os.walk(home.join(".cache")):
        for name in names:
            assert os.stat(os.path.join(folder, name)).st_mode & 0o077 == 0


def test_other_users_get_nothing(make_mount, server, home):
    if os.getuid() != 0:
        pytest.skip("needs root, to be somebody else")
    mount = make_mount("-o", "allow_other")
    mount.read("api/repos/octo/private.json")
    os.chmod(home.path, 0o755)
    os.chmod(mount.path, 0o755) if not os.path.ismount(mount.path) else None
    import subprocess
    for command in (["cat", mount.join(".runnerfs/config.yml")], ["sh", "-c", f"echo 1 > {mount.join('cache/other')}"],
                    ["sh", "-c", f"echo flush > {mount.join('.runnerfs/ctl')}"]):
        out = subprocess.run(["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", *command], capture_output=True, timeout=20)
        if command[0] == "sh":
            assert out.returncode != 0, command
    assert mount.error("cache/other") == "ENOENT"


def test_the_token_is_gone_from_the_environment_of_helpers(home, make_mount, server):
    """`gh auth token` is asked with an environment that holds no other secret."""
    os.mkdir(home.join("bin"))
    write(home.join("bin/gh"), f'#!/bin/sh\nenv > {home.path}/seen\necho {TOKEN}\n')
    os.chmod(home.join("bin/gh"), 0o755)
    server.token(TOKEN)
    mount = make_mount(token=None, PATH=home.join("bin") + ":" + os.environ["PATH"], CACHE_P2P_SHARED_SECRET=BODY)
    assert mount.json("api/user.json")["login"] == "octo"
    assert dict(server.requests()[0]["headers"])["authorization"] == "Bearer " + TOKEN
    until(lambda: os.path.exists(home.join("seen")))
    assert BODY not in read(home.join("seen")).decode()


def test_concurrent_reading_and_failing_leaks_nothing(planted, home, server):
    server.fault("status", f"/repos/{OWNER}/fail", status=500, body=BODY)
    join, _ = threads(30, lambda index: planted.read(f"api/repos/{OWNER}/{'secret' if index % 2 else 'fail'}{index % 5}.json"))
    join(60)
    find(read(planted.log_path), "the log")
