"""A libp2p dialer that a test plays byte by byte: multistream-select, Noise XX, yamux, and the sealed frames of
/runnerfs/cache/1.0.0 (runnerfs-p2p(7)). It keeps to the rules unless it is told not to; each layer is a class of its own, so
that a test stops at any of them. Needs python3-cryptography."""

import hashlib
import hmac
import os
import select
import socket
import struct
import time

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM, ChaCha20Poly1305
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

NOISE, YAMUX, PROTOCOL = "/noise", "/yamux/1.0.0", "/runnerfs/cache/1.0.0"
DATA, WINDOW, PING, GO_AWAY = range(4)
SYN, ACK, FIN, RST = 1, 2, 4, 8
NETWORK = "ipfs-datasets-py-cache"
ASK, MISS, HAVE, BODY, BUSY, END = 0x10, 0x20, 0x21, 0x22, 0x2E, 0x7F
BASE58 = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"


class Ended(Exception):
    """The other side has ended the connection, or the stream."""


def raw_public(key):
    return key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)


def hmac256(key, data):
    return hmac.new(key, data, hashlib.sha256).digest()


def expand(key, info):
    return hmac256(key, info + b"\x01")


def lp(data):
    return struct.pack(">H", len(data)) + data


def base58(data):
    number, out = int.from_bytes(data, "big"), ""
    while number:
        number, digit = divmod(number, 58)
        out = BASE58[digit] + out
    return "1" * (len(data) - len(data.lstrip(b"\0"))) + out


def unbase58(text):
    number = 0
    for letter in text:
        number = number * 58 + BASE58.index(letter)
    whole = number.to_bytes((number.bit_length() + 7) // 8, "big")
    return b"\0" * (len(text) - len(text.lstrip("1"))) + whole


class Identity:
    def __init__(self):
        self.key = Ed25519PrivateKey.generate()
        self.public = b"\x08\x01\x12\x20" + raw_public(self.key)
        self.multihash = b"\x00\x24" + self.public

    @property
    def id(self):
        return base58(self.multihash)


class Wire:
    """A TCP connection from an address of this machine's own."""

    def __init__(self, port, source="127.0.0.1", timeout=15):
        self.socket = socket.create_connection(("127.0.0.1", port), timeout, (source, 0))
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.have = b""

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        self.socket.close()

    def send(self, data):
        try:
            self.socket.sendall(data)
        except (BrokenPipeError, ConnectionResetError) as error:
            raise Ended from error

    def more(self):
        try:
            data = self.socket.recv(1 << 16)
        except ConnectionResetError as error:
            raise Ended from error
        if not data:
            raise Ended
        self.have += data

    def take(self, size):
        while len(self.have) < size:
            self.more()
        out, self.have = self.have[:size], self.have[size:]
        return out

    def ready(self, seconds):
        """Whether something to be read comes within that time."""
        return bool(self.have) or bool(select.select([self.socket], [], [], max(0, seconds))[0])

    def ended(self, seconds=15):
        """Whether the other side ends it within that time, whatever it says before."""
        end = time.monotonic() + seconds
        try:
            self.have = b""
            while self.ready(end - time.monotonic()):
                self.more()
                self.have = b""
        except Ended:
            return True
        return False

    # --- multistream-select ---------------------------------------------------------------------------------------

    @staticmethod
    def line(text):
        data = text.encode() + b"\n"
        assert len(data) < 128
        return bytes([len(data)]) + data

    def read_line(self):
        size = self.take(1)[0]
        if size & 0x80:
            size = (size & 0x7F) | self.take(1)[0] << 7
        return self.take(size)[:-1].decode()

    def select(self, protocol):
        self.send(self.line("/multistream/1.0.0") + self.line(protocol))
        assert self.read_line() == "/multistream/1.0.0"
        return self.read_line() == protocol

    # --- Noise frames ---------------------------------------------------------------------------------------------

    def send_frame(self, message):
        self.send(struct.pack(">H", len(message)) + message)

    def read_frame(self):
        return self.take(struct.unpack(">H", self.take(2))[0])


class Noise:
    """The initiator's side of XX, up to a channel. wire: a Wire that has selected /noise."""

    def __init__(self, wire, identity=None):
        self.wire, self.identity = wire, identity or Identity()
        self.hash = self.chain = b"Noise_XX_25519_ChaChaPoly_SHA256"
        self.key, self.nonce = None, 0
        self.ephemeral, self.static = X25519PrivateKey.generate(), X25519PrivateKey.generate()
        self.mix_hash(b"")

    def mix_hash(self, data):
        self.hash = hashlib.sha256(self.hash + data).digest()

    def mix_key(self, private, public):
        shared = private.exchange(X25519PublicKey.from_public_bytes(public))
        root = hmac256(self.chain, shared)
        self.chain = hmac256(root, b"\x01")
        self.key, self.nonce = hmac256(root, self.chain + b"\x02"), 0

    def counter(self):
        self.nonce += 1
        return bytes(4) + struct.pack("<Q", self.nonce - 1)

    def encrypt(self, plain):
        sealed = ChaCha20Poly1305(self.key).encrypt(self.counter(), plain, self.hash)
        self.mix_hash(sealed)
        return sealed

    def decrypt(self, sealed):
        plain = ChaCha20Poly1305(self.key).decrypt(self.counter(), sealed, self.hash)
        self.mix_hash(sealed)
        return plain

    def first(self):
        public = raw_public(self.ephemeral)
        self.mix_hash(public)
        self.mix_hash(b"")
        return public

    def second(self, message):
        theirs = message[:32]
        self.mix_hash(theirs)
        self.mix_key(self.ephemeral, theirs)
        self.their_static = self.decrypt(message[32:80])
        self.mix_key(self.ephemeral, self.their_static)
        payload = self.decrypt(message[80:])
        assert payload[:2] == b"\x0a\x24"
        self.their_multihash = b"\x00\x24" + payload[2:38]
        self.their_ephemeral = theirs

    def payload(self):
        signature = self.identity.key.sign(b"noise-libp2p-static-key:" + raw_public(self.static))
        muxer = b"\x12" + bytes([len(YAMUX)]) + YAMUX.encode()
        return b"\x0a\x24" + self.identity.public + b"\x12\x40" + signature + b"\x22" + bytes([len(muxer)]) + muxer

    def third(self, payload=None):
        sealed = self.encrypt(raw_public(self.static))
        self.mix_key(self.static, self.their_ephemeral)
        return sealed + self.encrypt(self.payload() if payload is None else payload)

    def run(self):
        self.wire.send_frame(self.first())
        self.second(self.wire.read_frame())
        self.wire.send_frame(self.third())
        return Channel(self)


class Channel:
    """What Noise gives: messages under two keys."""

    def __init__(self, noise):
        self.wire, self.hash, self.identity, self.peer = noise.wire, noise.hash, noise.identity, noise.their_multihash
        root = hmac256(noise.chain, b"")
        one = hmac256(root, b"\x01")
        self.out, self.inward = ChaCha20Poly1305(one), ChaCha20Poly1305(hmac256(root, one + b"\x02"))
        self.sent = self.received = 0
        self.have = b""

    def send(self, plain):
        out = b""
        for at in range(0, len(plain), 65519):
            out += self.sealed(plain[at:at + 65519])
        self.wire.send(out)

    def sealed(self, plain):
        message = self.out.encrypt(bytes(4) + struct.pack("<Q", self.sent), plain, b"")
        self.sent += 1
        return struct.pack(">H", len(message)) + message

    def take(self, size):
        while len(self.have) < size:
            message = self.wire.read_frame()
            self.have += self.inward.decrypt(bytes(4) + struct.pack("<Q", self.received), message, b"")
            self.received += 1
        out, self.have = self.have[:size], self.have[size:]
        return out


def header(kind, flags, stream, length):
    return struct.pack(">BBHII", 0, kind, flags, stream, length)


class Stream:
    def __init__(self, session, number):
        self.session, self.id = session, number
        self.have, self.fin, self.reset, self.selected = b"", False, False, None

    def send(self, data, flags=0):
        self.session.frame(DATA, flags, self.id, len(data), data)

    def finish(self):
        self.session.frame(WINDOW, FIN, self.id, 0)

    def take(self, size):
        while len(self.have) < size:
            if self.fin or self.reset:
                raise Ended
            self.session.read()
        out, self.have = self.have[:size], self.have[size:]
        return out

    def rest(self):
        while not self.fin and not self.reset:
            self.session.read()
        return self.have

    def was_reset(self):
        """Whether it is reset, or the connection ends, before anything else happens to it."""
        try:
            while not self.reset and not self.fin:
                self.session.read()
        except Ended:
            return True
        return self.reset

    def read_line(self):
        return self.take(self.take(1)[0])[:-1].decode()

    def select(self, protocol):
        self.send(Wire.line("/multistream/1.0.0") + Wire.line(protocol))
        assert self.read_line() == "/multistream/1.0.0"
        return self.read_line() == protocol


class Session:
    """yamux over a Channel, as the dialer. answer(stream): called for each stream that the other side opens, when its protocol is
    selected; without one such streams are refused."""

    def __init__(self, channel, answer=None):
        self.channel, self.answer = channel, answer
        self.streams, self.next = {}, 1
        self.gone = self.pong = None

    @classmethod
    def dial(cls, port, identity=None, source="127.0.0.1", answer=None):
        wire = Wire(port, source)
        assert wire.select(NOISE)
        return cls(Noise(wire, identity).run(), answer)

    @property
    def wire(self):
        return self.channel.wire

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.wire.close()

    def frame(self, kind, flags, stream, length, body=b""):
        self.channel.send(header(kind, flags, stream, length) + body)

    def open(self, protocol=None):
        stream = Stream(self, self.next)
        self.next += 2
        self.streams[stream.id] = stream
        self.frame(WINDOW, SYN, stream.id, 0)
        if protocol and not stream.select(protocol):
            raise Ended
        return stream

    def read(self):
        """Takes one frame and answers what has to be answered."""
        version, kind, flags, number, length = struct.unpack(">BBHII", self.channel.take(12))
        assert version == 0
        body = self.channel.take(length) if kind == DATA else b""
        if kind == PING:
            if flags == SYN:
                self.frame(PING, ACK, 0, length)
            else:
                self.pong = length
            return
        if kind == GO_AWAY:
            self.gone = length
            raise Ended
        stream = self.streams.get(number)
        if flags & SYN:
            stream = self.streams[number] = Stream(self, number)
            self.frame(WINDOW, ACK, number, 0)
        if stream is None:
            return
        stream.have += body
        if body:
            self.frame(WINDOW, 0, number, len(body))
        stream.fin = stream.fin or bool(flags & FIN)
        stream.reset = stream.reset or bool(flags & RST)
        if number % 2 == 0 and not stream.selected:
            self.negotiate(stream)

    def negotiate(self, stream):
        """The listener's side; the opener may send all in one piece."""
        while stream.have and len(stream.have) > stream.have[0]:
            line = stream.have[1:stream.have[0]].decode()
            stream.have = stream.have[2 + len(line):]
            if line == "/multistream/1.0.0":
                continue
            if self.answer is None or line != PROTOCOL:
                self.frame(WINDOW, RST, stream.id, 0)
                stream.selected = "refused"
                return
            stream.selected = line
            stream.send(Wire.line("/multistream/1.0.0") + Wire.line(line))
            self.answer(stream)
            return

    def ready(self, seconds):
        return bool(self.channel.have) or self.wire.ready(seconds)

    def ended(self, seconds=15):
        """Whether the other side ends the connection within that time."""
        end = time.monotonic() + seconds
        try:
            while self.ready(end - time.monotonic()):
                self.read()
        except (Ended, InvalidTag):
            return True
        return False

    def alive(self, seconds=15):
        """Whether it answers a ping still."""
        self.pong = None
        value, end = int.from_bytes(os.urandom(4), "big"), time.monotonic() + seconds
        try:
            self.frame(PING, SYN, 0, value)
            while self.pong != value and self.ready(end - time.monotonic()):
                self.read()
        except Ended:
            return False
        return self.pong == value


class Sealer:
    """The frames of one direction of a stream."""

    def __init__(self, key):
        self.aead, self.counter = AESGCM(key), 0

    def nonce(self):
        self.counter += 1
        return bytes(4) + struct.pack(">Q", self.counter - 1)

    def seal(self, plain):
        size = struct.pack(">I", len(plain) + 16)
        return size + self.aead.encrypt(self.nonce(), plain, size)

    def open(self, stream):
        size = stream.take(4)
        return self.aead.decrypt(self.nonce(), stream.take(struct.unpack(">I", size)[0]), size)


class Member:
    """One that proves membership on a Session of its own making; `wrong` changes the proof that it sends."""

    def __init__(self, session, secret, network=NETWORK, wrong=None):
        self.session = session
        key = hashlib.pbkdf2_hmac("sha256", secret.encode(), b"runnerfs/p2p/1\0" + network.encode(), 100_000)
        label = b"runnerfs/p2p/1"
        member, kept = expand(key, label + b"/member"), expand(key, label + b"/session")
        self.ask_key = expand(key, label + b"/ask" + lp(b""))
        channel = session.channel
        transcript = (label + lp(network.encode()) + lp(channel.identity.multihash) + lp(channel.peer) + lp(channel.hash) + b"\x01\x01")
        self.mac = hmac256(member, b"I" + transcript)
        self.root = hmac256(channel.hash, kept)
        self.control = session.open(PROTOCOL)
        self.control.send(b"\x01\x01\x01" + (wrong or self.mac))
        answer = self.control.take(35)
        assert answer == b"\x02\x01\x01" + hmac256(member, b"R" + transcript + self.mac)
        self.control_sealer = Sealer(self.stream_key(self.control, b"Q"))

    def stream_key(self, stream, direction):
        return expand(self.root, b"runnerfs/p2p/1/stream" + struct.pack(">I", stream.id) + direction)

    def id_of(self, *parts):
        return hmac256(self.ask_key, b"".join(lp(part.encode()) for part in parts))

    def question(self):
        """A stream for a question of ours, and what seals and opens it."""
        stream = self.session.open(PROTOCOL)
        return stream, Sealer(self.stream_key(stream, b"Q")), Sealer(self.stream_key(stream, b"A"))

    def answering(self, stream):
        """The same for a question of the other side."""
        return Sealer(self.stream_key(stream, b"Q")), Sealer(self.stream_key(stream, b"A"))


def ask_frame(ids, by=1, most=100 << 20, deadline=50):
    return struct.pack(">BBH", ASK, by, len(ids)) + b"".join(ids) + struct.pack(">QH", most, deadline)


def have_frame(body=b"", index=0, kind=1, proof=2, fetched=None, size=None, digest=None):
    fetched = int(time.time()) if fetched is None else fetched
    size = len(body) if size is None else size
    return struct.pack(">BHBBQQ", HAVE, index, kind, proof, fetched, size) + (digest or hashlib.sha256(body).digest()) + lp(b"")
