#!/usr/bin/python3
"""A local server that answers as api.github.com does, for tests. Needs python3-h2 and openssl.

Listens on 127.0.0.1 only: the API over TLS (h2 and http/1.1 by ALPN), a second TLS origin, a plain-http origin, and the
control endpoint (control.py). Prints one line of JSON {"port", "other_port", "plain_port", "control_port", "ca_file",
"url"} when ready; ends when its standard input closes, or on SIGTERM.
"""

import argparse
import asyncio
import itertools
import json
import os
import shutil
import signal
import ssl
import sys
import tempfile

import certificate
import faults
import fixtures
import http1
import http2
from control import Control
from github import GitHub
from message import Cut, reset
from world import World

BACKLOG = 2048


class Server:
    def __init__(self, world):
        self.world = world
        self.github = None
        self.connections = itertools.count(1)

    async def answer(self, request):
        entry = await self.world.note(request)
        self.world.in_flight += 1
        self.world.most_in_flight = max(self.world.most_in_flight, self.world.in_flight)
        try:
            if self.world.latency_ms and request.origin == "api":
                await asyncio.sleep(self.world.latency_ms / 1000)
            fault = self.world.fault_for(request.path) if request.origin == "api" else None
            response = faults.apply(fault, request, self.github) if fault else self.github.answer(request)
            entry["status"] = response.status
            if response.delivery.kind == "stall" and response.delivery.after == 0:
                await response.delivery.released.wait()
            return response
        finally:
            self.world.in_flight -= 1

    def connected(self, origin):
        async def run(reader, writer):
            number = next(self.connections)
            tls = writer.get_extra_info("ssl_object")
            try:
                if tls is not None and tls.selected_alpn_protocol() == "h2":
                    await http2.Connection(reader, writer, number, origin, self.answer).serve()
                else:
                    await http1.serve(reader, writer, number, origin, self.answer)
            except Cut:
                reset(writer)
            except (ConnectionError, ssl.SSLError, asyncio.IncompleteReadError):
                pass  # the peer went away
            finally:
                writer.close()
        return run


def control_connection(control):
    async def run(reader, writer):
        try:
            while line := await reader.readline():
                length = 0
                while (header := (await reader.readline()).strip()):
                    name, _, value = header.partition(b":")
                    if name.strip().lower() == b"content-length":
                        length = int(value)
                response = await control.answer(line, await reader.readexactly(length))
                writer.write(b"HTTP/1.1 %d X\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n"
                             % (response.status, len(response.body)) + response.body)
                await writer.drain()
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()
    return run


async def listen(handler, context=None, port=0):
    server = await asyncio.start_server(handler, "127.0.0.1", port, ssl=context, backlog=BACKLOG,
                                        **({"ssl_handshake_timeout": 60} if context else {}))
    return server, server.sockets[0].getsockname()[1]


async def main(options, folder):
    ca, leaf, key = certificate.make(folder)
    context = certificate.server_context(leaf, key, options.alpn.split(","))
    world = World()
    fixtures.fill(world)
    server = Server(world)
    servers = []
    ports = {}
    for name, handler, tls, port in (("port", server.connected("api"), context, options.port),
                                     ("other_port", server.connected("other"), context, 0),
                                     ("plain_port", server.connected("plain"), None, 0),
                                     ("control_port", control_connection(Control(world)), None, 0)):
        listener, ports[name] = await listen(handler, tls, port)
        servers.append(listener)
    base = f"https://127.0.0.1:{ports['port']}"
    server.github = GitHub(world, base, f"https://127.0.0.1:{ports['other_port']}", f"http://127.0.0.1:{ports['plain_port']}")
    ended = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, ended.set)

    def standard_input():
        if not os.read(0, 4096):
            loop.remove_reader(0)
            ended.set()

    if not options.stay:
        loop.add_reader(0, standard_input)
    print(json.dumps({**ports, "ca_file": ca, "url": base}), flush=True)
    await ended.wait()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--port", type=int, default=0, help="of the API (0: any)")
    parser.add_argument("--alpn", default="h2,http/1.1", help="protocols that are offered, best first")
    parser.add_argument("--stay", action="store_true", help="do not end when standard input closes")
    place = tempfile.mkdtemp(prefix="github-server-")
    try:
        asyncio.run(main(parser.parse_args(), place))
    finally:
        shutil.rmtree(place, ignore_errors=True)
    sys.stdout.flush()
    os._exit(0)  # connections that clients hold open must not keep it alive
