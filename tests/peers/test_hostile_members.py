"""Hostile members, and those who would be one, against the real daemon: it goes on, and what is read is what GitHub says."""

import os
import struct
import time

import pytest

pytest.importorskip("cryptography", reason="python3-cryptography is not installed")

from conftest import SECRET  # noqa: E402
from hostile import address, counts, drain, friend, node, pumped, resident, SANITIZED, until_counted  # noqa: E402,F401
from libp2p import BODY, BUSY, END, MISS, PROTOCOL, Ended, Identity, Member, Session, Wire, ask_frame, have_frame  # noqa: E402
from rfs import until, write  # noqa: E402

# --- membership -------------------------------------------------------------------------------------------------------


def test_who_does_not_know_the_secret(node, address):
    earlier = friend(node, address)
    wrong = {"another secret": {"secret": "another secret than the one of these tests"}, "another network": {"network": "another"},
             "a proof of another connection": {"wrong": earlier.mac}, "nothing": {"wrong": bytes(32)}}
    for number, (name, how) in enumerate(wrong.items()):
        who = Identity()
        session = Session.dial(node.port, who, address())
        with pytest.raises((Ended, AssertionError)):
            Member(session, **{"secret": SECRET, **how})
        assert session.ended(8), name
        until_counted(node, "peer_refused", number + 1)
        assert Session.dial(node.port, who, address()).ended(8), "refused for a while"
    assert [peer["id"] for peer in node.peers()["peers"] if peer["member"]] == [earlier.session.channel.identity.id]
    assert "does not know the network's secret" in node.log()


def test_nothing_is_answered_before_the_proof(node, address):
    with Session.dial(node.port, source=address()) as session:
        first, second = session.open(PROTOCOL), session.open()
        second.send(Wire.line("/multistream/1.0.0") + Wire.line(PROTOCOL))
        assert second.was_reset()
        first.send(b"\x01\x01\x01" + bytes(20))
        first.finish()
        assert first.was_reset() and first.have == b""


def sent(*plain):
    """A question of these frames."""
    def send(member):
        stream, seal, _ = member.question()
        stream.send(b"".join(seal.seal(one) for one in plain))
        return stream
    return send


def twice(member):
    stream, seal, _ = member.question()
    frame = seal.seal(ask_frame([bytes(32)]))
    stream.send(frame + frame)
    return stream


def of_another_stream(member):
    stream, seal, _ = member.question()
    frame = seal.seal(ask_frame([bytes(32)]))
    other, _, _ = member.question()
    other.send(frame)
    return other


def raw(data):
    def send(member):
        stream, _, _ = member.question()
        stream.send(data)
        return stream
    return send


def cut(member):
    stream, seal, _ = member.question()
    stream.send(seal.seal(ask_frame([bytes(32)]))[:-1])
    stream.finish()
    return stream


def tampered(member):
    stream, seal, _ = member.question()
    frame = bytearray(seal.seal(ask_frame([bytes(32)])))
    frame[-1] ^= 1
    stream.send(bytes(frame))
    return stream


def on_control(plain):
    def send(member):
        member.control.send(member.control_sealer.seal(plain))
        return member.control
    return send


MISBEHAVIOUR = {
    "a frame twice": twice,
    "a frame of another stream": of_another_stream,
    "a frame that is changed": tampered,
    "a frame that is cut": cut,
    "a frame of no length": raw(bytes(4)),
    "a frame without content": raw(struct.pack(">I", 16) + bytes(16)),
    "a frame beyond the limit": raw(struct.pack(">I", 65_504) + bytes(100)),
    "a frame of four gigabytes": raw(b"\xff" * 20),
    "a question for nothing": sent(ask_frame([])),
    "a question for too much": sent(ask_frame([bytes(32)] * 17)),
    "a question by no name": sent(ask_frame([bytes(32)], by=3)),
    "a question with more behind it": sent(ask_frame([bytes(32)]) + b"x"),
    "a question that is cut": sent(ask_frame([bytes(32)])[:-1]),
    "two questions": sent(ask_frame([bytes(32)]), ask_frame([bytes(32)])),
    "an end first": sent(bytes([END])),
    "an answer as a question": sent(have_frame(b"x")),
    "a frame of no kind": sent(b"\x33"),
    "a question on the control stream": on_control(ask_frame([bytes(32)])),
    "an announcement of nothing": on_control(struct.pack(">BH", 4, 0)),
    "an announcement that is cut": on_control(struct.pack(">BH", 4, 9) + bytes(44)),
}


def test_members_that_break_the_rules_are_sent_away(node, address):
    for number, (name, send) in enumerate(MISBEHAVIOUR.items()):
        member = friend(node, address)
        try:
            send(member)
        except Ended:
            pass
        assert member.session.ended(8), name
        until_counted(node, "peer_refused", number + 1)
    assert counts(node, "peer_refused") == (len(MISBEHAVIOUR),)
    assert node.peers()["peers"] == []


def test_too_many_questions_are_answered_busy(node, address):
    member, said = friend(node, address), set()
    for _ in range(600):
        stream, seal, opener = member.question()
        stream.send(seal.seal(ask_frame([os.urandom(32)])) + seal.seal(bytes([END])))
        stream.finish()
        said.add(opener.open(stream)[0])
        stream.rest()
        if BUSY in said:
            break
    assert said == {MISS, BUSY}
    # Announcements are a hint, and one in ten seconds is enough of them.
    before = resident(node)
    for _ in range(200):
        member.control.send(member.control_sealer.seal(struct.pack(">BH", 4, 256) + os.urandom(44 * 256)))
    assert member.session.alive()
    assert SANITIZED or resident(node) - before < 32


# --- answers ----------------------------------------------------------------------------------------------------------


class Liar:
    """A member that answers each question with what `say(stream, seal)` makes of it."""

    def __init__(self, node, address, say):
        self.asked, self.say = 0, say
        self.member = None
        session = Session.dial(node.port, source=address(), answer=self.answer)
        self.member = Member(session, SECRET)
        until(lambda: self.listed(node), 5, "its membership")

    def listed(self, node):
        drain(self.member.session)
        return self.member.session.channel.identity.id in node.members()

    def answer(self, stream):
        opener, seal = self.member.answering(stream)
        opener.open(stream)
        self.asked += 1
        try:
            self.say(stream, seal)
        except Ended:
            pass


def says(*plain, fin=True):
    def say(stream, seal):
        stream.send(b"".join(seal.seal(one) for one in plain))
        if fin:
            stream.finish()
    return say


OTHER = b'{"full_name":"octo/other"}'
DONE = bytes([END])
LIES = {
    "another body than its digest": (says(have_frame(OTHER, digest=bytes(32)), bytes([BODY]) + OTHER, DONE), "peer_refused"),
    "more than it said": (says(have_frame(OTHER, size=5), bytes([BODY]) + OTHER, DONE), "peer_refused"),
    "less than it said": (says(have_frame(OTHER, size=500), bytes([BODY]) + OTHER, DONE), "peer_refused"),
    "more than anybody takes": (says(have_frame(OTHER, size=1 << 62), bytes([BODY]) + OTHER), "peer_refused"),
    "an answer to no question": (says(have_frame(OTHER, index=5), bytes([BODY]) + OTHER, DONE), "peer_refused"),
    "a miss and an answer": (says(struct.pack(">BH", MISS, 0), have_frame(OTHER), bytes([BODY]) + OTHER, DONE), "peer_refused"),
    "a body of nothing": (says(have_frame(OTHER), bytes([BODY]), DONE), "peer_refused"),
    "a body before its head": (says(bytes([BODY]) + OTHER, DONE), "peer_refused"),
    "more after the end": (says(DONE, have_frame(OTHER)), "peer_refused"),
    "a body of another name": (says(have_frame(OTHER), bytes([BODY]) + OTHER, DONE), "peer_wrong"),
    "a body that GitHub never sends": (says(have_frame(b"no JSON"), bytes([BODY]) + b"no JSON", DONE), None),
    "an entry of cache/ instead": (says(have_frame(OTHER, kind=2), bytes([BODY]) + OTHER, DONE), None),
    "a body that never comes": (says(have_frame(OTHER, size=1 << 20), bytes([BODY]) + b"{", fin=False), None),
    "nothing": (says(fin=False), None),
    "the end alone": (says(), None),
}


def test_a_reader_gets_what_github_says_whatever_a_member_says(server, node, address):
    for number, (name, (say, counter)) in enumerate(LIES.items()):
        path = f"/repos/octo/lie-{number}"
        server.resource(path, json={"full_name": f"octo/lie-{number}", "id": 1000 + number, "private": False})
        before = node.stats()[counter] if counter else 0
        liar = Liar(node, address, say)
        content = pumped(liar.member.session, lambda path=path: node.read(f"api{path}.json"))
        assert f'"octo/lie-{number}"'.encode() in content and b"octo/other" not in content, name
        assert liar.asked == 1, name
        if counter:
            until(lambda before=before, counter=counter: node.stats()[counter] == before + 1, 5, name)
        if counter == "peer_refused":
            assert liar.member.session.ended(8), name
        liar.member.session.wire.close()
        until(lambda: node.peers()["peers"] == [], 5, "its end")
    assert node.stats()["peer_hits"] == 0
    assert node.errors() == [], "an optional tier's failure is nobody's error"


def cache_entry(data="[1]", age=0.0, **more):
    fields = {"data": data, "timestamp": f"{time.time() - age:.6f}", "ttl": "300", "content_hash": "null", "validation_fields": "null", **more}
    return ("{" + ", ".join(f'"{name}": {value}' for name, value in fields.items()) + "}").encode()


def test_entries_of_the_cache_that_are_none(node, address):
    def whole(body, **more):
        return says(have_frame(body, **{"kind": 2, **more}), bytes([BODY]) + body, DONE)

    cases = {
        "no entry": whole(b"[1]"),
        "no JSON": whole(b"\x00\x01"),
        "data that is no JSON": whole(cache_entry(data="[1")),
        "an answer of api/ instead": whole(cache_entry(), kind=1),
        "an entry from the future": whole(cache_entry(age=-400)),
        "an entry that is over": whole(cache_entry(age=400)),
        "an entry whose hash is another's": whole(cache_entry(content_hash='"bafkreiabc"', validation_fields='{"a": 1}')),
        "another digest": whole(cache_entry(), digest=bytes(32)),
    }
    for number, (name, say) in enumerate(cases.items()):
        liar = Liar(node, address, say)
        assert pumped(liar.member.session, lambda number=number: node.error(f"cache/report:{number}")) == "ENOENT", name
        assert liar.asked == 1, name
        liar.member.session.wire.close()
        until(lambda: node.peers()["peers"] == [], 5, "its end")
    honest = Liar(node, address, whole(cache_entry()))
    assert pumped(honest.member.session, lambda: node.error("cache/report:good")) == ""
    assert node.json("cache/report:good") == [1]
    assert node.xattr("cache/report:good", "user.runnerfs.peer") == honest.member.session.channel.identity.id
    assert node.stats()["cache_entries_received"] == 1
    write(node.join("cache/report:own"), "2")
    assert node.json("cache/report:own") == 2
