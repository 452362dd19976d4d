"""The data plane's door: one statement from numbers to what is known of them, and so to a person."""

from datetime import date
from typing import Any, Protocol

from yijian.domains.identity.errors import no_usable_number
from yijian.domains.identity.rules import KnownKey, UsableNumber, resolve, usable_numbers
from yijian.domains.identity.values import PatientDescription, Resolution
from yijian.kit import resident_id
from yijian.kit.crypto import FieldCipher
from yijian.kit.sql import read_sql

__all__ = ["IDENTIFIER_KEYS", "find_keys", "key_from_row", "resolve_patient"]

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


async def resolve_patient(
    connection: Connection, description: PatientDescription, institution_code: str, cipher: FieldCipher
) -> tuple[Resolution, date | None]:
    """Return who is meant and the birth date on record; raise `Problem` 422 where no number can be used."""
    numbers = usable_numbers(description.identifiers, institution_code, cipher)
    if not numbers:
        raise no_usable_number(description)
    keys = await find_keys(connection, numbers)
    resolution = resolve(description, numbers, keys)
    on_record = (key.birth_date for key in keys if key.person_id == resolution.person_id and key.birth_date)
    said = (p.birth_date for n in numbers if n.type == "resident_id" and (p := resident_id.parse(n.value)))
    return resolution, next(on_record, None) or next(said, None)
