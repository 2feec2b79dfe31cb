"""Mounting, unmounting, and what stands in the way of it."""

import os
import signal
import subprocess

import pytest
from rfs import PROGRAM, until, write


def failure(result):
    """The two lines of a failure; nothing on stdout."""
    error, hint = result.stderr.decode().splitlines()[-2:]
    assert error.startswith("runnerfs: error: ") and hint.startswith("hint: ") and result.stdout == b""
    return error + hint


def mounted(path):
    with open("/proc/self/mounts", encoding="utf-8") as mounts:
        return any(line.split()[1] == path for line in mounts)


def test_mount_returns_when_it_is_ready_and_umount_ends_it(home, fuse, server):
    path = home.join("here")
    os.mkdir(path)
    result = home.run("mount", path, check=True)
    try:
        assert mounted(path) and b"root key" in (result.stdout + result.stderr).lower() or mounted(path)
        with open(os.path.join(path, "api/user.json"), "rb") as file:
            assert file.read() == b'{"login":"octo","id":7}'
    finally:
        home.run("umount", path, check=True)
    assert not mounted(path)


def test_without_an_argument_it_is_below_the_runtime_directory(home, fuse):
    home.run("mount", check=True)
    try:
        path = next(line.split()[1] for line in open("/proc/self/mounts", encoding="utf-8") if " fuse.runnerfs " in line
                    and line.split()[1].startswith(home.path))
        assert path == home.join("run/runnerfs") and os.stat(path).st_mode & 0o777 == 0o700
    finally:
        home.run("umount", check=True)


def test_the_mount_table_names_it(mount):
    line = next(line for line in open("/proc/self/mounts", encoding="utf-8") if line.split()[1] == mount.path)
    assert line.split()[:3] == ["runnerfs", mount.path, "fuse.runnerfs"]
    options = line.split()[3].split(",")
    assert "nosuid" in options and "nodev" in options


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_unmounts_and_ends_with_0(mount, number):
    mount.process.send_signal(number)
    mount.process.wait(15)
    assert not mount.mounted()
    mount.check()


def test_another_unmount_ends_the_daemon(mount):
    subprocess.run(["umount", mount.path], check=True, timeout=15)
    mount.process.wait(15)
    mount.check()


def test_a_link_to_a_directory_is_mounted_read_and_unmounted_by_its_own_name(home, fuse, server):
    os.mkdir(home.join("real"))
    os.symlink("real", home.join("link"))
    home.run("mount", home.join("link"), check=True)
    try:
        assert mounted(home.join("real"))
        assert home.run("cat", home.join("link/api/user.json"), check=True).stdout == b'{"login":"octo","id":7}'
    finally:
        home.run("umount", home.join("link"), check=True)
    assert not mounted(home.join("real"))


def test_a_file_is_no_mountpoint(home, fuse):
    write(home.join("file"), "")
    result = home.run("mount", home.join("file"))
    assert result.returncode not in (0, 2) and "directory" in failure(result)


def test_a_missing_directory_is_told(home, fuse):
    assert "no/such" in failure(home.run("mount", home.join("no/such")))


def test_a_directory_with_files_is_refused_unless_told(home, fuse, make_mount):
    os.mkdir(home.join("full"))
    write(home.join("full/file"), "")
    result = home.run("mount", home.join("full"))
    assert result.returncode not in (0, 2) and "nonempty" in failure(result)


def test_a_place_in_use_is_refused(mount, home):
    result = home.run("mount", mount.path)
    assert result.returncode not in (0, 2) and failure(result)
    assert mount.read("api/user.json")


def test_the_next_mount_cleans_a_dead_one(mount, home):
    mount.read("api/user.json")
    mount.process.kill()
    mount.process.wait()
    assert mount.mounted()
    result = home.run("mount", mount.path, check=True)
    try:
        with open(mount.join("api/user.json"), "rb") as file:
            assert file.read() == b'{"login":"octo","id":7}'
        assert b"cleaned" in result.stderr + result.stdout or b"dead" in result.stderr + result.stdout
    finally:
        home.run("umount", mount.path, check=True)


def test_a_busy_mount_names_who_holds_it_and_l_detaches(mount, home):
    holder = subprocess.Popen(["sleep", "60"], cwd=mount.path)
    try:
        result = home.run("umount", mount.path, timeout=15)
        text = failure(result)
        assert result.returncode not in (0, 2) and f"{holder.pid}" in text and "-l" in text
        assert mount.read("api/user.json"), "still in use, still answering"
        home.run("umount", "-l", mount.path, check=True)
    finally:
        holder.kill()
        holder.wait()
    mount.process.wait(15)
    mount.check()


def test_umount_of_nothing_is_told(home):
    result = home.run("umount", home.path)
    assert result.returncode not in (0, 2) and failure(result)


@pytest.mark.parametrize("arguments", [["mount", "--no-such"], ["mount", "-o", "no_such=1", "/tmp"], ["nonsense"], ["mount", "a", "b", "c"],
                                       ["cat"], ["mount", "--origin-timeout", "soon"], ["mount", "--key-source", "magic"]])
def test_a_wrong_command_line_is_exit_2(home, arguments):
    result = home.run(*arguments)
    assert result.returncode == 2 and failure(result)


def test_an_unknown_key_in_the_configuration_is_told_with_file_and_line(home, server):
    home.configure("api:\n  max_pages: 7\n  max_pags: 7\n")
    result = home.run("cat", "api/user.json")
    assert result.returncode == 2 and "config.yml:3" in failure(result) and "max_pags" in failure(result)
    assert server.count() == 0


def test_the_form_of_mount_helpers_works(home, fuse):
    """What mount(8) and fstab call for `mount -t fuse.runnerfs none DIR -o …`."""
    os.mkdir(home.join("helper"))
    result = home.run("mount", "runnerfs", home.join("helper"), "-o", "rw,nosuid,nodev,noauto,_netdev,origin_timeout=20s")
    assert result.returncode == 0, result.stderr
    home.run("umount", home.join("helper"), check=True)


def test_mount_dash_t_works(home, fuse):
    os.mkdir(home.join("bin"))
    os.symlink(os.path.abspath(PROGRAM), home.join("bin/runnerfs"))
    os.mkdir(home.join("mnt"))
    if not os.path.exists("/sbin/mount.fuse") and not os.path.exists("/sbin/mount.fuse3"):
        pytest.skip("no mount.fuse here")
    # mount.fuse finds the program by PATH of root's shell; the absolute path as a subtype is what it also takes.
    result = subprocess.run(["mount", "-t", f"fuse.{home.join('bin/runnerfs')}", "none", home.join("mnt")],
                            env=home.environment(), capture_output=True, timeout=30)
    if result.returncode and b"unknown filesystem" in result.stderr:
        result = subprocess.run(["/sbin/mount.fuse3", f"{home.join('bin/runnerfs')}#none", home.join("mnt")],
                                env=home.environment(), capture_output=True, timeout=30)
    assert result.returncode == 0, result.stderr
    until(lambda: mounted(home.join("mnt")))
    home.run("umount", home.join("mnt"), check=True)


def test_files_that_are_named_and_not_there_are_told_at_the_start(home, fuse):
    os.mkdir(home.join("mnt"))
    said = home.run("mount", "--token-file", home.join("token"), "--ca-file", home.join("ca"), home.join("mnt"), check=True).stderr.decode()
    home.run("umount", home.join("mnt"), check=True)
    assert f"warning: the token file {home.join('token')}: No such file" in said
    assert f"warning: the file of certificates {home.join('ca')}: No such file" in said


def test_without_dev_fuse_it_says_what_else_to_do(home, fuse):
    """A mount namespace whose /dev holds no fuse."""
    os.mkdir(home.join("mnt"))
    script = 'mount -t tmpfs none /dev 2>/dev/null || exit 99; mknod /dev/null c 1 3; mknod /dev/urandom c 1 9; exec "$0" mount "$1"'
    result = subprocess.run(["unshare", "-m", "sh", "-c", script, PROGRAM, home.join("mnt")], env=home.environment(),
                            capture_output=True, timeout=30, stdin=subprocess.DEVNULL)
    if result.returncode == 99 or b"unshare" in result.stderr:
        pytest.skip("no mount namespace of our own here")
    assert result.returncode not in (0, 2)
    text = failure(result)
    assert "/dev/fuse" in text and "serve" in text


@pytest.mark.skipif(os.getuid() != 0, reason="needs root, to be somebody else")
def test_a_refusal_of_fusermount3_is_told_with_what_to_do(home, fuse):
    """As a user: what only fusermount3 knows is in the message, once, and the hint is its cure."""
    with open("/etc/fuse.conf", encoding="utf-8") as file:
        if "user_allow_other" in [line.strip() for line in file]:
            pytest.skip("users may allow others here")
    os.mkdir(home.join("mnt"))
    for path in (home.path, home.join("run"), home.join("mnt")):
        os.chown(path, 65534, 65534)
    script = 'mknod -m 666 "$1/fuse" c 10 229 && mount --bind "$1/fuse" /dev/fuse || exit 99; shift; ' \
             'exec setpriv --reuid=65534 --regid=65534 --clear-groups "$0" mount --key-source memory "$@"'

    def refusal(*arguments):
        if os.path.exists(home.join("fuse")):
            os.unlink(home.join("fuse"))
        result = subprocess.run(["unshare", "-m", "sh", "-c", script, PROGRAM, home.path, *arguments], env=home.environment(token=None),
                                capture_output=True, timeout=30, stdin=subprocess.DEVNULL)
        if result.returncode in (99, 126, 127) or b"unshare" in result.stderr:
            pytest.skip("no mount namespace of our own here, or no user but root can run the program")
        assert len(result.stderr.splitlines()) == 2, result.stderr
        return failure(result)

    text = refusal("-o", "allow_other", home.join("mnt"))
    assert "fusermount3: option allow_other only allowed" in text and "add user_allow_other to /etc/fuse.conf" in text
    text = refusal("-o", "nonempty", "/usr/share")
    assert "access to mountpoint" in text and "a directory of your own" in text


def test_status_and_doctor_work_with_and_without_a_mount(home, make_mount):
    assert home.run("status").returncode in range(0, 30) and home.run("doctor").stdout
    mount = make_mount()
    assert mount.path in home.run("status", check=True).stdout.decode()


def test_umount_from_another_runtime_directory_waits_for_the_daemon_too(make_mount, home):
    mount = make_mount()
    os.mkdir(home.join("elsewhere"), 0o700)
    # Once it has answered readers it still writes its store: that is when a job would lose what it waits for.
    result = home.run("umount", mount.path, environment=home.environment(XDG_RUNTIME_DIR=home.join("elsewhere")), timeout=30)
    assert result.returncode == 0, result.stderr
    assert mount.process.poll() == 0, "gone when umount returns"
    mount.check()


@pytest.mark.parametrize("options", [["-o", "source="], ["-o", "source=octo/hello"], ["--source", "a b,c\\d"]])
def test_any_source_is_shown_as_it_was_given(make_mount, options):
    mount = make_mount(*options)
    line = next(line for line in open("/proc/self/mounts", encoding="utf-8") if line.split()[1] == mount.path)
    given = options[1].removeprefix("source=").replace("\\", r"\134").replace(" ", r"\040")
    assert line.split()[0] == (given or "runnerfs")


def test_a_source_that_is_no_repository_is_only_shown(home, fuse):
    os.mkdir(home.join("here"))
    home.run("https://github.com/octo/hello", home.join("here"), check=True)
    try:
        assert b'"repo": ""' in home.run("status", "--json", check=True).stdout
    finally:
        home.run("umount", home.join("here"), check=True)
