"""Hostile strangers on TCP against the real daemon: it goes on, holds little, reads are answered, and `status` says what came."""

import os
import struct
import threading
import time

import pytest

pytest.importorskip("cryptography", reason="python3-cryptography is not installed")

from hostile import address, counts, descriptors, drain, friend, HELLO, node, resident, SANITIZED, until_counted  # noqa: E402,F401
from libp2p import (ACK, DATA, FIN, NOISE, PING, PROTOCOL, RST, SYN, WINDOW, Ended, Identity, Noise, Session, Wire,  # noqa: E402
                    header)
from rfs import until  # noqa: E402

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
