"""Machines that are network namespaces of this one, joined by cables (veth pairs) that a test can cut, slow down or make lossy.
Needs root (CAP_NET_ADMIN), ip, nsenter and unshare; missing() says what is not there."""

import ctypes
import os
import shutil
import socket
import subprocess
import threading
import time

LIBC = ctypes.CDLL(None, use_errno=True)
CLONE_NEWNET = 0x40000000


def run(*words):
    return subprocess.run(words, capture_output=True, text=True, check=False)


def missing():
    """Why there can be no such machines here; "" where there can."""
    for program in ("ip", "nsenter", "unshare"):
        if not shutil.which(program):
            return f"there is no {program}"
    made = run("unshare", "-n", "ip", "link", "add", "rfs0", "type", "veth", "peer", "name", "rfs1")
    return "" if made.returncode == 0 else f"no network namespaces: {made.stderr.strip()}"


def enter(descriptor):
    if LIBC.setns(descriptor, CLONE_NEWNET) != 0:
        raise OSError(ctypes.get_errno(), "setns")


class Machine:
    """A namespace with its loopback up; it lives as long as its holder."""

    def __init__(self, name):
        self.name = name
        before = os.readlink("/proc/self/ns/net")
        self.holder = subprocess.Popen(["unshare", "-n", "sleep", "infinity"])
        self.forwarders = []
        end = time.monotonic() + 10
        while True:
            try:
                there = os.readlink(f"/proc/{self.holder.pid}/ns/net")
            except OSError:
                there = before
            if there != before and "sleep" in self.command():
                break
            assert time.monotonic() < end and self.holder.poll() is None, "no namespace"
            time.sleep(0.01)
        self.descriptor = os.open(f"/proc/{self.holder.pid}/ns/net", os.O_RDONLY | os.O_CLOEXEC)
        self.do("ip", "link", "set", "lo", "up")

    def command(self):
        with open(f"/proc/{self.holder.pid}/cmdline", encoding="utf-8") as file:
            return file.read()

    def enter(self):
        """In a child, before its program begins."""
        enter(self.descriptor)

    def do(self, *words):
        result = run("nsenter", "-t", str(self.holder.pid), "-n", *words)
        assert result.returncode == 0, f"{self.name}: {' '.join(words)}: {result.stderr}"
        return result.stdout

    def forward(self, port):
        """127.0.0.1:port of this machine leads to the same of the machine that the tests run on."""
        self.forwarders.append(Forwarder(self.descriptor, port))

    def end(self):
        for forwarder in self.forwarders:
            forwarder.end()
        os.close(self.descriptor)
        self.holder.kill()
        self.holder.wait()


def cable(one, two, number):
    """10.77.NUMBER.1 and .2, fd77:NUMBER::1 and ::2; the names of the two ends."""
    names = f"rfs{number}a", f"rfs{number}b"
    result = run("nsenter", "-t", str(one.holder.pid), "-n", "ip", "link", "add", names[0], "type", "veth", "peer", "name", names[1],
                 "netns", str(two.holder.pid))
    assert result.returncode == 0, result.stderr
    for machine, name, last in ((one, names[0], 1), (two, names[1], 2)):
        machine.do("ip", "addr", "add", f"10.77.{number}.{last}/24", "dev", name)
        machine.do("ip", "addr", "add", f"fd77:{number}::{last}/64", "dev", name, "nodad")
        machine.do("ip", "link", "set", name, "up")
    return names


class Forwarder:
    """A socket of one namespace whose connections go on in this one. Threads, since a thread has a namespace of its own."""

    def __init__(self, descriptor, port):
        self.port = port
        made = []

        def listen():
            enter(descriptor)
            made.append(socket.create_server(("127.0.0.1", port)))

        thread = threading.Thread(target=listen)
        thread.start()
        thread.join()
        [self.listener] = made
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            try:
                there, _ = self.listener.accept()
            except OSError:
                return
            try:
                here = socket.create_connection(("127.0.0.1", self.port))
            except OSError:
                there.close()
                continue
            for source, sink in ((there, here), (here, there)):
                threading.Thread(target=self.carry, args=(source, sink), daemon=True).start()

    @staticmethod
    def carry(source, sink):
        try:
            while data := source.recv(1 << 16):
                sink.sendall(data)
        except OSError:
            pass
        for one, how in ((sink, socket.SHUT_WR), (source, socket.SHUT_RD)):
            try:
                one.shutdown(how)
            except OSError:
                pass

    def end(self):
        try:
            self.listener.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass
        self.listener.close()
