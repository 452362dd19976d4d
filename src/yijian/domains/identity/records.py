"""Persons and what each institution says of them: created, completed, corrected by their own source."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import msgspec

from yijian.domains.identity.cipher import field_cipher
from yijian.domains.identity.index import Index
from yijian.domains.identity.models import IdentifierKey, Person, SourceRecord
from yijian.domains.identity.rules import UsableNumber, usable_numbers
from yijian.domains.identity.values import IdentifierType, PatientDescription, Sex
from yijian.kit import resident_id
from yijian.kit.ids import new_id

__all__ = [
    "Case",
    "case_of",
    "complete",
    "complete_person",
    "correct_person",
    "new_person",
    "own_numbers",
    "source_record",
    "speaks_alone",
]


@dataclass(frozen=True, slots=True)
class Case:
    """One message's word on a patient."""

    description: PatientDescription
    numbers: tuple[UsableNumber, ...]
    institution_code: str
    message_id: UUID | None
    report_id: UUID | None
    at: datetime
    update: bool = False


def case_of(
    description: PatientDescription,
    institution_code: str,
    *,
    message_id: UUID | None,
    at: datetime,
    report_id: UUID | None = None,
    update: bool = False,
) -> Case:
    """Return one message's word on a patient, its numbers made ready for look-up.

    `update` (ADT): the institution maintains its record, and corrects demographics that only it ever told.
    `report_id`: the report that waits where a person must look at it first.
    """
    numbers = usable_numbers(description.identifiers, institution_code, field_cipher())
    return Case(description, numbers, institution_code, message_id, report_id, at, update)


def complete(description: PatientDescription, numbers: Iterable[UsableNumber]) -> PatientDescription:
    """Return a description with what its resident number says where the sender says nothing."""
    resident = resident_number(numbers)
    parsed = resident_id.parse(resident.value) if resident else None
    if parsed is None:
        return description
    sex = description.sex if description.sex not in {None, Sex.UNKNOWN} else Sex(parsed.sex)
    return msgspec.structs.replace(
        description, sex=sex, birth_date=description.birth_date or parsed.birth_date
    )


def resident_number(numbers: Iterable[UsableNumber]) -> UsableNumber | None:
    return next((n for n in numbers if n.type is IdentifierType.RESIDENT_ID), None)


def own_numbers(case: Case) -> list[UsableNumber]:
    """Return the institution's own numbers of the patient."""
    return [n for n in case.numbers if n.type is IdentifierType.LOCAL and n.issuer == case.institution_code]


def new_person(case: Case, numbers: Collection[UsableNumber], *, provisional: bool) -> Person:
    """Return a person to add; of the numbers only the resident number is kept, sealed, for display."""
    stated, cipher = complete(case.description, numbers), field_cipher()
    resident = resident_number(numbers)
    return Person(
        person_id=new_id(),
        name=stated.name or "",
        sex=(stated.sex or Sex.UNKNOWN).value,
        birth_date=stated.birth_date,
        phone_ciphertext=cipher.encrypt(stated.phone) if stated.phone else None,
        resident_id_ciphertext=cipher.encrypt(resident.value) if resident else None,
        provisional=provisional,
        created_at=case.at,
        updated_at=case.at,
    )


def complete_person(person: Person, case: Case, index: Index, numbers: Collection[UsableNumber]) -> None:
    """Fill what is blank in a person and its keys; what is there stays, whatever the message says."""
    stated, cipher = complete(case.description, numbers), field_cipher()
    resident = resident_number(numbers)
    keyed: dict[str, object] = {}
    if stated.name and not person.name:
        keyed["name"] = stated.name
    if stated.sex not in {None, Sex.UNKNOWN} and person.sex in {"", Sex.UNKNOWN.value}:
        keyed["sex"] = stated.sex.value if stated.sex else ""
    if stated.birth_date and not person.birth_date:
        keyed["birth_date"] = stated.birth_date
    sealed: dict[str, object] = {}
    if stated.phone and person.phone_ciphertext is None:
        sealed["phone_ciphertext"] = cipher.encrypt(stated.phone)
    if resident and person.resident_id_ciphertext is None:
        sealed["resident_id_ciphertext"] = cipher.encrypt(resident.value)
    if not keyed and not sealed:
        return
    index.flush()
    _change_person(person, keyed | sealed, case.at)
    for field, value in keyed.items():
        blank = {"name": "", "sex": Sex.UNKNOWN.value, "birth_date": None}[field]
        IdentifierKey.objects.filter(person_id=person.person_id, **{field: blank}).update(
            **{field: value}, updated_at=case.at
        )
    if keyed:
        index.refresh()


def correct_person(person: Person, case: Case) -> None:
    """Replace demographics by what their only source says now, in the person and in its keys."""
    said = case.description
    changes: dict[str, object] = {}
    if said.name:
        changes["name"] = said.name
    if said.sex not in {None, Sex.UNKNOWN}:
        changes["sex"] = said.sex.value if said.sex else ""
    if said.birth_date:
        changes["birth_date"] = said.birth_date
    IdentifierKey.objects.filter(person_id=person.person_id).update(**changes, updated_at=case.at)
    if said.phone:
        changes["phone_ciphertext"] = field_cipher().encrypt(said.phone)
    _change_person(person, changes, case.at)


def speaks_alone(case: Case, person_id: UUID) -> bool:
    """Tell whether nobody but the sending institution ever described this person."""
    others = SourceRecord.objects.filter(person_id=person_id).exclude(institution_code=case.institution_code)
    return not others.exists()


def _change_person(person: Person, changes: dict[str, object], at: datetime) -> None:
    if not changes:
        return
    for field, value in changes.items():
        setattr(person, field, value)
    person.updated_at = at
    person.save(update_fields=[*changes, "updated_at"])


def source_record(case: Case, person_id: UUID) -> SourceRecord:
    """Return what the institution says now, under its own number, else under the first it gave."""
    own = own_numbers(case)
    number = own[0] if own else case.numbers[0]
    said = case.description
    return SourceRecord(
        person_id=person_id,
        source_record_id=new_id(),
        institution_code=case.institution_code,
        digest=field_cipher().digest(number.type.value, case.institution_code, number.value),
        name=said.name or "",
        sex=(said.sex or Sex.UNKNOWN).value,
        birth_date=said.birth_date,
        message_id=case.message_id,
        updated_at=case.at,
    )
