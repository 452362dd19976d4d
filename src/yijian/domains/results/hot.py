"""The data plane's door: one statement for everything that may stand in."""

from collections.abc import Sequence
from datetime import datetime
from functools import cache
from typing import Any, Protocol
from uuid import UUID

from yijian.domains.results.order_rules import find_order_faults
from yijian.domains.results.rules import check_report
from yijian.kit.sql import read_sql

__all__ = [
    "CANDIDATES",
    "CANDIDATES_AT",
    "check_report",
    "fetch_candidates",
    "find_order_faults",
    "with_riding",
]

CANDIDATES = read_sql("yijian.domains.results", "candidates")
CANDIDATES_AT = read_sql("yijian.domains.results", "candidates_at")


class Connection(Protocol):
    async def fetch(self, query: str, *args: Any) -> list[Any]: ...


async def fetch_candidates(
    connection: Connection,
    person_id: UUID,
    item_codes: Sequence[str],
    at: datetime,
    *,
    replay: bool,
    riding: str = "",
) -> list[Any]:
    """Return the newest rows per item: as reports stand now, or (`replay`) as they stood at `at`.

    `riding`: see `with_riding`.
    """
    statement = with_riding(CANDIDATES_AT if replay else CANDIDATES, riding)
    return await connection.fetch(statement, person_id, item_codes, at)


@cache
def with_riding(statement: str, riding: str) -> str:
    """Let a scalar select of the same person ($1) and moment ($3) ride on every row, as the last column."""
    whole = f"SELECT found.*, ({riding}) AS riding FROM ({statement}) AS found"  # noqa: S608 - texts of ours
    return whole if riding else statement
