"""Hostile parties on TCP against the real daemon: it goes on, holds little, reads are answered, and `status` says what came."""

import os
import struct
import threading
import time

import pytest

pytest.importorskip("cryptography", reason="python3-cryptography is not installed")

from conftest import SECRET  # noqa: E402
from libp2p import (ACK, BODY, BUSY, DATA, END, FIN, MISS, NOISE, PING, PROTOCOL, RST, SYN, WINDOW, Ended, Identity, Member,  # noqa: E402
                    Noise, Session, Wire, ask_frame, have_frame, header)
from rfs import until, write  # noqa: E402

HELLO = "api/repos/octo/hello.json"
SANITIZED = any(name.endswith("SAN_OPTIONS") for name in os.environ)


def counts(node, *names):
    stats = node.stats()
    return tuple(stats[name] for name in names)


def until_counted(node, name, least):
    until(lambda: node.stats()[name] >= least, 10, f"{least} of {name}: {node.stats()[name]}")


def resident(node):
    """MiB."""
    with open(f"/proc/{node.process.pid}/status", encoding="utf-8") as file:
        return next(int(line.split()[1]) for line in file if line.startswith("VmRSS")) / 1024


def descriptors(node):
    return len(os.listdir(f"/proc/{node.process.pid}/fd"))


class Addresses:
    """Addresses of this machine that nobody has used yet: limits are by address."""

    def __init__(self):
        self.last = 1

    def __call__(self):
        self.last += 1
        return f"127.0.{self.last // 200}.{self.last % 200 + 1}"


@pytest.fixture
def address():
    return Addresses()


@pytest.fixture
def node(runner, address):
    """A runner that has to be well after the test: it reads, and lets a member in."""
    made = runner()
    yield made
    assert made.process.poll() is None, made.log()
    assert b"octo/hello" in made.read(HELLO)
    friend(made, address).session.wire.close()


def friend(node, address, answer=None):
    return Member(Session.dial(node.port, source=address(), answer=answer), SECRET)


def pumped(session, call):
    """The result of a call that reads from the daemon, while the session answers what the daemon asks of it."""
    out = []
    thread = threading.Thread(target=lambda: out.append(call()), daemon=True)
    thread.start()
    end = time.monotonic() + 40
    while thread.is_alive():
        assert time.monotonic() < end, "the reader is stuck"
        try:
            if session.gone is None and session.ready(0.02):
                session.read()
            thread.join(0.001)
        except Ended:
            thread.join(end - time.monotonic())
    return out[0]


# --- connections ------------------------------------------------------------------------------------------------------


def test_a_flood_of_connections(node, address):
    old = friend(node, address)
    few = descriptors(node)
    flood, one = [], address()
    for _ in range(400):
        try:
            flood.append(Wire(node.port, one))
        except OSError:
            pass
    until_counted(node, "peer_turned_away", 380)
    assert descriptors(node) - few <= 8, "half-open ones of one address"
    # Meanwhile who was there is served, and who comes from elsewhere is let in.
    assert old.session.alive()
    new = friend(node, address)
    assert b"octo/hello" in node.read(HELLO)
    # From everywhere at once: the newcomer has to wait, the others do not.
    flood += [Wire(node.port, address()) for _ in range(100)]
    until_counted(node, "peer_turned_away", 400)
    assert descriptors(node) - few <= 64
    assert old.session.alive() and new.session.alive()
    status = node.json(".runnerfs/status.json")["peers"]
    assert status["turned_away"] >= 400 and status["running"] is True
    for wire in flood:
        wire.close()
    until(lambda: descriptors(node) - few <= 2, 5, "the end of the flood")
    assert f"{status['turned_away']} connections beyond the limits" in node.home.run("status", check=True).stdout.decode()


def test_connections_that_come_and_go(node, address):
    few, one = descriptors(node), address()
    for _ in range(300):
        Wire(node.port, one).close()
    until(lambda: sum(counts(node, "peer_turned_away", "peer_unfinished")) == 300, 10, "the count")
    assert counts(node, "peer_unfinished")[0] <= 60, "20 at once and 10 a second"
    until(lambda: descriptors(node) <= few + 1, 5, "the end of them")


def test_who_is_slow_goes(node, address):
    """Handshakes that stand still at each step or drip, strangers that stay: all at once, since each takes its time."""
    def noise():
        wire = Wire(node.port, address())
        assert wire.select(NOISE)
        return wire

    def first():
        wire = noise()
        wire.send_frame(Noise(wire).first())
        return wire

    wires = [Wire(node.port, address()) for _ in range(4)] + [noise(), noise(), first()]
    wires[1].send(Wire.line("/multistream/1.0.0"))
    wires[2].send(Wire.line("/multistream/1.0.0")[:7])
    wires[5].send(b"\x00\x20" + bytes(5))
    over = threading.Event()
    dripping = wires[3]

    def drip(send, pieces, pause):
        for piece in pieces:
            if over.wait(pause):
                return
            try:
                send(piece)
            except (Ended, OSError):
                return

    unsure = Wire.line("/multistream/1.0.0") + Wire.line("/a/protocol/that/nobody/has/and/has/a/long/name") * 10
    threading.Thread(target=drip, args=(dripping.send, [bytes([one]) for one in unsure], 0.4), daemon=True).start()

    mute = Session.dial(node.port, source=address())  # ready, and says nothing
    opened = Session.dial(node.port, source=address())
    stream = opened.open()  # no protocol is ever selected
    proving = Session.dial(node.port, source=address())
    proof = proving.open(PROTOCOL)  # a byte of the proof every two seconds
    threading.Thread(target=drip, args=(proof.send, [b"\x01"] * 34, 2), daemon=True).start()
    pinging = Session.dial(node.port, source=address())
    ping = pinging.open("/ipfs/ping/1.0.0")  # a stranger that is busy
    threading.Thread(target=drip, args=(ping.send, [bytes(32)] * 100, 2), daemon=True).start()
    began = time.monotonic()

    assert all(wire.ended(15) for wire in wires)
    until_counted(node, "peer_unfinished", len(wires))
    assert stream.was_reset() and opened.alive()
    assert proof.was_reset() and time.monotonic() - began < 30, "a proof has five seconds, however it comes"
    others = {"mute": mute, "opened": opened, "proving": proving}
    while others and time.monotonic() - began < 75:
        for name, session in list(others.items()):
            if session.ended(0.2):
                del others[name]
        drain(pinging)
    assert not others, f"still there after a minute: {list(others)}"
    while time.monotonic() - began < 105:
        if pinging.ended(0.5):
            break
    else:
        pytest.fail("a stranger that is busy stays for ever")
    over.set()
    assert b"octo/hello" in node.read(HELLO)


def drain(session):
    try:
        while session.ready(0):
            session.read()
    except Ended:
        session.gone = 0


# --- before anybody is known ------------------------------------------------------------------------------------------


def of_noise(change):
    def send(wire):
        assert wire.select(NOISE)
        change(wire, Noise(wire))
    return send


def third(payload):
    def change(wire, noise):
        wire.send_frame(noise.first())
        noise.second(wire.read_frame())
        wire.send_frame(noise.third(payload(noise)))
    return of_noise(change)


def garbled_third(wire, noise):
    wire.send_frame(noise.first())
    noise.second(wire.read_frame())
    wire.send_frame(os.urandom(184))


def other_signature(noise):
    good = noise.payload()
    return good[:40] + os.urandom(64) + good[104:]


BEFORE = {
    "random bytes": lambda wire: wire.send(os.urandom(4000)),
    "a length without end": lambda wire: wire.send(b"\xff" * 12),
    "a length of nothing": lambda wire: wire.send(b"\x00" * 8),
    "another header": lambda wire: wire.send(Wire.line("/multistream/9.0.0")),
    "a line beyond the limit": lambda wire: wire.send(Wire.line("/multistream/1.0.0") + b"\x81\x08" + b"x" * 1025),
    "a line without its end": lambda wire: wire.send(Wire.line("/multistream/1.0.0") + b"\x05/noise"),
    "proposals without end": lambda wire: wire.send(Wire.line("/multistream/1.0.0") + Wire.line("/secio/1.0.0") * 200),
    "plaintext": lambda wire: wire.send(Wire.line("/multistream/1.0.0") + Wire.line("/plaintext/2.0.0") * 17),
    "http": lambda wire: wire.send(b"GET / HTTP/1.1\r\nHost: runner\r\nUser-Agent: a browser that is lost\r\nAccept: */*\r\n\r\n"),
    "an oversized first message": of_noise(lambda wire, _: wire.send(b"\xff\xff" + os.urandom(1000))),
    "a first message that is cut": of_noise(lambda wire, _: wire.send_frame(bytes(31))),
    "an empty first message": of_noise(lambda wire, _: wire.send_frame(b"")),
    "a point of small order": of_noise(lambda wire, _: wire.send_frame(bytes(32))),
    "a garbled third message": of_noise(garbled_third),
    "an empty payload": third(lambda _: b""),
    "a payload that is no protobuf": third(lambda _: b"\xff" * 100),
    "a payload of one long field": third(lambda _: b"\x0a\xff\xff\xff\xff\x0f" + bytes(100)),
    "another's signature": third(other_signature),
    "a key of no kind": third(lambda noise: b"\x0a\x04\x08\x09\x12\x00" + noise.payload()[38:]),
    "another muxer": third(lambda noise: noise.payload()[:104] + b"\x22\x0e\x12\x0c/mplex/6.7.0"),
}


def test_garbage_before_anybody_is_known(node, address):
    for number, (name, send) in enumerate(BEFORE.items()):
        with Wire(node.port, address()) as wire:
            try:
                send(wire)
            except Ended:
                pass
            assert wire.ended(8), name
        until_counted(node, "peer_unfinished", number + 1)
    assert counts(node, "peer_unfinished", "peer_refused") == (len(BEFORE), 0)
    assert node.json(".runnerfs/peers.json")["peers"] == []
    assert node.json(".runnerfs/status.json")["peers"]["unfinished"] == len(BEFORE)
    assert f"{len(BEFORE)} that did not come up" in node.home.run("status", check=True).stdout.decode()


# --- yamux ------------------------------------------------------------------------------------------------------------

BROKEN = {
    "a message that does not authenticate": lambda one: one.wire.send_frame(os.urandom(64)),
    "a message without a tag": lambda one: one.wire.send_frame(b"abc"),
    "random frames": lambda one: one.channel.send(b"\x07" + os.urandom(500)),
    "another version": lambda one: one.channel.send(struct.pack(">BBHII", 1, DATA, SYN, 1, 0)),
    "a kind that is none": lambda one: one.frame(9, 0, 1, 0),
    "flags that are none": lambda one: one.frame(WINDOW, 0x10, 1, 0),
    "data of no stream": lambda one: one.frame(DATA, 0, 0, 4, b"abcd"),
    "a stream of the wrong side": lambda one: one.frame(WINDOW, SYN, 2, 0),
    "a stream twice": lambda one: (one.frame(WINDOW, SYN, 1, 0), one.frame(WINDOW, SYN, 1, 0)),
    "a stream after its end": lambda one: (one.frame(WINDOW, SYN, 1, 0), one.frame(WINDOW, RST, 1, 0), one.frame(WINDOW, SYN, 1, 0)),
    "more than the window": lambda one: (one.frame(WINDOW, SYN, 1, 0), one.frame(DATA, 0, 1, 300_000)),
    "four gigabytes": lambda one: (one.frame(WINDOW, SYN, 1, 0), one.frame(DATA, 0, 1, 0xFFFFFFFF)),
    "much for a stream that is not there": lambda one: one.frame(DATA, 0, 77, 0xFFFFFFFF),
    # In one message: the other side forgets a stream that both have ended, and data may still be under way to it then.
    "data after the end": lambda one: (one.open("/ipfs/ping/1.0.0"), one.channel.send(header(WINDOW, FIN, 1, 0) + header(DATA, 0, 1, 4) + b"abcd")),
    "a ping of a stream": lambda one: one.frame(PING, SYN, 3, 0),
    "a ping that asks and answers": lambda one: one.frame(PING, SYN | ACK, 0, 0),
}


def test_broken_frames_are_the_end_and_are_remembered(node, address):
    who = Identity()
    for number, (name, send) in enumerate(BROKEN.items()):
        who = Identity()
        with Session.dial(node.port, who, address()) as session:
            try:
                send(session)
            except Ended:
                pass
            assert session.ended(8), name
        until_counted(node, "peer_refused", number + 1)
    assert counts(node, "peer_refused") == (len(BROKEN),)
    # Whoever it was is refused for a while, wherever he comes from; others of his address are not.
    again, unfinished = address(), counts(node, "peer_unfinished")[0]
    assert Session.dial(node.port, who, again).ended(8)
    until_counted(node, "peer_unfinished", unfinished + 1)
    with Session.dial(node.port, source=again) as other:
        assert other.alive()


def test_floods_of_frames(node, address):
    before = resident(node)
    flood = {
        "windows": b"".join(header(WINDOW, 0, 1, 1) for _ in range(5_000)),
        "pings": b"".join(header(PING, SYN, 0, n) for n in range(5_000)),
        "pongs": b"".join(header(PING, ACK, 0, n) for n in range(5_000)),
        "empty data": b"".join(header(DATA, 0, 1, 0) for _ in range(5_000)),
    }
    for name, frames in flood.items():
        with Session.dial(node.port, source=address()) as session:
            session.open("/ipfs/ping/1.0.0")
            try:
                for _ in range(20):
                    session.channel.send(frames)
            except (Ended, TimeoutError):
                pass
            assert session.ended(10), name
    with Session.dial(node.port, source=address()) as session:
        try:
            for number in range(1, 60_001, 2):
                session.frame(WINDOW, SYN, number, 0)
                session.frame(WINDOW, RST, number, 0)
        except Ended:
            pass
        assert session.ended(10), "streams that are opened and reset"
    assert SANITIZED or resident(node) - before < 48


def test_streams_without_a_protocol(node, address):
    with Session.dial(node.port, source=address()) as session:
        streams = [session.open() for _ in range(300)]
        assert session.alive()
        assert sum(stream.reset for stream in streams) >= 268, "32 may be undecided at a time"
        for stream in [one for one in streams if not one.reset][:8]:
            stream.send(b"\xff" * 100)
            assert stream.was_reset()
        other = next(one for one in streams if not one.reset)
        assert not other.select("/a/protocol/that/nobody/has"), "na"
        assert session.alive()
    with Session.dial(node.port, source=address()) as session:
        # A protocol has a limit of its own: what is beyond it is reset, the others are let be.
        for _ in range(2):
            session.open("/ipfs/ping/1.0.0")
        third = session.open()
        third.send(Wire.line("/multistream/1.0.0") + Wire.line("/ipfs/ping/1.0.0"))
        assert third.was_reset() and session.alive()


def test_messages_without_end_hold_little(node, address):
    before = resident(node)
    sessions = [Session.dial(node.port, source=address()) for _ in range(6)]
    try:
        for session in sessions:
            streams = [session.open("/github-cache/1.0.0") for _ in range(30)]
            for _ in range(6):
                for stream in streams:
                    if not stream.reset:
                        stream.send(b"gAAAAA" * 40_000)
                    drain(session)
    except (Ended, TimeoutError):
        pass
    held = resident(node) - before
    assert SANITIZED or held < 128, f"{held} MiB for 250 MiB of messages that never end"
    assert b"octo/hello" in node.read(HELLO)
    for session in sessions:
        session.wire.close()


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
