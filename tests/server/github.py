"""How GitHub answers a GET: who may see what, limits, validators, paging, redirects. No sockets here.

The order of the checks is GitHub's as far as it shows: user agent, credentials, secondary limit, primary limit,
redirects, existence (404 also for what one may not see), permission, then the conditional request, which costs no
quota when it is answered 304 to a request that carried a credential.
"""

import gzip
import hashlib
import json
import re
import time
from email.utils import formatdate, parsedate_to_datetime

import registry
from message import Response

VARY = "Accept, Authorization, Cookie, X-GitHub-OTP"
VARY_ENCODING = "Accept-Encoding, Accept, X-Requested-With"
DOCS = "https://docs.github.com/rest"
PRETTY_AGENTS = ("curl", "Wget", "Safari", "Firefox")  # these get indented JSON, which its ETag does not describe
API_VERSIONS = ("2022-11-28", "2026-03-10")
MEDIA = {"application/vnd.github.raw": "raw", "application/vnd.github.raw+json": "raw",
         "application/vnd.github.v3.raw": "raw", "application/vnd.github.html": "html",
         "application/vnd.github.html+json": "html", "application/vnd.github.diff": "diff",
         "application/vnd.github.patch": "patch", "application/sarif+json": "sarif",
         "application/octet-stream": "bin"}


def dump(value):
    """JSON as GitHub writes it: no blanks."""
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False).encode()


def formula_tag(request, body):
    """The documented strong tag: sha256 over the headers that were sent, each followed by ':', and the body."""
    text = b""
    for name in ("accept", "authorization", "cookie"):
        value = request.header(name)
        if value is not None:
            text += value.encode() + b":"
    return '"' + hashlib.sha256(text + body).hexdigest() + '"'


def git_tag(body):
    """What the contents endpoints carry: the id of the git object, the same for every media type."""
    return '"' + hashlib.sha1(b"blob %d\0" % len(body) + body).hexdigest() + '"'


def member(item, place):
    """The member at "a.b" of a JSON object."""
    for name in place.split("."):
        item = item[name]
    return item


def opaque(tag):
    return tag.strip().removeprefix("W/")


class GitHub:
    def __init__(self, world, base, other_base, plain_base):
        self.world, self.base, self.other_base, self.plain_base = world, base, other_base, plain_base

    def answer(self, request):
        if request.origin != "api":
            return self.elsewhere(request)
        world = self.world
        if not request.header("user-agent"):
            return self.problem(request, 403, "Request forbidden by administrative rules. Please make sure your request "
                                              "has a User-Agent header")
        if "/actions/caches" in request.path and request.header("authorization") and request.token() in self.world.tokens:
            return self.caches(request)
        if self.world.registry is not None and registry.concerns(request.path) and request.token() in self.world.tokens:
            return registry.answer(self, self.world.registry, request)
        if request.method not in ("GET", "HEAD"):
            return self.problem(request, 405, "only reads are expected here")
        version = request.header("x-github-api-version")
        if version is not None and version not in API_VERSIONS:
            return self.problem(request, 400, f"unsupported API version {version}")
        token = request.token()
        if request.header("authorization") is not None and token not in world.tokens:
            return self.problem(request, 401, "Bad credentials")
        secondary = self.secondary(request, token)
        if secondary:
            return secondary
        if request.path == "/rate_limit":
            return self.rate_limit(request, token)
        window = world.window(token, self.resource_name(request.path))
        if window.remaining == 0:
            return self.with_rate(request, token, self.problem(
                request, 403, "API rate limit exceeded for user ID 1. If you reach out to GitHub Support for help, "
                              "please include the request ID 1AFE:0001.", DOCS + "/overview/rate-limits-for-the-rest-api"))
        response = self.resolve(request, token)
        if not (response.status == 304 and token):
            window.used += 1
        return self.with_rate(request, token, response)

    def caches(self, request):
        """The REST side of the Actions cache: world.caches holds {"id", "key", "ref"}."""
        world, match = self.world, re.match(r"/repos/[^/]+/[^/]+/actions/caches(?:/(\d+))?$", request.path)
        if request.method == "DELETE" and match and match[1]:
            if request.token() not in world.cache_deleters:
                return self.problem(request, 403, "Resource not accessible by integration")
            kept = [one for one in world.caches if one["id"] != int(match[1])]
            status = 404 if len(kept) == len(world.caches) else 204
            world.caches = kept
            return Response(status, self.common(), b"")
        wanted = request.parameters()
        if request.token() in world.cache_blind:
            return self.problem(request, 403, "Resource not accessible by integration")
        found = [one for one in world.caches if one["key"].startswith(wanted.get("key", "")) and wanted.get("ref") in (None, one["ref"])]
        if wanted.get("direction") == "desc":
            found.reverse()  # they are held as they were made
        count, page = int(wanted.get("per_page", 30)), int(wanted.get("page", 1))
        body = dump({"total_count": len(found), "actions_caches": found[(page - 1) * count:page * count]})
        tag = f'"{hashlib.sha256(body).hexdigest()}"'
        headers = [*self.common(), ("ETag", tag)]
        if request.header("if-none-match") == tag:
            return Response(304, headers, b"")
        return Response(200, headers, body)

    # --- limits -----------------------------------------------------------------------------------------------------

    @staticmethod
    def resource_name(path):
        if path.startswith("/search/code"):
            return "code_search"
        return "search" if path.startswith("/search/") else "core"

    def with_rate(self, request, token, response):
        if self.world.rate_headers:
            name = self.resource_name(request.path)
            window = self.world.window(token, name)
            response.headers += [("X-RateLimit-Limit", str(window.limit)), ("X-RateLimit-Remaining", str(window.remaining)),
                                 ("X-RateLimit-Used", str(window.used)), ("X-RateLimit-Reset", str(int(window.reset))),
                                 ("X-RateLimit-Resource", name)]
        return response

    def secondary(self, request, token):
        gate = self.world.secondary.get(token)
        if gate is None or gate.count == 0 or time.monotonic() >= gate.until:
            return None
        if gate.count is not None:
            gate.count -= 1
        response = self.problem(request, gate.status, "You have exceeded a secondary rate limit. Please wait a few minutes "
                                "before you try again.", DOCS + "/overview/rate-limits-for-the-rest-api#about-secondary-rate-limits")
        if gate.retry_after is not None:
            response.headers.append(("Retry-After", str(gate.retry_after)))
        return self.with_rate(request, token, response)

    def rate_limit(self, request, token):
        resources = {}
        for name in ("core", "search", "code_search"):
            window = self.world.window(token, name)
            resources[name] = {"limit": window.limit, "used": window.used, "remaining": window.remaining,
                               "reset": int(window.reset)}
        body = dump({"resources": resources, "rate": resources["core"]})
        return self.with_rate(request, token, Response(200, self.common() + [("Content-Type", "application/json; charset=utf-8"),
                                                                             ("Cache-Control", "no-cache")], body))

    # --- finding ----------------------------------------------------------------------------------------------------

    def resolve(self, request, token):
        world, path = self.world, request.path
        if path in world.redirects:
            status, location = world.redirects[path]
            return self.moved(request, status, self.expand(location))
        match = re.match(r"/repos/([^/]+/[^/]+)(/.*)?$", path)
        if match and match[1] in world.renamed:
            query = "?" + request.query if request.query else ""
            return self.moved(request, 301, f"{self.base}/repositories/{world.renamed[match[1]]}{match[2] or ''}{query}")
        match = re.match(r"/repositories/(\d+)(/.*)?$", path)
        if match:
            name = next((name for name, number in world.repositories.items() if str(number) == match[1]), None)
            if name is None:
                return self.problem(request, 404, "Not Found")
            path = f"/repos/{name}{match[2] or ''}"
        resource = world.resources.get(path + "?" + request.query) or world.resources.get(path)
        if resource is None or (resource.visible_to is not None and token not in resource.visible_to):
            return self.problem(request, 404, "Not Found")
        if resource.permission and token not in resource.permitted:
            response = self.problem(request, 403, "Resource not accessible by integration")
            response.headers.append(("X-Accepted-GitHub-Permissions", resource.permission))
            return response
        return self.represent(request, resource, path)

    def expand(self, location):
        for name, base in (("{api}", self.base), ("{other}", self.other_base), ("{plain}", self.plain_base)):
            location = location.replace(name, base)
        return location

    # --- representing -----------------------------------------------------------------------------------------------

    def represent(self, request, resource, path):
        headers = self.common() + [("Cache-Control", "private, max-age=60, s-maxage=60"), ("Vary", VARY),
                                   ("Vary", VARY_ENCODING)]
        headers += list(resource.headers.items())
        body, kind, link = resource.body, resource.kind, ""
        if resource.items is not None:
            body, link = self.page(request, resource, path)
        variant = MEDIA.get(request.header("accept") or "")
        if variant in resource.variants:
            kind, body = resource.variants[variant]
        elif variant == "sarif" and resource.variants:
            return self.problem(request, 406, "Not Acceptable")
        if resource.status >= 400:
            return Response(resource.status, headers + [("Content-Type", kind)], body)
        tag = {"formula": lambda: formula_tag(request, body), "git": lambda: git_tag(resource.body),
               "none": lambda: ""}.get(resource.etag, lambda: resource.etag)()
        compressed = self.world.compress and "gzip" in (request.header("accept-encoding") or "") and len(body) > 0
        if tag:
            headers.append(("ETag", ("W/" if compressed and not tag.startswith("W/") else "") + tag))
        if resource.last_modified:
            headers.append(("Last-Modified", resource.last_modified))
        if link:
            headers.append(("Link", link))
        if resource.status == 200 and self.unchanged(request, tag, resource.last_modified):
            kept = [(name, value) for name, value in headers
                    if (name != "Link" or self.world.link_on_304) and (name != "ETag" or self.world.etag_on_304)]
            return Response(304, kept)
        if any(agent in request.header("user-agent") for agent in PRETTY_AGENTS) and kind.startswith("application/json"):
            body = json.dumps(json.loads(body), indent=2).encode() + b"\n"
        headers.append(("Content-Type", kind))
        if compressed:
            return Response(resource.status, headers + [("Content-Encoding", "gzip")], gzip.compress(body, 1, mtime=0),
                            chunked=True)
        return Response(resource.status, headers, body)

    @staticmethod
    def unchanged(request, tag, last_modified):
        asked = request.header("if-none-match")
        if asked is not None:  # wins over If-Modified-Since; weak comparison (RFC 9110, 13.1.2)
            return asked.strip() == "*" or (bool(tag) and opaque(tag) in [opaque(one) for one in asked.split(",")])
        since = request.header("if-modified-since")
        if since is None or not last_modified:
            return False
        try:
            return parsedate_to_datetime(last_modified) <= parsedate_to_datetime(since)
        except ValueError:
            return False

    def page(self, request, resource, path):
        parameters = request.parameters()
        size = min(100, max(1, int(parameters.get("per_page") or 30)))
        number = max(1, int(parameters.get("page") or 1))
        chosen = [item for item in resource.items if all(
            parameters.get(name) in (None, member(item, place)) for name, place in resource.filters.items())]
        last = max(1, -(-len(chosen) // size))
        items = chosen[(number - 1) * size:number * size]
        body = dump({"total_count": len(chosen), resource.wrapper: items} if resource.wrapper else items)
        links = []
        for name, target, when in (("prev", number - 1, number > 1), ("next", number + 1, number < last),
                                   ("last", last, number < last), ("first", 1, number > 1)):
            if when:
                links.append(f'<{self.page_url(request, path, target)}>; rel="{name}"')
        return body, ", ".join(links)

    def page_url(self, request, path, number):
        match = re.match(r"/repos/([^/]+/[^/]+)(/.*)?$", path)
        if match and match[1] in self.world.repositories:
            path = f"/repositories/{self.world.repositories[match[1]]}{match[2] or ''}"
        parts = [part for part in request.query.split("&") if part and not part.startswith("page=")]
        return f"{self.base}{path}?{'&'.join(parts + [f'page={number}'])}"

    # --- small answers ----------------------------------------------------------------------------------------------

    def common(self):
        return [("Server", "github.com"), ("Date", formatdate(usegmt=True)), ("X-GitHub-Request-Id", "1AFE:0001:TEST"),
                ("X-GitHub-Media-Type", "github.v3; format=json"), ("X-Content-Type-Options", "nosniff")]

    def problem(self, request, status, message, documentation=DOCS):
        body = dump({"message": message, "documentation_url": documentation, "status": str(status)})
        headers = self.common() + [("Content-Type", "application/json; charset=utf-8"), ("Vary", VARY)]
        return Response(status, headers, b"" if request.method == "HEAD" else body)

    def moved(self, request, status, location):
        body = dump({"message": "Moved Permanently" if status == 301 else "Found", "url": location, "documentation_url": DOCS})
        headers = self.common() + [("Location", location), ("Content-Type", "application/json; charset=utf-8")]
        if status == 302:
            headers.append(("Cache-Control", "public, must-revalidate, max-age=0"))
        return Response(status, headers, body)

    def elsewhere(self, request):
        """A storage host that signed URLs lead to; like the real ones it refuses a request with two credentials."""
        if request.header("authorization") is not None:
            return Response(400, [("Content-Type", "text/plain")], b"only one way of authorization is allowed")
        resource = self.world.resources.get("other:" + request.path)
        if resource is None:
            return Response(404, [("Content-Type", "text/plain")], b"no such blob")
        return Response(200, [("Content-Type", resource.kind), ("Cache-Control", "max-age=0")], resource.body)
