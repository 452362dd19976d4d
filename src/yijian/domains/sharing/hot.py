"""The data plane's door: load the rulebook, and see cheaply whether it changed."""

import asyncio
from typing import Any, Protocol

from yijian.domains.sharing.rulebook import FIRST_USE, MARKER, STATEMENTS, assemble
from yijian.domains.sharing.values import Rulebook

__all__ = ["load_rulebook", "read_marker"]


class Connection(Protocol):
    async def fetch(self, query: str, *args: Any) -> list[Any]: ...
    async def fetchval(self, query: str, *args: Any) -> Any: ...
    def transaction(self, *, isolation: str, readonly: bool) -> Any: ...


WHOLE_TABLES = "SET LOCAL enable_seqscan = on"
"""The data plane's connections look rows up by keys; here everything is read."""


async def load_rulebook(connection: Connection) -> Rulebook:
    """Read all tables in one snapshot (JSON columns must be decoded by the connection); note a new name.

    A province's rules take seconds to put together: that is done beside the event loop.
    """
    async with connection.transaction(isolation="repeatable_read", readonly=True):
        await connection.fetch(WHOLE_TABLES)
        tables = {name: await connection.fetch(text) for name, text in STATEMENTS.items()}
    rulebook = await asyncio.to_thread(assemble, tables)
    await connection.fetch(FIRST_USE, rulebook.version)
    return rulebook


async def read_marker(connection: Connection) -> int:
    """Return a number that grows with every change to the rules; also told on channel `rulebook`."""
    return int(await connection.fetchval(MARKER))
