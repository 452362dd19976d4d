"""Reads: persons as summaries, numbers masked, and the reviews that are open."""

from datetime import date
from uuid import UUID

from django.db.models import QuerySet

from yijian.domains.identity.cipher import field_cipher, mask, unseal
from yijian.domains.identity.errors import no_usable_number
from yijian.domains.identity.index import read_keys
from yijian.domains.identity.models import (
    IdentifierKey,
    IdentityReview,
    Person,
    ReviewState,
    SourceRecord,
)
from yijian.domains.identity.rules import resolve, strongest_of, usable_numbers
from yijian.domains.identity.standing import current_person_id, decrypt_described
from yijian.domains.identity.values import (
    Identifier,
    IdentifierType,
    OpenReview,
    PatientDescription,
    PersonSource,
    PersonSummary,
    Resolution,
    Sex,
)
from yijian.kit.errors import Problem

__all__ = [
    "describe_person",
    "find_person_by_number",
    "get_birth_date",
    "get_person_summary",
    "list_open_reviews",
    "list_sources",
    "resolve_patient",
    "search_people",
]

MOST_FOUND = 20


def resolve_patient(description: PatientDescription, institution_code: str) -> Resolution:
    """Decide who is meant, without changing anything; raise `Problem` 422 where no number can be used."""
    numbers = usable_numbers(description.identifiers, institution_code, field_cipher())
    if not numbers:
        raise no_usable_number(description)
    return resolve(description, numbers, read_keys(numbers))


def get_birth_date(person_id: UUID) -> date | None:
    """Return when a person was born, as far as known."""
    return Person.objects.values_list("birth_date", flat=True).get(person_id=person_id)


def get_person_summary(person_id: UUID) -> PersonSummary:
    """Return a person, also under an id from before it was united with another."""
    try:
        person = Person.objects.get(person_id=current_person_id(person_id))
    except Person.DoesNotExist as absent:
        raise Problem("person.unknown", "There is no such person.", 404) from absent
    return _summary(person)


def describe_person(person_id: UUID) -> PatientDescription:
    """Return every number that leads to a person, to ask on their behalf; the numbers are in the clear.

    Name and birth date stay out: what the record says of itself settles no dispute about its numbers.
    """
    person_id = current_person_id(person_id)
    numbers = tuple(
        Identifier(type=IdentifierType(key.kind), value=unseal(key.ciphertext), authority=key.issuer or None)
        for key in IdentifierKey.objects.filter(person_id=person_id).order_by("-kind", "digest")
    )
    return PatientDescription(identifiers=numbers)


def find_person_by_number(identifier: Identifier, institution_code: str) -> PersonSummary | None:
    """Return whom a number leads to; a local number without authority is the institution's own."""
    return _find_by_numbers([identifier], institution_code)


def search_people(text: str, institution_code: str, birth_date: date | None = None) -> list[PersonSummary]:
    """Return whom a number leads to (resident number, passport, the institution's own), else an exact name.

    At most 20; persons not yet told apart come last.
    """
    text = text.strip()
    if not text:
        return []
    found = _find_by_numbers([Identifier(type=kind, value=text) for kind in IdentifierType], institution_code)
    if found:
        return [found]
    people = Person.objects.filter(name=text, moved_to=None)
    if birth_date:
        people = people.filter(birth_date=birth_date)
    people = people.order_by("provisional", "birth_date", "person_id")
    return [_summary(person) for person in people[:MOST_FOUND]]


def list_open_reviews(institution_code: str | None = None) -> list[OpenReview]:
    """Return open reviews, oldest first; None means every institution's."""
    reviews: QuerySet[IdentityReview] = IdentityReview.objects.filter(state=ReviewState.OPEN)
    if institution_code is not None:
        reviews = reviews.filter(institution_code=institution_code)
    listed = list(reviews.order_by("opened_at", "review_id"))
    wanted = {i for review in listed for i in (review.holder_id, review.provisional_id)}
    people = {person.person_id: _summary(person) for person in Person.objects.filter(person_id__in=wanted)}
    return [
        OpenReview(
            review_id=review.review_id,
            institution_code=review.institution_code,
            described=decrypt_described(review),
            holder=people[review.holder_id],
            provisional=people[review.provisional_id],
            disagreement=tuple(review.disagreement),
            opened_at=review.opened_at,
            message_id=review.message_id,
        )
        for review in listed
    ]


def list_sources(person_id: UUID) -> list[PersonSource]:
    """Return which institutions describe a person, the first to do so first."""
    records = SourceRecord.objects.filter(person_id=person_id).order_by("source_record_id")
    return [PersonSource(institution_code=r.institution_code, updated_at=r.updated_at) for r in records]


def _find_by_numbers(identifiers: list[Identifier], institution_code: str) -> PersonSummary | None:
    numbers = usable_numbers(identifiers, institution_code, field_cipher())
    keys = read_keys(numbers)
    return get_person_summary(strongest_of(keys).person_id) if keys else None


def _summary(person: Person) -> PersonSummary:
    sealed = person.resident_id_ciphertext
    return PersonSummary(
        person_id=person.person_id,
        name=person.name or None,
        sex=Sex(person.sex or Sex.UNKNOWN),
        birth_date=person.birth_date,
        resident_id_masked=mask(unseal(sealed)) if sealed is not None else None,
        certain=not (person.provisional or _is_disputed(person)),
    )


def _is_disputed(person: Person) -> bool:
    """Tell whether somebody else was reported under one of a person's numbers, and nobody settled it yet."""
    return IdentifierKey.objects.filter(person_id=person.person_id, disputed=True).exists()
