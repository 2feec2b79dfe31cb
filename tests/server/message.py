"""What the transports and the behaviour exchange: a request, a response, and how the response is to be delivered."""

import asyncio
import socket
import struct
from dataclasses import dataclass, field
from urllib.parse import parse_qsl


@dataclass
class Request:
    method: str
    target: str  # path and query as sent
    headers: list  # (lower-case name, value) in the order they came
    protocol: str  # "h2" or "http/1.1"
    connection: int
    origin: str = "api"  # which listener: "api", "other" (a second origin over TLS), "plain" (http without TLS)
    body: bytes = b""

    @property
    def path(self):
        return self.target.partition("?")[0]

    @property
    def query(self):
        return self.target.partition("?")[2]

    def parameters(self):
        return dict(parse_qsl(self.query, keep_blank_values=True))

    def header(self, name):
        """The first value of that header, or None when it was not sent."""
        return next((value for key, value in self.headers if key == name), None)

    def token(self):
        """The credential of the Authorization header: '' for none."""
        return (self.header("authorization") or "").partition(" ")[2]


@dataclass
class Delivery:
    """How a response goes out when it does not go out as it should (faults.py says which kinds there are)."""
    kind: str = "fine"
    after: int = 0  # bytes of the body that are sent before it happens
    chunk: int = 1  # drip: bytes at a time
    every: float = 0.05  # drip: seconds between them
    data: bytes = b""  # garbage: what is written instead of an answer
    released: object = None  # stall: an asyncio.Event; the rest is sent once it is set
    code: int = 2  # truncate: of RST_STREAM (RFC 9113, 7)


@dataclass
class Response:
    status: int
    headers: list = field(default_factory=list)
    body: bytes = b""
    delivery: Delivery = field(default_factory=Delivery)
    # Content-Length is left out (chunked in HTTP/1.1), as GitHub does for what it compresses.
    chunked: bool = False

    def header(self, name):
        return next((value for key, value in self.headers if key.lower() == name), None)


class Cut(Exception):
    """The connection is to be reset now."""


async def arrive(writer):
    """Lets what was written reach the peer: a RST that overtakes it would take it back."""
    await writer.drain()
    await asyncio.sleep(0.1)


def reset(writer):
    """Ends a connection with RST, as a crashed host or a firewall does."""
    raw = writer.get_extra_info("socket")
    if raw is not None:
        raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()
