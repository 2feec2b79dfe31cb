"""The control endpoint: plain HTTP on a port of its own, one JSON object {"do": command, …} a POST.

resource {path, json | text | base64, kind, status, headers, etag, last_modified, items, filters, wrapper, visible_to, permission,
          permitted, variants: {name: [kind, text]}}   sets an answer; remove {path} takes it away
edit {path, …}            changes fields of one that is there
redirect {path, status, location}, rename {old, id}, token {token, limit}, revoke {token}, switch {name, value}
registry {readers, writers, issues, comments}           issues and comments that can be written (registry.py)
caches {entries, deleters, blind}                       the Actions cache as REST shows it; who may remove, who not even list
limit {token, resource, remaining, reset_in}            the state of a primary limit
secondary {token, seconds, count, status, retry_after}  a secondary limit
fault {kind, path, count, …}, release {}                faults.py
requests {path, origin, clear}   the record
wait {count, path, origin, timeout}   answers once that many such requests have arrived
state {}, reset {}
"""

import asyncio
import base64
import json
import time

import faults
import fixtures
import registry
from github import dump
from message import Response
from world import Fault, Resource, Secondary, Window


def content(command):
    if "json" in command:
        return dump(command["json"])
    if "base64" in command:
        return base64.b64decode(command["base64"])
    return command.get("text", "").encode()


class Control:
    def __init__(self, world):
        self.world = world

    async def answer(self, request, body):
        try:
            command = json.loads(body)
            result = getattr(self, "do_" + command.pop("do"))(**command)
            if asyncio.iscoroutine(result):
                result = await result
            return Response(200, [("Content-Type", "application/json")], json.dumps(result).encode())
        except Exception as error:  # a mistake of the test: it gets the reason
            return Response(400, [("Content-Type", "text/plain")], repr(error).encode())

    def do_reset(self):
        self.world.clear()
        fixtures.fill(self.world)

    def do_resource(self, path, variants=None, **fields):
        values = {key: fields[key] for key in fields if key not in ("json", "text", "base64")}
        made = {name: (kind, text.encode()) for name, (kind, text) in (variants or {}).items()}
        self.world.resources[path] = Resource(body=content(fields), variants=made, **values)

    def do_edit(self, path, **fields):
        resource = self.world.resources[path]
        if {"json", "text", "base64"} & fields.keys():
            resource.body = content(fields)
        for key in fields.keys() - {"json", "text", "base64"}:
            assert hasattr(resource, key), key
            setattr(resource, key, fields[key])

    def do_remove(self, path):
        del self.world.resources[path]

    def do_redirect(self, path, status, location):
        self.world.redirects[path] = (status, location)

    def do_rename(self, old, id):
        self.world.repositories = {name: number for name, number in self.world.repositories.items() if name != old}
        self.world.renamed[old] = id

    def do_token(self, token, limit=5000):
        self.world.tokens[token] = limit

    def do_caches(self, entries=None, deleters=None, blind=None):
        if entries is not None:
            self.world.caches = list(entries)
        if deleters is not None:
            self.world.cache_deleters = list(deleters)
        if blind is not None:
            self.world.cache_blind = list(blind)
        return self.world.caches

    def do_registry(self, readers=None, writers=None, issues=None, comments=None):
        """Begins it, or changes who may use it; answers what is there."""
        self.world.registry = self.world.registry or registry.Registry()
        for name, value in (("readers", readers), ("writers", writers), ("issues", issues), ("comments", comments)):
            if value is not None:
                setattr(self.world.registry, name, list(value))
        return {"issues": self.world.registry.issues, "comments": self.world.registry.comments}

    def do_revoke(self, token):
        del self.world.tokens[token]

    def do_switch(self, name, value):
        assert isinstance(getattr(self.world, name), (bool, int)), name
        setattr(self.world, name, value)

    def do_limit(self, token, remaining, resource="core", reset_in=3600, limit=5000):
        self.world.windows[token, resource] = Window(limit, limit - remaining, int(time.time() + reset_in))

    def do_secondary(self, token, seconds=3600, count=None, status=403, retry_after=None):
        self.world.secondary[token] = Secondary(time.monotonic() + seconds, count, status, retry_after)

    def do_fault(self, kind, path="", count=None, **options):
        assert kind in faults.KINDS, kind
        self.world.faults.append(Fault(kind, path, count, options, asyncio.Event()))

    def do_release(self):
        for fault in self.world.faults:
            fault.released.set()
        self.world.faults.clear()

    def chosen(self, path, origin):
        return [entry for entry in self.world.record
                if (path is None or entry["path"] == path) and (origin is None or entry["origin"] == origin)]

    def do_requests(self, path=None, origin=None, clear=False):
        chosen = self.chosen(path, origin)
        if clear:
            self.world.record.clear()
        return chosen

    async def do_wait(self, count, path=None, origin=None, timeout=10):
        async with self.world.arrived:
            try:
                await asyncio.wait_for(self.world.arrived.wait_for(lambda: len(self.chosen(path, origin)) >= count), timeout)
            except asyncio.TimeoutError:
                return {"arrived": False, "count": len(self.chosen(path, origin))}
        return {"arrived": True, "count": len(self.chosen(path, origin))}

    def do_state(self):
        return {"in_flight": self.world.in_flight, "most_in_flight": self.world.most_in_flight,
                "windows": {f"{token}|{name}": window.used for (token, name), window in self.world.windows.items()}}
