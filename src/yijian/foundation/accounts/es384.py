"""ES384 (RFC 7518 §3.4) verified by AWS-LC, which takes half of OpenSSL's time for P-384. Pure."""

from functools import lru_cache
from hashlib import sha384
from typing import Any

from awscrt.crypto import EC, ECRawSignature
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from joserfc.jws import JWSAlgModel  # type: ignore[attr-defined]  # public by its name, not by __all__

__all__ = ["QuickES384"]

COORDINATE_BYTES = 48


class QuickES384(JWSAlgModel):
    """Takes the place of another implementation, which still says which keys will do, and signs."""

    name = "ES384"
    description = "ECDSA using P-384 and SHA-384"
    key_type = "EC"
    algorithm_security = 384

    def __init__(self, other: JWSAlgModel) -> None:
        self._other = other

    def check_key(self, key: Any) -> None:
        self._other.check_key(key)

    def sign(self, msg: bytes, key: Any) -> bytes:
        return self._other.sign(msg, key)

    def verify(self, msg: bytes, sig: bytes, key: Any) -> bool:
        if len(sig) != 2 * COORDINATE_BYTES:
            return False
        public_key = key.get_op_key("verify")
        public = _held(public_key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo))
        pair = ECRawSignature(r=sig[:COORDINATE_BYTES], s=sig[COORDINATE_BYTES:])
        return bool(public.verify(sha384(msg).digest(), EC.encode_raw_signature(pair)))


@lru_cache(1024)
def _held(public_key: bytes) -> EC:
    """Return a public key as AWS-LC holds it."""
    return EC.new_key_from_der_data(public_key)
