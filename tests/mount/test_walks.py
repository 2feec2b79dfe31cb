"""Walking the tree asks GitHub nothing, whatever walks and however old the answers are."""

import os
import subprocess

import pytest

HELLO = "api/repos/octo/hello"
FILES = ["api/user.json", "api/users/octo.json", HELLO + ".json", HELLO + "/issues@per_page=2.json",
         HELLO + "/contents/README.md.raw", HELLO + "/actions/runs@per_page=3.json", HELLO + "/pulls/1.diff"]
ROUTES = ["/user", "/users/{username}", "/repos/{owner}/{repo}", "/repos/{owner}/{repo}/issues",
          "/repos/{owner}/{repo}/contents/{path...}", "/repos/{owner}/{repo}/actions/runs", "/repos/{owner}/{repo}/pulls/{pull_number}"]
WALKS = {
    "find": 'find "$1" > /dev/null',
    "find by size": 'find "$1/api" -type f -size +0 | grep -c . > /dev/null',
    "ls -lR": 'ls -lR "$1" > /dev/null',
    "ls -la of each directory": 'find "$1" -type d -exec ls -la {} + > /dev/null',
    "du": 'du -sb "$1" "$1"/api/* > /dev/null',
    "tab completion": 'bash -c \'for d in api/ api/repos/ api/repos/octo/ api/repos/octo/hello/ api/u; do compgen -f "$1/$d"; done\' x "$1" >/dev/null',
    "globs": 'echo "$1"/* "$1"/*/* "$1"/*/*/* "$1"/api/repos/*/*/*/* > /dev/null',
    "stat of what is listed": 'find "$1" -type f -print0 | xargs -0 stat > /dev/null',
    "xattrs of what is listed": 'find "$1/api" -type f -print0 | xargs -0 getfattr -d > /dev/null 2>&1',
}


def updatedb(path):
    """What updatedb, indexers and backup programs do: scandir, lstat, never open."""
    found = 0
    for entry in os.scandir(path):
        os.lstat(entry.path)
        found += 1
        if entry.is_dir(follow_symlinks=False):
            found += updatedb(entry.path)
    return found


def read_all(mount):
    for path in FILES:
        mount.read(path)


@pytest.fixture(params=["fresh", "stale"])
def walked(request, home, make_mount, server):
    if request.param == "stale":
        home.configure("operation_ttls:\n" + "".join(f'  "{route}": 1\n' for route in ROUTES))
    mount = make_mount()
    read_all(mount)
    if request.param == "stale":
        mount.until_stale(*FILES)
    server.requests(clear=True)
    return mount


def test_no_walk_makes_a_request(walked, server):
    for name, script in WALKS.items():
        out = subprocess.run(["sh", "-c", script, "sh", walked.path], capture_output=True, timeout=30, text=True)
        assert out.returncode == 0, f"{name}: {out.stderr}"
        assert server.count() == 0, f"{name} asked for {server.requests()[0]['path']}"
    assert updatedb(walked.path) > len(FILES)
    assert server.count() == 0


def test_a_walk_shows_every_held_file_with_its_size(walked):
    listed = {os.path.relpath(os.path.join(folder, name), walked.path): os.lstat(os.path.join(folder, name)).st_size
              for folder, _, names in os.walk(walked.join("api")) for name in names}
    listed.pop("api/README")
    assert sorted(listed) == sorted(FILES)
    assert all(size > 0 for size in listed.values())


def test_grep_reads_fresh_files_without_a_request(mount, server):
    read_all(mount)
    server.requests(clear=True)
    out = subprocess.run(["grep", "-rl", "octo", mount.join("api")], capture_output=True, timeout=30, text=True)
    assert mount.join("api/user.json") in out.stdout and server.count() == 0


def test_names_that_are_not_held_are_not_listed(mount, server):
    assert os.path.exists(mount.join("api/users")), "a directory by name alone"
    assert os.listdir(mount.join("api/users")) == []
    server.requests(clear=True)
    with open(os.devnull, "w", encoding="ascii") as null:
        subprocess.run(["ls", "-l", mount.join("api")], stdout=null, timeout=10, check=True)
    assert server.count() == 0
