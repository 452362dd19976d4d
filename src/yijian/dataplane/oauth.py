"""`/oauth/token`: client credentials (RFC 6749 §4.4), by secret or by `private_key_jwt` (RFC 7523)."""

import asyncio
import base64
from dataclasses import dataclass
from datetime import timedelta
from urllib.parse import parse_qs, unquote_plus

import asyncpg

from yijian.foundation.accounts.client_secret import secret_matches
from yijian.foundation.accounts.hot import ClientDirectory, remember_once
from yijian.foundation.accounts.tokens import LIFETIME, BearerTokens, read_signed, verify_signed_by_caller
from yijian.foundation.accounts.values import ClientRecord
from yijian.kit.clock import now
from yijian.kit.errors import Problem
from yijian.kit.http import Request, Response, json_response

__all__ = ["AUTH_METHODS", "GRANT_TYPE", "TokenEndpoint"]

GRANT_TYPE = "client_credentials"
AUTH_METHODS = ("client_secret_basic", "client_secret_post", "private_key_jwt")
ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
ASSERTION_LONGEST = timedelta(minutes=5)
FORM = "application/x-www-form-urlencoded"
MAX_FIELDS = 32
HASHES_AT_ONCE = 2


@dataclass(eq=False)
class TokenRefused(Exception):
    """An error of RFC 6749 §5.2."""

    error: str
    description: str
    status: int = 400

    def response(self) -> Response:
        document = {"error": self.error, "error_description": self.description}
        response = json_response(document, self.status).with_headers(("pragma", "no-cache"))
        if self.status == 401:
            return response.with_headers(("www-authenticate", 'Basic realm="yijian"'))
        return response


class TokenEndpoint:
    """Gives registered clients tokens of at most an hour."""

    def __init__(self, directory: ClientDirectory, tokens: BearerTokens, pool: asyncpg.Pool) -> None:
        self._directory = directory
        self._tokens = tokens
        self._pool = pool
        self._hashing = asyncio.Semaphore(HASHES_AT_ONCE)

    async def __call__(self, request: Request) -> Response:
        try:
            return await self._grant(request)
        except TokenRefused as refusal:
            return refusal.response()

    async def _grant(self, request: Request) -> Response:
        form = _read_form(request)
        if not form.get("grant_type"):
            raise TokenRefused("invalid_request", "grant_type is missing")
        if form["grant_type"] != GRANT_TYPE:
            raise TokenRefused("unsupported_grant_type", f"use grant_type={GRANT_TYPE}")
        client = await self._authenticate(request, form)
        wanted = frozenset(form.get("scope", "").split()) or client.scopes
        if not wanted <= client.scopes:
            missing = ", ".join(sorted(wanted - client.scopes))
            raise TokenRefused("invalid_scope", f"the client does not hold: {missing}")
        document = {
            "access_token": self._tokens.issue(client, wanted, now()),
            "token_type": "Bearer",
            "expires_in": int(LIFETIME.total_seconds()),
            "scope": " ".join(sorted(wanted)),
        }
        return json_response(document).with_headers(("pragma", "no-cache"))

    async def _authenticate(self, request: Request, form: dict[str, str]) -> ClientRecord:
        basic = _basic_credentials(request.headers.get("authorization"))
        ways = [basic is not None, "client_secret" in form, "client_assertion" in form]
        if sum(ways) > 1:
            raise TokenRefused("invalid_request", "authenticate the client in one way only")
        if "client_assertion" in form:
            return await self._by_assertion(request, form)
        client_id, secret = basic or (form.get("client_id", ""), form.get("client_secret", ""))
        return await self._by_secret(client_id, secret)

    async def _by_secret(self, client_id: str, secret: str) -> ClientRecord:
        client = await self._directory.find(client_id) if client_id and secret else None
        if client is not None and client.secret_digest:
            async with self._hashing:
                if await asyncio.to_thread(secret_matches, secret, client.secret_digest):
                    return client
        raise TokenRefused("invalid_client", "no active client has this id and secret", 401)

    async def _by_assertion(self, request: Request, form: dict[str, str]) -> ClientRecord:
        if form.get("client_assertion_type") != ASSERTION_TYPE:
            raise TokenRefused("invalid_request", f"client_assertion_type must be {ASSERTION_TYPE}")
        at = now()
        try:
            token = read_signed(form["client_assertion"])
            client = await self._directory.find(token.issuer)
            if client is None or form.get("client_id", client.client_id) != client.client_id:
                raise TokenRefused("invalid_client", "no active client has this iss", 401)
            claims, used = verify_signed_by_caller(
                token, client.jwks, audiences=(request.url,), longest=ASSERTION_LONGEST, at=at
            )
            if claims.get("sub") != client.client_id:
                raise TokenRefused("invalid_client", "iss and sub must both be the client_id", 401)
            (refusal,) = await remember_once(self._pool, [used])
        except Problem as problem:
            raise TokenRefused("invalid_client", problem.detail, 401) from problem
        if refusal is not None:
            raise TokenRefused("invalid_client", refusal.detail, 401)
        return client


def _read_form(request: Request) -> dict[str, str]:
    media_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if media_type != FORM:
        raise TokenRefused("invalid_request", f"send {FORM}")
    try:
        fields = parse_qs(request.body.decode(), keep_blank_values=True, max_num_fields=MAX_FIELDS)
    except ValueError as fault:
        raise TokenRefused("invalid_request", "the form cannot be read") from fault
    repeated = [name for name, values in fields.items() if len(values) > 1]
    if repeated:
        raise TokenRefused("invalid_request", "no parameter may be given twice")
    return {name: values[0] for name, values in fields.items()}


def _basic_credentials(authorization: str | None) -> tuple[str, str] | None:
    """Return id and secret of HTTP Basic, form-encoded inside (RFC 6749 §2.3.1); None where not used."""
    scheme, _, encoded = (authorization or "").partition(" ")
    if scheme.lower() != "basic":
        return None
    try:
        text = base64.b64decode(encoded.strip(), validate=True).decode()
    except ValueError as fault:
        raise TokenRefused("invalid_client", "the Basic credentials cannot be read", 401) from fault
    client_id, _, secret = text.partition(":")
    return unquote_plus(client_id), unquote_plus(secret)
