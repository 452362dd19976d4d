"""Settle a review: the stand-in is the holder, and moves to it, or is somebody else, and stands by itself."""

from collections.abc import Collection
from datetime import datetime
from typing import Literal
from uuid import UUID

import msgspec
from django.db import transaction

from yijian.domains.identity import errors
from yijian.domains.identity.cipher import field_cipher
from yijian.domains.identity.events import PersonMoved
from yijian.domains.identity.index import NumberTaken, lock_persons, read_keys, register_numbers
from yijian.domains.identity.models import (
    IdentifierKey,
    IdentityReview,
    Person,
    ReviewState,
    SourceRecord,
)
from yijian.domains.identity.rules import disagreement, usable_numbers
from yijian.domains.identity.standing import IDENTITY_UNCERTAIN, decrypt_described
from yijian.domains.identity.values import IdentifierType, PatientDescription, Sex
from yijian.foundation.database.rows import insert_rows
from yijian.foundation.inbox.work_items import resolve_work_items
from yijian.foundation.outbox.api import publish

__all__ = ["absorb_stand_in", "settle_review"]

Verdict = Literal["same", "different"]


@transaction.atomic
def settle_review(review_id: UUID, verdict: Verdict, *, by: str, at: datetime) -> None:
    """Settle an open review; the same verdict again changes nothing, another one is refused."""
    review = IdentityReview.objects.select_for_update().filter(review_id=review_id).first()
    if review is None:
        raise errors.review_unknown()
    if review.state != ReviewState.OPEN:
        if review.state == verdict:
            return
        raise errors.review_closed(review.state)
    lock_persons({review.holder_id, review.provisional_id})
    closed = _unite(review, by, at) if verdict == "same" else _close([review], ReviewState.DIFFERENT, by, at)
    _release(review.provisional_id, at)
    _clear_disputes(closed, at)
    subjects = [str(each.review_id) for each in closed]
    resolve_work_items(IDENTITY_UNCERTAIN, subjects=subjects, by=by, resolution=verdict, at=at)


def _unite(review: IdentityReview, by: str, at: datetime) -> list[IdentityReview]:
    """Close this question and those it answers with it; then let the stand-in become the holder."""
    holder_id, stand_in_id = review.holder_id, review.provisional_id
    open_reviews = IdentityReview.objects.filter(provisional_id=stand_in_id, state=ReviewState.OPEN)
    answered = list(open_reviews.select_for_update())
    same = [each for each in answered if each.holder_id in {holder_id, stand_in_id}]
    other = [each for each in answered if each not in same]
    closed = _close(same, ReviewState.SAME, by, at)
    if holder_id != stand_in_id:
        closed += _close(other, ReviewState.DIFFERENT, by, at)
        move_to(holder_id, stand_in_id, at)
    for each in same:
        _register_described(each, holder_id, at)
    return closed


@transaction.atomic
def absorb_stand_in(stand_in_id: UUID, person_id: UUID, *, at: datetime) -> bool:
    """Unite a stand-in that no number leads to, and about whom nothing is asked, with a person.

    It was made for a message without a usable number; its institution has sent the number since. False
    where it is not such a stand-in, or looks like somebody else.
    """
    people = lock_persons({stand_in_id, person_id})
    stand_in, person = people[stand_in_id], people[person_id]
    seen = PatientDescription(
        name=stand_in.name, sex=Sex(stand_in.sex or Sex.UNKNOWN), birth_date=stand_in.birth_date
    )
    if (
        not stand_in.provisional
        or IdentifierKey.objects.filter(person_id=stand_in_id).exists()
        or IdentityReview.objects.filter(provisional_id=stand_in_id).exists()
        or disagreement(seen, person.name, person.sex, person.birth_date)
    ):
        return False
    move_to(person_id, stand_in_id, at)
    return True


def move_to(holder_id: UUID, stand_in_id: UUID, at: datetime) -> None:
    """Let a stand-in become its holder: its keys lead there, and others are told to move what is theirs."""
    IdentifierKey.objects.filter(person_id=stand_in_id).update(
        person_id=holder_id, provisional=False, updated_at=at
    )
    IdentityReview.objects.filter(holder_id=stand_in_id, state=ReviewState.OPEN).update(holder_id=holder_id)
    Person.objects.filter(person_id=stand_in_id).update(moved_to=holder_id, provisional=False, updated_at=at)
    _move_source_records(stand_in_id, holder_id)
    moved = PersonMoved(from_id=stand_in_id, to_id=holder_id)
    publish(type(moved).__name__, msgspec.to_builtins(moved))


def _move_source_records(from_id: UUID, to_id: UUID) -> None:
    """Insert anew and delete: a row's person is where it lives, and cannot be updated."""
    rows = list(SourceRecord.objects.filter(person_id=from_id))
    SourceRecord.objects.filter(person_id=from_id).delete()
    for row in rows:
        row.person_id = to_id
    insert_rows(rows, on_conflict="nothing")


def _register_described(review: IdentityReview, person_id: UUID, at: datetime) -> None:
    """Let every number the sender gave lead to the person: somebody has vouched for them."""
    described = decrypt_described(review)
    numbers = usable_numbers(described.identifiers, review.institution_code, field_cipher())
    known = {key.digest for key in read_keys(numbers)}
    new = [number for number in numbers if number.digest not in known]
    try:
        register_numbers(new, person_id, described, at=at)
    except NumberTaken as taken:
        raise errors.index_busy() from taken
    resident = next((n for n in numbers if n.type is IdentifierType.RESIDENT_ID), None)
    if resident:
        Person.objects.filter(person_id=person_id, resident_id_ciphertext=None).update(
            resident_id_ciphertext=field_cipher().encrypt(resident.value)
        )


def _close(
    reviews: Collection[IdentityReview], state: ReviewState, by: str, at: datetime
) -> list[IdentityReview]:
    IdentityReview.objects.filter(review_id__in=[each.review_id for each in reviews]).update(
        state=state, decided_at=at, decided_by=by
    )
    return list(reviews)


def _release(person_id: UUID, at: datetime) -> None:
    """A stand-in about whom nothing is asked any more is a person like any other."""
    if IdentityReview.objects.filter(provisional_id=person_id, state=ReviewState.OPEN).exists():
        return
    Person.objects.filter(person_id=person_id).update(provisional=False, updated_at=at)
    IdentifierKey.objects.filter(person_id=person_id).update(provisional=False, updated_at=at)


def _clear_disputes(closed: Collection[IdentityReview], at: datetime) -> None:
    digests = {bytes(review.digest) for review in closed}
    asked = IdentityReview.objects.filter(digest__in=digests, state=ReviewState.OPEN)
    still = {bytes(digest) for digest in asked.values_list("digest", flat=True)}
    IdentifierKey.objects.filter(digest__in=digests - still).update(disputed=False, updated_at=at)
