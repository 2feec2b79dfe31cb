"""`codeql check` in a large checkout against what git takes to list it."""

import os
import shutil
import subprocess
import tempfile

from common import timed
from rfs import PROGRAM


def make_checkout(root, files):
    """A repository of `files` small files in directories of fifty, packed and checked out as a clone would be."""
    git = ["git", "-C", root]
    subprocess.run(["git", "init", "-q", "-b", "main", root], check=True)
    with subprocess.Popen([*git, "fast-import", "--quiet"], stdin=subprocess.PIPE) as importer:
        importer.stdin.write(b"commit refs/heads/main\ncommitter a <a@example.com> 1700000000 +0000\ndata 5\nfirst\n")
        for number in range(files):
            body = f"value = {number}\n"
            importer.stdin.write(f"M 100644 inline src/package_{number // 2500:03}/part_{number // 50 % 50:02}/file_{number % 50:02}.py\n"
                                 f"data {len(body)}\n{body}\n".encode())
        importer.stdin.write(b"\n")
    if importer.returncode != 0:
        raise subprocess.CalledProcessError(importer.returncode, "git fast-import")
    subprocess.run([*git, "reset", "-q", "--hard"], check=True)


def check(options):
    """`codeql check` in a large checkout, against listing its commit, and against that and the look at its files that
    git takes; and in a bare clone, where there are no files to look at."""
    if not shutil.which("git"):
        return {"left_out": "git: not installed"}
    files, rounds = (2_000, 2) if options.small else (100_000, 15)
    with tempfile.TemporaryDirectory(prefix="rfs-bench-") as folder:
        root, bare = os.path.join(folder, "work"), os.path.join(folder, "bare.git")
        env = {"PATH": os.environ["PATH"], "HOME": folder, "XDG_RUNTIME_DIR": folder, "GIT_CONFIG_NOSYSTEM": "1", "GIT_OPTIONAL_LOCKS": "0",
               "GITHUB_REPOSITORY": "octo/bench", "RUNNERFS_KEY_SOURCE": "file"}
        make_checkout(root, files)
        subprocess.run(["git", "clone", "-q", "--bare", root, bare], check=True)
        words = [PROGRAM, "codeql", "check", "--source", "local", "--language", "python", "--config", "default", "--tool-version", "2.20.1"]
        listing = "git -C %s ls-tree -r HEAD | sha256sum"
        looking = "git -C %s status --porcelain --ignored"
        result = {"files": files, "check_s": timed([*words, "-C", root], env, rounds), "check_bare_s": timed([*words, "-C", bare], env, rounds),
                  "ls_tree_s": timed(["sh", "-c", listing % root], env, rounds), "status_s": timed(["sh", "-c", looking % root], env, rounds)}
    result["ratio_to_ls_tree"] = result["check_s"] / result["ls_tree_s"]
    result["ratio_bare_to_ls_tree"] = result["check_bare_s"] / result["ls_tree_s"]
    result["ratio_to_ls_tree_and_status"] = result["check_s"] / (result["ls_tree_s"] + result["status_s"])
    return result


def rows(scan):
    if "left_out" in scan:
        return
    yield f"codeql check in a checkout of {scan['files']} files, against git ls-tree -r HEAD | sha256sum", f"{scan['ratio_to_ls_tree']:.2f} x"
    yield "the same in a bare clone", f"{scan['ratio_bare_to_ls_tree']:.2f} x"
    yield "the same in a checkout, against git ls-tree | sha256sum and git status", f"{scan['ratio_to_ls_tree_and_status']:.2f} x"
