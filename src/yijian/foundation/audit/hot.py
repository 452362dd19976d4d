"""The data plane's door: append accesses to the trail, many in one transaction."""

from collections.abc import Iterable
from typing import Any, Protocol

from yijian.foundation.audit.chain import COLUMNS, Access, ChainEnd, link
from yijian.foundation.audit.statements import HOLD_END
from yijian.foundation.database.hot import Connection, insert_rows

__all__ = ["append"]


class ReadingConnection(Connection, Protocol):
    async def fetchrow(self, query: str, *args: Any) -> Any: ...


async def append(connection: ReadingConnection, accesses: Iterable[Access]) -> None:
    """Append accesses in the caller's transaction; take this step last, it holds up all other writers."""
    row = await connection.fetchrow(HOLD_END)
    end = ChainEnd(row["entry_id"], row["digest"]) if row else ChainEnd()
    rows, _ = link(end, accesses)
    await insert_rows(connection, "audit_auditentry", COLUMNS, rows)
