"""The data plane's way to write rows: a few in one round trip, many by COPY."""

from collections.abc import Sequence
from functools import cache
from itertools import chain, count
from typing import Any, Protocol

__all__ = ["insert_rows"]

FEW = 16
"""Up to here a statement is prepared for each number of rows; COPY takes two round trips."""

Row = tuple[Any, ...]


class Connection(Protocol):
    async def execute(self, query: str, *args: Any) -> str: ...
    async def copy_records_to_table(
        self, table_name: str, *, records: Sequence[Row], columns: Sequence[str]
    ) -> str: ...


async def insert_rows(
    connection: Connection, table: str, columns: tuple[str, ...], rows: Sequence[Row]
) -> None:
    """Insert rows whose values stand in the order of `columns`."""
    if len(rows) > FEW:
        await connection.copy_records_to_table(table, records=rows, columns=columns)
    elif rows:
        await connection.execute(_statement(table, columns, len(rows)), *chain.from_iterable(rows))


@cache
def _statement(table: str, columns: tuple[str, ...], rows: int) -> str:
    number = count(1)
    values = ", ".join(f"({', '.join(f'${next(number)}' for _ in columns)})" for _ in range(rows))
    return f"INSERT INTO {table} ({', '.join(columns)}) VALUES {values}"  # noqa: S608 - names of ours
