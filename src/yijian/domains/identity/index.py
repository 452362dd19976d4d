"""The index of numbers: read under lock, and written so that two writers never give a number two persons.

Whoever writes keys of a person holds that person's row. Rows are locked in the order of their ids, new keys
inserted in the order of their digests: nobody waits in a circle.
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from yijian.domains.identity.cipher import field_cipher
from yijian.domains.identity.hot import IDENTIFIER_KEYS, key_from_row
from yijian.domains.identity.models import IdentifierKey, Person
from yijian.domains.identity.rules import KnownKey, UsableNumber
from yijian.domains.identity.values import PatientDescription
from yijian.foundation.database.rows import insert_rows
from yijian.foundation.database.sync import fetch

__all__ = ["Known", "NumberTaken", "lock_known", "lock_persons", "read_keys", "register_numbers"]


class NumberTaken(Exception):
    """Somebody registered one of these numbers meanwhile: look again."""


@dataclass(frozen=True, slots=True)
class Known:
    """What the index knows of some numbers, and the persons it leads to, locked."""

    keys: list[KnownKey]
    persons: dict[UUID, Person]

    def knows(self, number: UsableNumber) -> bool:
        return any(key.digest == number.digest for key in self.keys)


def read_keys(numbers: Iterable[UsableNumber]) -> list[KnownKey]:
    """Return what is known of these numbers, without locks."""
    digests = [number.digest for number in numbers]
    return [key_from_row(row) for row in fetch(IDENTIFIER_KEYS, digests)] if digests else []


def lock_persons(person_ids: Collection[UUID]) -> dict[UUID, Person]:
    """Lock persons until the transaction ends."""
    return {
        person_id: Person.objects.select_for_update().get(person_id=person_id)
        for person_id in sorted(person_ids)
    }


def lock_known(numbers: Collection[UsableNumber]) -> Known:
    """Lock the persons these numbers lead to; raise `NumberTaken` if they led elsewhere meanwhile."""
    persons = lock_persons({key.person_id for key in read_keys(numbers)})
    keys = read_keys(numbers) if persons else []
    if {key.person_id for key in keys} != set(persons):
        raise NumberTaken
    return Known(keys, persons)


def register_numbers(
    numbers: Iterable[UsableNumber],
    person_id: UUID,
    demographics: Person | PatientDescription,
    *,
    provisional: bool = False,
    at: datetime,
) -> None:
    """Let new numbers lead to a person; raise `NumberTaken` where one leads somewhere already."""
    rows = [
        IdentifierKey(
            digest=number.digest,
            kind=number.type.value,
            issuer=number.issuer,
            person_id=person_id,
            name=demographics.name or "",
            sex=demographics.sex or "unknown",
            birth_date=demographics.birth_date,
            provisional=provisional,
            ciphertext=field_cipher().encrypt(number.value),
            updated_at=at,
        )
        for number in sorted(numbers, key=lambda number: number.digest)
    ]
    if insert_rows(rows, on_conflict="nothing") < len(rows):
        raise NumberTaken
