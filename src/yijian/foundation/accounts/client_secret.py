"""Client secrets: made by us, kept as digests only."""

import base64
import hashlib
import hmac
import os
import secrets

__all__ = ["digest_secret", "new_secret", "secret_matches"]

COST = {"n": 1 << 12, "r": 8, "p": 1, "dklen": 32}
"""Ours hold 256 random bits, which no guessing reaches: the cost need only slow a leaked digest's test."""


def new_secret() -> str:
    """Return a fresh secret of 256 random bits."""
    return secrets.token_urlsafe(32)


def digest_secret(secret: str) -> str:
    """Return `scrypt$salt$digest` (RFC 7914), both in base64."""
    salt = os.urandom(16)
    return "$".join(("scrypt", _text(salt), _text(hashlib.scrypt(secret.encode(), salt=salt, **COST))))


def secret_matches(secret: str, digest: str) -> bool:
    """Tell whether `digest` was made from `secret`, in a time that says nothing about either."""
    method, _, rest = digest.partition("$")
    salt, _, expected = rest.partition("$")
    if method != "scrypt":
        return False
    found = hashlib.scrypt(secret.encode(), salt=base64.b64decode(salt), **COST)
    return hmac.compare_digest(found, base64.b64decode(expected))


def _text(raw: bytes) -> str:
    return base64.b64encode(raw).decode()
