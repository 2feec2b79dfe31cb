"""Starts the server as a process of its own and talks to its control endpoint. Standard library only."""

import http.client
import json
import os
import signal
import subprocess
import sys

PROGRAM = os.path.join(os.path.dirname(os.path.abspath(__file__)), "github_server.py")


class Server:
    """with Server() as server: server.url, server.ca_file, server.resource(path, json=…), server.requests()…

    Every command of control.py is a method: server.fault("stall", path="/user"), server.limit(token, remaining=0).
    """

    def __init__(self, *arguments):
        self.process = subprocess.Popen([sys.executable, PROGRAM, *arguments], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                        text=True)
        line = self.process.stdout.readline()
        if not line:
            raise RuntimeError("the test server did not start")
        self.ready = json.loads(line)
        self.url = self.ready["url"]
        self.ca_file = self.ready["ca_file"]

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        self.resume()
        self.process.stdin.close()
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.process.stdout.close()

    def do(self, command, **fields):
        wait = 30 + fields.get("timeout", 0)
        connection = http.client.HTTPConnection("127.0.0.1", self.ready["control_port"], timeout=wait)
        try:
            connection.request("POST", "/", json.dumps({"do": command, **fields}))
            answer = connection.getresponse()
            body = answer.read()
        finally:
            connection.close()
        if answer.status != 200:
            raise RuntimeError(f"{command}: {body.decode()}")
        return json.loads(body)

    def __getattr__(self, command):
        if command.startswith("_"):
            raise AttributeError(command)

        def call(*positional, **fields):
            names = {"resource": ("path",), "edit": ("path",), "remove": ("path",), "redirect": ("path", "status", "location"),
                     "rename": ("old", "id"), "token": ("token", "limit"), "revoke": ("token",), "switch": ("name", "value"),
                     "limit": ("token", "remaining"), "secondary": ("token",), "fault": ("kind", "path"),
                     "requests": ("path",), "wait": ("count", "path")}.get(command, ())
            return self.do(command, **dict(zip(names, positional, strict=False)), **fields)
        return call

    def arrived(self, count, path=None, timeout=10):
        """Waits until that many requests have come; fails the test when they do not."""
        result = self.do("wait", count=count, path=path, timeout=timeout)
        assert result["arrived"], f"{result['count']} of {count} requests of {path or 'any path'} after {timeout} s"

    def count(self, path=None):
        return len(self.do("requests", path=path))

    def pause(self):
        """A host that is there and answers nothing at all: connections stay half-open."""
        os.kill(self.process.pid, signal.SIGSTOP)

    def resume(self):
        if self.process.poll() is None:
            os.kill(self.process.pid, signal.SIGCONT)
