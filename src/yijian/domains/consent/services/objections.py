"""Record the patient's no, and lift it again."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db import transaction

from yijian.domains.consent import errors
from yijian.domains.consent.models import Objection
from yijian.domains.consent.rules import is_child
from yijian.domains.consent.values import ObjectionKind, Relation
from yijian.domains.identity.api import get_birth_date
from yijian.domains.terminology.values import Sensitivity
from yijian.kit.ids import new_id

__all__ = ["Paper", "lift_objection", "record_objection"]


@dataclass(frozen=True, slots=True)
class Paper:
    """A no signed at a desk. `reference` finds the paper again; without a guardian the patient signed."""

    institution_code: str
    reference: str
    guardian_name: str = ""
    guardian_relation: Relation | None = None


def record_objection(
    person_id: UUID,
    kind: ObjectionKind,
    *,
    by: str,
    at: datetime,
    sensitivities: Collection[Sensitivity] = (),
    institution_code: str = "",
    purpose: str = "",
    paper: Paper | None = None,
) -> UUID:
    """Record an objection; it counts from the very next look, whatever anybody consented to.

    For a child under 14 the guardian signs the paper.
    """
    if kind is ObjectionKind.INSTITUTION and not institution_code:
        raise errors.missing("institution_code", "name the institution")
    if paper is not None:
        _check(paper, child=is_child(get_birth_date(person_id), at))
    objection_id = new_id()
    Objection.objects.create(
        person_id=person_id,
        objection_id=objection_id,
        kind=kind.value,
        sensitivities=sorted(s.value for s in sensitivities) if kind is ObjectionKind.SENSITIVE else [],
        institution_code=institution_code if kind is ObjectionKind.INSTITUTION else "",
        purpose=purpose,
        made_at=at,
        made_by=by[:128],
        **(_columns(paper) if paper else {}),
    )
    return objection_id


def _check(paper: Paper, *, child: bool) -> None:
    if not paper.reference.strip():
        raise errors.missing("reference", "give the number or place of the signed paper")
    if bool(paper.guardian_name.strip()) is not bool(paper.guardian_relation):
        raise errors.missing("guardian", "name the guardian and the relation")
    if child and not paper.guardian_relation:
        raise errors.child_needs_guardian()


def _columns(paper: Paper) -> dict[str, str]:
    return {
        "recorded_institution": paper.institution_code,
        "reference": paper.reference.strip()[:64],
        "guardian_name": paper.guardian_name.strip()[:64],
        "guardian_relation": paper.guardian_relation.value if paper.guardian_relation else "",
    }


@transaction.atomic
def lift_objection(
    person_id: UUID, objection_id: UUID, *, by: str, at: datetime, institution_code: str | None = None
) -> bool:
    """Lift an objection; False where it does not stand, or an institution named did not record it."""
    standing = Objection.objects.filter(person_id=person_id, objection_id=objection_id, lifted_at=None)
    if institution_code is not None:
        standing = standing.filter(recorded_institution=institution_code)
    return standing.update(lifted_at=at, lifted_by=by[:128]) == 1
