"""runnerfs secret and mask: credentials from the command line, beside a daemon and alone."""

import base64
import json
import os
import pty
import re
import subprocess
import time

import pytest
from conftest import PROGRAM, failure, until


def put(user, name, value, *options, **more):
    result = subprocess.run([PROGRAM, "secret", "put", name, *options], env=user.environment(**more), input=value, capture_output=True,
                            timeout=60, cwd=user.home, check=False)
    assert result.returncode == 0, result.stderr
    return result


def get(user, name, *options, **more):
    return subprocess.run([PROGRAM, "secret", "get", name, *options], env=user.environment(**more), stdin=subprocess.DEVNULL,
                          capture_output=True, timeout=60, cwd=user.home, check=True).stdout


@pytest.fixture(params=["alone", "beside a daemon"])
def keeper(user, request):
    """A user whose commands open the store themselves, and one with a daemon."""
    if request.param != "alone":
        user.serve("--repo", "octo/hello")
    return user


@pytest.mark.parametrize("value", [b"v", b"two\nlines\n", bytes(range(256)), b"x" * (1 << 20)], ids=["short", "lines", "binary", "large"])
def test_a_value_goes_in_and_out_byte_for_byte(keeper, value):
    put(keeper, "KEY", value)
    assert get(keeper, "KEY") == value


def test_rotate_needs_what_it_replaces_and_rm_removes(keeper):
    failure(keeper.run("secret", "rotate", "KEY", stdin="v"), 10)
    put(keeper, "KEY", b"old")
    keeper.ok("secret", "rotate", "KEY", stdin="new")
    assert get(keeper, "KEY") == b"new"
    keeper.ok("secret", "rm", "KEY")
    failure(keeper.run("secret", "get", "KEY"), 10)
    put(keeper, "FIRST", b"v")
    assert "credential KEY: " in failure(keeper.run("secret", "rm", "FIRST", "KEY"), 10)


def test_ls_shows_names_scopes_and_ends_but_no_value(keeper):
    put(keeper, "GLOBAL", b"canary1", "--scope", "global")
    put(keeper, "REPO", b"canary2", "--scope", "repo", "--filter", "octo/other", "--ttl", "1h")
    assert [line.split()[0] for line in keeper.ok("secret", "ls").splitlines()] == ["GLOBAL"]
    rows = [json.loads(line) for line in keeper.ok("secret", "ls", "--all", "--json").splitlines()]
    by_name = {row["name"]: row for row in rows}
    assert by_name["REPO"]["scope"] == "repo" and by_name["REPO"]["scope_filter"] == "octo/other" and by_name["REPO"]["ttl"] == 3600
    assert "expires" in by_name["REPO"] and "expires" not in by_name["GLOBAL"] and by_name["GLOBAL"]["size"] == 7
    assert "canary" not in keeper.ok("secret", "ls", "--all")
    assert keeper.ok("secret", "ls", "--scope", "repo", "--filter", "octo/other").startswith("REPO")


def test_where_a_name_goes_follows_the_context(user):
    put(user, "BARE", b"v")
    put(user, "OWN", b"v", "--scope", "repo", GITHUB_REPOSITORY="octo/hello")
    put(user, "NEW", b"v", GITHUB_REPOSITORY="octo/hello")
    put(user, "FLOW", b"v", "--scope", "workflow", "--filter", "build.yml", GITHUB_REPOSITORY="octo/hello")
    put(user, "RUNNER", b"v", "--scope", "runner", RUNNER_NAME="r1")
    rows = {row["name"]: row.get("scope_filter", "") for row in map(json.loads, user.ok("secret", "ls", "--all", "--json").splitlines())}
    assert rows == {"BARE": "", "OWN": "octo/hello", "NEW": "octo/hello", "FLOW": "octo/hello/build.yml", "RUNNER": "r1"}
    assert get(user, "NEW", GITHUB_REPOSITORY="octo/hello") == b"v"
    failure(user.run("secret", "get", "NEW", GITHUB_REPOSITORY="octo/other"), 10)
    failure(user.run("secret", "get", "NEW", "--scope", "repo", "--filter", "octo/hello", GITHUB_REPOSITORY="octo/other"), 11)


@pytest.mark.parametrize("arguments", [
    ["put", "KEY", "--ttl", "soon"], ["put", "KEY", "--ttl", "-5"], ["put", "KEY", "--ttl", "0"], ["put", "KEY", "--ttl", "9999999h"],
    ["put", "KEY", "--ttl", ""], ["put", "KEY", "--scope", "planet"], ["put", "KEY", "--scope", "repo", "--filter", "noslash"],
    ["put", "KEY", "--scope", "repo"], ["put", "KEY", "--filter", "octo/hello"], ["put", "KEY", "--scope", "global", "--filter", "x"],
    ["put", "a/b"], ["put", ""], ["put", "bad\x01"], ["put", ".hidden"], ["put"], ["put", "KEY", "value"], ["put", "KEY", "--fd", "x"], ["get"],
    ["frobnicate"], [], ["run"], ["run", "--env", "NOEQUALS", "true"], ["import"], ["ls", "--all", "--scope", "repo"]])
def test_bad_input_is_a_usage_error(user, arguments):
    failure(user.run("secret", *arguments, stdin="v"), 2)


def test_a_value_on_the_command_line_is_refused_and_not_repeated(user):
    assert "canary" not in failure(user.run("secret", "put", "KEY", "canaryValue", stdin="v"), 2)


def test_a_name_that_is_too_long_and_a_value_that_is_too_large(user):
    assert user.run("secret", "put", "n" * 256, stdin="v").returncode in (2, 18)
    failure(user.run("secret", "put", "KEY", stdin="x" * ((1 << 20) + 1)), 16)
    assert user.ok("secret", "ls") == ""


def test_an_empty_stdin_is_refused_unless_it_is_meant(user):
    message = failure(user.run("secret", "put", "KEY", stdin=""), 2)
    assert "empty" in message
    user.ok("secret", "put", "KEY", "--allow-empty", stdin="")
    assert get(user, "KEY") == b""


def test_a_lone_newline_is_warned_of_and_strip_leaves_it_out(user):
    assert b"newline" in put(user, "KEY", b"value\n").stderr and get(user, "KEY") == b"value\n"
    assert put(user, "KEY", b"a\nb\n").stderr == b"" and put(user, "KEY", b"value").stderr == b""
    assert put(user, "KEY", b"value\n", "--strip").stderr == b"" and get(user, "KEY") == b"value"


def test_a_value_from_a_descriptor(user):
    script = f'"{PROGRAM}" secret put KEY --fd 3 3< value'
    user.write("value", "from three")
    subprocess.run(["sh", "-c", script], env=user.environment(), cwd=user.home, check=True, timeout=30, stdin=subprocess.DEVNULL)
    assert get(user, "KEY") == b"from three"


def test_a_value_from_a_command_and_again(user):
    put(user, "KEY", b"", "--from-command", 'printf "%s" "from $WHERE"', WHERE="a command")
    assert get(user, "KEY") == b"from a command"
    failure(user.run("secret", "put", "KEY", "--from-command", "exit 3"), 15)
    failure(user.run("secret", "put", "KEY", "--from-command", "true"), 2)
    failure(user.run("secret", "put", "KEY", "--refresh", "1h", stdin="v"), 2)
    failure(user.run("secret", "put", "KEY", "--from-command", "true", "--refresh", "0"), 2)
    assert get(user, "KEY") == b"from a command"
    user.write("round", "one")
    rotating = user.start("secret", "put", "KEY", "--from-command", "cat round", "--refresh", "1s")
    until(lambda: get(user, "KEY") == b"one")
    user.write("round", "two")
    until(lambda: get(user, "KEY") == b"two")
    rotating.terminate()
    assert rotating.wait(10) == -15


def test_beside_a_daemon_it_is_rotated_in_the_background_until_the_daemon_ends(user):
    daemon = user.serve("--repo", "octo/hello")
    user.write("round", "one")
    command = 'cat round; printf %s "$PPID" > pid'
    failure(user.run("secret", "put", "KEY", "--from-command", "exit 3", "--refresh", "1s"), 15)
    assert user.ok("secret", "put", "KEY", "--from-command", command, "--refresh", "1s", "--ttl", "1h") == ""
    assert get(user, "KEY") == b"one"
    user.write("round", "two")
    until(lambda: get(user, "KEY") == b"two")
    os.remove(user.join("round"))
    time.sleep(1.5)
    assert get(user, "KEY") == b"two"  # a failure keeps what is there
    with open(user.join("pid"), encoding="ascii") as file:
        pid = int(file.read())
    assert os.path.exists(f"/proc/{pid}")
    daemon.terminate()
    daemon.wait(15)
    until(lambda: not os.path.exists(f"/proc/{pid}"))


def on_terminal(user, *arguments):
    """Runs with a terminal as stdin and stdout → (exit code, what it showed)."""
    pid, fd = pty.fork()
    if pid == 0:
        os.chdir(user.home)
        os.execvpe(PROGRAM, [PROGRAM, *arguments], user.environment())
    shown = b""
    try:
        while chunk := os.read(fd, 4096):
            shown += chunk
    except OSError:
        pass
    _, status = os.waitpid(pid, 0)
    os.close(fd)
    return os.waitstatus_to_exitcode(status), shown


def test_a_terminal_is_shown_no_value_unless_asked(user):
    put(user, "KEY", b"canaryValue")
    for command in (["secret", "get", "KEY"], ["secret", "export"], ["mask", "KEY"]):
        code, shown = on_terminal(user, *command)
        assert code == 2 and b"canary" not in shown, command
        code, shown = on_terminal(user, *command, "--show")
        assert code == 0 and b"canaryValue" in shown, command
    assert on_terminal(user, "secret", "put", "KEY")[0] == 2


def test_cleanup_removes_what_is_expired(keeper):
    put(keeper, "SHORT", b"v", "--ttl", "10ms")
    put(keeper, "LONG", b"v", "--ttl", "1h")
    until(lambda: keeper.run("secret", "get", "SHORT").returncode == 10)
    assert keeper.ok("secret", "cleanup") == "1 expired credentials removed\n"
    assert keeper.ok("secret", "cleanup") == "0 expired credentials removed\n"
    assert get(keeper, "LONG") == b"v"


def test_rekey_keeps_every_value(keeper):
    for index in range(5):
        put(keeper, f"K{index}", b"v%d" % index)
    keeper.ok("secret", "rekey")
    assert [get(keeper, f"K{index}") for index in range(5)] == [b"v%d" % index for index in range(5)]


def key_file(user):
    return user.join(".local/state/runnerfs/root-key")


def read_bytes(path):
    with open(path, "rb") as file:
        return file.read()


def test_another_root_key_opens_the_stores_and_the_former_does_not(keeper):
    put(keeper, "KEY", b"v", "--scope", "global")
    keeper.ok("put", "cache/k", stdin="[1]")
    former = read_bytes(key_file(keeper))
    assert "the former opens nothing" in keeper.ok("secret", "rekey", "--root")
    assert read_bytes(key_file(keeper)) != former and os.stat(key_file(keeper)).st_mode & 0o777 == 0o600
    assert get(keeper, "KEY") == b"v"  # by who had it open, too
    keeper.clean_daemons()
    assert get(keeper, "KEY") == b"v" and keeper.ok("cat", "cache/k") == "[1]"
    keeper.ok("secret", "rekey")
    with open(key_file(keeper), "wb") as file:
        file.write(former)
    failure(keeper.run("secret", "get", "KEY"), 30)
    assert keeper.run("cat", "cache/k").returncode != 0


def test_a_daemon_of_the_former_root_key_says_so_at_a_rekey(user):
    user.serve("--repo", "octo/hello")
    put(user, "KEY", b"v")
    user.ok("secret", "rekey", "--root")
    assert "was changed since" in failure(user.run("secret", "rekey"))
    put(user, "KEY", b"w")
    assert get(user, "KEY") == b"w"


def test_a_root_key_that_is_not_there_is_not_replaced(user):
    assert "there is no root key" in failure(user.run("secret", "rekey", "--root"), 10)
    put(user, "KEY", b"v")
    os.chmod(user.join(".local/state/runnerfs"), 0o500)
    if os.geteuid() != 0:
        failure(user.run("secret", "rekey", "--root"))
    os.chmod(user.join(".local/state/runnerfs"), 0o700)
    assert get(user, "KEY") == b"v"


def test_a_root_key_stays_while_a_store_cannot_be_looked_for(user):
    put(user, "KEY", b"v")
    former = read_bytes(key_file(user))
    directory = user.join("scans")
    os.mkdir(directory)
    os.symlink("codeql.db", os.path.join(directory, "codeql.db"))
    assert "cannot look for" in failure(user.run("secret", "rekey", "--root", CODEQL_CACHE_DIR=directory))
    assert read_bytes(key_file(user)) == former and get(user, "KEY") == b"v"


def test_import_takes_the_array_of_the_guide(keeper):
    document = [{"name": "API_KEY", "value": "one", "scope": "repo", "scope_filter": "octo/hello", "ttl_hours": 24},
                {"name": "PLAIN", "value": "two\n", "scope": "global"},
                {"name": "HALF", "value": "three", "scope": "runner", "scope_filter": "r1", "ttl_hours": 0.5, "extra": 1},
                {"name": "BINARY", "value_base64": base64.b64encode(b"\x00\xff").decode(), "scope": "global"}]
    assert keeper.ok("secret", "import", "-", stdin=json.dumps(document)) == "4 credentials stored\n"
    rows = {row["name"]: row for row in map(json.loads, keeper.ok("secret", "ls", "--all", "--json").splitlines())}
    assert rows["API_KEY"]["ttl"] == 86400 and rows["HALF"]["ttl"] == 1800 and "ttl" not in rows["PLAIN"]
    assert get(keeper, "BINARY") == b"\x00\xff" and get(keeper, "PLAIN") == b"two\n"


def test_many_are_imported_together_or_not_at_all(keeper):
    many = [{"name": f"K{number}", "value": "v" * 100, "scope": "global"} for number in range(20_000)]
    assert keeper.ok("secret", "import", "-", stdin=json.dumps(many)) == "20000 credentials stored\n"
    assert keeper.ok("secret", "get", "K19999") == "v" * 100
    many[0]["value"] = "other"
    message = failure(keeper.run("secret", "import", "-", stdin=json.dumps([*many, {"name": "LARGE", "value": "w" * (1 << 20) + "w"}])))
    assert "LARGE" in message and "1 MiB" in message
    assert keeper.ok("secret", "get", "K0") == "v" * 100


@pytest.mark.parametrize("document", ["", "nonsense", "{}", "[1]", '[{"name": "A"}]', '[{"value": "canary"}]', '[{"name": "A", "value": 7}]',
                                      '[{"name": "A", "value": "canary", "scope": "planet"}]', '[{"name": "A", "value": "canary", "ttl_hours": 0}]',
                                      '[{"name": "A", "value": "canary", "ttl_hours": "x"}]', '[{"name": "G", "value": "canary"}, {"name": "a/b", "value": "x"}]'])
def test_a_bad_import_stores_nothing_and_shows_no_value(user, document):
    message = failure(user.run("secret", "import", "-", stdin=document))
    assert "canary" not in message
    assert user.ok("secret", "ls", "--all") == ""


def test_import_of_a_directory_takes_files_and_leaves_bookkeeping(user):
    user.write("mounted/..data/KEY", "x")
    user.write("mounted/PASSWORD", "p\n")
    user.write("mounted/TOKEN", "t")
    assert user.ok("secret", "import", "--from-dir", "mounted", "--scope", "global", "--ttl", "1h") == "2 credentials stored\n"
    assert get(user, "PASSWORD") == b"p\n" and get(user, "TOKEN") == b"t"


def test_import_of_the_python_store(user):
    ciphers = pytest.importorskip("cryptography.hazmat.primitives.ciphers.aead")
    key, later = os.urandom(32), time.time() + 3600

    def seal(data):
        nonce = os.urandom(12)
        return nonce + ciphers.AESGCM(key).encrypt(nonce, data, None)

    def entry(value, scope, scope_filter, expires):
        return {"name": "x", "encrypted_value": base64.b64encode(seal(value)).decode(), "scope": scope, "scope_filter": scope_filter, "created_at": 1.5,
                "expires_at": expires, "last_accessed": None, "access_count": 3, "metadata": {}}

    store = {"A": entry("schlüssel".encode(), "global", None, None), "B": entry(b"b", "repo", "octo/hello", later), "OLD": entry(b"c", "global", None, 5.0)}
    with open(user.join("credentials.json.enc"), "wb") as file:
        file.write(seal(json.dumps(store, indent=2).encode()))
    user.write(".master_key", base64.b64encode(key).decode())
    result = user.run("secret", "import", "credentials.json.enc", "--key-file", ".master_key")
    assert (result.returncode, result.stdout) == (0, "2 credentials stored\n") and "1 expired" in result.stderr
    assert get(user, "A") == "schlüssel".encode() and get(user, "B", GITHUB_REPOSITORY="octo/hello") == b"b"
    user.write("wrong", base64.b64encode(os.urandom(32)).decode())
    failure(user.run("secret", "import", "credentials.json.enc", "--key-file", "wrong"), 30)


def test_export_is_what_import_takes(user):
    put(user, "A", b"one\n")
    put(user, "B", b"\xff\x00", "--ttl", "1h")
    exported = user.ok("secret", "export")
    assert {one["name"] for one in json.loads(exported)} == {"A", "B"}
    user.ok("secret", "rm", "A", "B")
    user.ok("secret", "import", "-", stdin=exported)
    assert get(user, "A") == b"one\n" and get(user, "B") == b"\xff\x00"


def test_run_gives_files_and_no_variables(keeper):
    put(keeper, "API_KEY", b"canaryValue")
    put(keeper, "OTHER", b"canaryOther")
    script = 'cat "$SECRETS_DIRECTORY/API_KEY" "$SECRETS_DIRECTORY/API_KEY"; ls "$SECRETS_DIRECTORY"; env; echo "$SECRETS_DIRECTORY"; exit 7'
    result = keeper.run("secret", "run", "--secret", "API_KEY", "--", "sh", "-c", script)
    lines = result.stdout.splitlines()
    assert result.returncode == 7 and lines[0] == "canaryValuecanaryValueAPI_KEY"
    assert "canary" not in "".join(lines[1:]).replace("ghs_canaryCANARYcanary", "")
    assert "GITHUB_TOKEN=ghs_canaryCANARYcanary" in lines, "its own environment is whole"
    assert not os.path.exists(lines[-1])
    everything = keeper.ok("secret", "run", "sh", "-c", 'cat "$SECRETS_DIRECTORY"/*')
    assert everything == "canaryValuecanaryOther"
    put(keeper, "L" * 255, b"of the longest name")
    assert keeper.ok("secret", "run", "--secret", "L" * 255, "sh", "-c", 'cat "$SECRETS_DIRECTORY"/*') == "of the longest name"
    renamed = keeper.ok("secret", "run", "--env", "TOKEN=API_KEY", "--", "sh", "-c", 'echo "$TOKEN"; ls "$SECRETS_DIRECTORY"')
    assert renamed == "canaryValue\n"
    failure(keeper.run("secret", "run", "--secret", "NOBODY", "true"), 10)
    assert keeper.run("secret", "run", "no-such-command").returncode == 127
    assert keeper.run("secret", "run", "sh", "-c", "kill -9 $$").returncode == 137


def unescape(line):
    assert line.startswith("::add-mask::")
    return line[len("::add-mask::"):].replace("%0D", "\r").replace("%0A", "\n").replace("%25", "%")


def test_mask_covers_lines_leaves_and_encodings(user):
    value = '{"user": "someone", "key": "-----BEGIN\\nabcd%0A\\n-----END", "n": "xy"}'
    put(user, "JSON", value.encode())
    result = user.run("mask", "JSON")
    masks = [unescape(line) for line in result.stdout.splitlines()]
    assert value in masks and {"someone", "abcd%0A", "-----BEGIN\nabcd%0A\n-----END"} <= set(masks) and "xy" not in masks
    assert "shorter than 4" in result.stderr
    encoded = base64.b64encode(value.encode()).decode().rstrip("=")
    following = base64.b64encode(value.encode() + b"\n").decode()
    assert any(encoded.startswith(mask) and following.startswith(mask) and len(mask) >= len(encoded) - 1 for mask in masks)
    assert value.encode().hex() in masks and value.encode().hex().upper() in masks
    piped = user.ok("mask", "-", stdin="a b\nsecond line\n").splitlines()
    assert "::add-mask::second line" in piped and "::add-mask::a b%0Asecond line%0A" in piped
    assert all(re.fullmatch(r"::add-mask::[^\r\n]{4,}", line) for line in piped)


def test_a_job_without_a_daemon_stores_nothing(user):
    message = failure(user.run("secret", "put", "KEY", stdin="v", RUNNERFS_ISOLATION="job"), 32)
    assert "daemon" in message
    user.serve("--isolation", "job")
    put(user, "KEY", b"v", RUNNERFS_ISOLATION="job")
    assert get(user, "KEY") == b"v"


def test_values_are_in_no_argument_list_environment_or_log(user):
    daemon = user.serve("--log-level", "debug", "--log-file", user.join("log"))
    put(user, "KEY", b"canaryValueOfACredential")
    get(user, "KEY")
    for name in ("cmdline", "environ"):
        with open(f"/proc/{daemon.pid}/{name}", "rb") as file:
            assert b"canaryValueOf" not in file.read()
    for folder, _, names in os.walk(user.home):
        for name in names:
            path = os.path.join(folder, name)
            if os.path.isfile(path):
                with open(path, "rb") as file:
                    assert b"canaryValueOf" not in file.read(), path
