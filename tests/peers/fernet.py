"""The messages of the Python implementation: Fernet under a key from the shared secret, JSON inside."""

import base64
import hashlib
import json
import time

import pytest

SALT = b"github-cache-p2p"
CACHE = "/github-cache/1.0.0"
EXCHANGE = "/github-cache/peer-exchange/1.0.0"


class Fernet:
    def __init__(self, secret):
        cryptography = pytest.importorskip("cryptography.fernet", reason="python3-cryptography is not installed")
        key = hashlib.pbkdf2_hmac("sha256", secret.encode(), SALT, 100_000)
        self.fernet = cryptography.Fernet(base64.urlsafe_b64encode(key))

    def seal(self, message, at=None):
        """A token; a message that is no bytes is written as JSON."""
        plain = message if isinstance(message, bytes) else json.dumps(message).encode()
        return self.fernet.encrypt_at_time(plain, int(time.time() if at is None else at))

    def open(self, token):
        return json.loads(self.fernet.decrypt(token))


def content_hash(fields):
    """As the Python implementation makes it: a CIDv1 of the sorted JSON."""
    digest = hashlib.sha256(json.dumps(fields, sort_keys=True).encode()).digest()
    return "b" + base64.b32encode(b"\x01\x55\x12\x20" + digest).decode().lower().rstrip("=")


def entry(data, age=0.0, ttl=300, fields=None, **more):
    return {"data": data, "timestamp": time.time() - age, "ttl": ttl, "content_hash": content_hash(fields) if fields else None,
            "validation_fields": fields, **more}
