"""Break the glass in an emergency, and have somebody else judge it afterwards."""

from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction

from yijian.domains.consent import errors
from yijian.domains.consent.models import BreakGlass
from yijian.domains.consent.services.consents import Recorder
from yijian.domains.consent.values import Category, Opening, ReviewVerdict
from yijian.kit.ids import new_id

__all__ = ["GLASS_STAYS_OPEN", "break_glass", "review_opening"]

GLASS_STAYS_OPEN = timedelta(hours=4)
LEAST_WORDS = 5


def break_glass(
    person_id: UUID, category: Category, reason: str, recorder: Recorder, *, at: datetime
) -> Opening:
    """Open one patient's record to one institution for some hours, and with it a task to review that."""
    if not recorder.options.break_glass:
        raise errors.glass_closed()
    if len(reason.strip()) < LEAST_WORDS:
        raise errors.missing("reason", "say in a sentence why it cannot wait")
    opening = Opening(
        opening_id=new_id(), institution_code=recorder.institution_code, ends_at=at + GLASS_STAYS_OPEN
    )
    BreakGlass.objects.create(
        person_id=person_id,
        opening_id=opening.opening_id,
        institution_code=opening.institution_code,
        category=category.value,
        reason=reason.strip()[:1000],
        opened_by=recorder.actor[:128],
        opened_at=at,
        ends_at=opening.ends_at,
    )
    return opening


@transaction.atomic
def review_opening(
    person_id: UUID, opening_id: UUID, verdict: ReviewVerdict, measures: str, *, by: str, at: datetime
) -> None:
    """Decide on an opening, once, and never on one's own; what was not justified ends at once."""
    row = BreakGlass.objects.select_for_update().filter(person_id=person_id, opening_id=opening_id).first()
    if row is None:
        raise errors.opening_unknown()
    if row.decided_at is not None:
        raise errors.reviewed_before()
    if row.opened_by == by:
        raise errors.own_review()
    unjustified = verdict is ReviewVerdict.NOT_JUSTIFIED
    if unjustified and not measures.strip():
        raise errors.missing("measures", "say what is done about it")
    row.verdict, row.measures = verdict.value, measures.strip()[:1000]
    row.decided_at, row.decided_by = at, by[:128]
    row.ends_at = min(row.ends_at, at) if unjustified else row.ends_at
    row.save(update_fields=["verdict", "measures", "decided_at", "decided_by", "ends_at"])
