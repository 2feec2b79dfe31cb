"""The server's own tests: what the other tests rest on. curl speaks HTTP/2 to it, http.client HTTP/1.1."""

import hashlib
import http.client
import json
import re
import ssl
import subprocess
import threading

import pytest
from client import Server
from fixtures import ALPHA, BETA, HELLO, SHA

ACCEPT = "application/vnd.github+json"


@pytest.fixture(scope="module")
def running():
    with Server() as server:
        yield server


@pytest.fixture
def server(running):
    running.reset()
    return running


def get(server, path, token=ALPHA, accept=ACCEPT, agent="test/1", **headers):
    """One HTTP/1.1 request → (status, headers, body)."""
    connection = http.client.HTTPSConnection("127.0.0.1", server.ready["port"], timeout=10,
                                             context=ssl.create_default_context(cafile=server.ca_file))
    sent = {"Accept": accept, "User-Agent": agent, "Accept-Encoding": "identity",
            **{name.replace("_", "-"): value for name, value in headers.items()}}
    if token:
        sent["Authorization"] = "Bearer " + token
    try:
        connection.request("GET", path, headers=sent)
        answer = connection.getresponse()
        return answer.status, answer.headers, answer.read()
    finally:
        connection.close()


def curl(server, *arguments):
    return subprocess.run(["curl", "-sS", "--max-time", "10", "--cacert", server.ca_file, "-A", "test/1", *arguments],
                          capture_output=True)


def test_curl_is_answered_over_http2(server):
    out = curl(server, "--http2", "-w", "%{http_version}", "-H", f"Authorization: Bearer {ALPHA}", server.url + "/user")
    assert out.stdout == b'{"login":"octo","id":7}2'
    (request,) = server.requests()
    assert (request["protocol"], request["status"], request["path"]) == ("h2", 200, "/user")
    assert ["authorization", "Bearer " + ALPHA] in request["headers"]


def test_a_large_body_passes_flow_control(server):
    server.fault("huge", "/user", size=3_000_000)
    assert len(curl(server, "--http2", server.url + "/user").stdout) == 3_000_000


def test_the_tag_is_the_documented_formula(server):
    _, headers, body = get(server, "/user")
    assert headers["ETag"] == '"' + hashlib.sha256(f"{ACCEPT}:Bearer {ALPHA}:".encode() + body).hexdigest() + '"'
    _, other, _ = get(server, "/user", token=BETA)
    assert other["ETag"] != headers["ETag"]
    assert headers.get_all("Vary") == ["Accept, Authorization, Cookie, X-GitHub-OTP",
                                       "Accept-Encoding, Accept, X-Requested-With"]


def test_a_compressed_answer_has_a_weak_tag_over_the_plain_body(server):
    _, plain, body = get(server, "/user")
    out = curl(server, "--http2", "--compressed", "-D", "-", "-H", f"Accept: {ACCEPT}",
               "-H", f"Authorization: Bearer {ALPHA}", server.url + "/user").stdout
    assert ("etag: W/" + plain["ETag"]).encode() in out and out.endswith(body) and b"content-encoding: gzip" in out


def test_an_unchanged_answer_is_304_and_free_with_a_credential_only(server):
    status, headers, _ = get(server, "/user")
    assert (status, headers["X-RateLimit-Remaining"]) == (200, "4999")
    status, again, body = get(server, "/user", If_None_Match="W/" + headers["ETag"])
    assert (status, again["X-RateLimit-Remaining"], body) == (304, "4999", b"")
    _, anonymous, _ = get(server, "/user", token="")
    status, _, _ = get(server, "/user", token="", If_None_Match=anonymous["ETag"])
    assert status == 304 and server.state()["windows"]["|core"] == 2


def test_if_modified_since_counts_only_without_if_none_match(server):
    since = {"If_Modified_Since": "Thu, 02 Jan 2025 03:04:05 GMT"}
    assert get(server, "/repos/octo/hello", **since)[0] == 304
    assert get(server, "/repos/octo/hello", If_None_Match='"other"', **since)[0] == 200


def test_contents_carry_git_tags_whatever_the_media_type(server):
    path = "/repos/octo/hello/contents/README.md"
    _, headers, _ = get(server, path)
    _, raw, body = get(server, path, accept="application/vnd.github.raw+json")
    assert re.fullmatch(r'"[0-9a-f]{40}"', headers["ETag"]) and raw["ETag"] == headers["ETag"] and body == b"# hello\n"


def test_lists_are_paged_with_links_by_repository_id(server):
    path = "/repos/octo/hello/actions/runs?per_page=100"
    _, headers, body = get(server, path)
    assert len(json.loads(body)["workflow_runs"]) == 100 and json.loads(body)["total_count"] == 250
    assert f'<{server.url}/repositories/{HELLO}/actions/runs?per_page=100&page=2>; rel="next"' in headers["Link"]
    _, headers, body = get(server, f"/repositories/{HELLO}/actions/runs?per_page=100&page=3")
    assert len(json.loads(body)["workflow_runs"]) == 50 and "next" not in headers["Link"]
    assert len(json.loads(get(server, "/repos/octo/hello/issues")[2])) == 30


def test_private_resources_do_not_exist_for_others(server):
    assert [get(server, "/repos/octo/private", token=token)[0] for token in (ALPHA, BETA, "")] == [200, 404, 404]
    assert get(server, "/repos/octo/hello/actions/secrets", token=BETA)[0] == 403
    assert get(server, "/user", token="unknown")[0] == 401


def test_limits_are_a_matter_of_token_and_resource(server):
    server.limit(ALPHA, remaining=1)
    assert [get(server, "/user")[0] for _ in range(2)] == [200, 403]
    status, headers, _ = get(server, "/search/repositories?q=x")
    assert (status, headers["X-RateLimit-Resource"], headers["X-RateLimit-Remaining"]) == (200, "search", "29")
    assert get(server, "/user", token=BETA)[0] == 200 and get(server, "/rate_limit")[0] == 200
    server.secondary(BETA, count=1, status=429, retry_after=7)
    status, headers, body = get(server, "/user", token=BETA)
    assert (status, headers["Retry-After"]) == (429, "7") and "secondary-rate-limits" in json.loads(body)["documentation_url"]
    assert get(server, "/user", token=BETA)[0] == 200


def test_redirects_lead_where_github_leads(server):
    status, headers, _ = get(server, "/repos/octo/old-hello/issues?per_page=5")
    assert (status, headers["Location"]) == (301, f"{server.url}/repositories/{HELLO}/issues?per_page=5")
    assert get(server, f"/repositories/{HELLO}/issues?per_page=5")[0] == 200
    status, headers, _ = get(server, "/repos/octo/hello/tarball/main")
    assert status == 302 and f":{server.ready['other_port']}/" in headers["Location"]
    out = curl(server, "--http2", "-L", "-H", f"Authorization: Bearer {ALPHA}", server.url + "/repos/octo/hello/tarball/main")
    assert out.stdout == b"\x1f\x8b tarball of octo/hello"
    (request,) = server.requests(origin="other")
    assert "authorization" not in dict(request["headers"])


def test_browsers_get_indented_json(server):
    assert get(server, "/user", agent="curl/8")[2] == b'{\n  "login": "octo",\n  "id": 7\n}\n'


@pytest.mark.parametrize("protocol", ["--http2", "--http1.1"])
@pytest.mark.parametrize("fault", [{"kind": "reset"}, {"kind": "truncate", "after": 5}, {"kind": "reset_body", "after": 5},
                                   {"kind": "garbage"}])
def test_broken_transfers_are_seen_as_such(server, protocol, fault):
    server.fault(path="/user", count=1, **fault)
    url = server.url + "/user"
    assert curl(server, protocol, url).returncode in (1, 8, 16, 18, 35, 52, 55, 56, 92)  # codes of a broken transfer
    assert curl(server, protocol, url).returncode == 0  # one request was ordered, one was broken


def test_a_stall_ends_with_its_release(server):
    server.fault("stall", "/user", after=3)
    answers = []
    thread = threading.Thread(target=lambda: answers.append(get(server, "/user")[2]))
    thread.start()
    server.arrived(1, "/user")
    assert server.state()["windows"] and not answers
    server.release()
    thread.join()
    assert answers == [b'{"login":"octo","id":7}']


def test_status_faults_end_after_their_number(server):
    server.fault("status", "/user", count=2, status=502)
    assert [get(server, "/user")[0] for _ in range(3)] == [502, 502, 200]
    server.fault("not_modified", "/user", count=1)
    server.fault("body", "/user", count=1, body="{broken")
    assert [get(server, "/user")[::2] for _ in range(2)] == [(304, b""), (200, b"{broken")]


def test_resources_are_changed_by_control(server):
    _, before, _ = get(server, f"/repos/octo/hello/commits/{SHA}")
    server.edit(f"/repos/octo/hello/commits/{SHA}", json={"sha": SHA, "n": 2})
    status, after, body = get(server, f"/repos/octo/hello/commits/{SHA}", If_None_Match=before["ETag"])
    assert (status, json.loads(body)["n"]) == (200, 2) and after["ETag"] != before["ETag"]


def test_it_ends_when_its_input_closes():
    server = Server()
    server.close()
    assert server.process.returncode == 0


def ask(server, method, path, content=None, token=ALPHA):
    """A request that may write → (status, JSON or None)."""
    sent = [] if content is None else ["-H", "Content-Type: application/json", "--data-binary", "@-"]
    out = subprocess.run(["curl", "-sS", "--max-time", "10", "--cacert", server.ca_file, "-A", "test/1", "-X", method, "-w", "\n%{http_code}",
                          "-H", f"Authorization: Bearer {token}", *sent, server.url + path],
                         input=None if content is None else json.dumps(content).encode(), capture_output=True, check=True)
    body, _, status = out.stdout.rpartition(b"\n")
    return int(status), json.loads(body) if body else None


def test_issues_and_comments_can_be_written(server):
    """Over HTTP/2, where a body comes in frames of its own; a search knows of an issue once it is indexed."""
    issues = "/repos/octo/hello/issues"
    search = "/search/issues?q=repo:octo/hello%20is:issue%20is:open%20in:title%20%22peers%22"
    assert ask(server, "POST", issues, {"title": "peers", "body": "x"})[0] == 405, "nothing is written unless a test begins it"
    server.registry()
    status, made = ask(server, "POST", issues, {"title": "peers", "body": "x" * 100_000})
    assert status == 201 and len(made["body"]) == 100_000
    assert ask(server, "GET", search)[1]["items"] == []
    assert [one["title"] for one in ask(server, "GET", issues + "?state=open")[1]] == ["peers"]
    server.registry(issues=[{**made, "indexed": True}])
    assert [one["number"] for one in ask(server, "GET", search)[1]["items"]] == [made["number"]]

    comments = f"{issues}/{made['number']}/comments"
    status, one = ask(server, "POST", comments, {"body": "first"})
    assert status == 201
    assert ask(server, "PATCH", f"{issues}/comments/{one['id']}", {"body": "second"})[0] == 200
    assert [there["body"] for there in ask(server, "GET", comments)[1]] == ["second"]
    server.registry(writers=[])
    assert ask(server, "DELETE", f"{issues}/comments/{one['id']}")[0] == 403
    server.registry(writers=[ALPHA])
    assert ask(server, "DELETE", f"{issues}/comments/{one['id']}")[0] == 204
    assert ask(server, "GET", comments)[1] == []
    assert ask(server, "GET", f"{issues}/1/comments")[0] == 404
