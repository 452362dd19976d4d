"""Tokens of ours, and tokens callers sign."""

import base64
import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from joserfc import jwt
from joserfc.jwk import ECKey, OctKey, RSAKey

from yijian.foundation.accounts.tokens import (
    LIFETIME,
    BearerTokens,
    read_issuer,
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


def verify(token: str, at: datetime = NOW, jwks: dict[str, Any] = JWKS) -> str:
    _, used = verify_signed_by_caller(token, jwks, audiences=(URL,), longest=timedelta(minutes=5), at=at)
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

    def test_accepts_a_list_of_audiences_that_holds_ours(self) -> None:
        assert verify(signed(aud=["https://other.example", URL])) == "1"

    @pytest.mark.parametrize(
        "changes",
        [
            {"aud": "https://yijian.example/cds-services"},
            {"aud": None},
            {"exp": int(NOW.timestamp())},
            {"exp": None},
            {"exp": "soon"},
            {"exp": True},
            {"exp": 1e400},
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

    def test_reads_the_issuer_to_find_the_key(self) -> None:
        assert read_issuer(signed()) == ISSUER
        for wrong in ("", "x.y.z", signed(iss=None), signed(iss=5)):
            with pytest.raises(Problem):
                read_issuer(wrong)
