"""Tokens of ours, and tokens callers sign."""

import base64
import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from joserfc import jws, jwt
from joserfc.jwk import ECKey, OctKey, RSAKey

from yijian.foundation.accounts.tokens import (
    LIFETIME,
    BearerTokens,
    read_signed,
    verify_signed_by_caller,
)
from yijian.foundation.accounts.values import Caller, ClientRecord
from yijian.kit.errors import Problem

NOW = datetime(2026, 11, 20, 8, tzinfo=UTC)
SECRET = "a secret key of thirty-two characters or more"
CLIENT = ClientRecord("county", "COUNTY", frozenset({"recognition.match", "recognition.decide"}))
URL = "https://yijian.example/cds-services/recognition-order-sign"
ISSUER = "https://his.example"
ES384 = ECKey.generate_key("P-384", {"kid": "one"})
RS384 = RSAKey.generate_key(2048, {"kid": "two"})
JWKS = {"keys": [ES384.as_dict(private=False), RS384.as_dict(private=False)]}


def tokens(secret: str = SECRET) -> BearerTokens:
    return BearerTokens(secret, "urn:yijian")


def signed(key: Any = ES384, alg: str = "ES384", kid: str | None = "one", **changes: Any) -> str:
    claims = {
        "iss": ISSUER,
        "aud": URL,
        "iat": int(NOW.timestamp()),
        "exp": int(NOW.timestamp()) + 300,
        "jti": "1",
    } | changes
    header = {"alg": alg} | ({"kid": kid} if kid else {})
    return jwt.encode(header, {n: v for n, v in claims.items() if v is not None}, key, algorithms=[alg])


def segment(content: Any) -> bytes:
    text = content if isinstance(content, bytes) else json.dumps(content).encode()
    return base64.urlsafe_b64encode(text).rstrip(b"=")


def parts(**header: Any) -> list[bytes]:
    """Return header and payload of a good token as they travel, the header's members changed."""
    claims = {"iss": ISSUER, "aud": URL, "exp": int(NOW.timestamp()) + 300, "jti": "1"}
    return [segment({"alg": "ES384", "kid": "one"} | header), segment(claims)]


def sealed(header: bytes, payload: bytes) -> str:
    """Sign with the registered key whatever the header says, or however it is written."""
    signature = jws.JWSRegistry.algorithms["ES384"].sign(header + b"." + payload, ES384)
    return b".".join((header, payload, segment(signature))).decode()


def verify(token: str, at: datetime = NOW, jwks: dict[str, Any] = JWKS) -> str:
    claims, used = verify_signed_by_caller(
        read_signed(token), jwks, audiences=(URL,), longest=timedelta(minutes=5), at=at
    )
    assert claims["iss"] == ISSUER
    assert used.issuer == ISSUER
    return used.jti


class TestOurOwn:
    def test_a_token_tells_who_holds_it(self) -> None:
        token = tokens().issue(CLIENT, ["recognition.match"], NOW)
        assert tokens().verify(token, NOW) == Caller("county", "COUNTY", frozenset({"recognition.match"}))

    def test_any_process_with_the_secret_key_verifies_and_no_other(self) -> None:
        token = tokens().issue(CLIENT, CLIENT.scopes, NOW)
        assert tokens().jwks == tokens().jwks
        with pytest.raises(Problem):
            tokens(SECRET[::-1]).verify(token, NOW)

    def test_the_published_key_verifies_it_and_holds_nothing_private(self) -> None:
        (key,) = tokens().jwks["keys"]
        assert "d" not in key
        token = tokens().issue(CLIENT, CLIENT.scopes, NOW)
        assert jwt.decode(token, ECKey.import_key(key), algorithms=["ES256"]).header["kid"] == key["kid"]

    def test_it_ends_after_an_hour_even_where_it_is_remembered(self) -> None:
        ours = tokens()
        token = ours.issue(CLIENT, CLIENT.scopes, NOW, timedelta(days=1))
        ours.verify(token, NOW + LIFETIME - timedelta(seconds=1))
        with pytest.raises(Problem) as refusal:
            ours.verify(token, NOW + LIFETIME)
        assert (refusal.value.status, refusal.value.code) == (401, "token.expired")

    def test_it_does_not_live_on_while_the_clock_is_put_back(self) -> None:
        ours = tokens()
        token = ours.issue(CLIENT, CLIENT.scopes, NOW)
        ours.verify(token, NOW - timedelta(seconds=30))
        with pytest.raises(Problem) as refusal:
            ours.verify(token, NOW - timedelta(days=365))
        assert refusal.value.code == "token.expired"

    @pytest.mark.parametrize("token", ["", "x", "a.b.c", "e30.e30.e30", "." * 10_000])
    def test_rejects_what_is_no_token(self, token: str) -> None:
        with pytest.raises(Problem) as refusal:
            tokens().verify(token, NOW)
        assert refusal.value.status == 401

    def test_rejects_an_altered_token(self) -> None:
        header, payload, signature = tokens().issue(CLIENT, ["recognition.match"], NOW).split(".")
        claims = json.loads(base64.urlsafe_b64decode(payload + "=="))
        claims["inst"] = "OTHER"
        altered = base64.urlsafe_b64encode(json.dumps(claims).encode()).rstrip(b"=").decode()
        with pytest.raises(Problem):
            tokens().verify(f"{header}.{altered}.{signature}", NOW)

    def test_rejects_no_signature_and_symmetric_ones(self) -> None:
        claims = {"iss": "urn:yijian", "sub": "x", "inst": "X", "scope": "", "exp": 9_999_999_999}
        unsigned = ".".join(
            base64.urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=").decode()
            for part in ({"alg": "none"}, claims)
        )
        public = json.dumps(tokens().jwks["keys"][0]).encode()
        symmetric = jwt.encode({"alg": "HS256"}, claims, OctKey.import_key(public))
        for forged in (f"{unsigned}.", symmetric):
            with pytest.raises(Problem):
                tokens().verify(forged, NOW)


class TestSignedByCallers:
    def test_accepts_either_kind_of_key(self) -> None:
        assert verify(signed()) == "1"
        assert verify(signed(RS384, "RS384", "two", jti="2")) == "2"

    @pytest.mark.parametrize("spoil", ["zeros", "ones", "short", "long", "swapped", "flipped"])
    def test_rejects_a_spoilt_signature(self, spoil: str) -> None:
        head, body, signature = signed().split(".")
        raw = base64.urlsafe_b64decode(signature + "==")
        spoilt = {
            "zeros": bytes(96),
            "ones": b"\xff" * 96,
            "short": raw[:-1],
            "long": raw + b"\0",
            "swapped": raw[48:] + raw[:48],
            "flipped": bytes([raw[0] ^ 1]) + raw[1:],
        }[spoil]
        text = base64.urlsafe_b64encode(spoilt).rstrip(b"=").decode()
        with pytest.raises(Problem, match="signature does not hold"):
            verify(f"{head}.{body}.{text}")

    def test_rejects_a_key_of_another_curve(self) -> None:
        small = ECKey.generate_key("P-256", {"kid": "one"})
        with pytest.raises(Problem, match="signature does not hold"):
            verify(signed(), jwks={"keys": [small.as_dict(private=False)]})

    @pytest.mark.parametrize("changes", [{"key_ops": ["deriveKey"]}, {"key_ops": []}, {"use": "enc"}])
    def test_rejects_a_key_registered_for_something_else(self, changes: dict[str, Any]) -> None:
        with pytest.raises(Problem):
            verify(signed(), jwks={"keys": [ES384.as_dict(private=False) | changes]})

    def test_accepts_a_list_of_audiences_that_holds_ours(self) -> None:
        assert verify(signed(aud=["https://other.example", URL])) == "1"

    @pytest.mark.parametrize(
        "changes",
        [
            {"aud": "https://yijian.example/cds-services"},
            {"aud": None},
            {"aud": [{"url": URL}]},
            {"exp": int(NOW.timestamp())},
            {"exp": None},
            {"exp": "soon"},
            {"exp": True},
            {"exp": 1e300},
            {"exp": int(NOW.timestamp()) + 3600},
            {"iat": int(NOW.timestamp()) + 3600},
            {"nbf": int(NOW.timestamp()) + 3600},
            {"jti": None},
            {"jti": ""},
            {"jti": 7},
            {"jti": "a\0b"},
            {"jti": "x" * 256},
        ],
    )
    def test_rejects_a_claim_that_does_not_hold(self, changes: dict[str, Any]) -> None:
        with pytest.raises(Problem) as refusal:
            verify(signed(**changes))
        assert refusal.value.status == 401
        assert next(iter(changes)) in refusal.value.detail

    def test_rejects_a_key_that_is_not_registered(self) -> None:
        stranger = ECKey.generate_key("P-384", {"kid": "one"})
        for token in (signed(stranger), signed(kid="three"), signed(kid=None)):
            with pytest.raises(Problem):
                verify(token)

    def test_rejects_other_algorithms(self) -> None:
        with pytest.raises(Problem):
            verify(signed(RS384, "RS256", "two"))
        shared = OctKey.import_key(b"k" * 48)
        with pytest.raises(Problem):
            verify(signed(shared, "HS384"), jwks={"keys": [shared.as_dict() | {"kid": "one"}]})

    def test_never_follows_a_jku(self) -> None:
        token = jwt.encode(
            {"alg": "ES384", "kid": "elsewhere", "jku": "https://evil.example/jwks"},
            {"iss": ISSUER},
            ES384,
            algorithms=["ES384"],
        )
        with pytest.raises(Problem) as refusal:
            verify(token)
        assert "no registered key" in refusal.value.detail

    def test_accepts_what_is_sealed_by_hand(self) -> None:
        assert verify(sealed(*parts())) == "1"

    @pytest.mark.parametrize(
        "header",
        [
            {"alg": "none"},
            {"alg": "HS384"},
            {"alg": "ES256"},
            {"alg": "RS384"},
            {"alg": "RS384", "kid": "two"},
            {"alg": "es384"},
            {"alg": ["ES384"]},
            {"alg": None},
            {"kid": ["one"]},
            {"kid": {"kid": "one"}},
            {"kid": None},
            {"crit": ["exp"], "exp": 1},
            {"crit": ["urn:unknown"]},
            {"crit": []},
            {"crit": 5},
            {"crit": ["b64"], "b64": True},
            {"b64": False},
            {"x-own": 1},
        ],
    )
    def test_rejects_a_header_that_does_not_hold_though_it_is_signed(self, header: dict[str, Any]) -> None:
        with pytest.raises(Problem) as refusal:
            verify(sealed(*parts(**header)))
        assert refusal.value.status == 401

    def test_rejects_the_public_key_as_a_shared_secret(self) -> None:
        public = OctKey.import_key(json.dumps(JWKS["keys"][0]).encode())
        header, payload = parts(alg="HS384")
        signature = jws.JWSRegistry.algorithms["HS384"].sign(header + b"." + payload, public)
        with pytest.raises(Problem):
            verify(b".".join((header, payload, segment(signature))).decode())

    def test_rejects_a_payload_that_is_not_encoded(self) -> None:
        claims = {"iss": "his", "exp": int(NOW.timestamp()) + 300, "jti": "1"}
        header = segment({"alg": "ES384", "kid": "one", "b64": False, "crit": ["b64"]})
        with pytest.raises(Problem) as refusal:
            verify(sealed(header, json.dumps(claims).encode()))
        assert "crit" in refusal.value.detail

    @pytest.mark.parametrize(
        "header", [b'["alg", "kid"]', b'"alg"', b'["alg", "b64"]', b"7", b"null", b"{", b"[" * 300, b"\xff"]
    )
    def test_rejects_a_header_that_is_no_object(self, header: bytes) -> None:
        with pytest.raises(Problem) as refusal:
            verify(sealed(segment(header), parts()[1]))
        assert refusal.value.status == 401

    @pytest.mark.parametrize(
        "payload",
        [b"[]", b'"iss"', b"{", b"{}{}", b'{"iss": NaN}', b'{"exp": Infinity}', b"\xff", b"[" * 4000, b""],
    )
    def test_rejects_claims_that_are_no_object(self, payload: bytes) -> None:
        with pytest.raises(Problem) as refusal:
            verify(sealed(parts()[0], segment(payload)))
        assert refusal.value.status == 401

    def test_the_last_of_two_members_counts_for_finding_the_key_and_for_the_claims(self) -> None:
        claims = base64.urlsafe_b64decode(parts()[1] + b"==").removeprefix(b"{")
        token = read_signed(sealed(parts()[0], segment(b'{"iss": "https://other.example", ' + claims)))
        assert token.issuer == token.claims["iss"] == ISSUER

    def test_rejects_whatever_was_added_or_written_otherwise(self) -> None:
        good = signed()
        header, payload, signature = good.split(".")
        assert len(signature) % 4 == 0
        for altered in (
            f"{good}=",
            f"{good}.",
            f"{good}A",
            f"{good}AAAA",
            f" {good}",
            f"{good}\n",
            f"{header}=.{payload}.{signature}",
            f"{header}.{payload}.",
            f"{header}..{signature}",
            f"{header}.{payload}.{signature[:-4]}",
            f"{header}.{payload}.{signature.swapcase()}",
        ):
            with pytest.raises(Problem) as refusal:
                verify(altered)
            assert refusal.value.status == 401

    def test_rejects_base64_that_is_not_the_shortest(self) -> None:
        header, payload, signature = signed(RS384, "RS384", "two").split(".")
        assert len(signature) % 4 == 2
        last = signature[-1]
        assert last in "AQgw"
        with pytest.raises(Problem):
            verify(f"{header}.{payload}.{signature[:-1]}{chr(ord(last) + 1)}")

    def test_reads_the_issuer_to_find_the_key(self) -> None:
        assert read_signed(signed()).issuer == ISSUER
        for wrong in ("", "x.y.z", "." * 10_000, signed(iss=None), signed(iss=5)):
            with pytest.raises(Problem):
                read_signed(wrong)
