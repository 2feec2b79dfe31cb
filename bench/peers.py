"""A connection, a question and a transfer between two nodes of ours, against two of js-libp2p."""

import os
import statistics
import sys

import common

sys.path.insert(0, os.path.normpath(os.path.join(common.HERE, "../tests/interop")))
os.environ.setdefault("INTEROP_DIR", common.program("interop"))
import conftest as interop  # noqa: E402

UPLOAD = 64 << 20


def seconds(node, command):
    answer = node.ask(command).split()
    if answer[0] != "measured":
        raise RuntimeError(f"{command}: {' '.join(answer)}")
    return [int(one) / 1e9 for one in answer[1:]]


def percentile(times, share):
    return sorted(times)[min(len(times) - 1, int(len(times) * share))]


def stack(command, folder, options):
    """Two processes of one stack; the first has answered some before anything counts."""
    dials, asks, uploads = (5, 20, 1) if options.small else (100, 2_000, 7)
    size = UPLOAD // 16 if options.small else UPLOAD
    listener, dialer = interop.Node(command, cwd=folder), interop.Node(command, cwd=folder)
    try:
        seconds(dialer, f"dials 3 {listener.address}")
        result = {"dial": statistics.median(seconds(dialer, f"dials {dials} {listener.address}"))}
        answer = dialer.ask(f"dial {listener.address}")
        if not answer.startswith("dialled "):
            raise RuntimeError(answer)
        seconds(dialer, f"asks {asks // 4}")
        times = seconds(dialer, f"asks {asks}")
        result["ask_p50"], result["ask_p99"] = statistics.median(times), percentile(times, 0.99)
        seconds(dialer, f"upload {size}")
        result["upload_mib_s"] = statistics.median(size / (1 << 20) / seconds(dialer, f"upload {size}")[0] for _ in range(uploads))
        return result
    finally:
        dialer.end()
        listener.end()


def transfer(options):
    folder, reason = interop.installed_js()
    if not folder:
        return {"left_out": f"js-libp2p: {reason}"}
    return {"ours": stack([common.program("p2p_node")], None, options), "js": stack(["node", "node.mjs"], folder, options)}


def rows(result):
    if "left_out" in result:
        return
    ours, js = result["ours"], result["js"]
    yield "dial and handshake, p50, against js-libp2p", f"{js['dial'] / ours['dial']:.1f} x as fast ({ours['dial'] * 1e3:.2f} ms)"
    for name, key in (("p50", "ask_p50"), ("p99", "ask_p99")):
        yield f"question of 4 KiB, answer of 100 KiB, {name}, against js-libp2p", f"{js[key] / ours[key]:.1f} x as fast ({ours[key] * 1e3:.2f} ms)"
    yield "throughput of 64 MiB, against js-libp2p", f"{ours['upload_mib_s'] / js['upload_mib_s']:.1f} x ({ours['upload_mib_s']:.0f} MiB/s)"
