"""The data plane's door: one statement for everything that may stand in."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Protocol
from uuid import UUID

from yijian.domains.results.order_rules import find_order_faults
from yijian.domains.results.rules import check_report
from yijian.kit.sql import read_sql

__all__ = ["CANDIDATES", "CANDIDATES_AT", "check_report", "fetch_candidates", "find_order_faults"]

CANDIDATES = read_sql("yijian.domains.results", "candidates")
CANDIDATES_AT = read_sql("yijian.domains.results", "candidates_at")


class Connection(Protocol):
    async def fetch(self, query: str, *args: Any) -> list[Any]: ...


async def fetch_candidates(
    connection: Connection, person_id: UUID, item_codes: Sequence[str], at: datetime, *, replay: bool
) -> list[Any]:
    """Return the newest rows per item: as reports stand now, or (`replay`) as they stood at `at`."""
    statement = CANDIDATES_AT if replay else CANDIDATES
    return await connection.fetch(statement, person_id, item_codes, at)
