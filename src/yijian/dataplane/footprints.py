"""Makes footprints of order checks durable: match, audit and used token in one commit, many in one fsync."""

from collections.abc import Sequence
from contextlib import AbstractContextManager
from dataclasses import replace

import asyncpg

from yijian.dataplane.group_commit import GroupCommit
from yijian.dataplane.metrics import COMMITTED, GROUP_SIZE
from yijian.domains.recognition.hot import Footprint, record_matches
from yijian.foundation.accounts.hot import remember_once
from yijian.foundation.audit.chain import Access
from yijian.foundation.audit.hot import append
from yijian.kit.errors import Problem

__all__ = ["FootprintStore"]

MOST = 256
PATIENCE_SECONDS = 0.012
"""How long a commit waits for answers under way; each takes a tenth of that. Alone it never waits."""


class FootprintStore:
    """Stores footprints in groups; whoever stores one waits for its commit."""

    def __init__(self, pool: asyncpg.Pool) -> None:
        self._pool = pool
        self._group = GroupCommit(
            self._write,
            most=MOST,
            patience=PATIENCE_SECONDS,
            separable=(asyncpg.DataError, asyncpg.IntegrityConstraintViolationError),
        )

    def coming(self) -> AbstractContextManager[None]:
        """Say that a question is being answered whose footprint follows."""
        return self._group.coming()

    async def store(self, footprint: Footprint) -> None:
        """Return when the footprint is durable; raise `Problem` 401 where its token served before."""
        refusal = await self._group.submit(footprint)
        if refusal is not None:
            raise refusal

    async def close(self) -> None:
        """Wait until everything submitted is durable."""
        await self._group.close()

    async def _write(self, footprints: Sequence[Footprint]) -> Sequence[Problem | None]:
        async with self._pool.acquire() as connection, connection.transaction():
            refusals = await remember_once(connection, [each.used_token for each in footprints])
            pairs = list(zip(footprints, refusals, strict=True))
            matches = [each.match for each, refusal in pairs if each.match and refusal is None]
            if matches:
                await record_matches(connection, matches)
            await append(connection, [_access(each, refusal) for each, refusal in pairs])
        GROUP_SIZE.observe(len(footprints))
        COMMITTED.inc(len(footprints))
        return refusals


def _access(footprint: Footprint, refusal: Problem | None) -> Access:
    """A replayed token discloses nothing, and the attempt is on record."""
    if refusal is None:
        return footprint.access
    return replace(
        footprint.access, action=f"{footprint.access.action}.refused", detail={"code": refusal.code}
    )
