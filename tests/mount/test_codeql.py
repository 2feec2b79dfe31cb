"""codeql/: results of scans written, read, listed and invalidated as files."""

import errno
import hashlib
import json
import os
import signal
import subprocess
import sys
import time

import pytest
from rfs import PROGRAM, Mount, error_of, read, until, write

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.normpath(os.path.join(HERE, "../cli")))

from scans import big_sarif, sarif  # noqa: E402

COMMIT, OTHER = "0123456789" * 4, "a" * 40
HELLO = "codeql/octo/hello/"
CONFIG = HELLO + COMMIT + "/security-extended/"
PYTHON = CONFIG + "python.sarif"
ANALYSES = "/repos/octo/hello/code-scanning/analyses"
STORE = ".cache/codeql"


def cp(source, target):
    return subprocess.run(["cp", source, target], capture_output=True, text=True, timeout=100)


def copied(home, mount, path, text):
    """What `cp` of a file with this text to the path says; "" when it worked."""
    write(home.join("result.sarif"), text)
    return cp(home.join("result.sarif"), mount.join(path)).stderr


def refused(mount, path, text):
    """The errno at close and the line of errors.jsonl."""
    name = error_of(write, mount.join(path), text)
    return name, until(lambda: [line for line in mount.errors() if line["path"] == path], what="the line")[-1]


def test_a_result_is_read_byte_for_byte_and_summarised(home, mount, server):
    text = sarif(count=3)
    assert copied(home, mount, PYTHON, text) == ""
    assert mount.read(PYTHON).decode() == text
    assert subprocess.run(["cmp", home.join("result.sarif"), mount.join(PYTHON)], timeout=20).returncode == 0
    summary = mount.json(CONFIG + "python.json")
    assert (summary["alerts_count"], summary["active"], summary["suppressed"]) == (3, 3, 0)
    assert summary["severity_breakdown"]["critical"] == 3 and sum(summary["severity_breakdown"].values()) == 3
    assert (summary["tool"], summary["version"], summary["category"]) == ("CodeQL", "2.20.1", "/language:python")
    assert summary["scan_duration"] is None and summary["key"] == "" and summary["provenance"] == "local"
    assert summary["digest"] == "sha256:" + hashlib.sha256(text.encode()).hexdigest() and summary["size"] == len(text)
    assert "no ground to skip a scan: it was stored without the key of its scan" in mount.read(CONFIG + "python.explain").decode()
    assert server.count() == 0


def test_attributes_tell_what_a_result_is_worth(home, mount):
    copied(home, mount, PYTHON, sarif(count=2))
    told = {name: mount.xattr(PYTHON, "user.runnerfs." + name) for name in ("source", "provenance", "trust", "alerts", "tool", "version", "category", "reusable")}
    assert told == {"source": "disk", "provenance": "local", "trust": "local", "alerts": "2", "tool": "CodeQL", "version": "2.20.1",
                    "category": "/language:python", "reusable": "no: it was stored without the key of its scan"}
    assert "user.runnerfs.cid" in os.listxattr(mount.join(PYTHON)) and os.listxattr(mount.join(CONFIG)) == []
    assert error_of(os.getxattr, mount.join(PYTHON), "user.runnerfs.none") == "ENODATA"


def test_directories_exist_by_name_and_list_what_is_stored(home, mount):
    assert os.listdir(mount.join("codeql")) == ["README"] and "LANGUAGE.sarif" in mount.read("codeql/README").decode()
    assert os.listdir(mount.join(CONFIG)) == [] and os.path.isdir(mount.join("codeql/any/name"))
    for path in (PYTHON, CONFIG + "go.sarif", HELLO + OTHER + "/code-scanning/go.sarif", f"codeql/octo/other/{COMMIT}/default/go.sarif"):
        assert copied(home, mount, path, sarif()) == ""
    assert set(os.listdir(mount.join("codeql"))) == {"README", "octo"}
    assert set(os.listdir(mount.join("codeql/octo"))) == {"hello", "other"}
    assert set(os.listdir(mount.join(HELLO))) == {COMMIT, OTHER}
    assert os.listdir(mount.join(HELLO + OTHER)) == ["code-scanning"]
    assert set(os.listdir(mount.join(CONFIG))) == {f"{one}.{end}" for one in ("go", "python") for end in ("explain", "json", "sarif")}
    found = subprocess.run(["find", mount.join("codeql"), "-name", "*.sarif"], capture_output=True, text=True, check=True, timeout=30)
    assert len(found.stdout.splitlines()) == 4
    assert os.stat(mount.join(PYTHON)).st_mode & 0o777 == 0o600 and os.stat(mount.join(CONFIG + "go.json")).st_mode & 0o777 == 0o400


def test_rm_invalidates_a_language_a_configuration_a_commit(home, mount):
    def store_all():
        for path in (PYTHON, CONFIG + "go.sarif", HELLO + COMMIT + "/default/go.sarif", HELLO + OTHER + "/default/go.sarif"):
            assert copied(home, mount, path, sarif()) == ""

    def rm(path):
        subprocess.run(["rm", "-r", mount.join(path)], check=True, timeout=30, capture_output=True)
    store_all()
    rm(PYTHON)
    assert mount.error(PYTHON) == "ENOENT" and mount.error(CONFIG + "python.json") == "ENOENT" and mount.error(CONFIG + "go.sarif") == ""
    assert error_of(os.unlink, mount.join(PYTHON)) == "ENOENT"
    assert f"stored instead: commit {OTHER}" not in mount.read(CONFIG + "python.explain").decode()
    rm(CONFIG)
    assert os.listdir(mount.join(HELLO + COMMIT)) == ["default"]
    store_all()
    rm(HELLO + COMMIT)
    assert os.listdir(mount.join(HELLO)) == [OTHER]
    os.rmdir(mount.join("codeql/octo"))
    assert os.listdir(mount.join("codeql")) == ["README"]
    assert error_of(os.unlink, mount.join("codeql/README")) == "EROFS"


def test_a_replaced_result_stays_whole_for_who_reads_it(home, mount):
    first, second = sarif(count=40), sarif(count=2)
    copied(home, mount, PYTHON, first)
    with open(mount.join(PYTHON), "rb") as file:
        begin = file.read(100)
        assert copied(home, mount, PYTHON, second) == ""
        assert begin + file.read() == first.encode()
    assert mount.read(PYTHON) == second.encode() and mount.json(CONFIG + "python.json")["alerts_count"] == 2


@pytest.mark.parametrize("text, reason, position", [
    ('{"version": "2.1.0", "runs": [', "end", 30),
    ('{"version": "2.0.0", "runs": []}', "2.1.0", None),
    ('{"runs": []}', "version", None),
    ("[]", "object", None),
    ('{"version": "2.1.0", "runs": [{"tool": {"driver": {"name": "x\xff"}}}]}', "UTF-8", None),
    ('{"version": "2.1.0", "version": "2.1.0", "runs": []}', "version", None),
    ('{"version": "2.1.0", "properties": {"x": ' + "[" * 5000 + "]" * 5000 + '}, "runs": []}', "deep", None),
    ("nonsense", "JSON", 0), ("", "empty", 0)], ids=["cut", "version", "no-version", "array", "utf8", "twice", "deep", "text", "empty"])
def test_what_is_no_sarif_is_refused_at_close_and_the_former_result_stays(home, mount, text, reason, position):
    former = sarif()
    copied(home, mount, PYTHON, former)
    name, line = refused(mount, PYTHON, text.encode("latin-1"))
    assert (name, line["errno"]) == ("EINVAL", "EINVAL") and reason in line["message"], line
    assert position is None or abs(line["position"] - position) <= 1
    assert mount.read(PYTHON) == former.encode()
    assert error_of(write, mount.join(CONFIG + "go.sarif"), text.encode("latin-1")) == "EINVAL" and mount.error(CONFIG + "go.sarif") == "ENOENT"


def test_a_result_cut_at_every_kibibyte_is_refused(mount):
    whole = sarif(count=60).encode()
    for size in range(1024, len(whole), 1024):
        assert error_of(write, mount.join(PYTHON), whole[:size]) == "EINVAL", size
    assert mount.error(PYTHON) == "ENOENT"
    write(mount.join(PYTHON), whole)
    assert mount.read(PYTHON) == whole


def test_limits_of_an_upload_are_warnings(home, mount):
    assert copied(home, mount, PYTHON, sarif(count=25_001)) == ""
    summary = mount.json(CONFIG + "python.json")
    assert summary["alerts_count"] == 25_001 and any("25,000" in one or "25000" in one for one in summary["warnings"]), summary["warnings"]


def test_names_that_nothing_can_have_are_refused(mount):
    wrong = {"codeql/octo/hello/abc/default/go.sarif": "EINVAL", HELLO + COMMIT.upper().replace("0", "F") + "/default/go.sarif": "EINVAL",
             CONFIG + "klingon.sarif": "EINVAL", HELLO + COMMIT + "/sha256-12/go.sarif": "EINVAL", HELLO + COMMIT + "/a b/go.sarif": "EINVAL",
             "codeql/oc to/hello/x": "EINVAL", CONFIG + "go.txt": "ENOENT", PYTHON + "/x": "ENOENT"}
    for path, name in wrong.items():
        assert error_of(os.stat, mount.join(path)) in (name, "ENOTDIR"), path
    message = [line for line in mount.errors() if "klingon" in line["path"]][-1]
    assert "klingon" in message["message"] and "python" in message["hint"]


def test_languages_have_aliases_and_names_of_repositories_no_case(home, mount):
    copied(home, mount, CONFIG + "javascript-typescript.sarif", sarif(category="/language:javascript"))
    assert mount.error(CONFIG + "javascript.sarif") == "" and mount.error(CONFIG + "typescript.sarif") == ""
    assert [name for name in os.listdir(mount.join(CONFIG)) if name.endswith(".sarif")] == ["javascript.sarif"]
    assert mount.error(CONFIG.replace("octo/hello", "Octo/Hello") + "javascript.sarif") == ""
    assert os.listdir(mount.join("codeql/OCTO")) == ["hello"]


def test_what_is_worked_out_cannot_be_written(home, mount):
    copied(home, mount, PYTHON, sarif())
    for name in ("python.json", "python.explain", "manifest.json", "go.manifest.json"):
        assert error_of(write, mount.join(CONFIG, name), "{}") in ("EROFS", "EACCES"), name
    assert error_of(write, mount.join(f"{HELLO}{COMMIT}/github/go.sarif"), sarif()) in ("EROFS", "EACCES", "ENOENT")
    assert error_of(os.rename, mount.join(PYTHON), mount.join(CONFIG + "go.sarif")) == "EXDEV"


def test_results_outlive_the_daemon_sealed(home, make_mount):
    canary = "canaryInAResult8431"
    text = sarif(count=900).replace("result ", canary + " ")
    mount = make_mount()
    copied(home, mount, PYTHON, text)
    mount.stop()
    for root, _, files in os.walk(home.join(STORE)):
        for name in files:
            content = read(os.path.join(root, name))
            assert canary.encode() not in content and b"octo/hello" not in content, name
    assert os.stat(home.join(STORE)).st_mode & 0o777 == 0o700 and os.stat(home.join(STORE, "codeql.db")).st_mode & 0o777 == 0o600
    again = make_mount()
    assert again.read(PYTHON) == text.encode() and again.json(CONFIG + "python.json")["alerts_count"] == 900
    assert again.json(".runnerfs/status.json")["codeql"]["entries"] == 1


def test_two_mounts_of_one_store_see_each_others_results(home, make_mount):
    one, other = make_mount(), make_mount()
    assert other.error(PYTHON) == "ENOENT"
    copied(home, one, PYTHON, sarif())
    until(lambda: other.error(PYTHON) == "", what="the result at the other mount")
    os.unlink(other.join(PYTHON))
    until(lambda: one.error(PYTHON) == "ENOENT", what="its end at the first")


def test_commands_do_the_same_without_a_mount(home, server):
    text = sarif(count=2)
    write(home.join("result.sarif"), text)
    for daemon in (False, True):
        if daemon:
            Mount(home)
        put = home.run("put", PYTHON, stdin=text.encode())
        assert put.returncode == 0, put.stderr
        assert home.run("cat", PYTHON).stdout == text.encode()
        assert json.loads(home.run("cat", CONFIG + "python.json").stdout)["alerts_count"] == 2
        listed = home.run("ls", CONFIG).stdout.decode()
        assert "python.sarif" in listed and "python.json" in listed
        bad = home.run("put", PYTHON, stdin=b'{"version": "2.1.0"')
        assert bad.returncode == 17 and b"hint" in bad.stderr
        assert home.run("rm", PYTHON).returncode == 0 and home.run("cat", PYTHON).returncode == 10


def test_a_store_that_cannot_be_opened_leaves_the_rest_as_it_is(home, make_mount):
    copied(home, mount := make_mount(), PYTHON, sarif())
    mount.stop()
    os.remove(home.join(".local/state/runnerfs/root-key"))
    without = make_mount(RUNNERFS_KEY_SOURCE=None)
    write(without.join("cache/k"), "1")
    assert without.read("cache/k") == b"1"
    assert without.error(PYTHON) == "ENOKEY" and error_of(os.listdir, without.join("codeql")) == "ENOKEY"
    status = without.json(".runnerfs/status.json")["codeql"]
    assert status["available"] is False and status["trouble"]


def test_in_a_job_of_its_own_results_stay_in_memory(home, make_mount):
    mount = make_mount(RUNNERFS_ISOLATION="job", RUNNERFS_KEY_SOURCE="memory")
    assert copied(home, mount, PYTHON, sarif()) == "" and mount.read(PYTHON) == sarif().encode()
    status = mount.json(".runnerfs/status.json")["codeql"]
    assert status["on_disk"] is False and status["entries"] == 1 and not os.path.exists(home.join(STORE))


def known(server, commit, text, language="python", ref="refs/heads/main", number=70, error=""):
    one = {"id": number, "ref": ref, "commit_sha": commit, "analysis_key": ".github/workflows/scan.yml:analyze",
           "category": f"/language:{language}", "error": error, "warning": "", "created_at": "2026-01-02T03:04:05Z",
           "results_count": 1, "tool": {"name": "CodeQL", "version": "2.20.1"}}
    server.resource(f"{ANALYSES}/{number}", json=one, variants={"sarif": ["application/sarif+json; charset=utf-8", text]})
    return one


def test_githubs_own_analysis_is_a_file_that_is_fetched_when_read(server, make_mount):
    text = sarif(count=4)
    analyses = [known(server, COMMIT, text), known(server, COMMIT, "{}", "go", number=71, error="failed"), known(server, OTHER, "{}", number=72)]
    server.resource(ANALYSES, items=analyses, filters={"ref": "ref", "tool_name": "tool.name"})
    mount = make_mount(GITHUB_REF="refs/heads/main")
    path = f"{HELLO}{COMMIT}/github/python.sarif"
    assert os.listdir(mount.join(HELLO + COMMIT + "/github")) == [] and server.count() == 0
    assert mount.read(path) == text.encode() and os.stat(mount.join(path)).st_size == len(text)
    assert [entry["path"] for entry in server.requests(clear=True)] == [ANALYSES, ANALYSES + "/70"]
    assert mount.read(path) == text.encode() and server.count() == 0
    assert mount.error(f"{HELLO}{COMMIT}/github/go.sarif") == "ENOENT"
    assert mount.error(f"{HELLO}{'b' * 40}/github/python.sarif") == "ENOENT"
    assert mount.error(f"{HELLO}{COMMIT}/github/python.json") == "ENOENT"


def test_the_jobs_own_ref_comes_before_all_refs(server, make_mount):
    of_branch, of_all = sarif(count=2), sarif(count=1)
    known(server, COMMIT, of_all, number=70)
    server.resource(ANALYSES, items=[known(server, COMMIT, of_branch, ref="refs/heads/topic", number=73), known(server, COMMIT, of_all)],
                    filters={"ref": "ref", "tool_name": "tool.name"})
    mount = make_mount(GITHUB_REF="refs/heads/topic")
    assert mount.read(f"{HELLO}{COMMIT}/github/python.sarif") == of_branch.encode()
    server.requests(clear=True)
    elsewhere = make_mount(GITHUB_REF="refs/heads/none", HOME=mount.home.join("second"))
    assert elsewhere.read(f"{HELLO}{COMMIT}/github/python.sarif") in (of_branch.encode(), of_all.encode())


def test_what_github_refuses_is_told(server, make_mount):
    mount = make_mount()
    server.resource(ANALYSES, status=403, json={"message": "Code scanning is not enabled for this repository."})
    assert mount.error(f"{HELLO}{COMMIT}/github/python.sarif") == "EACCES"
    assert any("not enabled" in line["message"] for line in mount.errors())


def test_small_results_may_be_written_anyhow_and_large_ones_from_the_beginning(mount):
    text = sarif(count=5).encode()
    with open(mount.join(PYTHON), "wb", buffering=0) as file:
        file.seek(100)
        file.write(text[100:])
        file.seek(0)
        file.write(text[:100])
    assert mount.read(PYTHON) == text
    file = os.open(mount.join(PYTHON), os.O_WRONLY | os.O_TRUNC)
    try:
        os.pwrite(file, b"{", 0)
        with pytest.raises(OSError) as failed:
            os.pwrite(file, b"x" * 100, 64 << 20)
        assert failed.value.errno == errno.ENOTSUP
    finally:
        error_of(os.close, file)
    assert mount.read(PYTHON) == text
    assert error_of(os.open, mount.join(PYTHON), os.O_WRONLY | os.O_APPEND) == "ENOTSUP"


def peak_kib(pid):
    with open(f"/proc/{pid}/status", encoding="ascii") as status:
        return next(int(line.split()[1]) for line in status if line.startswith("VmHWM:"))


def test_256_mib_go_in_and_out_in_bounded_memory(home, mount):
    size = 256 << 20
    digest = hashlib.sha256()
    with open(home.join("big.sarif"), "wb") as file:
        for piece in big_sarif(size):
            file.write(piece)
            digest.update(piece)
    assert os.stat(home.join("big.sarif")).st_size >= size
    before = peak_kib(mount.process.pid)
    copy = cp(home.join("big.sarif"), mount.join(PYTHON))
    assert copy.returncode == 0, copy.stderr
    assert subprocess.run(["cmp", home.join("big.sarif"), mount.join(PYTHON)], timeout=100).returncode == 0
    assert mount.json(CONFIG + "python.json")["digest"] == "sha256:" + digest.hexdigest()
    # What is checked, sealed and read passes by in pieces; sanitizers need more for themselves.
    bound = (64 if not any(name.endswith("SAN_OPTIONS") for name in os.environ) else 400) << 10
    assert peak_kib(mount.process.pid) - before < bound


def slow_copy(home, mount, path, size):
    """A process that writes a result and stops half way."""
    script = f"""
import sys, time
sys.path.insert(0, {os.path.normpath(os.path.join(HERE, "../cli"))!r})
from scans import big_sarif
with open({mount.join(path)!r}, "wb", buffering=0) as file:
    done = 0
    for piece in big_sarif({size}):
        file.write(piece)
        done += len(piece)
        if done > {size // 2}:
            print("half", flush=True)
            time.sleep(100)
"""
    process = subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE)
    assert process.stdout.readline() == b"half\n"
    return process


def test_a_copy_that_is_killed_half_way_leaves_the_former_result(home, mount):
    former = sarif(count=7)
    copied(home, mount, PYTHON, former)
    copy = slow_copy(home, mount, PYTHON, 32 << 20)
    assert mount.read(PYTHON) == former.encode()  # while it is written
    copy.kill()
    copy.wait()
    copy.stdout.close()
    until(lambda: any("PYTHON" in line["path"] or line["path"] == PYTHON for line in mount.errors()), what="the refusal")
    assert mount.read(PYTHON) == former.encode()
    names = os.listdir(home.join(STORE, "objects"))
    assert not [name for name in names if os.path.isfile(home.join(STORE, "objects", name))], names


def test_a_daemon_that_is_killed_half_way_leaves_the_former_result(home, make_mount):
    former = sarif(count=7)
    mount = make_mount()
    copied(home, mount, PYTHON, former)
    copy = slow_copy(home, mount, PYTHON, 32 << 20)
    mount.process.send_signal(signal.SIGKILL)
    mount.kill()
    copy.kill()
    copy.wait()
    copy.stdout.close()
    again = make_mount()
    assert again.read(PYTHON) == former.encode()
    assert again.json(".runnerfs/status.json")["codeql"]["trouble"] == ""


def test_statistics_count_results(home, mount):
    copied(home, mount, PYTHON, sarif())
    mount.read(PYTHON)
    stats = mount.stats()
    assert (stats["scans_cached"], stats["scans_retrieved"], stats["scans_skipped"]) == (1, 1, 0)
    assert stats["scan_time_saved_hours"] == 0


def test_doctor_looks_at_the_store(home, make_mount):
    mount = make_mount()
    copied(home, mount, PYTHON, sarif())
    mount.stop()
    found = home.run("doctor").stdout.decode()
    assert "1 entries" in next(line for line in found.splitlines() if " scans " in line)
