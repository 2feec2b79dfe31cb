"""A runner of jobs that keeps to the contract of GitHub's own where steps can see it.

A Job has a workspace, RUNNER_TEMP and a home; `uses` runs the main of an action's folder, `run` a script; `finish` runs the
posts, last one first, and then ends what still carries the job's RUNNER_TRACKING_ID, as the runner's sweep does. Five fresh
command files a step, parsed with the runner's grammar; standard input closed, output through pipes; masks with the runner's
encoders, in the order of the stream. Inputs are evaluated again for post, where variables of later steps are seen as well.
"""

import base64
import ctypes
import json
import os
import re
import shutil
import signal
import stat
import subprocess
import tempfile
import threading
import time
import urllib.parse
import uuid

import yaml_lite

LIBC = ctypes.CDLL(None, use_errno=True)
FILES = ("GITHUB_ENV", "GITHUB_OUTPUT", "GITHUB_STATE", "GITHUB_PATH", "GITHUB_STEP_SUMMARY")
COMMAND = re.compile(r"^\s*::([a-z-]+)(?: ([^:]*))?::(.*)$", re.I)
OLD_COMMAND = re.compile(r"##\[([a-z-]+)[^\]]*\](.*)$", re.I)
NODE = os.environ.get("RFS_NODE") or shutil.which("node")


class BadFile(Exception):
    """A command file that the runner refuses; what stood before counts."""


def pairs(text):
    """The grammar of GITHUB_ENV, GITHUB_OUTPUT and GITHUB_STATE → [(name, value)], then BadFile where it breaks."""
    found, lines = [], text.split("\n")
    complete = text.endswith("\n")
    if complete:
        lines.pop()
    at = 0
    while at < len(lines):
        line = lines[at]
        at += 1
        if not line:
            continue
        equals, heredoc = line.find("="), line.find("<<")
        if equals >= 0 and (heredoc < 0 or equals < heredoc):
            found.append((line[:equals], line[equals + 1:]))
        elif heredoc > 0:
            name, delimiter = line[:heredoc], line[heredoc + 2:]
            if not delimiter:
                raise BadFile(f"no delimiter: {line}", found)
            value = []
            while True:
                if at >= len(lines):
                    raise BadFile(f"Matching delimiter not found '{delimiter}'", found)
                line = lines[at]
                at += 1
                if line == delimiter:
                    break
                value.append(line)
            found.append((name, "\n".join(value)))
        else:
            raise BadFile(f"Invalid format '{line}'", found)
    return found


def encodings(value):
    """What the runner hides beside a value itself."""
    data = value.encode("utf-8", "surrogateescape")
    out = {value, value.replace('"', '\\"'), value.replace("'", "''"), json.dumps(value, ensure_ascii=False)[1:-1],
           urllib.parse.quote(value, safe="!'()*-._~"), value.strip('"'),
           value.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").replace('"', "&quot;").replace("'", "&apos;")}
    for cut in range(3):
        out.add(base64.b64encode(data[cut:]).decode())
    return {one for one in out if one}


class Masks:
    def __init__(self):
        self.values = set()

    def add(self, value):
        for one in [value, *(line.strip() for line in re.split(r"[\r\n]+", value))]:
            if one.strip():
                self.values |= encodings(one)

    def apply(self, text):
        for value in sorted(self.values, key=len, reverse=True):
            text = text.replace(value, "***")
        return text


def unescape(text):
    return text.replace("%0D", "\r").replace("%0A", "\n").replace("%25", "%")


class Step:
    """What a step did, as the job's page shows it."""

    def __init__(self, name):
        self.name, self.code, self.log, self.header, self.summary = name, None, "", "", ""
        self.outputs, self.state, self.annotations, self.environment = {}, {}, [], {}
        self.raw = ""  # before masking, without the lines that ask for masks
        self.argv, self.errors, self.seconds = set(), [], 0.0

    @property
    def ok(self):
        return self.code == 0 and not self.errors

    def annotated(self, level):
        return "\n".join(text for one, text in self.annotations if one == level)


class Job:
    def __init__(self, root=None, name="job", repository="octo/hello", runner_id="runner-1", **environment):
        self.root = root or tempfile.mkdtemp(prefix="rfs-job-")
        self.name = name
        for folder in ("work/hello/hello", "temp", "tools", "home", "commands", "logs"):
            os.makedirs(self.join(folder), exist_ok=True)
        self.workspace, self.temp, self.home = self.join("work/hello/hello"), self.join("temp"), self.join("home")
        self.tracking = f"github_{uuid.uuid4()}"
        self.masks = Masks()
        self.environment, self.paths, self.posts, self.steps = {}, [], [], []
        self.status = "success"
        self.before = ()
        self.before = self.leftovers()
        event = self.join("event.json")
        with open(event, "w", encoding="utf-8") as file:
            json.dump({}, file)
        self.github = {
            "GITHUB_ACTIONS": "true", "CI": "true", "GITHUB_REPOSITORY": repository, "GITHUB_REPOSITORY_ID": "4711",
            "GITHUB_RUN_ID": "1001", "GITHUB_RUN_ATTEMPT": "1", "GITHUB_RUN_NUMBER": "7", "GITHUB_JOB": name, "GITHUB_ACTOR": "octo",
            "GITHUB_TRIGGERING_ACTOR": "octo", "GITHUB_EVENT_NAME": "push", "GITHUB_EVENT_PATH": event, "GITHUB_REF": "refs/heads/main",
            "GITHUB_REF_NAME": "main", "GITHUB_SHA": "0" * 40, "GITHUB_SERVER_URL": "https://github.com", "GITHUB_WORKFLOW": "build",
            "GITHUB_WORKFLOW_REF": f"{repository}/.github/workflows/build.yml@refs/heads/main", "GITHUB_WORKSPACE": self.workspace,
            "RUNNER_TEMP": self.temp, "RUNNER_TOOL_CACHE": self.join("tools"), "RUNNER_WORKSPACE": self.join("work/hello"), "RUNNER_OS": "Linux",
            "RUNNER_ARCH": "X64", "RUNNER_NAME": runner_id, "RUNNER_ENVIRONMENT": "self-hosted"}
        self.github.update({key: value for key, value in environment.items() if value is not None})
        # What the runner's own service runs with: all that a step inherits.
        self.base = {"PATH": os.environ["PATH"], "HOME": self.home, "LANG": "C.UTF-8", "RUNNER_TRACKING_ID": self.tracking}
        self.base.update({key: value for key, value in os.environ.items() if key.endswith("SAN_OPTIONS")})
        # A cache service is given by the test that has one (tests/server/cache_server.py).
        self.actions = {"ACTIONS_RUNTIME_TOKEN": "runtime-CANARY-token-0123456789", "ACTIONS_RUNTIME_URL": "http://127.0.0.1:9/"}

    def join(self, *parts):
        return os.path.join(self.root, *parts)

    def variables(self, step_env=None, javascript=False, **more):
        out = dict(self.base)
        out.update(self.environment)
        out.update(step_env or {})
        out.update({key: value for key, value in more.items() if value is not None})
        out["PATH"] = ":".join([*reversed(self.paths), out["PATH"]])
        if javascript:
            out.update(self.actions)
        out.update(self.github)
        return out

    # ---- steps

    def uses(self, folder, inputs=None, env=None, cancel_after=None, kill_after=None, expect=None, secrets=()):
        """The main step of an action. `secrets` are those values of its inputs that the runner knows (secrets.*)."""
        for secret in secrets:
            self.masks.add(secret.strip())
        action = yaml_lite.action(os.path.join(folder, "action.yml"))
        step = Step(os.path.basename(folder))
        post = {"folder": folder, "action": action, "inputs": inputs or {}, "env": env or {}, "main": step}
        self.posts.append(post)  # as soon as main starts
        with_ = self.evaluated(action, inputs or {})
        step.header = self.masks.apply("".join(f"  {name}: {value}\n" for name, value in with_.items()))
        self.execute(step, [NODE, os.path.join(folder, action["main"])],
                     self.variables(env, True, **self.as_inputs(with_)), cancel_after, kill_after)
        post["state"] = step.state
        if step.code != 0 or step.errors:
            self.status = "failure"
        if expect is not None:
            assert step.code == expect, (step.code, step.raw)
        return step

    def evaluated(self, action, inputs):
        known = {"${{ github.token }}": self.base.get("JOB_TOKEN", "ghs_jobTOKENjobTOKENjobTOKENjobTOKENjob0"), "${{ github.sha }}": self.github["GITHUB_SHA"],
                 "${{ toJSON(matrix) }}": self.base.get("JOB_MATRIX", "null"), "${{ job.status }}": self.status}
        out = {name: known.get(default, default) for name, default in action["inputs"].items()}
        for name, value in inputs.items():
            assert name in out, f"there is no input {name}"
            out[name] = known.get(value, value)
        return out

    @staticmethod
    def as_inputs(inputs):
        return {"INPUT_" + name.replace(" ", "_").upper(): value for name, value in inputs.items()}

    def run(self, script, env=None, shell=("bash", "-e"), expect=0):
        step = Step("run")
        path = self.join("commands", f"{uuid.uuid4()}.sh")
        with open(path, "w", encoding="utf-8") as file:
            file.write(script)
        self.execute(step, [*shell, path], self.variables(env))
        if step.code != 0:
            self.status = "failure"
        if expect is not None:
            assert step.code == expect, (step.code, step.raw)
        return step

    def finish(self):
        """Posts, last one first; then the sweep. Answers (steps of the posts, names of what the sweep had to kill)."""
        done = []
        for post in reversed(self.posts):
            step = Step(os.path.basename(post["folder"]) + " (post)")
            state = {"STATE_" + name: value for name, value in post.get("state", {}).items()}
            with_ = self.evaluated(post["action"], post["inputs"])
            self.execute(step, [NODE, os.path.join(post["folder"], post["action"]["post"])],
                         self.variables(post["env"], True, **self.as_inputs(with_), **state))
            done.append(step)
        self.posts = []
        return done, self.sweep()

    def execute(self, step, argv, environment, cancel_after=None, kill_after=None):
        self.steps.append(step)
        files = {}
        for name in FILES:
            files[name] = self.join("commands", f"{name}_{uuid.uuid4()}")
            open(files[name], "w", encoding="utf-8").close()
        environment = {**environment, **files}
        begun = time.monotonic()
        process = subprocess.Popen(argv, env=environment, cwd=self.workspace, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                   stderr=subprocess.PIPE, start_new_session=True)
        lock, lines = threading.Lock(), []

        def read(stream):
            for line in stream:
                with lock:
                    lines.append(line.decode("utf-8", "replace").rstrip("\n"))

        readers = [threading.Thread(target=read, args=(stream,), daemon=True) for stream in (process.stdout, process.stderr)]
        for reader in readers:
            reader.start()
        if cancel_after is not None:
            self.watch(process, step, cancel_after)
            process.send_signal(signal.SIGINT)
            try:
                process.wait(7.5)
            except subprocess.TimeoutExpired:
                process.send_signal(signal.SIGTERM)
            self.status = "cancelled"
        if kill_after is not None:
            # Main and the program that it started, as when the machine runs out of memory; not what is a daemon already.
            time.sleep(kill_after)
            for pid, line in self.processes():
                if "action main" in line or pid == process.pid:
                    try:
                        os.kill(pid, signal.SIGKILL)
                    except ProcessLookupError:
                        pass
            self.status = "cancelled"
        self.watch(process, step, 60)
        step.code = process.wait(10)
        held = time.monotonic()
        for reader in readers:
            reader.join(max(0.0, held + 5 - time.monotonic()))
        step.held = any(reader.is_alive() for reader in readers)
        step.seconds = time.monotonic() - begun
        for line in lines:
            self.take_line(step, line)
        self.take_files(step, files)
        if step.errors:
            step.code = step.code or 1

    def watch(self, process, step, seconds):
        """Arguments of every process of this job, while a step runs."""
        end = time.monotonic() + seconds
        while process.poll() is None and time.monotonic() < end:
            for pid in self.processes():
                step.argv.add(pid[1])
            time.sleep(0.015)

    def processes(self):
        """(pid, command line) of what carries this job's RUNNER_TRACKING_ID."""
        out = []
        for pid in filter(str.isdigit, os.listdir("/proc")):
            try:
                with open(f"/proc/{pid}/environ", "rb") as file:
                    if f"RUNNER_TRACKING_ID={self.tracking}".encode() not in file.read().split(b"\0"):
                        continue
                with open(f"/proc/{pid}/cmdline", "rb") as file:
                    out.append((int(pid), file.read().replace(b"\0", b" ").decode(errors="replace")))
            except OSError:
                pass
        return out

    def sweep(self):
        left = [one for one in self.processes() if one[0] != os.getpid()]
        for pid, _ in left:
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
        return [name for _, name in left]

    # ---- what a step says

    def take_line(self, step, line):
        if getattr(step, "stopped", None):
            if line.strip().lower() == f"::{step.stopped}::":
                step.stopped = None
            step.raw += line + "\n"
            step.log += self.masks.apply(line) + "\n"
            return
        found = COMMAND.match(line) or OLD_COMMAND.search(line)
        if found and found.group(1).lower() == "add-mask":
            value = unescape(found.groups()[-1])
            assert value.strip(), "an empty mask is a warning of the runner"
            self.masks.add(value)
            return
        if found and found.group(1).lower() == "stop-commands":
            step.stopped = found.groups()[-1]
            return
        step.raw += line + "\n"
        if found and found.group(1).lower() in ("error", "warning", "notice"):
            step.annotations.append((found.group(1).lower(), self.masks.apply(unescape(found.groups()[-1]))[:4096]))
        elif found:
            step.errors.append(f"an unexpected command: {line}")
        step.log += self.masks.apply(line) + "\n"

    def take_files(self, step, files):
        def of(name):
            with open(files[name], encoding="utf-8", errors="surrogateescape", newline="") as file:
                return file.read()

        def taken(name):
            try:
                return pairs(of(name))
            except BadFile as error:
                step.errors.append(f"{name}: {error.args[0]}")
                return error.args[1]

        step.outputs = dict(taken("GITHUB_OUTPUT"))
        step.state = dict(taken("GITHUB_STATE"))
        for name, value in taken("GITHUB_ENV"):
            if name.upper() == "NODE_OPTIONS":
                step.annotations.append(("error", "Can't store NODE_OPTIONS output parameter using '$GITHUB_ENV' command."))
                continue
            self.environment[name] = step.environment[name] = value
        for line in filter(None, of("GITHUB_PATH").split("\n")):
            self.paths = [one for one in self.paths if one != line] + [line]
        summary = of("GITHUB_STEP_SUMMARY")
        if len(summary.encode()) > 1 << 20:
            step.errors.append("the summary is too large")
        else:
            step.summary = "\n".join(self.masks.apply(line) for line in summary.split("\n"))
        for path in files.values():
            os.unlink(path)

    # ---- what is left

    def whole_log(self):
        return "".join(step.header + step.log + step.summary + json.dumps(step.annotations) + json.dumps(step.outputs)
                       for step in self.steps)

    def leftovers(self):
        """Mounts, sockets and directories of the job's daemons that are still there."""
        with open("/proc/self/mounts", encoding="utf-8") as file:
            out = [line.split()[1] for line in file if " fuse.runnerfs " in line]
        for place in ("/run", "/tmp", "/dev/shm", "/var/tmp", "/run/lock"):
            if os.path.isdir(place):
                out += [os.path.join(place, name) for name in os.listdir(place)
                        if re.fullmatch(r"runnerfs-(\d+-)?[0-9a-f]{12}(\.run)?|runnerfs-[0-9a-f]{16}\.sock(\.lock)?", name)]
        return sorted(set(out) - set(self.before))

    def clean(self):
        self.sweep()
        for place in self.leftovers():
            LIBC.umount2(place.encode(), 2)
            if os.path.isdir(place):
                shutil.rmtree(place, ignore_errors=True)
            elif os.path.exists(place) and stat.S_ISSOCK(os.stat(place).st_mode):
                os.unlink(place)
        shutil.rmtree(self.root, ignore_errors=True)


def alone(*kept):
    """This process in a mount namespace of its own, with fresh tmpfs where daemons leave traces, so that what is left is
    this job's; but not over what is kept. False where that is not allowed."""
    clone_newns, ms_rec, ms_private = 0x00020000, 16384, 1 << 18
    LIBC.prctl(36, 1)  # what a step leaves behind becomes a child of this process
    if os.geteuid() != 0 or LIBC.unshare(clone_newns) != 0:
        return False
    LIBC.mount(b"none", b"/", None, ms_rec | ms_private, None)
    places = [place for place in ("/tmp", "/run", "/dev/shm") if os.path.isdir(place) and not any(path.startswith(place + "/") for path in kept)]
    return all(LIBC.mount(b"tmpfs", place.encode(), b"tmpfs", 0, b"mode=1777") == 0 for place in places)


def without_fuse():
    """/dev without /dev/fuse, for this process and its children."""
    place = tempfile.mkdtemp()
    if LIBC.mount(b"tmpfs", place.encode(), b"tmpfs", 0, b"mode=755") != 0:
        return False
    for name in ("null", "zero", "full", "random", "urandom", "tty"):
        open(os.path.join(place, name), "w", encoding="utf-8").close()
        LIBC.mount(f"/dev/{name}".encode(), os.path.join(place, name).encode(), None, 4096, None)
    for name in ("pts", "shm"):
        os.mkdir(os.path.join(place, name))
    LIBC.mount(b"/dev/pts", os.path.join(place, "pts").encode(), None, 4096, None)
    LIBC.mount(b"tmpfs", os.path.join(place, "shm").encode(), b"tmpfs", 0, b"mode=1777")
    return LIBC.mount(place.encode(), b"/dev", None, 8192, None) == 0
