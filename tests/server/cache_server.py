"""The cache service of GitHub Actions for tests: version 2 (twirp with JSON, and a store of blobs behind it) and version 1,
over plain http on 127.0.0.1. Standard library only; runs in the process of the test.

    with CacheServer() as cache:
        cache.grant("token", "refs/heads/main")          # what a runtime token may read and write
        environment = cache.environment("token")          # what a runner gives to an action
        cache.fault("create", 429, {"Retry-After": "1"})  # once; count=None: always
        cache.on_done = lambda: server.caches(entries=cache.listing())   # so that REST shows what is stored

Faults are by step: create, finalize, find, put, get (blobs), reserve, patch, commit, find1 (version 1). A fault is an
answer (status, headers, body) or one of the words "truncate" (half of a blob, then the end of the connection) and "reset".
"""

import base64
import collections
import http.server
import itertools
import json
import re
import socket
import struct
import threading
import time
import urllib.parse

TWIRP = "/twirp/github.actions.results.api.v1.CacheService/"
V1 = "/v1/_apis/artifactcache/"


class Entry:
    def __init__(self, scope, key, version, blob):
        self.scope, self.key, self.version, self.blob = scope, key, version, blob
        self.created = time.time()
        self.done = False


class CacheServer:
    def __init__(self):
        self.lock = threading.RLock()
        self.entries, self.blobs, self.blocks, self.grants, self.record = [], {}, {}, {}, []
        self.faults = collections.defaultdict(list)
        self.numbers = itertools.count(1)
        self.signatures = {}  # signature → (blob, "r" or "cw"); a signature that is not there has expired
        self.ranges = True
        self.on_done = None  # called when an entry has become one
        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), self.handler())
        self.server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}"
        self.thread = threading.Thread(target=self.server.serve_forever, args=(0.05,), daemon=True)

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.server.shutdown()
        self.server.server_close()
        self.thread.join()

    # --- what a test says -------------------------------------------------------------------------------------------

    def grant(self, token, write, *read, readonly=False):
        """The token may read its own scope and the others, in this order, and write its own."""
        self.grants[token] = {"write": None if readonly else write, "read": [write, *read]}
        return token

    def environment(self, token, v1=False):
        if v1:
            return {"ACTIONS_CACHE_URL": self.url + "/v1/", "ACTIONS_RUNTIME_TOKEN": token}
        return {"ACTIONS_RESULTS_URL": self.url + "/a/path/", "ACTIONS_RUNTIME_TOKEN": token, "ACTIONS_CACHE_SERVICE_V2": "True"}

    def fault(self, step, status, headers=None, body=b"{}", count=1):
        self.faults[step].append([status, headers or {}, body, count])

    def keys(self):
        return [entry.key for entry in self.entries if entry.done]

    def listing(self):
        """As REST lists it, oldest first."""
        done = sorted((entry for entry in self.entries if entry.done), key=lambda entry: entry.created)
        return [{"id": int(entry.blob[1:]), "key": entry.key, "ref": entry.scope} for entry in done]

    def requests(self, step=None):
        return [one for one in self.record if step is None or one["step"] == step]

    def expire(self):
        self.signatures.clear()

    # --- what it does -----------------------------------------------------------------------------------------------

    def next_fault(self, step):
        for one in self.faults[step]:
            if one[3] is None or one[3] > 0:
                if one[3] is not None:
                    one[3] -= 1
                return one
        return None

    def sign(self, blob, right):
        signature = f"sig{next(self.numbers)}"
        self.signatures[signature] = (blob, right)
        return f"{self.url}/blob/{blob}?sig={signature}&sp={right}"

    def lookup(self, token, version, key, restore_keys):
        for scope in self.grants[token]["read"]:
            for number, beginning in enumerate([key, key, *restore_keys]):
                found = [entry for entry in self.entries if entry.done and entry.scope == scope and entry.version == version
                         and (entry.key == beginning if number == 0 else entry.key.startswith(beginning))]
                if found:
                    return max(found, key=lambda entry: entry.created)
        return None

    def reserve(self, token, key, version):
        scope = self.grants[token]["write"]
        if scope is None:
            return 403, {"code": "permission_denied", "msg": "cache write denied: token has no writable scopes"}
        if any(entry.scope == scope and entry.key == key and entry.version == version for entry in self.entries):
            return 409, {"code": "already_exists", "msg": "cache entry with the same key, version, and scope already exists"}
        entry = Entry(scope, key, version, f"b{next(self.numbers)}")
        self.entries.append(entry)
        return 200, entry

    def complete(self, entry):
        entry.done, entry.created = True, time.time()
        if self.on_done:
            self.on_done()

    def handler(self):
        cache = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def log_message(self, *_):
                pass

            def handle_any(self):
                length = int(self.headers.get("Content-Length") or 0)
                body = self.rfile.read(length)
                path, _, query = self.path.partition("?")
                step, answer = self.route(path, dict(urllib.parse.parse_qsl(query)), body)
                with cache.lock:
                    cache.record.append({"step": step, "method": self.command, "path": path, "query": query, "length": length,
                                         "headers": {name.lower(): value for name, value in self.headers.items()}})
                    fault = cache.next_fault(step)
                    if fault and not isinstance(fault[0], str):
                        return self.send(*fault[:3])
                    result = answer()
                    if fault:
                        return self.spoil(fault[0], *result)
                self.send(*result)

            do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = handle_any

            def send(self, status, headers, body):
                if not isinstance(body, bytes):
                    body = json.dumps(body).encode()
                self.send_response(status)
                for name, value in headers.items():
                    self.send_header(name, value)
                if status != 204:
                    self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body if status != 204 else b"")

            def spoil(self, kind, status, headers, body):
                self.close_connection = True
                if kind == "reset":
                    self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                    self.connection.close()
                    return
                assert kind == "truncate", kind
                self.send_response(status)
                for name, value in headers.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body[:len(body) // 2])

            def token(self):
                token = (self.headers.get("Authorization") or "").removeprefix("Bearer ")
                return token if token in cache.grants else None

            def route(self, path, query, body):
                if path.startswith("/blob/"):
                    return ("get" if self.command == "GET" else "put"), lambda: self.blob(path[6:], query, body)
                names = {"CreateCacheEntry": "create", "FinalizeCacheEntryUpload": "finalize", "GetCacheEntryDownloadURL": "find"}
                if path.startswith(TWIRP) and path[len(TWIRP):] in names:
                    return names[path[len(TWIRP):]], lambda: self.twirp(names[path[len(TWIRP):]], body)
                rest = path[len(V1):] if path.startswith(V1) else ""
                if rest == "cache":
                    return "find1", lambda: self.find1(query)
                if rest == "caches" and self.command == "POST":
                    return "reserve", lambda: self.reserve1(body)
                if re.match(r"caches/\d+$", rest):
                    step = "patch" if self.command == "PATCH" else "commit"
                    return step, lambda: self.write1(step, f"b{rest[7:]}", body)
                return "none", lambda: (404, {}, {"code": "bad_route", "msg": "no such route"})

            def twirp(self, step, body):
                token = self.token()
                if token is None:
                    return 401, {}, {"code": "unauthenticated", "msg": "no such token"}
                want = json.loads(body)
                assert len(want["version"]) == 64 and len(want["key"]) <= 512 and "," not in want["key"]
                if step == "find":
                    found = cache.lookup(token, want["version"], want["key"], want.get("restore_keys", []))
                    if found is None:
                        return 200, {}, {"ok": False}
                    return 200, {}, {"ok": True, "signed_download_url": cache.sign(found.blob, "r"), "matched_key": found.key}
                if step == "create":
                    status, made = cache.reserve(token, want["key"], want["version"])
                    if status != 200:
                        return status, {}, made
                    return 200, {}, {"ok": True, "signed_upload_url": cache.sign(made.blob, "cw")}
                for entry in cache.entries:
                    if entry.key == want["key"] and entry.version == want["version"] and not entry.done:
                        assert isinstance(want["size_bytes"], str)
                        if len(cache.blobs.get(entry.blob, b"")) != int(want["size_bytes"]):
                            return 404, {}, {"code": "not_found", "msg": "no upload of that size"}
                        cache.complete(entry)
                        return 200, {}, {"ok": True, "entry_id": "1"}
                return 404, {}, {"code": "not_found", "msg": "no reservation"}

            def blob(self, name, query, body):
                if self.headers.get("Authorization"):
                    return 400, {}, b"only one way of authorization is allowed"
                if cache.signatures.get(query.get("sig"), ("", ""))[0] != name:
                    return 403, {}, b"the signature is not valid (any longer)"
                if self.command == "GET":
                    return self.download(cache.blobs.get(name, b""))
                if query.get("comp") == "block":
                    cache.blocks[name, base64.b64decode(query["blockid"])] = body
                elif query.get("comp") == "blocklist":
                    ids = re.findall(rb"<Latest>([^<]+)</Latest>", body)
                    cache.blobs[name] = b"".join(cache.blocks[name, base64.b64decode(one)] for one in ids)
                else:
                    assert self.headers.get("x-ms-blob-type") == "BlockBlob"
                    cache.blobs[name] = body
                return 201, {}, b""

            def download(self, content):
                wanted = re.match(r"bytes=(\d+)-(\d+)$", self.headers.get("Range") or "")
                if not cache.ranges or not wanted:
                    return 200, {}, content
                first, last = int(wanted[1]), min(int(wanted[2]), len(content) - 1)
                if first >= len(content):
                    return 416, {}, b""
                return 206, {"Content-Range": f"bytes {first}-{last}/{len(content)}"}, content[first:last + 1]

            def find1(self, query):
                token = self.token()
                if token is None:
                    return 401, {}, {"message": "no such token"}
                key, *others = query["keys"].split(",")
                found = cache.lookup(token, query["version"], key, others)
                if found is None:
                    return 204, {}, b""
                return 200, {}, {"cacheKey": found.key, "scope": found.scope, "archiveLocation": cache.sign(found.blob, "r")}

            def reserve1(self, body):
                token = self.token()
                if token is None:
                    return 401, {}, {"message": "no such token"}
                want = json.loads(body)
                status, made = cache.reserve(token, want["key"], want["version"])
                return (status, {}, {"cacheId": int(made.blob[1:])}) if status == 200 else (status, {}, {"message": made["msg"]})

            def write1(self, step, name, body):
                if self.token() is None:
                    return 401, {}, {"message": "no such token"}
                if step == "patch":
                    first, last = re.match(r"bytes (\d+)-(\d+)/\*$", self.headers["Content-Range"]).groups()
                    assert int(last) - int(first) + 1 == len(body)
                    content = bytearray(cache.blobs.get(name, b""))
                    content.extend(bytes(max(0, int(last) + 1 - len(content))))
                    content[int(first):int(last) + 1] = body
                    cache.blobs[name] = bytes(content)
                    return 200, {}, b""
                if len(cache.blobs.get(name, b"")) != json.loads(body)["size"]:
                    return 400, {}, {"message": "another size"}
                for entry in cache.entries:
                    if entry.blob == name:
                        cache.complete(entry)
                return 200, {}, b""

        return Handler
