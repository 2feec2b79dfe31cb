"""Where an answer leads elsewhere: within the API with the credential, to another origin without, and not in circles."""

from client import Server
from fixtures import ALPHA, HELLO as HELLO_ID

HELLO = "api/repos/octo/hello"


def authorizations(server, origin):
    return [dict(entry["headers"]).get("authorization") for entry in server.requests(origin=origin)]


def test_a_renamed_repository_is_read_by_its_old_name(mount, server):
    assert mount.json("api/repos/octo/old-hello.json")["full_name"] == "octo/hello"
    assert [entry["path"] for entry in server.requests()] == ["/repos/octo/old-hello", f"/repositories/{HELLO_ID}"]
    assert mount.json("api/repos/octo/old-hello/issues@per_page=2.json")[0]["number"] == 120
    assert server.requests()[-1]["query"] == "per_page=2"
    assert set(authorizations(server, "api")) == {"Bearer " + ALPHA}
    before = server.count()
    mount.read("api/repos/octo/old-hello.json")
    assert server.count() == before, "the answer is kept under the name that was asked for"


def test_a_307_within_the_api_is_followed(mount, server):
    assert mount.json(HELLO + "/commits/moved.json")["commit"]["message"] == "first"
    assert [entry["status"] for entry in server.requests()] == [307, 200]


def test_authorization_never_reaches_another_origin(mount, server):
    assert mount.read(HELLO + "/actions/runs/4999/logs.bin") == b"PK\x03\x04 the log"
    assert mount.read(HELLO + "/tarball/main.bin") == b"\x1f\x8b tarball of octo/hello"
    assert authorizations(server, "api") == ["Bearer " + ALPHA] * 2
    assert authorizations(server, "other") == [None, None]
    for entry in server.requests(origin="other"):
        assert ALPHA not in str(entry["headers"])


def test_another_server_of_the_same_host_is_another_origin(mount, server):
    with Server() as other:
        server.redirect("/repos/octo/hello/commits/moved", 302, other.url + "/user")
        assert mount.error(HELLO + "/commits/moved.json") == "EHOSTUNREACH", "its certificate is not trusted"
        assert not any("authorization" in dict(entry["headers"]) for entry in other.requests())


def test_a_redirect_from_https_to_http_is_refused(mount, server):
    assert mount.error(HELLO + "/zipball/main.bin") in ("EIO", "EACCES", "EHOSTUNREACH")
    assert server.requests(origin="plain") == []


def test_a_loop_is_eloop_after_at_most_five_hops(mount, server):
    assert mount.error(HELLO + "/commits/loop-a.json") == "ELOOP"
    assert server.count() <= 6
    assert mount.errors()[-1]["errno"] == "ELOOP"


def test_a_long_way_is_eloop_too(mount, server):
    for hop in range(10):
        server.redirect(f"/repos/octo/hello/commits/hop-{hop}", 302, f"{{api}}/repos/octo/hello/commits/hop-{hop + 1}")
    assert mount.error(HELLO + "/commits/hop-0.json") == "ELOOP"
    assert 5 <= server.count() <= 6


def test_redirects_of_signed_urls_are_not_remembered_and_not_told(mount, server):
    server.resource("other:/logs.zip", text="first", kind="application/zip")
    assert mount.read(HELLO + "/actions/runs/4999/logs.bin") == b"first"
    told = mount.read(".runnerfs/errors.jsonl").decode() + mount.log()
    assert "sig=signature" not in told


def test_a_relative_location_is_followed(mount, server):
    server.redirect("/repos/octo/hello/commits/moved", 302, "/repos/octo/hello/commits/main")
    assert mount.json(HELLO + "/commits/moved.json")["commit"]["message"] == "first"


def test_a_location_that_is_none_is_eio(mount, server):
    server.redirect("/repos/octo/hello/commits/moved", 302, "file:///etc/passwd")
    assert mount.error(HELLO + "/commits/moved.json") in ("EIO", "EACCES", "EHOSTUNREACH")


def test_a_denied_repository_is_not_reached_by_its_number_or_its_old_name(home, make_mount, server):
    home.configure("api:\n  deny: [/repos/octo/hello, /repos/octo/hello/*]\n")
    mount = make_mount()
    assert mount.error(f"api/repositories/{HELLO_ID}.json") == "EACCES"
    assert mount.error(f"api/repositories/{HELLO_ID}/issues.json") == "EACCES"
    assert server.count() == 0
    assert mount.error("api/repos/octo/old-hello.json") == "EACCES"
    assert [entry["path"] for entry in server.requests()] == ["/repos/octo/old-hello"]
