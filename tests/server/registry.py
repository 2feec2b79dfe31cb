"""Issues and their comments as REST lets them be searched for, listed, made, edited and removed."""

import hashlib
import itertools
import json
import re

from message import Response

ISSUES = re.compile(r"/repos/([^/]+/[^/]+)/issues(?:/(\d+)/comments|/comments/(\d+))?$")


def concerns(path):
    return path == "/search/issues" or ISSUES.match(path) is not None


class Registry:
    def __init__(self):
        self.numbers = itertools.count(7)
        self.readers = self.writers = None  # tokens; None: all
        self.issues = []  # {"number", "title", "body", "state", "indexed"}; a search knows what is indexed
        self.comments = []  # {"id", "issue", "body", "author_association", "user"}


def allowed(tokens, request):
    return tokens is None or request.token() in tokens


def answer(github, registry, request):
    match = ISSUES.match(request.path)
    reads = request.method in ("GET", "HEAD")
    if not allowed(registry.readers if reads else registry.writers, request):
        return github.problem(request, 403, "Resource not accessible by integration")
    if match is None:
        return search(github, registry, request)
    _, issue, comment = match.groups()
    if comment:
        return one_comment(github, registry, request, int(comment))
    if issue:
        return comments(github, registry, request, int(issue))
    if reads:
        return listed(github, request, [one for one in reversed(registry.issues) if one["state"] == "open"])
    sent = json.loads(request.body)
    registry.issues.append({"number": next(registry.numbers), "title": sent["title"], "body": sent["body"], "state": "open",
                            "indexed": False})
    return says(github, 201, registry.issues[-1])


def search(github, registry, request):
    wanted = request.parameters()["q"]
    title = re.search(r'in:title "([^"]*)"', wanted)[1]
    assert wanted.startswith("repo:") and "is:issue" in wanted and "is:open" in wanted, wanted
    # As GitHub's does: words, not the whole title.
    items = [one for one in registry.issues if one["indexed"] and one["state"] == "open" and title in one["title"]]
    return says(github, 200, {"total_count": len(items), "incomplete_results": False, "items": items})


def comments(github, registry, request, issue):
    if not any(one["number"] == issue for one in registry.issues):
        return github.problem(request, 404, "Not Found")
    if request.method in ("GET", "HEAD"):
        return listed(github, request, [one for one in registry.comments if one["issue"] == issue])
    registry.comments.append({"id": next(registry.numbers), "issue": issue, "body": json.loads(request.body)["body"],
                              "author_association": "NONE", "user": {"login": "github-actions[bot]", "type": "Bot"}})
    return says(github, 201, registry.comments[-1])


def one_comment(github, registry, request, number):
    found = next((one for one in registry.comments if one["id"] == number), None)
    if found is None:
        return github.problem(request, 404, "Not Found")
    if request.method == "DELETE":
        registry.comments.remove(found)
        return Response(204, github.common(), b"")
    if request.method == "PATCH":
        found["body"] = json.loads(request.body)["body"]
    return says(github, 200, found)


def listed(github, request, items):
    wanted = request.parameters()
    count, page = int(wanted.get("per_page", 30)), int(wanted.get("page", 1))
    return says(github, 200, items[(page - 1) * count:page * count], request)


def says(github, status, value, request=None):
    body = json.dumps(value).encode()
    tag = f'"{hashlib.sha256(body).hexdigest()}"'
    headers = [*github.common(), ("ETag", tag), ("Content-Type", "application/json; charset=utf-8")]
    if request is not None and request.header("if-none-match") == tag:
        return Response(304, headers, b"")
    return Response(status, headers, body)
