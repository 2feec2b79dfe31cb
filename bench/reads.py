"""Reads of api/ against tmpfs, a bare libfuse server, gh and a ghproxy; many readers of one path; the first byte."""

import concurrent.futures
import contextlib
import http.server
import json
import os
import shutil
import statistics
import subprocess
import tempfile
import threading
import time

from common import program, timed
from fixtures import ALPHA
from rfs import PROGRAM

PATH = "/repos/octo/bench"


@contextlib.contextmanager
def answering(body):
    """A local proxy that answers every GET with `body`; its address."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(200)
            self.send_header("Content-Type", "application/json; charset=utf-8")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_):
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()


def warm_open(home, mount, options):
    """open+read+close of a 2 KiB file: tmpfs, a bare libfuse server that answers from memory, runnerfs."""
    plain = tempfile.mkdtemp(prefix="rfs-bench-", dir="/dev/shm")
    bare = home.join("bare")
    os.mkdir(bare)
    body = open(mount.join("api" + PATH + ".json"), "rb").read()
    with open(os.path.join(plain, "file"), "wb") as file:
        file.write(body)
    server = subprocess.Popen([program("bare_fuse"), bare], stdout=subprocess.DEVNULL)
    try:
        name = None
        for _ in range(500):
            names = os.listdir(bare)
            if names:
                name = names[0]
                break
            time.sleep(0.01)
        rounds = 2_000 if options.small else 50_000
        out = subprocess.run([program("open_read_close"), str(rounds), os.path.join(plain, "file"), os.path.join(bare, name),
                              mount.join("api" + PATH + ".json")], check=True, capture_output=True, text=True)
        tmpfs, fuse, ours = json.loads(out.stdout)
        return {"tmpfs": tmpfs, "bare_fuse": fuse, "runnerfs": ours,
                "ratio_to_tmpfs": ours["p50_ns"] / tmpfs["p50_ns"], "ratio_to_bare_fuse": ours["p50_ns"] / fuse["p50_ns"]}
    finally:
        subprocess.run(["umount", bare] if os.geteuid() == 0 else ["fusermount3", "-u", bare], check=False)
        server.wait(10)
        shutil.rmtree(plain)


def warm_cat(home, mount, server, options):
    """`cat` of a warm answer against `gh api --cache` and `curl` of a ghproxy, whole processes."""
    rounds = 3 if options.small else 30
    env = home.environment()
    path = "api" + PATH + ".json"
    ours = timed(["cat", mount.join(path)], env, rounds)
    result = {"cat_s": ours, "runnerfs_cat_s": timed([PROGRAM, "cat", path], env, rounds), "left_out": []}
    if shutil.which("gh"):
        with open(mount.join(path), "rb") as file, answering(file.read()) as proxy:
            # gh takes no port; of this host it asks by plain http, through a proxy.
            gh_env = dict(env, GH_TOKEN=ALPHA, HTTP_PROXY=proxy, XDG_CACHE_HOME=home.join("gh"))
            command = ["gh", "api", "--cache", "1h", "--hostname", "github.localhost", PATH[1:]]
            try:
                result["gh_cache_s"] = timed(command, gh_env, rounds)
                result["ratio_gh_to_cat"] = result["gh_cache_s"] / ours
            except subprocess.CalledProcessError as error:
                result["left_out"].append(f"gh api --cache: exit {error.returncode}")
    else:
        result["left_out"].append("gh: not installed")
    proxy = shutil.which("ghproxy")
    if proxy:
        port = 18_888
        process = subprocess.Popen([proxy, f"--port={port}", f"--upstream={server.url}", "--get-throttling-time-ms=0"],
                                   env=dict(env, SSL_CERT_FILE=server.ca_file), stderr=subprocess.DEVNULL)
        try:
            url = f"http://127.0.0.1:{port}{PATH}"
            subprocess.run(["curl", "-fsS", "--retry", "20", "--retry-connrefused", "--retry-delay", "1", "-o", "/dev/null", url], check=True)
            result["ghproxy_curl_s"] = timed(["curl", "-fsS", "-H", f"Authorization: Bearer {ALPHA}", url], env, rounds)
            result["ratio_ghproxy_to_cat"] = result["ghproxy_curl_s"] / ours
        except subprocess.CalledProcessError as error:
            result["left_out"].append(f"ghproxy: exit {error.returncode}")
        finally:
            process.terminate()
            process.wait(10)
    else:
        result["left_out"].append("ghproxy: not installed (go install sigs.k8s.io/prow/cmd/ghproxy@latest)")
    return result


def coalescing(mount, server, options):
    """Many concurrent readers of one cold path: requests at the origin."""
    readers = 100 if options.small else 1_000
    path = "/repos/octo/cold"
    server.resource(path, json={"cold": True})
    with concurrent.futures.ThreadPoolExecutor(readers) as pool:
        began = time.perf_counter()
        bodies = list(pool.map(lambda _: open(mount.join("api" + path + ".json"), "rb").read(), range(readers)))
        seconds = time.perf_counter() - began
    return {"readers": readers, "requests": server.count(path), "distinct_bodies": len(set(bodies)), "seconds": seconds}


def first_byte(home, options):
    """From starting `runnerfs mount` to the first byte of a cached file, a store being there already."""
    times = []
    for number in range(2 if options.small else 10):
        where = home.join(f"first-{number}")
        os.mkdir(where)
        began = time.perf_counter()
        subprocess.run([PROGRAM, "mount", where], env=home.environment(), check=True, stdout=subprocess.DEVNULL)
        with open(os.path.join(where, "api" + PATH + ".json"), "rb") as file:
            file.read(1)
        times.append(time.perf_counter() - began)
        subprocess.run([PROGRAM, "umount", where], env=home.environment(), check=True)
    return {"median_s": statistics.median(times)}


def rows(result):
    warm, cat, many = result["warm_open"], result["warm_cat"], result["coalescing"]
    yield "warm open+read+close of 2 KiB, against tmpfs", f"{warm['ratio_to_tmpfs']:.1f} x"
    yield "the same, against a bare libfuse server", f"{warm['ratio_to_bare_fuse']:.2f} x"
    if "ratio_gh_to_cat" in cat:
        yield "gh api --cache, against cat of a warm answer", f"{cat['ratio_gh_to_cat']:.0f} x"
    if "ratio_ghproxy_to_cat" in cat:
        yield "curl through ghproxy, against cat of a warm answer", f"{cat['ratio_ghproxy_to_cat']:.0f} x"
    yield f"requests for {many['readers']} readers of one cold path", str(many["requests"])
    yield "mount to first byte, against cat of a warm answer", f"{result['first_byte']['median_s'] / cat['cat_s']:.0f} x"
    yield "resident memory of the daemon", f"{result['resident_kib'] / 1024:.0f} MiB"
