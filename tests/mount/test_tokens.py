"""Whose answers are whose: partitions by credential, proof by a recomputed ETag, and a token that changes."""

import os
import re

import pytest
from fixtures import ALPHA, BETA, SHA
from rfs import until, write

HELLO = "api/repos/octo/hello"
COMMIT = f"{HELLO}/git/commits/{SHA}.json"


def statuses(server, token, path=None):
    return [entry["status"] for entry in server.requests(path)
            if dict(entry["headers"]).get("authorization") == "Bearer " + token]


@pytest.fixture
def two(make_mount):
    """The same home, one mount after the other: ALPHA reads these paths, BETA's mount is returned."""
    def mounts(*paths):
        first = make_mount(token=ALPHA)
        contents = [first.read(path) for path in paths]
        first.stop()
        return make_mount(token=BETA), contents
    return mounts


def test_what_one_token_read_is_proven_for_another_by_a_free_304(two, server):
    mount, (user, hello) = two("api/users/octo.json", HELLO + ".json")
    assert mount.read("api/users/octo.json") == user  # the negative control comes with the first one
    used = server.state()["windows"][BETA + "|core"]
    assert mount.read(HELLO + ".json") == hello
    assert statuses(server, BETA, "/repos/octo/hello") == [304]
    assert server.state()["windows"][BETA + "|core"] == used, "free of quota"
    assert mount.xattr(HELLO + ".json", "user.runnerfs.proof") == "etag"
    assert mount.stats()["proven"] >= 1


def test_a_proof_sends_the_tag_that_this_token_would_have_got(two, server):
    mount, _ = two("api/users/octo.json", HELLO + ".json")
    mount.read("api/users/octo.json")
    mount.read(HELLO + ".json")
    last = dict(server.requests("/repos/octo/hello")[-1]["headers"])
    assert re.fullmatch(r'(W/)?"[0-9a-f]{64}"', last["if-none-match"])


def test_the_negative_control_asks_for_a_random_tag_and_expects_a_body(two, server):
    mount, _ = two("api/users/octo.json")
    mount.read("api/users/octo.json")
    assert set(statuses(server, BETA)) == {200, 304}, "a control that was answered in full, then the proof"


def test_a_server_that_says_304_to_everything_proves_nothing(two, server):
    mount, _ = two("api/users/octo.json", HELLO + ".json")
    server.fault("not_modified")
    for path in ("api/users/octo.json", HELLO + ".json"):
        assert mount.error(path) == "EIO", "no word of ALPHA's answer for BETA"
    server.release()
    assert mount.json("api/users/octo.json")["login"] == "octo"
    assert 304 not in statuses(server, BETA)[-1:]


def test_a_changed_answer_is_not_proven_but_fetched(two, server):
    mount, _ = two("api/users/octo.json", HELLO + ".json")
    mount.read("api/users/octo.json")
    server.edit("/repos/octo/hello", json={"full_name": "octo/hello", "n": 2})
    assert mount.json(HELLO + ".json")["n"] == 2


def test_proof_can_be_switched_off(home, make_mount, server):
    home.configure("api:\n  etag_proof: off\n")
    make_mount(token=ALPHA).read("api/users/octo.json")
    assert make_mount(token=BETA).json("api/users/octo.json")["login"] == "octo"
    assert statuses(server, BETA) == [200]
    assert "if-none-match" not in dict(server.requests()[-1]["headers"])


def test_a_private_answer_is_no_answer_for_another_token(two, server):
    mount, (content,) = two("api/repos/octo/private.json")
    assert b"private" in content
    assert mount.error("api/repos/octo/private.json") == "ENOENT"
    assert set(statuses(server, BETA)) == {404}


def test_a_listing_shows_only_what_this_token_was_vouched_for(two, server):
    mount, _ = two("api/repos/octo/private.json", HELLO + ".json")
    assert os.listdir(mount.join("api/repos")) == []
    mount.read(HELLO + ".json")
    assert os.listdir(mount.join("api/repos/octo")) == ["hello.json"]


def test_a_contents_answer_belongs_to_the_token_that_read_it(two, server):
    """Its tag is a git id: the same for everybody, so it proves nothing about rights."""
    mount, _ = two("api/repos/octo/private/contents/plan.txt.raw")
    assert mount.error("api/repos/octo/private/contents/plan.txt.raw") == "ENOENT"
    assert not any("if-none-match" in dict(entry["headers"]) for entry in server.requests()
                   if dict(entry["headers"])["authorization"] == "Bearer " + BETA)


def test_an_immutable_answer_still_needs_its_own_304_for_each_token(two, server):
    mount, (user, content) = two("api/users/octo.json", COMMIT)
    mount.read("api/users/octo.json")
    path = f"/repos/octo/hello/git/commits/{SHA}"
    for _ in range(3):
        assert mount.read(COMMIT) == content
    assert statuses(server, BETA, path) == [304]
    assert mount.state(COMMIT) == "immutable"


def test_two_mounts_at_once_keep_their_tokens_apart(make_mount, server):
    alpha, beta = make_mount(token=ALPHA), make_mount(token=BETA)
    assert alpha.json("api/repos/octo/private.json")["private"] is True
    assert beta.error("api/repos/octo/private.json") == "ENOENT"
    assert alpha.json("api/repos/octo/private.json")["private"] is True
    assert statuses(server, ALPHA, "/repos/octo/private") == [200]


def test_no_token_is_an_identity_of_its_own(make_mount, server):
    mount = make_mount(token="", PATH="/usr/bin:/bin", RUNNERFS_API_GH_TOKEN="off")
    assert mount.json(HELLO + ".json")["id"] == 1001
    assert "authorization" not in dict(server.requests()[0]["headers"])
    assert mount.error("api/repos/octo/private.json") == "ENOENT"


def test_a_changed_token_file_is_noticed(home, make_mount, server):
    file = home.join("token")
    write(file, ALPHA + "\n")
    os.chmod(file, 0o600)
    mount = make_mount("--token-file", file, token=None)
    assert mount.json("api/repos/octo/private.json")["private"] is True
    write(home.join("token.new"), BETA + "\n")
    os.chmod(home.join("token.new"), 0o600)
    os.rename(home.join("token.new"), file)
    until(lambda: mount.error("api/repos/octo/private.json") == "ENOENT", what="the other token is used")
    assert os.listdir(mount.join("api/repos")) == []
    assert statuses(server, BETA)


def test_an_emptied_token_file_is_enokey_and_the_old_token_rests(home, make_mount, server):
    file = home.join("token")
    write(file, ALPHA)
    os.chmod(file, 0o600)
    mount = make_mount("--token-file", file, token=None)
    mount.read("api/user.json")
    write(file, "")
    until(lambda: mount.error("api/users/octo.json") == "ENOKEY", what="the empty file is noticed")
    assert server.count("/users/octo") <= 1


def test_gh_token_and_precedence(make_mount, server):
    mount = make_mount(token=None, GH_TOKEN=BETA)
    mount.read("api/user.json")
    mount = make_mount(token=ALPHA, GH_TOKEN=BETA)
    mount.read("api/.now/user.json")
    # BETA's answer may be proven for ALPHA, with the negative control before the first proof.
    sent = [dict(entry["headers"])["authorization"] for entry in server.requests()]
    assert sent[0] == "Bearer " + BETA and set(sent[1:]) == {"Bearer " + ALPHA}
