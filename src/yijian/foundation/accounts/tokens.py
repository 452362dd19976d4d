"""Our bearer tokens (ES256), and tokens that callers sign themselves. Pure: keys and the instant come in.

Callers sign for two ends: client assertions at the token endpoint (RFC 7523, SMART Backend Services) and
CDS Hooks calls (CDS Hooks 2.0, Trusting CDS Clients). A `jku` header is never followed.
"""

from collections import OrderedDict
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from hashlib import sha256
from typing import Any
from uuid import uuid4

import msgspec
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from joserfc import jws, jwt
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, RSAKey

from yijian.foundation.accounts.es384 import QuickES384
from yijian.foundation.accounts.values import Caller, ClientRecord, UsedToken, refused

__all__ = [
    "ALGORITHMS",
    "LIFETIME",
    "BearerTokens",
    "SignedToken",
    "read_signed",
    "verify_signed_by_caller",
]

ALGORITHMS = ("ES256", "ES384", "RS384")
"""What callers may sign with (SMART App Launch 2: ES384 and RS384; ES256 as many kits make it)."""
LIFETIME = timedelta(hours=1)
CLOCK_SKEW = timedelta(seconds=60)
MAX_TOKEN_CHARACTERS = 8192
MAX_JTI_CHARACTERS = 255
REMEMBERED = 4096
P256_ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
OURS = jws.JWSRegistry(algorithms=("ES256",))

_claims = msgspec.json.Decoder(dict[str, Any])


class CallersRegistry(jws.JWSRegistry):
    """The library's algorithms, with ES384 as it is quickest."""

    algorithms = jws.JWSRegistry.algorithms | {"ES384": QuickES384(jws.JWSRegistry.algorithms["ES384"])}


CALLERS = CallersRegistry(algorithms=ALGORITHMS)


class BearerTokens:
    """Issues and verifies our own tokens; what was verified once is remembered until it expires."""

    def __init__(self, secret_key: str, issuer: str) -> None:
        self._key = _derive_key(secret_key)
        self._issuer = issuer
        self._verified: OrderedDict[bytes, tuple[Caller, float]] = OrderedDict()

    @property
    def jwks(self) -> dict[str, Any]:
        """The public key, as a JWK set."""
        public = self._key.as_dict(private=False) | {"use": "sig", "alg": "ES256", "kid": self._kid}
        return {"keys": [public]}

    @property
    def _kid(self) -> str:
        return self._key.thumbprint()

    def issue(
        self, client: ClientRecord, scopes: Collection[str], at: datetime, lifetime: timedelta = LIFETIME
    ) -> str:
        """Return a token for `scopes`, which the caller has checked against the client's."""
        issued = int(at.timestamp())
        claims = {
            "iss": self._issuer,
            "sub": client.client_id,
            "inst": client.institution_code,
            "scope": " ".join(sorted(scopes)),
            "iat": issued,
            "exp": issued + int(min(lifetime, LIFETIME).total_seconds()),
            "jti": str(uuid4()),
        }
        return jwt.encode({"alg": "ES256", "kid": self._kid}, claims, self._key)

    def verify(self, token: str, at: datetime) -> Caller:
        """Return who holds the token; raise `Problem` 401 where it is not ours or has expired.

        One of a time to come is refused as well: it would live on for as long as a clock was put back.
        """
        now = at.timestamp()
        digest = sha256(token.encode()).digest()
        known = self._verified.get(digest)
        if known is None:
            known = self._verify(token)
            self._verified[digest] = known
            if len(self._verified) > REMEMBERED:
                self._verified.popitem(last=False)
        caller, expires = known
        if not now < expires <= now + (LIFETIME + CLOCK_SKEW).total_seconds():
            raise refused("The token has expired; get a new one from /oauth/token.", "token.expired")
        return caller

    def _verify(self, token: str) -> tuple[Caller, float]:
        signature, claims = _read(token)
        _check_signature(signature, self._key, OURS)
        if claims.get("iss") != self._issuer:
            raise refused("The token was not issued here.")
        scopes = frozenset(str(claims["scope"]).split())
        return Caller(claims["sub"], claims["inst"], scopes), float(claims["exp"])


def _derive_key(secret_key: str) -> ECKey:
    """Derive the signing key (RFC 5869): every process of an installation has the same one, unstored."""
    seed = HKDF(algorithm=SHA256(), length=48, salt=None, info=b"yijian token signing 1")
    scalar = int.from_bytes(seed.derive(secret_key.encode())) % (P256_ORDER - 1) + 1
    private = ec.derive_private_key(scalar, ec.SECP256R1())
    return ECKey.import_key(private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))


@dataclass(frozen=True, slots=True)
class SignedToken:
    """A token a caller signed, taken apart; nothing in it holds before it is verified.

    `issuer` serves to find the key that can verify it.
    """

    issuer: str
    claims: dict[str, Any]
    signature: jws.CompactSignature


def read_signed(token: str) -> SignedToken:
    """Take a token apart; raise `Problem` 401 where it is no signed JWT or names no issuer."""
    signature, claims = _read(token)
    issuer = claims.get("iss")
    if not isinstance(issuer, str) or not issuer:
        raise refused("The token names no issuer; set iss.")
    return SignedToken(issuer, claims, signature)


def _read(token: str) -> tuple[jws.CompactSignature, dict[str, Any]]:
    if len(token) > MAX_TOKEN_CHARACTERS:
        raise refused("The token is too long.")
    try:
        signature = jws.extract_compact(token.encode())
        claims = _claims.decode(signature.payload)
    except (JoseError, msgspec.DecodeError, TypeError, ValueError, RecursionError) as fault:
        raise refused("The token is not a signed JWT.") from fault
    if not isinstance(signature.protected, dict):
        raise refused("The token is not a signed JWT.")
    if "crit" in signature.protected:
        raise refused("No extension is understood here; leave crit out.")
    return signature, claims


def verify_signed_by_caller(
    token: SignedToken,
    jwks: Mapping[str, Any],
    *,
    audiences: Collection[str],
    longest: timedelta,
    at: datetime,
) -> tuple[dict[str, Any], UsedToken]:
    """Return the claims and what must be remembered, so that the token serves once.

    The key is the one of the registered `jwks` that the header's `kid` names. `longest` bounds how far ahead
    `exp` may lie. Raise `Problem` 401 naming the claim at fault.
    """
    claims = token.claims
    _check_signature(token.signature, _find_key(token.signature.protected.get("kid"), jwks), CALLERS)
    expires_at = _instant(claims, "exp")
    if at >= expires_at:
        raise refused("The token has expired (exp).", "token.expired")
    if expires_at > at + longest + CLOCK_SKEW:
        raise refused(f"exp lies more than {int(longest.total_seconds())} seconds ahead.")
    for name in ("iat", "nbf"):
        if name in claims and _instant(claims, name) > at + CLOCK_SKEW:
            raise refused(f"{name} lies in the future.")
    told = claims.get("aud")
    if not any(audience in told if isinstance(told, list) else audience == told for audience in audiences):
        raise refused(f"aud must be {min(audiences)}.")
    jti = claims.get("jti")
    if not isinstance(jti, str) or not 0 < len(jti) <= MAX_JTI_CHARACTERS or not jti.isprintable():
        raise refused(f"jti must be 1 to {MAX_JTI_CHARACTERS} printable characters.")
    return claims, UsedToken(token.issuer, jti, expires_at)


def _find_key(kid: object, jwks: Mapping[str, Any]) -> ECKey | RSAKey:
    keys = [key for key in jwks.get("keys", ()) if kid and key.get("kid") == kid]
    if len(keys) != 1:
        raise refused("The kid names no registered key.")
    try:
        return _import_key(msgspec.json.encode(keys[0]))
    except (JoseError, ValueError, KeyError, TypeError) as fault:
        raise refused("The registered key cannot be used; register another one.") from fault


@lru_cache(1024)
def _import_key(encoded: bytes) -> ECKey | RSAKey:
    """Import a public key; only asymmetric ones exist for us."""
    key = msgspec.json.decode(encoded)
    return RSAKey.import_key(key) if key.get("kty") == "RSA" else ECKey.import_key(key)


def _check_signature(signature: jws.CompactSignature, key: ECKey | RSAKey, registry: jws.JWSRegistry) -> None:
    try:
        holds = jws.validate_compact(signature, key, registry=registry)
    except (JoseError, ValueError) as fault:
        raise refused("The token's signature does not hold.") from fault
    if not holds:
        raise refused("The token's signature does not hold.")


def _instant(claims: Mapping[str, Any], name: str) -> datetime:
    seconds = claims.get(name)
    if isinstance(seconds, bool) or not isinstance(seconds, int | float):
        raise refused(f"{name} must be a number of seconds since 1970.")
    try:
        return datetime.fromtimestamp(seconds, UTC)
    except (OverflowError, ValueError, OSError) as fault:
        raise refused(f"{name} is no instant.") from fault
