"""The data plane's door: who calls, found in the clients' table through a short memory."""

import time
from collections import OrderedDict
from collections.abc import Collection, Mapping, Sequence
from datetime import timedelta
from typing import Any, Protocol

from yijian.foundation.accounts.tokens import BearerTokens, read_signed, verify_signed_by_caller
from yijian.foundation.accounts.values import Caller, ClientRecord, Scope, UsedToken, refused
from yijian.kit.clock import now
from yijian.kit.errors import Problem

__all__ = ["CDS_LONGEST", "ClientDirectory", "Gatekeeper", "bearer_of", "remember_once"]

BY_ID = "SELECT * FROM accounts_client WHERE active AND client_id = $1"
BY_ISSUER = "SELECT * FROM accounts_client WHERE active AND issuer = $1 AND issuer <> ''"
FIRST_CLINICIAN = (
    "SELECT username, institution_code FROM accounts_user"
    " WHERE role = 'clinician' AND is_active AND institution_code <> '' ORDER BY id LIMIT 1"
)
REMEMBER = (
    "INSERT INTO accounts_usedtoken (issuer, jti, expires_at)"
    " SELECT * FROM unnest($1::text[], $2::text[], $3::timestamptz[])"
    " ON CONFLICT DO NOTHING RETURNING issuer, jti"
)

MEMORY_SECONDS = 10.0
"""How long a client that was switched off may still be let in."""
MEMORY_ENTRIES = 4096
CDS_LONGEST = timedelta(hours=1)


class Executor(Protocol):
    """A connection or a pool."""

    async def fetch(self, query: str, *args: Any) -> list[Any]: ...
    async def fetchrow(self, query: str, *args: Any) -> Any: ...


class ClientDirectory:
    """Looks clients up; who was found is remembered for some seconds, who was not is not."""

    def __init__(self, executor: Executor) -> None:
        self._executor = executor
        self._known: OrderedDict[tuple[str, str], tuple[float, ClientRecord]] = OrderedDict()

    async def find(self, client_id: str) -> ClientRecord | None:
        return await self._find(BY_ID, client_id)

    async def find_by_issuer(self, issuer: str) -> ClientRecord | None:
        return await self._find(BY_ISSUER, issuer)

    async def find_demo_caller(self) -> Caller | None:
        """Return the demo's first clinician as a caller."""
        row = await self._executor.fetchrow(FIRST_CLINICIAN)
        return Caller(f"demo:{row[0]}", row[1], frozenset({Scope.MATCH.value})) if row else None

    async def _find(self, statement: str, value: str) -> ClientRecord | None:
        key, moment = (statement, value), time.monotonic()
        known = self._known.get(key)
        if known and known[0] > moment:
            return known[1]
        self._known.pop(key, None)
        row = await self._executor.fetchrow(statement, value) if "\0" not in value else None
        if row is None:
            return None
        client = _client(row)
        self._known[key] = (moment + MEMORY_SECONDS, client)
        if len(self._known) > MEMORY_ENTRIES:
            self._known.popitem(last=False)
        return client


def _client(row: Mapping[str, Any]) -> ClientRecord:
    return ClientRecord(
        row["client_id"],
        row["institution_code"],
        frozenset(row["scopes"]),
        row["secret_digest"],
        row["issuer"],
        row["jwks"],
    )


class Gatekeeper:
    """Tells from an Authorization header who calls; raises `Problem` 401 where it cannot."""

    def __init__(self, directory: ClientDirectory, tokens: BearerTokens) -> None:
        self._directory = directory
        self._tokens = tokens

    async def admit_bearer(self, authorization: str | None) -> Caller:
        """Admit the holder of one of our tokens, while its client is active at the same institution."""
        caller = self._tokens.verify(bearer_of(authorization), now())
        client = await self._directory.find(caller.client_id)
        if client is None or client.institution_code != caller.institution_code:
            raise refused("The client is not active any more.")
        return caller.within(client.scopes)

    async def admit_signed(
        self, authorization: str | None, audiences: Collection[str]
    ) -> tuple[Caller, UsedToken]:
        """Admit a CDS client by its signed JWT; the caller must remember the token in the same commit."""
        token = read_signed(bearer_of(authorization))
        client = await self._directory.find_by_issuer(token.issuer)
        if client is None:
            raise refused("The issuer (iss) is not registered here.", "issuer.unknown")
        _, used = verify_signed_by_caller(
            token, client.jwks, audiences=audiences, longest=CDS_LONGEST, at=now()
        )
        return Caller(client.client_id, client.institution_code, client.scopes), used


def bearer_of(authorization: str | None) -> str:
    """Return the token of an Authorization header (RFC 6750 §2.1)."""
    scheme, _, token = (authorization or "").strip().partition(" ")
    if scheme.lower() != "bearer" or not token.strip():
        raise refused("Send a bearer token in the Authorization header.", "token.missing")
    return token.strip()


async def remember_once(executor: Executor, used: Sequence[UsedToken | None]) -> list[Problem | None]:
    """Remember tokens that serve once; return, for each, the refusal where it served before."""
    refusals: list[Problem | None] = [None] * len(used)
    tokens = [token for token in used if token is not None]
    if not tokens:
        return refusals
    columns = zip(*[(token.issuer, token.jti, token.expires_at) for token in tokens], strict=True)
    rows = await executor.fetch(REMEMBER, *map(list, columns))
    fresh = {(row["issuer"], row["jti"]) for row in rows}
    for index, token in enumerate(used):
        if token is None:
            continue
        if (token.issuer, token.jti) in fresh:
            fresh.remove((token.issuer, token.jti))
        else:
            refusals[index] = refused("This token was used before (jti); sign a new one.", "token.replayed")
    return refusals
