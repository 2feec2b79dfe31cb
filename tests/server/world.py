"""What the server knows: repositories, resources, credentials, limits, faults, and the record of what was asked."""

import asyncio
import itertools
import time
from dataclasses import dataclass, field

JSON = "application/json; charset=utf-8"


@dataclass
class Resource:
    """One REST path. `variants` holds other media types: {"raw": (content type, bytes)}; `query` ones are separate."""
    body: bytes = b""
    kind: str = JSON
    status: int = 200
    headers: dict = field(default_factory=dict)
    etag: str = "formula"  # "formula", "git" (40 hex, whatever the media type), "none", or the tag itself
    last_modified: str = ""
    items: list | None = None  # a list that is paged
    filters: dict = field(default_factory=dict)  # query parameter → member of an item ("tool.name") that it must equal
    wrapper: str = ""  # the member that holds it, beside total_count; "" for a top-level array
    visible_to: list | None = None  # tokens; None: everybody
    permission: str = ""  # "actions=read": who may see it but lacks this gets 403
    permitted: list = field(default_factory=list)  # the tokens that have the permission
    variants: dict = field(default_factory=dict)


@dataclass
class Window:
    """A rate limit of one credential and resource."""
    limit: int
    used: int = 0
    reset: float = 0

    @property
    def remaining(self):
        return max(0, self.limit - self.used)


@dataclass
class Fault:
    kind: str
    path: str  # a prefix of the path; "" for every request
    count: int | None  # how many requests it still applies to; None: until reset
    options: dict
    released: asyncio.Event


@dataclass
class Secondary:
    until: float  # monotonic
    count: int | None
    status: int
    retry_after: int | None


class World:
    def __init__(self):
        self.numbers = itertools.count(1)
        self.clear()

    def clear(self):
        for fault in getattr(self, "faults", []):
            fault.released.set()
        self.resources = {}  # path, or path?query for an answer to exactly that query → Resource
        self.repositories = {}  # "octo/hello" → id
        self.renamed = {}  # "octo/old-hello" → id
        self.redirects = {}  # path → (status, location)
        self.caches, self.cache_deleters = [], []  # of the Actions cache: {"id", "key", "ref"}; tokens that may remove
        self.cache_blind = []  # tokens that may not even list
        self.registry = None  # registry.Registry: issues and comments that can be written; None: they are resources
        self.tokens = {}  # token → limit of the core resource
        self.windows = {}  # (token, resource) → Window
        self.secondary = {}  # token → Secondary
        self.faults = []
        self.record = []
        self.arrived = asyncio.Condition()
        self.in_flight = self.most_in_flight = 0
        self.compress = True
        self.rate_headers = True  # an installation without limits sends none
        self.link_on_304 = True
        self.etag_on_304 = True
        self.anonymous_limit = 60
        self.latency_ms = 0  # of every answer of the API: how far away it is

    def window(self, token, resource):
        key = (token, resource)
        if key not in self.windows or self.windows[key].reset <= time.time():
            limit = {"search": 30, "code_search": 10}.get(resource, self.tokens.get(token, self.anonymous_limit))
            self.windows[key] = Window(limit, 0, int(time.time()) + (60 if resource == "search" else 3600))
        return self.windows[key]

    def fault_for(self, path):
        """The fault that applies to this request, used up by one."""
        for fault in self.faults:
            if path.startswith(fault.path) and fault.count != 0:
                if fault.count is not None:
                    fault.count -= 1
                return fault
        return None

    async def note(self, request):
        """Records a request; the caller fills in the status."""
        entry = {"number": next(self.numbers), "time": time.time(), "method": request.method, "path": request.path,
                 "query": request.query, "headers": request.headers, "protocol": request.protocol,
                 "connection": request.connection, "origin": request.origin, "status": None}
        self.record.append(entry)
        async with self.arrived:
            self.arrived.notify_all()
        return entry
