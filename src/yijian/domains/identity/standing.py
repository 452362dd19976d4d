"""While it is uncertain whose record a message is: a provisional person stands in, and a review asks.

The same question is asked once: the same description of the same number is answered as it was settled.
"""

from dataclasses import dataclass
from typing import cast
from uuid import UUID

import msgspec

from yijian.domains.identity.cipher import field_cipher, unseal
from yijian.domains.identity.index import Index, Known, lock_persons
from yijian.domains.identity.linking import link_known
from yijian.domains.identity.models import IdentifierKey, IdentityReview, Person, ReviewState
from yijian.domains.identity.records import (
    Case,
    complete,
    complete_person,
    correct_person,
    new_person,
    own_numbers,
    source_record,
    speaks_alone,
)
from yijian.domains.identity.rules import (
    KnownKey,
    UsableNumber,
    contradictions,
    disagreement,
    normal_name,
    strongest_of,
)
from yijian.domains.identity.values import (
    Certainty,
    IdentifierType,
    Linked,
    PatientDescription,
    Resolution,
    WorkItemNote,
)
from yijian.foundation.inbox.work_items import open_work_item
from yijian.kit.ids import new_id

__all__ = ["IDENTITY_UNCERTAIN", "current_person_id", "decrypt_described", "stand_in"]

IDENTITY_UNCERTAIN = "identity_uncertain"


@dataclass(frozen=True, slots=True)
class Dispute:
    """The number in question, and the person it leads to: None where it contradicts its own description."""

    digest: bytes
    holder_id: UUID | None


def stand_in(case: Case, index: Index, known: Known, resolution: Resolution) -> Linked:
    """Put a message on a stand-in's record, or where the same question was settled to."""
    index.flush()
    dispute = _dispute(case, known)
    asked = _find_review(case, dispute)
    if asked and asked.state != ReviewState.OPEN:
        return _link_as_settled(case, index, known, asked)
    person = _standing_person(case, index, known, dispute, asked)
    _register_with(case, index, known, person)
    review = asked or _find_open_review(person, dispute)
    opened = review is None
    if review is None:
        review = _open_review(case, dispute, person, resolution)
    index.refresh()
    notes = _note(case, review, resolution) if opened or case.report_id else ()
    return Linked(
        person_id=person.person_id, certainty=Certainty.UNCERTAIN, review_id=review.review_id, notes=notes
    )


def _dispute(case: Case, known: Known) -> Dispute:
    if known.keys:
        strongest = strongest_of(known.keys)
        contradicted = [n for n in _contradicting(case) if not known.knows(n)]
        digest = contradicted[0].digest if contradicted else strongest.digest
        return Dispute(digest, strongest.person_id)
    return Dispute(_contradicting(case)[0].digest, None)


def _contradicting(case: Case) -> list[UsableNumber]:
    return [number for number in case.numbers if contradictions(case.description, number)]


def _find_review(case: Case, dispute: Dispute) -> IdentityReview | None:
    """Return the newest review of the same number in which this institution said the same."""
    reviews = IdentityReview.objects.filter(
        digest=dispute.digest, institution_code=case.institution_code
    ).order_by("-opened_at", "-review_id")
    said = _demographics(case.description)
    return next((r for r in reviews if _demographics(decrypt_described(r)) == said), None)


def _find_open_review(person: Person, dispute: Dispute) -> IdentityReview | None:
    """Return the question that is open about this stand-in already: of this number, or its only dispute."""
    reviews = IdentityReview.objects.filter(provisional_id=person.person_id, state=ReviewState.OPEN)
    if dispute.holder_id != person.person_id:
        reviews = reviews.filter(digest=dispute.digest)
    return reviews.order_by("opened_at", "review_id").first()


def decrypt_described(review: IdentityReview) -> PatientDescription:
    """Return what the sender said."""
    return msgspec.json.decode(unseal(review.described), type=PatientDescription)


def _demographics(description: PatientDescription) -> tuple[object, ...]:
    return normal_name(description.name), description.sex, description.birth_date


def _link_as_settled(case: Case, index: Index, known: Known, review: IdentityReview) -> Linked:
    same = review.state == ReviewState.SAME
    person_id = current_person_id(review.holder_id if same else review.provisional_id)
    person = known.persons.get(person_id) or lock_persons([person_id])[person_id]
    without = [n for n in case.numbers if not same and n.digest == review.digest]
    linked = link_known(case, index, known, person, without=without)
    index.refresh()
    return linked


def current_person_id(person_id: UUID) -> UUID:
    """Follow a person to where it was moved."""
    while moved_to := Person.objects.values_list("moved_to", flat=True).get(person_id=person_id):
        person_id = moved_to
    return person_id


def _standing_person(
    case: Case, index: Index, known: Known, dispute: Dispute, asked: IdentityReview | None
) -> Person:
    if asked:
        return lock_persons([asked.provisional_id])[asked.provisional_id]
    own = {number.digest for number in own_numbers(case)}
    for key in known.keys:
        person = known.persons[key.person_id]
        if disagreement(case.description, key.name, key.sex, key.birth_date):
            if case.update and key.provisional and key.digest in own and speaks_alone(case, key.person_id):
                correct_person(person, case)
                return person
        elif key.provisional or (key.digest in own and _is_another_of_own(case, key, dispute)):
            return person
    created = new_person(case, _trusted(case, known), provisional=True)
    index.add_person(created)
    return created


def _is_another_of_own(case: Case, key: KnownKey, dispute: Dispute) -> bool:
    """Tell whether the institution's own number leads to a second person that only it knows of.

    Typical: a patient known by that number alone now shows a resident number that leads elsewhere.
    """
    return (
        key.person_id != dispute.holder_id
        and not IdentifierKey.objects.filter(person_id=key.person_id)
        .exclude(kind=IdentifierType.LOCAL.value, issuer=case.institution_code)
        .exists()
    )


def _trusted(case: Case, known: Known) -> list[UsableNumber]:
    """Return the numbers that lead nowhere yet and are not contradicted by the description."""
    contradicting = _contradicting(case)
    return [n for n in case.numbers if not known.knows(n) and n not in contradicting]


def _register_with(case: Case, index: Index, known: Known, person: Person) -> None:
    new = _trusted(case, known)
    complete_person(person, case, index, new)
    index.add_numbers(new, person.person_id, complete(case.description, new), provisional=True, at=case.at)
    index.add_source(source_record(case, person.person_id))
    index.flush()


def _open_review(case: Case, dispute: Dispute, person: Person, resolution: Resolution) -> IdentityReview:
    """Ask; a number whose holder looks different is in dispute until that is settled."""
    if set(resolution.disagreement) != {"local"}:
        IdentifierKey.objects.filter(digest=dispute.digest).update(disputed=True, updated_at=case.at)
    return IdentityReview.objects.create(
        review_id=new_id(),
        institution_code=case.institution_code,
        digest=dispute.digest,
        holder_id=dispute.holder_id or person.person_id,
        provisional_id=person.person_id,
        disagreement=list(resolution.disagreement),
        described=field_cipher().encrypt(msgspec.json.encode(case.description).decode()),
        message_id=case.message_id,
        opened_at=case.at,
    )


def _note(case: Case, review: IdentityReview, resolution: Resolution) -> tuple[WorkItemNote, ...]:
    fields = cast("list[str]", review.disagreement) or list(resolution.disagreement)
    open_work_item(
        case.institution_code,
        IDENTITY_UNCERTAIN,
        str(review.review_id),
        at=case.at,
        detail={"disagreement": fields},
        message_id=case.message_id,
        person_id=review.provisional_id,
        report_id=case.report_id,
    )
    question = f"disagrees ({', '.join(fields)})" if fields else "is in dispute"
    detail = f"What is known of the patient's numbers {question}; a person has to settle whose report it is."
    return (WorkItemNote(kind=IDENTITY_UNCERTAIN, detail=detail),)
