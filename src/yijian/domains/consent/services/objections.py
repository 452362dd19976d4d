"""Record the patient's no, and lift it again."""

from collections.abc import Collection
from datetime import datetime
from uuid import UUID

from django.db import transaction

from yijian.domains.consent import errors
from yijian.domains.consent.models import Objection
from yijian.domains.consent.values import ObjectionKind
from yijian.domains.terminology.values import Sensitivity
from yijian.kit.ids import new_id

__all__ = ["lift_objection", "record_objection"]


def record_objection(
    person_id: UUID,
    kind: ObjectionKind,
    *,
    by: str,
    at: datetime,
    sensitivities: Collection[Sensitivity] = (),
    institution_code: str = "",
) -> UUID:
    """Record an objection; it counts from the very next look, whatever anybody consented to."""
    if kind is ObjectionKind.INSTITUTION and not institution_code:
        raise errors.missing("institution_code", "name the institution")
    objection_id = new_id()
    Objection.objects.create(
        person_id=person_id,
        objection_id=objection_id,
        kind=kind.value,
        sensitivities=sorted(s.value for s in sensitivities) if kind is ObjectionKind.SENSITIVE else [],
        institution_code=institution_code if kind is ObjectionKind.INSTITUTION else "",
        made_at=at,
        made_by=by[:128],
    )
    return objection_id


@transaction.atomic
def lift_objection(person_id: UUID, objection_id: UUID, *, by: str, at: datetime) -> bool:
    """Lift an objection; False where it does not stand."""
    standing = Objection.objects.filter(person_id=person_id, objection_id=objection_id, lifted_at=None)
    return standing.update(lifted_at=at, lifted_by=by[:128]) == 1
