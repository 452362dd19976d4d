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
from yijian.domains.identity.models import IdentifierKey, Person, SourceRecord
from yijian.domains.identity.rules import KnownKey, UsableNumber
from yijian.domains.identity.values import PatientDescription
from yijian.foundation.database.rows import insert_rows, upsert_rows
from yijian.foundation.database.sync import fetch

__all__ = ["Index", "Known", "NumberTaken", "lock_persons", "read_keys", "register_numbers"]


class NumberTaken(Exception):
    """Somebody registered one of these numbers meanwhile: look again."""


@dataclass(frozen=True, slots=True)
class Known:
    """What the index knows of one message's numbers, and the persons it leads to, locked."""

    keys: list[KnownKey]
    persons: dict[UUID, Person]

    def knows(self, number: UsableNumber) -> bool:
        return any(key.digest == number.digest for key in self.keys)


class Index:
    """The part of the index that a batch of messages needs: read and locked at once, written at once.

    What is added is known at once but written by `flush`. Call that before any other statement asks for the
    same persons, and `refresh` after one has changed them.
    """

    def __init__(self, numbers: Iterable[UsableNumber]) -> None:
        self._numbers = list({number.digest: number for number in numbers}.values())
        self._keys: dict[bytes, KnownKey] = {}
        self._persons: dict[UUID, Person] = {}
        self._forget_new()
        self.refresh()

    def known(self, numbers: Iterable[UsableNumber]) -> Known:
        """Return what is known of these numbers now."""
        keys = [key for number in numbers if (key := self._keys.get(number.digest))]
        return Known(keys, {key.person_id: self._persons[key.person_id] for key in keys})

    def refresh(self) -> None:
        """Lock the persons the numbers lead to; raise `NumberTaken` if they led elsewhere meanwhile."""
        self.flush()
        persons = lock_persons({key.person_id for key in read_keys(self._numbers)})
        keys = read_keys(self._numbers) if persons else []
        if {key.person_id for key in keys} != set(persons):
            raise NumberTaken
        self._keys, self._persons = {key.digest: key for key in keys}, persons

    def add_person(self, person: Person) -> None:
        self._new_persons.append(person)
        self._persons[person.person_id] = person

    def add_numbers(
        self,
        numbers: Iterable[UsableNumber],
        person_id: UUID,
        demographics: Person | PatientDescription,
        *,
        provisional: bool = False,
        at: datetime,
    ) -> None:
        """Let new numbers lead to a person."""
        for number in numbers:
            row = _key_row(number, person_id, demographics, provisional=provisional, at=at)
            self._new_keys.append(row)
            self._keys[number.digest] = KnownKey(
                number.digest, row.kind, person_id, row.name, row.sex, row.birth_date, False, provisional
            )

    def add_source(self, record: SourceRecord) -> None:
        """Keep what a source says now in the place of what it said before."""
        self._new_sources[record.person_id, bytes(record.digest)] = record

    def flush(self) -> None:
        """Write what was added; raise `NumberTaken` where a new number leads somewhere already."""
        insert_rows(self._new_persons)
        _insert_keys(self._new_keys)
        upsert_rows(
            list(self._new_sources.values()),
            key=("person_id", "digest"),
            update=("name", "sex", "birth_date", "message_id", "updated_at"),
        )
        self._forget_new()

    def _forget_new(self) -> None:
        self._new_persons: list[Person] = []
        self._new_keys: list[IdentifierKey] = []
        self._new_sources: dict[tuple[UUID, bytes], SourceRecord] = {}


def read_keys(numbers: Iterable[UsableNumber]) -> list[KnownKey]:
    """Return what is known of these numbers, without locks."""
    digests = [number.digest for number in numbers]
    return [key_from_row(row) for row in fetch(IDENTIFIER_KEYS, digests)] if digests else []


def lock_persons(person_ids: Collection[UUID]) -> dict[UUID, Person]:
    """Lock persons until the transaction ends."""
    if not person_ids:
        return {}
    rows = Person.objects.filter(person_id__in=person_ids).order_by("person_id")
    return {person.person_id: person for person in rows.select_for_update()}


def register_numbers(
    numbers: Iterable[UsableNumber],
    person_id: UUID,
    demographics: Person | PatientDescription,
    *,
    at: datetime,
) -> None:
    """Let new numbers lead to a person at once; raise `NumberTaken` where one leads somewhere already."""
    _insert_keys([_key_row(n, person_id, demographics, provisional=False, at=at) for n in numbers])


def _insert_keys(rows: Collection[IdentifierKey]) -> None:
    ordered = sorted(rows, key=lambda row: bytes(row.digest))
    if insert_rows(ordered, on_conflict="nothing") < len(ordered):
        raise NumberTaken


def _key_row(
    number: UsableNumber,
    person_id: UUID,
    demographics: Person | PatientDescription,
    *,
    provisional: bool,
    at: datetime,
) -> IdentifierKey:
    return IdentifierKey(
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
