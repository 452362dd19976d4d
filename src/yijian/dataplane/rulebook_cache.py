"""The rules in memory: read at the start, again when told of a change or when one is seen."""

import asyncio
import gc
from contextlib import suppress

import asyncpg
import structlog

from yijian.dataplane.metrics import RULEBOOK_LOADED_AT
from yijian.domains.sharing.hot import load_rulebook, read_marker
from yijian.domains.sharing.values import Rulebook

__all__ = ["RulebookCache"]

CHANNEL = "rulebook"
SETTLE_SECONDS = 0.1
"""Changes come in bursts; one reading serves a burst."""
RETRY_SECONDS = 1

log = structlog.get_logger(__name__)


class RulebookCache:
    """Holds one rulebook, swapped whole. A notice is a hint; every `seconds` the marker is looked at."""

    def __init__(self, pool: asyncpg.Pool, *, seconds: float = 5) -> None:
        self._pool = pool
        self._seconds = seconds
        self._marker: int | None = None
        self._rulebook: Rulebook | None = None

    @property
    def loaded(self) -> bool:
        return self._rulebook is not None

    def current(self) -> Rulebook:
        """Return the rules as last read; `load` comes first."""
        if self._rulebook is None:
            raise RuntimeError("the rulebook was asked for before it was loaded")
        return self._rulebook

    async def load(self) -> None:
        """Read the rules now."""
        async with self._pool.acquire() as connection:
            await self._refresh(connection)

    async def watch(self) -> None:
        """Follow changes until cancelled; while the database is away the rules stay as they are."""
        while True:
            try:
                async with self._pool.acquire() as connection:
                    await self._follow(connection)
            except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError):
                log.exception("cannot follow the rules")
                await asyncio.sleep(RETRY_SECONDS)

    async def _follow(self, connection: asyncpg.Connection) -> None:
        told = asyncio.Event()

        def hear(*_: object) -> None:
            told.set()

        await connection.add_listener(CHANNEL, hear)
        try:
            while True:
                with suppress(TimeoutError):
                    async with asyncio.timeout(self._seconds):
                        await told.wait()
                        await asyncio.sleep(SETTLE_SECONDS)
                told.clear()
                await self._refresh(connection)
        finally:
            if not connection.is_closed():
                await connection.remove_listener(CHANNEL, hear)

    async def _refresh(self, connection: asyncpg.Connection) -> None:
        """Read the marker first: a change that comes in between is read again, never missed."""
        marker = await read_marker(connection)
        if marker != self._marker:
            gc.collect()
            self._rulebook = await load_rulebook(connection)
            self._marker = marker
            gc.freeze()  # no collection walks the rulebook: it has no cycles, and goes when the next comes
            RULEBOOK_LOADED_AT.set_to_current_time()
            log.info("rules read", version=self._rulebook.version)
