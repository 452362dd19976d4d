"""The data plane's door: append accesses to the trail, many in one transaction."""

from collections.abc import Iterable
from typing import Any, Protocol

from yijian.foundation.audit.chain import COLUMNS, Access, ChainEnd, link
from yijian.foundation.audit.statements import CHAIN_END, LOCK_CHAIN

__all__ = ["append"]


class Connection(Protocol):
    async def execute(self, query: str, *args: Any) -> str: ...
    async def fetchrow(self, query: str, *args: Any) -> Any: ...
    async def copy_records_to_table(
        self, table_name: str, *, records: Iterable[tuple[Any, ...]], columns: Iterable[str]
    ) -> str: ...


async def append(connection: Connection, accesses: Iterable[Access]) -> None:
    """Append accesses in the caller's transaction; take this step last, it holds up all other writers."""
    await connection.execute(LOCK_CHAIN)
    row = await connection.fetchrow(CHAIN_END)
    end = ChainEnd(row["entry_id"], row["digest"]) if row else ChainEnd()
    rows, _ = link(end, accesses)
    await connection.copy_records_to_table("audit_auditentry", records=rows, columns=COLUMNS)
