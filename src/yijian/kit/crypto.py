"""Encryption of single fields and keyed digests for look-up (GB/T 35273: identity numbers at rest)."""

import os
from hmac import digest

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

__all__ = ["DIGEST_BYTES", "KEY_BYTES", "FieldCipher", "Undecipherable"]

KEY_BYTES = 32
DIGEST_BYTES = 32
VERSION = b"\x01"
NONCE_BYTES = 12


class Undecipherable(ValueError):
    """The bytes were altered, or sealed with another key."""


class FieldCipher:
    """Seals and digests fields; one master key, from which each purpose derives its own (HKDF, RFC 5869)."""

    def __init__(self, key: bytes) -> None:
        if len(key) != KEY_BYTES:
            raise ValueError(f"a field key has {KEY_BYTES} bytes, this one has {len(key)}")
        self._sealer = AESGCM(_derive(key, b"yijian field encryption 1"))
        self._digest_key = _derive(key, b"yijian identifier digest 1")

    def encrypt(self, text: str) -> bytes:
        """Seal a text."""
        return self.seal(text.encode())

    def decrypt(self, sealed: bytes) -> str:
        """Open what `encrypt` sealed; raise `Undecipherable` where a single bit differs."""
        return self.unseal(sealed).decode()

    def seal(self, data: bytes) -> bytes:
        """Seal `data` by AES-256-GCM: version byte, 12 bytes nonce, then ciphertext and tag."""
        nonce = os.urandom(NONCE_BYTES)
        return VERSION + nonce + self._sealer.encrypt(nonce, data, VERSION)

    def unseal(self, sealed: bytes) -> bytes:
        """Open what `seal` sealed; raise `Undecipherable` where a single bit differs."""
        sealed = bytes(sealed)
        if sealed[:1] != VERSION:
            raise Undecipherable("the field was sealed in a version this program does not know")
        nonce, body = sealed[1 : 1 + NONCE_BYTES], sealed[1 + NONCE_BYTES :]
        try:
            return self._sealer.decrypt(nonce, body, VERSION)
        except (InvalidTag, ValueError) as damaged:
            raise Undecipherable("the field was altered, or sealed with another key") from damaged

    def digest(self, kind: str, issuer: str, value: str) -> bytes:
        """Return the look-up key (32 bytes, HMAC-SHA-256) of an identifier, already in its normal form."""
        parts = (kind.encode(), issuer.encode(), value.encode())
        return digest(self._digest_key, b"".join([len(part).to_bytes(4) + part for part in parts]), "sha256")


def _derive(key: bytes, purpose: bytes) -> bytes:
    return HKDF(algorithm=SHA256(), length=KEY_BYTES, salt=None, info=purpose).derive(key)
