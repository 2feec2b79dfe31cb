"""audit verify, tail, export and head, on logs that this file writes by the page runnerfs-audit(7)."""

import base64
import hashlib
import hmac
import json
import os
import re
import struct
import subprocess

from conftest import PROGRAM, failure
import pytest

KEY = bytes([0x11]) * 32
TAMPERED = 29


def mac_of(key, text):
    return hmac.new(key, text, hashlib.sha256).digest()


def expand(key, label):
    return mac_of(key, b"runnerfs/v1/audit/" + label + b"\x01")


class Log:
    def __init__(self, user):
        self.directory = user.join("credentials")
        os.makedirs(self.directory)
        self.key, self.mac, self.seq, self.lines = KEY, bytes(32), 0, []
        user.write("audit-key", "runnerfs-audit-key-v1 " + base64.b64encode(KEY).decode() + "\n")

    def add(self, **members):
        self.seq += 1
        said = {"seq": self.seq, "timestamp": f"2026-01-{self.seq:02}T12:00:00.000Z", "action": "access_granted", "credential": "API_KEY",
                "details": {"repo": "octo/hello", "reason": ""}, "gen": 1}
        said.update(members)
        body = json.dumps(said, separators=(",", ":"), ensure_ascii=False)[:-1].encode()
        body += b',"sum":"' + hashlib.sha256(self.mac + body).digest()[:16].hex().encode() + b'"'
        self.mac = mac_of(expand(self.key, b"mac"), self.mac + struct.pack(">I", len(body)) + body)
        self.key = expand(self.key, b"next")
        self.lines.append(body + b',"mac":"' + self.mac.hex().encode() + b'"}\n')

    @property
    def anchor(self):
        return f"{self.seq} {self.mac.hex()}"

    def write(self, lines=None, state=True):
        path = os.path.join(self.directory, "audit.log")
        with open(path, "wb") as file:
            file.write(b"".join(self.lines if lines is None else lines))
        if state:
            info = os.stat(path)
            slot = struct.pack(">Q32s32sQQQQ", self.seq, self.key, self.mac, info.st_ino, sum(map(len, self.lines)), 1, 0)
            slot += mac_of(self.key, slot)[:24]
            with open(os.path.join(self.directory, "audit.state"), "wb") as file:
                file.write(slot * 2)


@pytest.fixture
def log(user):
    one = Log(user)
    one.add()
    one.add(action="access_denied", details={"repo": "octo/hello", "reason": "scope_mismatch"})
    one.add(action="store", credential='say "ü"')
    one.add()
    one.write()
    user.run_audit = lambda *words, **more: user.run("audit", *words, CREDENTIALS_DIR=one.directory, **more)
    return one


def good(result):
    assert result.returncode == 0, result.stderr
    return result.stdout


def test_a_log_by_the_page_is_whole(user, log):
    text = good(user.run_audit("verify"))
    assert text.startswith("whole: 4 lines in 1 file, numbers 1 to 4\n") and "not for forgery" in text
    text = good(user.run_audit("verify", "--key", user.join("audit-key"), "--anchor", log.anchor))
    assert "checked for damage and forgery" in text and "cannot be seen" not in text
    verdict = json.loads(good(user.run_audit("verify", "--json", "--key", user.join("audit-key"))))
    assert verdict["whole"] is True and verdict["lines"] == 4 and verdict["mac"] == log.mac.hex()


def test_a_changed_line_is_named(user, log):
    lines = list(log.lines)
    lines[1] = lines[1].replace(b"scope_mismatch", b"scope_mismatcH")
    log.write(lines)
    message = failure(user.run_audit("verify"), TAMPERED)
    assert "audit.log line 2: its bytes, or those of the line before, were changed" in message


def test_a_log_that_is_cut_is_told(user, log):
    log.write(log.lines[:3])
    assert "line 4 is missing at the end: the log was cut" in failure(user.run_audit("verify"), TAMPERED)


def test_a_log_that_was_written_anew_is_seen_by_key_and_by_anchor(user, log):
    forged = Log.__new__(Log)
    forged.directory, forged.key, forged.mac, forged.seq, forged.lines = log.directory, bytes(32), bytes(32), 0, []
    for _ in range(4):
        forged.add()
    forged.write()
    good(user.run_audit("verify"))
    assert "audit.log line 1: its MAC is forged" in failure(user.run_audit("verify", "--key", user.join("audit-key")), TAMPERED)
    assert "line 4: it is not the line of the anchor" in failure(user.run_audit("verify", "--anchor", log.anchor.replace(" ", ":")), TAMPERED)


def test_head_prints_an_anchor(user, log):
    assert good(user.run_audit("head")) == log.anchor + "\n"


def test_tail_prints_the_last_lines(user, log):
    assert good(user.run_audit("tail", "-n", "2")).encode() == b"".join(log.lines[2:])
    assert good(user.run_audit("tail")).encode() == b"".join(log.lines)


def test_tail_follows_what_is_written(user, log):
    process = subprocess.Popen([PROGRAM, "audit", "tail", "-n", "1", "-f", "--directory", log.directory], env=user.environment(),
                               stdout=subprocess.PIPE)
    user.daemons.append(process)
    process.stderr = open(os.devnull, "rb")
    assert process.stdout.readline() == log.lines[3]
    log.add(action="rotate")
    log.write()
    assert process.stdout.readline() == log.lines[4]


def test_export_prints_what_was_asked_for(user, log):
    def exported(*words):
        return good(user.run_audit("export", *words)).encode()

    assert exported() == b"".join(log.lines)
    assert exported("--action", "access_denied") == log.lines[1]
    assert exported("--credential", 'say "ü"') == log.lines[2]
    assert exported("--since", "2026-01-02T12:00:00Z", "--until", "2026-01-04") == b"".join(log.lines[1:3])
    assert exported("--since", "1h") == b""
    assert json.loads(exported("--head").splitlines()[-1]) == {"head": {"seq": 4, "mac": log.mac.hex()}}


@pytest.mark.parametrize("words", [["verify", "--anchor", "4"], ["tail", "-n", "many"], ["export", "--since", "yesterday"], ["head", "x"],
                                   ["nothing"], []])
def test_wrong_words_are_usage_errors(user, log, words):
    failure(user.run_audit(*words), 2)


def test_without_a_log_and_without_a_key_it_is_said(user, log):
    failure(user.run("audit", "verify", "--directory", user.join("none")), 10)
    failure(user.run("audit", "head", CREDENTIALS_DIR=user.home), 10)
    user.write("wrong-key", "x\n")
    failure(user.run_audit("verify", "--key", user.join("wrong-key")), 30)


def test_nothing_of_a_line_rules_the_terminal(user, log):
    with open(os.path.join(log.directory, "audit.log"), "ab") as file:
        file.write(log.lines[3].replace(b"API_KEY", b"\x1b[2JKEY"))
    assert "\x1b" not in good(user.run_audit("tail"))
    assert not re.search(r"[\x00-\x08\x0b-\x1f]", failure(user.run_audit("verify"), TAMPERED))


def test_init_prints_the_key_of_the_log_once(user):
    first = user.ok("init").splitlines()
    assert first[-1].startswith("runnerfs-audit-key-v1 ")
    assert "runnerfs-audit-key-v1" not in user.ok("init")
    user.write("log-key", first[-1] + "\n")
    user.ok("secret", "put", "KEY", stdin="v")
    assert "checked for damage and forgery" in user.ok("audit", "verify", "--key", user.join("log-key"))
    user.write("log-key", first[-1][:22] + base64.b64encode(bytes(32)).decode() + "\n")
    assert "line 1" in failure(user.run("audit", "verify", "--key", user.join("log-key")), TAMPERED)


def test_the_key_of_a_log_goes_to_its_owner(user):
    line = user.ok("audit", "keygen", user.join("owner.key"))
    assert os.stat(user.join("owner.key")).st_mode & 0o777 == 0o600
    failure(user.run("audit", "keygen", user.join("owner.key")))
    user.write(".config/runnerfs/config.yml", line)
    assert "runnerfs-audit-key-v1" not in user.ok("init")
    user.ok("secret", "put", "KEY", stdin="v")
    assert "checked for damage and forgery" in user.ok("audit", "verify", "--key", user.join("owner.key"))
    user.ok("audit", "keygen", user.join("other.key"))
    failure(user.run("audit", "verify", "--key", user.join("other.key")), 30)


def test_an_owner_that_is_no_key_is_said_before_anything_is_made(user):
    failure(user.run("init", "--audit-owner", "nonsense"), 2)
    assert not os.path.exists(user.join(".credentials/audit.log"))


def test_the_store_vouches_for_the_last_line_that_it_knows(user):
    user.ok("secret", "put", "KEY", stdin="v")
    kept = {name: open(user.join(".credentials", name), "rb").read() for name in ("audit.log", "audit.state")}
    assert "anchored up to line" in user.ok("audit", "verify")
    user.ok("secret", "put", "KEY", stdin="w")
    assert json.loads(user.ok("audit", "verify", "--json"))["store_asked"] is True
    for name, content in kept.items():
        with open(user.join(".credentials", name), "r+b") as file:
            file.truncate()
            file.write(content)
    assert "of the anchor is missing" in failure(user.run("audit", "verify"), TAMPERED)
    os.rename(user.join(".local/state/runnerfs/root-key"), user.join("key"))
    assert "was not asked: there is no key file" in user.ok("audit", "verify")


def test_the_log_is_looked_for_where_the_configuration_keeps_credentials(user):
    user.write(".config/runnerfs/config.yml", "credentials:\n  directory: " + user.join("elsewhere") + "\n")
    user.ok("secret", "put", "KEY", stdin="v")
    assert user.ok("audit", "head").split()[0] == "2"
