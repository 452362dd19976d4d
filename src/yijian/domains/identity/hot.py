"""The data plane's door: one statement from numbers to what is known of them."""

from typing import Any, Protocol

from yijian.domains.identity.rules import KnownKey, UsableNumber
from yijian.kit.sql import read_sql

__all__ = ["IDENTIFIER_KEYS", "find_keys", "key_from_row"]

IDENTIFIER_KEYS = read_sql("yijian.domains.identity", "identifier_keys")


class Connection(Protocol):
    async def fetch(self, query: str, *args: Any) -> list[Any]: ...


def key_from_row(row: Any) -> KnownKey:
    return KnownKey(
        bytes(row["digest"]),
        row["kind"],
        row["person_id"],
        row["name"],
        row["sex"],
        row["birth_date"],
        row["disputed"],
        row["provisional"],
    )


async def find_keys(connection: Connection, numbers: tuple[UsableNumber, ...]) -> list[KnownKey]:
    """Return what is known of these numbers."""
    if not numbers:
        return []
    rows = await connection.fetch(IDENTIFIER_KEYS, [number.digest for number in numbers])
    return [key_from_row(row) for row in rows]
