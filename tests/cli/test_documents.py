"""The manual page, the completions and the help name every command and option of the program."""

import os
import re
import shutil
import subprocess
import sys

import pytest
from conftest import ROOT

HIDDEN = {"list-options", "keyring-helper"}


def read(name):
    with open(os.path.join(ROOT, name), encoding="utf-8") as file:
        return file.read()


@pytest.fixture
def listed(user):
    commands, flags, options = [], [], []
    for line in user.ok("list-options").splitlines():
        words = line.split()
        if words[0].startswith("--"):
            options.append(words)
        elif len(words) == 1:
            commands.append(words[0])
        else:
            flags.append(words)
    assert len(commands) > 15 and len(options) > 35
    return commands, flags, options


def test_the_manual_page_has_every_command_and_option(listed):
    commands, flags, options = listed
    page = read("man/runnerfs.1")
    for command in commands:
        assert re.search(rf"^\.It Nm Cm {command}\b", page, re.M), command
    for command, flag in flags:
        assert re.search(rf"Fl Fl {flag[2:]}\b", page), (command, flag)
    for flag, _, key in options:
        assert re.search(rf"^\.It Fl Fl {flag[2:]}( |$)", page, re.M), flag
        assert f"Ql {key}" in page, key
    for code in range(10, 35):
        assert re.search(rf"^\.It {code}$", page, re.M), code


def test_the_manual_page_names_no_option_that_is_not_there(listed):
    known = {flag[2:] for flag, _, _ in listed[2]} | {flag[2:] for _, flag in listed[1]} | {"help", "x-y"}
    known |= {"no-" + name for name in known}
    assert set(re.findall(r"Fl Fl ([a-z][a-z0-9-]+)", read("man/runnerfs.1"))) <= known


def test_the_manual_page_is_sound():
    if not shutil.which("mandoc"):
        pytest.skip("no mandoc")
    result = subprocess.run(["mandoc", "-Tlint", os.path.join(ROOT, "man/runnerfs.1")], capture_output=True, text=True, check=False)
    assert [line for line in result.stdout.splitlines() if "referenced manual not found" not in line] == []


@pytest.mark.parametrize("name", ["completions/runnerfs.bash", "completions/_runnerfs"])
def test_completions_have_every_command_and_option(listed, name):
    commands, flags, options = listed
    words = set(re.findall(r"-{0,2}[a-z][a-z0-9-]*", read(name)))
    assert set(commands) <= words
    assert {flag for _, flag in flags} | {flag for flag, _, _ in options} <= words


def test_completions_can_be_loaded_by_their_shells():
    assert subprocess.run(["bash", "-n", os.path.join(ROOT, "completions/runnerfs.bash")], check=False).returncode == 0
    if shutil.which("zsh"):
        assert subprocess.run(["zsh", "-n", os.path.join(ROOT, "completions/_runnerfs")], check=False).returncode == 0


def test_bash_completes_commands_options_and_what_is_held(user):
    user.ok("put", "cache/list_repos", stdin="1")
    program = user.join("runnerfs")
    os.symlink(os.path.abspath(os.environ.get("RUNNERFS") or os.path.join(ROOT, "build/release/runnerfs")), program)

    def complete(*words):
        script = (f'source "{ROOT}/completions/runnerfs.bash"; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _runnerfs; '
                  'printf "%s\\n" "${COMPREPLY[@]}"')
        return subprocess.run(["bash", "-c", script, "bash", program, *words], env=user.environment(), capture_output=True, text=True,
                              check=True, timeout=30).stdout.split()

    assert complete("um") == ["umount"]
    assert "--token-file" in complete("cat", "--to")
    assert complete("cat", "cache/l") == ["cache/list_repos"]
    assert complete("mount", "--key-source", "sys") == ["systemd"]


ZSH = """
import os, pty, select, sys, time
pid, fd = pty.fork()
if pid == 0:
    os.execvp("zsh", ["zsh", "-f", "-i"])
def until(mark, seconds=30):
    seen, end = b"", time.monotonic() + seconds
    while mark not in seen and time.monotonic() < end:
        if select.select([fd], [], [], 0.2)[0]:
            try:
                seen += os.read(fd, 65536)
            except OSError:
                break
    return seen
os.write(fd, b"PS1=''; unsetopt zle_bracketed_paste; stty -echo; fpath=($COMPLETIONS $fpath); autoload -Uz compinit; "
             b"compinit -u -D; print -r -- rea''dy" + b"\\n")
assert b"ready" in until(b"ready")
os.write(fd, sys.argv[1].encode() + b"\\t\\n")
sys.stdout.write(until(b"]]").decode())
os.write(fd, b"\\nexit\\n")
os.close(fd)
os.waitpid(pid, 0)
"""


@pytest.mark.parametrize("typed, completed", [
    ("runnerfs um", "umount"), ("runnerfs cat --to", "cat --token-file"), ("runnerfs cat cache/l", "cat cache/list_repos"),
    ("runnerfs mount --key-source=sys", "mount --key-source=systemd"), ("runnerfs help key", "help keygen"),
    ("runnerfs secret rot", "secret rotate")])
def test_zsh_loads_the_completion_and_completes(user, typed, completed):
    if not shutil.which("zsh"):
        pytest.skip("no zsh")
    user.ok("put", "cache/list_repos", stdin="1")
    program = os.path.abspath(os.environ.get("RUNNERFS") or os.path.join(ROOT, "build/release/runnerfs"))
    # Shows what it is called with, but for the question that the completion asks.
    user.write("bin/runnerfs", f'#!/bin/sh\n[ "$1" = ls ] && exec {program} "$@"\necho "[[$*]]"\n')
    os.chmod(user.join("bin/runnerfs"), 0o755)
    environment = user.environment(COMPLETIONS=os.path.join(ROOT, "completions"), TERM="dumb")
    environment["PATH"] = user.join("bin") + ":" + environment["PATH"]
    result = subprocess.run([sys.executable, "-c", ZSH, typed], env=environment, capture_output=True, text=True, timeout=60, cwd=user.home,
                            check=True)
    assert f"[[{completed}]]" in result.stdout


def test_bash_completes_names_as_data(user):
    """A name of the cache may hold anything: completing it runs nothing, and a ':' in it is no end of the word."""
    user.ok("put", "cache/$(touch pwned)", stdin="1")
    user.ok("put", "cache/list_repos:octo", stdin="1")
    program = user.join("runnerfs")
    os.symlink(os.path.abspath(os.environ.get("RUNNERFS") or os.path.join(ROOT, "build/release/runnerfs")), program)
    script = (f'source "{ROOT}/completions/runnerfs.bash"; COMP_LINE=$1; COMP_POINT=${{#1}}; shift; COMP_WORDS=("$@"); '
              'COMP_CWORD=$(($# - 1)); _runnerfs; printf "%s\\n" "${COMPREPLY[@]}"')

    def complete(*words):
        return subprocess.run(["bash", "-c", script, "bash", f"{program} cat " + "".join(words), program, "cat", *words], cwd=user.home,
                              env=user.environment(), capture_output=True, text=True, check=True, timeout=30).stdout.splitlines()

    assert any("touch" in name for name in complete("cache/"))
    assert not os.path.exists(user.join("pwned"))
    assert complete("cache/list_repos", ":", "oc") == ["octo"]
    assert complete("cache/li") == ["cache/list_repos:octo"]


def test_help_has_every_option_and_an_example(user, listed):
    commands, flags, _ = listed
    overview = user.ok("help")
    for command in commands:
        assert re.search(rf"^  {command} ", overview, re.M)
        text = user.ok(command, "--help")
        assert text.startswith(f"usage: runnerfs {command}")
        assert text == user.ok("help", command)
        for owner, flag in flags:
            assert owner != command or flag in text
        assert command in ("version", "help") or "\nexamples:\n" in text
    assert not any(name in overview for name in HIDDEN)
