"""Put a message on a person's record; what disagrees is never linked silently."""

from contextlib import suppress
from datetime import datetime
from uuid import UUID

import msgspec
from django.db import transaction

from yijian.domains.identity import errors
from yijian.domains.identity.bad_numbers import note_bad_numbers
from yijian.domains.identity.cipher import field_cipher, unseal
from yijian.domains.identity.index import Known, NumberTaken, lock_known
from yijian.domains.identity.linking import link_known, link_new, link_without_number
from yijian.domains.identity.models import IdentifierKey, Person
from yijian.domains.identity.records import Case, correct_person, speaks_alone
from yijian.domains.identity.rules import contradictions, disagreement, resolve, usable_numbers
from yijian.domains.identity.settlement import absorb_stand_in, settle_review
from yijian.domains.identity.standing import stand_in
from yijian.domains.identity.values import (
    Certainty,
    IdentifierType,
    Linked,
    PatientDescription,
    Resolution,
)
from yijian.kit import resident_id

__all__ = ["absorb_stand_in", "record_patient", "settle_review"]

ATTEMPTS = 5
DEMOGRAPHICS = frozenset({"name", "sex", "birth_date"})


def record_patient(
    description: PatientDescription,
    institution_code: str,
    *,
    message_id: UUID | None,
    at: datetime,
    report_id: UUID | None = None,
    update: bool = False,
) -> Linked:
    """Link a description to a person, new, known or provisional, and remember its numbers.

    `update` (ADT): the institution maintains its record, and corrects demographics that only it ever told.
    `report_id`: the report that waits where a person must look at it first.
    """
    numbers = usable_numbers(description.identifiers, institution_code, field_cipher())
    case = Case(description, numbers, institution_code, message_id, report_id, at, update)
    for _ in range(ATTEMPTS):
        with suppress(NumberTaken), transaction.atomic():
            linked = _link(case)
            notes = note_bad_numbers(case, linked.person_id)
            return msgspec.structs.replace(linked, notes=(*linked.notes, *notes))
    raise errors.index_busy()


def _link(case: Case) -> Linked:
    if not case.numbers:
        return link_without_number(case)
    known = lock_known(case.numbers)
    resolution = resolve(case.description, case.numbers, known.keys)
    if resolution.certainty is Certainty.UNKNOWN:
        return link_new(case)
    person = known.persons[resolution.person_id] if resolution.person_id else None
    if person and resolution.certainty is Certainty.CERTAIN:
        if not _has_other_number(case, known, person):
            return link_known(case, known, person)
        resolution = msgspec.structs.replace(
            resolution, certainty=Certainty.UNCERTAIN, disagreement=("resident_id",)
        )
    elif person and _may_correct(case, known, person, resolution):
        correct_person(person, case)
        return link_known(case, known, person)
    return stand_in(case, known, resolution)


def _has_other_number(case: Case, known: Known, person: Person) -> bool:
    """Tell whether the message brings a second resident number for a person that has one."""
    brings = any(n.type is IdentifierType.RESIDENT_ID and not known.knows(n) for n in case.numbers)
    return (
        brings
        and IdentifierKey.objects.filter(
            person_id=person.person_id, kind=IdentifierType.RESIDENT_ID.value
        ).exists()
    )


def _may_correct(case: Case, known: Known, person: Person, resolution: Resolution) -> bool:
    """Tell whether the institution may correct this person: it alone speaks of it, and no number objects."""
    return (
        case.update
        and set(resolution.disagreement) <= DEMOGRAPHICS
        and not any(key.disputed or key.provisional for key in known.keys)
        and not any(contradictions(case.description, number) for number in case.numbers)
        and not _contradicts_kept_number(case.description, person)
        and speaks_alone(case, person.person_id)
    )


def _contradicts_kept_number(description: PatientDescription, person: Person) -> bool:
    if person.resident_id_ciphertext is None:
        return False
    parsed = resident_id.parse(unseal(person.resident_id_ciphertext))
    return parsed is not None and bool(disagreement(description, "", parsed.sex, parsed.birth_date))
