"""Record that an accepted result was written into the medical record, and that a reminder was looked at."""

from datetime import datetime
from uuid import UUID

import msgspec
from django.db import transaction

from yijian.domains.recognition import errors
from yijian.domains.recognition.models import Citation, Decision, Match, MatchItem, MatchView
from yijian.domains.recognition.services.decide import find_match
from yijian.domains.recognition.services.tell import tell_cited
from yijian.domains.recognition.values import CitationRecorded, CitationSubmission, DecisionKind
from yijian.kit.clock import FUTURE_TOLERANCE
from yijian.kit.errors import FieldError, Problem
from yijian.kit.ids import member_of

__all__ = ["record_citation", "record_view"]


@transaction.atomic
def record_citation(
    institution_code: str, submission: CitationSubmission, *, at: datetime
) -> CitationRecorded:
    """Record a citation, idempotently. It may arrive late, even after the source report was corrected."""
    match_id, sequence = member_of(submission.match_item_id)
    match = _find(institution_code, match_id, "match_item_id")
    decision = Decision.objects.filter(
        person_id=match.person_id, match_id=match_id, sequence=sequence, decision=DecisionKind.ACCEPT.value
    ).first()
    if decision is None:
        raise errors.not_accepted("match_item_id")
    if not decision.decided_at - FUTURE_TOLERANCE <= submission.cited_at <= at + FUTURE_TOLERANCE:
        remedy = (FieldError("cited_at", "give the instant at which the record was written"),)
        raise Problem("citation.absurd_time", "A citation lies between its decision and now.", 422, remedy)
    citation, created = Citation.objects.get_or_create(
        person_id=match.person_id,
        match_id=match_id,
        sequence=sequence,
        defaults={
            "institution_code": institution_code,
            "cited_at": submission.cited_at,
            "department": msgspec.to_builtins(submission.department) or {},
            "practitioner": msgspec.to_builtins(submission.practitioner) or {},
            "recorded_at": at,
        },
    )
    if not created and citation.cited_at != submission.cited_at:
        raise Problem(
            "citation.conflict",
            f"This item was cited before, at {citation.cited_at.isoformat()}.",
            409,
            (FieldError("cited_at", "an item is cited once; repeat the first submission unchanged"),),
        )
    if created:
        tell_cited(decision, submission.cited_at)
    return CitationRecorded(
        match_item_id=submission.match_item_id,
        cited_at=submission.cited_at,
        department=submission.department,
        practitioner=submission.practitioner,
        recorded_at=citation.recorded_at,
    )


def _find(institution_code: str, match_id: UUID, path: str) -> Match:
    try:
        return find_match(institution_code, match_id)
    except Problem as unknown:
        raise errors.match_item_unknown(path) from unknown


@transaction.atomic
def record_view(institution_code: str, match_item_id: UUID, *, viewer: str, at: datetime) -> MatchItem:
    """Record that a physician opened a reminder's evidence; once per physician and item."""
    match_id, sequence = member_of(match_item_id)
    match = _find(institution_code, match_id, "match_item_id")
    item = MatchItem.objects.filter(person_id=match.person_id, match_id=match_id, sequence=sequence).first()
    if item is None:
        raise errors.match_item_unknown("match_item_id")
    MatchView.objects.get_or_create(
        person_id=match.person_id,
        match_id=match_id,
        sequence=sequence,
        viewer=viewer[:128],
        defaults={"institution_code": institution_code, "viewed_at": at},
    )
    return item
