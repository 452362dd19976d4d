"""Take a decision back where the region allows it: kept in history, and the item may be decided anew."""

from datetime import datetime

import msgspec
from django.db import transaction

from yijian.domains.recognition import errors
from yijian.domains.recognition.models import Citation, Decision, FollowUp, MatchItem, RevokedDecision
from yijian.domains.recognition.services.decide import find_match
from yijian.domains.recognition.services.tell import tell_revoked
from yijian.domains.recognition.values import DecisionKind, DecisionRevoked, RevocationSubmission
from yijian.domains.sharing.api import get_options
from yijian.kit.clock import FUTURE_TOLERANCE
from yijian.kit.errors import Problem
from yijian.kit.ids import member_of

__all__ = ["revoke_decision"]


@transaction.atomic
def revoke_decision(
    institution_code: str, submission: RevocationSubmission, *, channel: str, actor: str, at: datetime
) -> DecisionRevoked:
    """End a decision; the same submission again answers the same.

    What was cited on its strength goes into history with it; open tasks about its report are closed.
    """
    item = _find_item(institution_code, submission)
    if not submission.reason.strip():
        raise errors.revocation_reason_missing("reason")
    if not get_options(institution_code, submission.revoked_at).revocation_allowed:
        raise errors.decision_final()
    which = {"person_id": item.person_id, "match_id": item.match_id, "sequence": item.sequence}
    known = RevokedDecision.objects.filter(
        **which, revoked_at=submission.revoked_at, reason=submission.reason[:255]
    ).first()
    if known is None:
        decision = Decision.objects.filter(**which).first()
        if decision is None:
            raise errors.not_decided("match_item_id")
        if not decision.decided_at <= submission.revoked_at <= at + FUTURE_TOLERANCE:
            raise errors.revocation_absurd_time("revoked_at")
        tell_revoked(decision, submission.revoked_at)
        known = _move_to_history(decision, submission, channel=channel, actor=actor, at=at)
    return DecisionRevoked(
        match_item_id=submission.match_item_id,
        revoked_at=known.revoked_at,
        reason=known.reason,
        decision=DecisionKind(known.decision),
        decided_at=known.decided_at,
        recorded_at=known.recorded_at,
    )


def _find_item(institution_code: str, submission: RevocationSubmission) -> MatchItem:
    match_id, sequence = member_of(submission.match_item_id)
    try:
        match = find_match(institution_code, match_id)
    except Problem as unknown:
        raise errors.match_item_unknown("match_item_id") from unknown
    item = MatchItem.objects.filter(person_id=match.person_id, match_id=match_id, sequence=sequence).first()
    if item is None:
        raise errors.match_item_unknown("match_item_id")
    return item


def _move_to_history(
    decision: Decision, submission: RevocationSubmission, *, channel: str, actor: str, at: datetime
) -> RevokedDecision:
    which = {"person_id": decision.person_id, "match_id": decision.match_id, "sequence": decision.sequence}
    citation = Citation.objects.filter(**which).first()
    kept = RevokedDecision.objects.create(
        **which,
        decided_at=decision.decided_at,
        institution_code=decision.institution_code,
        decision=decision.decision,
        content={"decision": _content(decision), "citation": _content(citation) if citation else None},
        revoked_at=submission.revoked_at,
        reason=submission.reason[:255],
        recorded_at=at,
        channel=channel,
        actor=actor[:128],
    )
    for model in (Decision, Citation):
        model._default_manager.filter(**which).delete()
    FollowUp.objects.filter(**which, closed_at=None).update(closed_at=at, closed_by="revocation")
    return kept


def _content(row: Decision | Citation) -> object:
    columns = {field.attname: getattr(row, field.attname) for field in row._meta.concrete_fields}
    return msgspec.to_builtins(columns, enc_hook=str)
