"""Put a message on a person's record; what disagrees is never linked silently."""

from collections.abc import Sequence
from contextlib import suppress
from datetime import datetime
from uuid import UUID

import msgspec
from django.db import transaction

from yijian.domains.identity import errors
from yijian.domains.identity.bad_numbers import note_bad_numbers
from yijian.domains.identity.cipher import unseal
from yijian.domains.identity.index import Index, Known, NumberTaken
from yijian.domains.identity.linking import link_known, link_new, link_without_number
from yijian.domains.identity.models import IdentifierKey, Person
from yijian.domains.identity.records import Case, case_of, correct_person, speaks_alone
from yijian.domains.identity.rules import contradictions, disagreement, resolve
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

__all__ = ["Case", "absorb_stand_in", "case_of", "record_patient", "record_patients", "settle_review"]

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
    """Link a description to a person, new, known or provisional, and remember its numbers (see `case_of`)."""
    case = case_of(
        description, institution_code, message_id=message_id, at=at, report_id=report_id, update=update
    )
    return record_patients([case])[0]


def record_patients(cases: Sequence[Case]) -> list[Linked]:
    """Link descriptions one after the other, each as if those before it were recorded already."""
    for _ in range(ATTEMPTS):
        with suppress(NumberTaken), transaction.atomic():
            index = Index(number for case in cases for number in case.numbers)
            linked = [_record(case, index) for case in cases]
            index.flush()
            return linked
    raise errors.index_busy()


def _record(case: Case, index: Index) -> Linked:
    linked = _link(case, index)
    notes = note_bad_numbers(case, linked.person_id)
    return msgspec.structs.replace(linked, notes=(*linked.notes, *notes)) if notes else linked


def _link(case: Case, index: Index) -> Linked:
    if not case.numbers:
        return link_without_number(case, index)
    known = index.known(case.numbers)
    resolution = resolve(case.description, case.numbers, known.keys)
    if resolution.certainty is Certainty.UNKNOWN:
        return link_new(case, index)
    person = known.persons[resolution.person_id] if resolution.person_id else None
    if person and resolution.certainty is Certainty.CERTAIN:
        if not _has_other_number(case, index, known, person):
            return link_known(case, index, known, person)
        resolution = msgspec.structs.replace(
            resolution, certainty=Certainty.UNCERTAIN, disagreement=("resident_id",)
        )
    elif person and _may_correct(case, index, known, person, resolution):
        correct_person(person, case)
        index.refresh()
        return link_known(case, index, known, person)
    return stand_in(case, index, known, resolution)


def _has_other_number(case: Case, index: Index, known: Known, person: Person) -> bool:
    """Tell whether the message brings a second resident number for a person that has one."""
    if not any(n.type is IdentifierType.RESIDENT_ID and not known.knows(n) for n in case.numbers):
        return False
    index.flush()
    numbers = IdentifierKey.objects.filter(person_id=person.person_id)
    return numbers.filter(kind=IdentifierType.RESIDENT_ID.value).exists()


def _may_correct(case: Case, index: Index, known: Known, person: Person, resolution: Resolution) -> bool:
    """Tell whether the institution may correct this person: it alone speaks of it, and no number objects."""
    index.flush()
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
