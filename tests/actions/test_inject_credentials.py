"""inject-credentials as a job runs it."""

import base64
import json
import os
import re
import signal
import subprocess
import sys
import time
import urllib.parse

import pytest
import runner
from conftest import ACTIONS, PROGRAM, copied

PEM = "-----BEGIN KEY-----\n" + "\n".join(base64.b64encode(os.urandom(48)).decode() for _ in range(4)) + "\n-----END KEY-----\n"
DOCUMENT = json.dumps({"client_email": "svc@example.test", "private_key": "canary/key+part==\nsecond-canary-line", "n": [1, {"deep": "leaf-canary-77"}]})
BINARY = bytes(range(256)) * 2


def array(**values):
    return json.dumps([{"name": name, "value": value} for name, value in values.items()])


def path_of(step, name):
    return step.environment[name + "_FILE"]


def read(path):
    with open(path, "rb") as file:
        return file.read()


def test_credentials_are_files_and_no_variables(job):
    step = job.inject(json.dumps([{"name": "API_KEY", "value": "hunter2-canary", "scope": "repo", "ttl_hours": 24}]))
    assert step.ok and step.outputs["credentials-injected"] == "1" and step.outputs["status"] == "success"
    assert step.outputs["mount-status"] == "mounted" and step.outputs["mount-path"] == step.environment["RUNNERFS_MOUNT"]
    assert set(step.environment) == {"RUNNERFS_MOUNT", "API_KEY_FILE"}
    assert path_of(step, "API_KEY") == step.outputs["mount-path"] + "/secrets/API_KEY"
    later = job.run('test "$(cat "$API_KEY_FILE")" = hunter2-canary; test "$(runnerfs secret get API_KEY)" = hunter2-canary; '
                    'test -z "$API_KEY"; stat -c %a "$API_KEY_FILE"; stat -c %a "$RUNNERFS_MOUNT/secrets"')
    assert later.log.split() == ["600", "700"]
    job.end()


def test_the_summary_names_the_line_that_the_audit_log_must_have(job):
    step = job.inject(array(API_KEY="hunter2-canary"))
    assert read(path_of(step, "API_KEY")) == b"hunter2-canary"
    summary = job.end()[-1].summary
    anchor = re.search(r"\| Audit log's last line \| `(\d+ [0-9a-f]{64})`", summary).group(1)

    def verify(line):
        return subprocess.run([PROGRAM, "audit", "verify", "--anchor", line], env={"HOME": job.home, "PATH": os.environ["PATH"]},
                              capture_output=True, text=True, check=False)
    whole = verify(anchor)
    assert whole.returncode == 0 and f"anchored up to line {anchor.split()[0]}" in whole.stdout, whole
    assert verify(anchor.split()[0] + " " + "0" * 64).returncode != 0
    # The log written anew, as whole as the first.
    for name in ("audit.log", "audit.state", "credentials.db"):
        os.remove(os.path.join(job.home, ".credentials", name))
    again = job.inject(array(API_KEY="hunter2-canary"))
    assert read(path_of(again, "API_KEY")) == b"hunter2-canary"
    job.end()
    assert verify(anchor).returncode != 0


def test_values_reach_files_byte_for_byte(job):
    step = job.inject(json.dumps([{"name": "PEM", "value": PEM}, {"name": "DOC", "value": DOCUMENT},
                                  {"name": "RAW", "value_base64": base64.b64encode(BINARY).decode()}]))
    assert step.outputs["status"] == "success"
    assert read(path_of(step, "PEM")) == PEM.encode() and read(path_of(step, "RAW")) == BINARY and read(path_of(step, "DOC")) == DOCUMENT.encode()
    job.end()


def test_the_whole_log_has_no_secret_in_any_form(job):
    step = job.inject(json.dumps([{"name": "PEM", "value": PEM}, {"name": "DOC", "value": DOCUMENT}, {"name": "WORD", "value": "hunter2 & c√nary/word?"},
                                  {"name": "RAW", "value_base64": base64.b64encode(BINARY).decode()}]), export_env="PEM, DOC, WORD",
                      secrets=[])
    assert step.outputs["status"] == "success"
    # A run that shows them in every way that people do by accident.
    job.run("""set +e
for f in "$PEM_FILE" "$DOC_FILE" "$WORD_FILE" "$RAW_FILE"; do
  cat "$f"; echo; base64 "$f"; base64 -w0 "$f"; echo; od -An -v -tx1 "$f" | tr -d ' \\n'; echo
  od -An -v -tx1 "$f" | tr -d ' \\n' | tr a-f A-F; echo; base64 -w64 "$f"
done
env; echo "$PEM"; printf '%s' "$WORD" | base64
python3 - <<'END'
import base64, json, os, urllib.parse
for name in ("PEM", "DOC", "WORD"):
    value = os.environ[name]
    print(json.dumps(value)); print(json.dumps(value, ensure_ascii=False)); print(urllib.parse.quote(value)); print(urllib.parse.quote_plus(value))
    print(urllib.parse.quote(value, safe="")); print(base64.urlsafe_b64encode(value.encode()).decode()); print(repr(json.loads(json.dumps(value))))
print(json.loads(os.environ["DOC"])["private_key"]); print(json.loads(os.environ["DOC"])["n"])
END""", expect=None)
    job.end()
    log = "".join(one.log + json.dumps(one.annotations) + one.summary for one in job.steps)
    for value in (PEM, DOCUMENT, "hunter2 & c√nary/word?"):
        data = value.encode()
        pieces = {value, data.hex(), data.hex().upper(), urllib.parse.quote(value), urllib.parse.quote(value, safe=""), urllib.parse.quote_plus(value)}
        pieces |= {line.strip() for line in value.splitlines() if len(line.strip()) >= 4}
        whole = base64.b64encode(data).decode()
        pieces |= {whole, base64.urlsafe_b64encode(data).decode(), json.dumps(value)[1:-1]}
        pieces |= {whole[at:at + width] for width in (64, 76) for at in range(0, len(whole) - width, width)}
        for piece in pieces:
            assert piece not in log, piece
    for leaf in ("svc@example.test", "second-canary-line", "leaf-canary-77", "canary/key+part=="):
        assert leaf not in log
    for width in (64, 76):
        whole = base64.b64encode(BINARY).decode()
        for at in range(0, len(whole) - width, width):
            assert whole[at:at + width] not in log
    assert BINARY.hex() not in log


def test_a_value_of_several_lines_sets_exactly_one_variable(job):
    value = "first\nNODE_VERSION=evil\nPATH<<EOF\nx\nEOF\n\n%0Alast<<\r\n"
    step = job.inject(array(MULTI=value), export_env="all")
    assert step.ok and set(step.environment) == {"RUNNERFS_MOUNT", "MULTI_FILE", "MULTI"}
    assert step.environment["MULTI"] == value
    job.end()


REFUSED = ["NODE_OPTIONS", "PATH", "LD_PRELOAD", "LD_LIBRARY_PATH", "BASH_ENV", "ENV", "GITHUB_TOKEN", "GITHUB_ENV", "RUNNER_TEMP",
           "ACTIONS_RUNTIME_TOKEN", "INPUT_X", "RUNNERFS_SOCKET", "PYTHONPATH", "PYTHONSTARTUP", "PERL5OPT", "RUBYOPT", "IFS", "PS4", "GIT_SSH_COMMAND",
           "JAVA_TOOL_OPTIONS", "https_proxy", "HTTPS_PROXY", "BASH_FUNC_ls", "PROMPT_COMMAND", "DYLD_INSERT_LIBRARIES", "HOME", "SHELLOPTS"]


def test_variables_that_programs_take_orders_from_are_refused(job):
    step = job.inject(array(**{name: "value-of-" + name for name in REFUSED}), export_env="all")
    assert step.outputs["credentials-injected"] == str(len(REFUSED)) and step.outputs["status"] == "partial"
    assert not set(step.environment) & set(REFUSED)
    assert "force-env" in step.annotated("warning")
    # Files are there all the same, even where not even NAME_FILE could be exported.
    assert read(os.path.join(step.outputs["mount-path"], "secrets/LD_PRELOAD")) == b"value-of-LD_PRELOAD"
    job.end()


def test_named_explicitly_they_are_set(job):
    step = job.inject(array(GITHUB_TOKEN="ghp_canaryCANARY", LD_PRELOAD="/x.so"), export_env="all", force_env="GITHUB_TOKEN")
    assert step.environment["GITHUB_TOKEN"] == "ghp_canaryCANARY" and "LD_PRELOAD" not in step.environment
    job.end()


def test_only_named_ones_become_variables(job):
    step = job.inject(array(ONE="value-1", TWO="value-2"), export_env="TWO")
    assert "ONE" not in step.environment and step.environment["TWO"] == "value-2"
    job.end()


@pytest.mark.parametrize("text", [
    '[{"name": "A", "value": SECRETVALUE}]', '[{"name": "A", "value": "SECRET"VALUE"}]', '[{"name": "A", "value": "SECRET\nVALUE"}]',
    '[{"name": "A", "value": "SECRETVALUE"', "SECRETVALUE", '[{"name": "A", "value": "SECRET\\VALUE"}]'])
def test_malformed_json_names_its_place_and_repeats_nothing(job, text):
    step = job.inject(text, expect=1)
    message = step.annotated("error")
    assert "toJSON(secrets.X)" in message and "byte" in message and "line" in message
    for at in range(len("SECRETVALUE") - 4):
        assert "SECRETVALUE"[at:at + 5] not in step.raw + message
    assert step.outputs == {"credentials-injected": "0", "status": "error", "mount-path": "", "mount-status": "disabled"}
    job.end()


@pytest.mark.parametrize("text, word", [
    ('[{"name": "A", "value": "canary1", "scope": "universe"}]', "scope"), ('[{"value": "canary1"}]', "name"), ('[{"name": "A"}]', "value"),
    ('[{"name": "A", "value": "canary1"}, {"name": "A", "value": "canary2"}]', "twice"), ('{"name": "A", "value": "canary1"}', "array"),
    ('[{"name": "../A", "value": "canary1"}]', "name"), ('[{"name": "A", "value": "canary1", "ttl_hours": -1}]', "ttl"),
    ('[{"name": "A", "value": 5}]', "value"), ('[{"name": "A", "value": "canary1", "scope": "repo", "scope_filter": "no-slash"}]', "owner/repo"), ("[5]", "object")])
def test_malformed_credentials_store_nothing(job, text, word):
    step = job.inject(text, expect=1)
    assert word in step.annotated("error"), step.raw
    assert step.outputs["status"] == "error" and step.outputs["credentials-injected"] == "0"
    assert "canary1" not in step.raw
    job.end()


def test_a_secret_that_is_not_set_is_skipped(job):
    step = job.inject('[{"name": "A", "value": ""}, {"name": "B", "value": null}, {"name": "C", "value": "value-c"}]')
    assert step.outputs["credentials-injected"] == "1" and step.outputs["status"] == "partial"
    assert "A is empty" in step.raw and "B is empty" in step.raw and "C_FILE" in step.environment
    assert job.inject('[{"name": "A", "value": ""}]').outputs["status"] == "error"
    job.end()


def test_values_from_the_steps_own_environment(job):
    step = job.inject(from_env="DB_PASSWORD, TLS_KEY\nABSENT", env={"DB_PASSWORD": 'qu"ote\\and\nline', "TLS_KEY": PEM})
    assert read(path_of(step, "DB_PASSWORD")) == b'qu"ote\\and\nline' and read(path_of(step, "TLS_KEY")) == PEM.encode()
    assert step.outputs["status"] == "partial" and "ABSENT" in step.annotated("warning")
    assert job.inject(from_env="ABSENT", fail_on_missing="true", expect=1).outputs["status"] == "error"
    job.end()


def test_stored_credentials_by_name(job):
    job.inject(array(KEPT="kept-canary"))
    job.run('printf other-canary | runnerfs secret put OTHER')
    step = job.inject(credential_names="OTHER, KEPT,MISSING")
    assert step.outputs["credentials-injected"] == "2" and step.outputs["status"] == "partial"
    assert set(step.environment) == {"RUNNERFS_MOUNT", "OTHER_FILE", "KEPT_FILE"} and "MISSING" in step.annotated("warning")
    assert "other-canary" not in job.run("cat $OTHER_FILE").log
    missing = job.inject(credential_names="MISSING", fail_on_missing="true", expect=1)
    assert missing.outputs["status"] == "error" and missing.outputs["credentials-injected"] == "0"
    job.end()


def test_credentials_last_for_their_time_or_for_the_job(make_job):
    job = make_job()
    job.inject(array(LASTING="lasting-canary"))
    job.inject(array(SHORT="short-canary"), lifetime="job")
    job.run("test -e $RUNNERFS_MOUNT/secrets/SHORT")
    job.end()
    again = make_job(root=job.root)
    step = again.inject(credential_names="LASTING, SHORT")
    assert "LASTING_FILE" in step.environment and "SHORT_FILE" not in step.environment
    again.end()


def test_the_daemon_holds_no_secret_where_others_can_read(job):
    step = job.inject(array(API_KEY="hunter2-canary"), github_token="ghs_tokenCANARYtokenCANARY")
    daemons = [pid for pid, line in job.processes() if "action daemon" in line]
    assert len(daemons) == 1
    environ = read(f"/proc/{daemons[0]}/environ").decode().split("\0")
    names = {entry.split("=")[0] for entry in environ if entry}
    assert "RUNNER_TRACKING_ID" in names and names <= {"PATH", "HOME", "RUNNER_TRACKING_ID", "RUNNERFS_MOUNT"}
    assert all(os.readlink(f"/proc/{daemons[0]}/fd/{fd}") == "/dev/null" for fd in (0, 1, 2))
    for canary in ("hunter2-canary", "ghs_tokenCANARY", job.actions["ACTIONS_RUNTIME_TOKEN"]):
        assert all(canary not in line for line in step.argv)
        assert canary not in "".join(environ)
        for folder in (job.temp, job.home):
            for parent, _, files in os.walk(folder):
                for name in files:
                    assert canary.encode() not in read(os.path.join(parent, name)), name
    job.end()


def test_the_mount_is_outside_of_what_the_runner_empties(job):
    place = job.inject(array(A="value-a")).outputs["mount-path"]
    for folder in (job.workspace, job.temp, job.join("tools")):
        assert not place.startswith(folder)
    job.end()


def test_a_job_whose_daemon_was_killed_ends_well(job):
    job.inject(array(A="value-a"), lifetime="job")
    for pid, line in job.processes():
        if "action daemon" in line:
            os.kill(pid, signal.SIGKILL)
    posts, killed = job.finish()
    assert posts[0].code == 0 and killed == [] and job.leftovers() == []


def test_a_dead_mount_is_replaced_by_the_next_step(job):
    job.inject(array(A="value-a"))
    for pid, line in job.processes():
        if "action daemon" in line:
            os.kill(pid, signal.SIGKILL)
    step = job.inject(array(B="value-b"))
    assert step.outputs["status"] == "success" and read(path_of(step, "B")) == b"value-b"
    job.end()


def test_post_without_main_does_nothing(job):
    job.posts.append({"folder": os.path.join(os.path.dirname(__file__), "../../actions/inject-credentials"), "inputs": {}, "env": {}, "state": {},
                      "action": {"post": "post.cjs", "inputs": {}}})
    posts, killed = job.finish()
    assert posts[0].ok and posts[0].raw == "" and killed == [] and job.leftovers() == []


def test_a_reader_that_stays_does_not_keep_the_job(job):
    job.inject(array(A="value-a"))
    job.run('cd "$RUNNERFS_MOUNT"; RUNNER_TRACKING_ID= setsid sleep 60 >/dev/null 2>&1 & echo $! > "$RUNNER_TEMP/pid"')
    posts, killed = job.finish()
    os.kill(int(read(os.path.join(job.temp, "pid"))), signal.SIGKILL)
    assert posts[0].ok and killed == [] and job.leftovers() == []


def test_a_daemon_ends_with_a_runner_that_was_killed(job):
    """Post never runs then, and the runner's sweep cannot read the environment of a daemon that is not dumpable."""
    worker = job.join("Runner.Worker")
    os.symlink(sys.executable, worker)
    with_ = job.as_inputs({"binary-path": PROGRAM, "credentials": array(A="value-a")})
    files = {name: job.join("commands", name) for name in runner.FILES}
    main = os.path.join(ACTIONS, "inject-credentials/main.cjs")
    code = f"import subprocess, time; subprocess.run([{runner.NODE!r}, {main!r}], check=True); print('begun', flush=True); time.sleep(60)"
    process = subprocess.Popen([worker, "-c", code], env={**job.variables(None, True, **with_), **files}, cwd=job.workspace, stdout=subprocess.PIPE, text=True)
    with process:
        while "begun" not in process.stdout.readline():
            assert process.poll() is None
        daemons = [pid for pid, line in job.processes() if "action daemon" in line]
        assert len(daemons) == 1
        process.kill()
    end = time.monotonic() + 10
    while os.path.exists(f"/proc/{daemons[0]}/exe") and time.monotonic() < end:
        try:
            os.waitpid(-1, os.WNOHANG)  # it became a child of this process
        except ChildProcessError:
            pass
        time.sleep(0.05)
    assert not job.processes()
    for place in job.leftovers():
        assert not os.path.ismount(place)


def test_a_cancelled_step_leaves_nothing(job):
    for seconds in (0.02, 0.06, 0.1, 0.2):
        job.action("inject-credentials", {"credentials": array(A="value-a")}, cancel_after=seconds)
        _, killed = job.finish()
        assert killed == [] and job.leftovers() == []


def test_a_step_that_is_killed_leaves_nothing(job):
    """At any time, the daemon half started: main cannot say anything any more."""
    for seconds in (0.05, 0.08, 0.1, 0.12, 0.15):
        job.action("inject-credentials", {"credentials": array(A="value-a")}, kill_after=seconds)
        _, killed = job.finish()
        assert killed == [] and job.leftovers() == []


def test_a_folder_is_complete_in_itself(job):
    """Also in a repository whose own JavaScript is made of modules."""
    folder = copied(job, "inject-credentials")
    with open(os.path.join(job.workspace, "package.json"), "w", encoding="utf-8") as file:
        file.write('{"type": "module"}')
    step = job.uses(folder, {"binary-path": PROGRAM, "credentials": array(A="value-a")})
    assert step.outputs["status"] == "success"
    job.end()


def test_what_is_stored_for_others_is_not_given_to_this_job(job):
    step = job.inject(json.dumps([{"name": "MINE", "value": "canary-mine", "scope": "repo"}, {"name": "A", "value": "canary-one", "scope": "repo", "scope_filter": "other/repo"},
                                  {"name": "B", "value": "canary-two", "scope": "runner", "scope_filter": "another-runner"}]), export_env="all")
    assert step.ok and step.outputs["status"] == "partial" and step.outputs["credentials-injected"] == "1", step.raw
    assert set(step.environment) == {"RUNNERFS_MOUNT", "MINE", "MINE_FILE"}
    assert "it is for repo:other/repo" in step.annotated("warning") and "it is for runner:another-runner" in step.raw, step.raw
    assert "access_denied" not in job.run("runnerfs audit export").log, "nobody tried to read them"
    # The narrower one is what later steps read.
    job.inject(json.dumps([{"name": "N", "value": "canary-narrow", "scope": "runner"}]))
    hidden = job.inject(json.dumps([{"name": "N", "value": "canary-wide", "scope": "global"}]))
    assert hidden.outputs["status"] == "error" and "hides it" in hidden.annotated("warning") and "N_FILE" not in hidden.environment
    job.end()


def test_a_stranger_gets_no_credentials(make_job):
    job = make_job(GITHUB_EVENT_NAME="pull_request", GITHUB_HEAD_REF="x")
    with open(job.github["GITHUB_EVENT_PATH"], "w", encoding="utf-8") as file:
        json.dump({"number": 3, "pull_request": {"head": {"repo": {"full_name": "mallory/hello"}}, "base": {"repo": {"full_name": "octo/hello"}}},
                   "repository": {"full_name": "octo/hello"}}, file)
    step = job.inject(json.dumps([{"name": "A", "value": "value-a"}, {"name": "B", "value": "value-b", "allow_untrusted": True}]))
    assert step.outputs["status"] == "partial" and "B_FILE" in step.environment and "A_FILE" not in step.environment
    assert "fork" in step.annotated("warning")
    job.end()


def test_names_that_are_no_variables(job):
    step = job.inject(array(**{"my-key": "value-1", "1st": "value-2", "näme": "value-3"}))
    assert {name for name in step.environment if name.endswith("_FILE")} == {"my_key_FILE", "_1st_FILE", "n__me_FILE"}
    assert read(step.environment["my_key_FILE"]) == b"value-1"
    job.end()


def test_nothing_to_do_is_no_failure(job):
    step = job.inject()
    assert step.outputs["credentials-injected"] == "0" and step.outputs["status"] == "success"
    job.end()
