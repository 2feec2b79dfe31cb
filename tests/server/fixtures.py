"""The data that every test begins with: a small, made-up GitHub.

Tokens: ALPHA and BETA are users, ALPHA alone may see octo/private. `{sha}` names are full commit ids.
"""

from github import dump
from world import Resource

ALPHA = "ghp_alphaTokenOfTheTests"
BETA = "ghp_betaTokenOfTheTests"
SHA = "6dcb09b5b57875f334f61aebed695e2e4193db5e"
TREE = "b45ef6fec89518d314f546fd6c3025367b721684"
HELLO = 1001
PRIVATE = 1002
RUNS = 250
ISSUES = 120


def repository(name, number, private=False):
    owner, _, short = name.partition("/")
    return {"id": number, "name": short, "full_name": name, "private": private, "default_branch": "main",
            "owner": {"login": owner, "id": 7}, "description": f"the repository {short}", "fork": False,
            "updated_at": "2025-01-02T03:04:05Z", "pushed_at": "2025-01-02T03:04:05Z", "stargazers_count": 42}


def run(number):
    return {"id": number, "name": "build", "head_sha": SHA, "status": "completed", "event": "push", "run_attempt": 1,
            "conclusion": "failure" if number % 5 == 0 else "success", "updated_at": "2025-01-02T03:04:05Z"}


def json_resource(value, **rest):
    return Resource(body=dump(value), **rest)


def fill(world):
    world.tokens.update({ALPHA: 5000, BETA: 5000})
    world.repositories.update({"octo/hello": HELLO, "octo/private": PRIVATE})
    world.renamed["octo/old-hello"] = HELLO
    add = world.resources.__setitem__
    add("/user", json_resource({"login": "octo", "id": 7}))
    add("/users/octo", json_resource({"login": "octo", "id": 7, "type": "User"}))
    add("/orgs/octo-org", json_resource({"login": "octo-org", "id": 8}))
    add("/search/repositories", json_resource({"total_count": 1, "incomplete_results": False,
                                               "items": [repository("octo/hello", HELLO)]}))
    hello = "/repos/octo/hello"
    add(hello, json_resource(repository("octo/hello", HELLO), last_modified="Thu, 02 Jan 2025 03:04:05 GMT"))
    add("/repos/octo/private", json_resource(repository("octo/private", PRIVATE, True), visible_to=[ALPHA]))
    add("/repos/octo/private/contents/plan.txt",
        Resource(dump({"name": "plan.txt", "path": "plan.txt"}), etag="git", visible_to=[ALPHA],
                 variants={"raw": ("application/vnd.github.raw; charset=utf-8", b"the private plan\n")}))
    add(hello + "/actions/runs", Resource(items=[run(5000 - i) for i in range(RUNS)], wrapper="workflow_runs"))
    add(hello + "/actions/runs/4999", json_resource(run(4999)))
    add(hello + "/actions/workflows", Resource(items=[{"id": 1, "name": "build", "path": ".github/workflows/build.yml"}],
                                               wrapper="workflows"))
    add(hello + "/issues", Resource(items=[{"number": ISSUES - i, "title": f"issue {ISSUES - i}", "state": "open"}
                                           for i in range(ISSUES)]))
    add(hello + "/branches", Resource(items=[{"name": "main", "commit": {"sha": SHA}, "protected": False}]))
    add(hello + "/tags", Resource(items=[]))
    add(hello + "/releases", Resource(items=[{"id": 31, "tag_name": "v1.0", "assets": [{"id": 32, "name": "a.bin"}]}]))
    add(hello + "/releases/latest", json_resource({"id": 31, "tag_name": "v1.0"}))
    add(hello + "/releases/assets/32", Resource(dump({"id": 32, "name": "a.bin"}),
                                                variants={"bin": ("application/octet-stream", bytes(range(256)) * 64)}))
    add(hello + "/issues/1", json_resource({"number": 1, "title": "issue 1"}))
    add(hello + "/pulls/1", Resource(dump({"number": 1, "title": "a change"}), variants={
        "diff": ("application/vnd.github.diff; charset=utf-8", b"diff --git a/f b/f\n--- a/f\n+++ b/f\n@@ -1 +1 @@\n-a\n+b\n"),
        "patch": ("application/vnd.github.patch; charset=utf-8", b"From 6dcb09b Mon Sep 17 00:00:00 2001\nSubject: a change\n")}))
    commit = {"sha": SHA, "commit": {"message": "first", "tree": {"sha": TREE}}, "parents": []}
    add(hello + f"/commits/{SHA}", Resource(dump(commit), variants={
        "diff": ("application/vnd.github.diff; charset=utf-8", b"diff --git a/f b/f\nnew file mode 100644\n")}))
    add(hello + f"/git/commits/{SHA}", json_resource({"sha": SHA, "message": "first", "tree": {"sha": TREE}}))
    add(hello + f"/git/trees/{TREE}", json_resource({"sha": TREE, "tree": [], "truncated": False}))
    add(hello + "/commits/main", Resource(dump(commit)))
    readme = b"# hello\n"
    add(hello + "/contents/README.md", Resource(
        dump({"name": "README.md", "path": "README.md", "size": len(readme), "encoding": "base64", "content": "IyBoZWxsbwo="}),
        etag="git", last_modified="Thu, 02 Jan 2025 03:04:05 GMT",
        variants={"raw": ("application/vnd.github.raw; charset=utf-8", readme),
                  "html": ("application/vnd.github.html; charset=utf-8", b"<h1>hello</h1>\n")}))
    add(hello + "/contents/.github/workflows/build.yml", Resource(
        dump({"name": "build.yml"}), etag="git", variants={"raw": ("application/vnd.github.raw", b"on: push\n")}))
    add(hello + "/code-scanning/analyses", Resource(items=[], filters={"ref": "ref", "tool_name": "tool.name"}))
    add(hello + "/code-scanning/analyses/77", Resource(dump({"id": 77, "commit_sha": SHA}), variants={
        "sarif": ("application/sarif+json; charset=utf-8", dump({"version": "2.1.0", "runs": []}))}))
    add(hello + "/actions/secrets", Resource(items=[{"name": "API_KEY"}], wrapper="secrets", permission="secrets=read",
                                             permitted=[ALPHA]))
    add(hello + "/actions/runners", Resource(items=[{"id": 3, "name": "r3", "status": "online", "busy": False}],
                                             wrapper="runners"))
    # Answers that are not 200.
    add(hello + "/actions/runs/202", Resource(b"{}", status=202))
    add(hello + "/actions/runs/204", Resource(b"", status=204))
    add(hello + "/actions/runs/410", Resource(dump({"message": "Gone"}), status=410))
    add(hello + "/actions/runs/451", Resource(dump({"message": "Repository access blocked"}), status=451))
    # Ways elsewhere.
    world.redirects.update({
        hello + "/tarball/main": (302, "{other}/octo-hello.tar.gz?sig=signature"),
        hello + "/zipball/main": (302, "{plain}/octo-hello.zip"),
        hello + "/actions/runs/4999/logs": (302, "{other}/logs.zip?sig=signature"),
        hello + "/commits/moved": (307, "{api}" + hello + "/commits/main"),
        hello + "/commits/loop-a": (302, "{api}" + hello + "/commits/loop-b"),
        hello + "/commits/loop-b": (302, "{api}" + hello + "/commits/loop-a"),
    })
    add("other:/octo-hello.tar.gz", Resource(b"\x1f\x8b tarball of octo/hello", "application/gzip"))
    add("other:/logs.zip", Resource(b"PK\x03\x04 the log", "application/zip"))
    add("other:/octo-hello.zip", Resource(b"PK\x03\x04 zipball", "application/zip"))
