"""Record what the receiving physician decided: once per item, atomically, freezing what it relied on."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from uuid import UUID

from django.db import transaction

from yijian.domains.recognition import errors
from yijian.domains.recognition.models import Decision, FollowUp, Match, MatchItem, MatchKey, RevokedDecision
from yijian.domains.recognition.records import read_told
from yijian.domains.recognition.rules.reasons import lawful
from yijian.domains.recognition.services.follow_up import report_id_of
from yijian.domains.recognition.services.tell import tell_decided
from yijian.domains.recognition.values import (
    DecidedItem,
    DecisionKind,
    DecisionsRecorded,
    DecisionSubmission,
    DeclineReason,
    SubmittedDecision,
)
from yijian.domains.results.api import ReportState, get_report_state
from yijian.domains.sharing.api import current_price, get_options
from yijian.kit.clock import FUTURE_TOLERANCE
from yijian.kit.errors import FieldError, Problem
from yijian.kit.ids import member_id, member_of, new_id

__all__ = ["find_match", "record_decisions"]

NOTHING = Decimal("0.00")


@dataclass(frozen=True, slots=True)
class _Circumstances:
    """What the decisions of a submission share: the match as it stands, read once, and how they came."""

    match: Match
    items: Mapping[int, MatchItem]
    decisions: dict[int, Decision]
    revoked_at: Mapping[int, datetime]
    states: dict[UUID, ReportState]
    decided_at: datetime
    recorded_at: datetime
    channel: str
    actor: str

    def bound(self, item: MatchItem) -> list[MatchItem]:
        """Return the item and, for a panel, its members: every row whose report the decision relies on."""
        return [item, *(row for row in self.items.values() if row.parent == item.sequence)]

    def state_of(self, person_id: UUID, report_id: UUID) -> ReportState:
        if report_id not in self.states:
            self.states[report_id] = get_report_state(person_id, report_id)
        return self.states[report_id]


def find_match(institution_code: str, match_id: UUID) -> Match:
    """Return the caller's own match, locked; raise 404 for an unknown or another institution's one."""
    key = MatchKey.objects.filter(match_id=match_id, institution_code=institution_code).first()
    if key is None:
        raise errors.match_unknown()
    return Match.objects.select_for_update().get(person_id=key.person_id, match_id=match_id)


@transaction.atomic
def record_decisions(
    institution_code: str,
    submission: DecisionSubmission,
    *,
    channel: str,
    actor: str,
    at: datetime,
    explained: bool = True,
) -> DecisionsRecorded:
    """Record all decisions of a submission, or none.

    The same submission again answers the same. With `explained` False a decline may lack its reason
    (CDS Hooks feedback `overridden`); everywhere else it must name one of the six legal situations. A reason
    of the region's own is held to its list everywhere.
    """
    match = find_match(institution_code, submission.match_id)
    if not submission.items:
        raise Problem("items.count", "Decide at least one item.", 422, (FieldError("items", "1 or more"),))
    if not match.matched_at - FUTURE_TOLERANCE <= submission.decided_at <= at + FUTURE_TOLERANCE:
        raise errors.decision_in_future("decided_at")
    of_match = {"person_id": match.person_id, "match_id": match.match_id}
    revoked = RevokedDecision.objects.filter(**of_match).order_by("revoked_at")
    circumstances = _Circumstances(
        match,
        {row.sequence: row for row in MatchItem.objects.filter(**of_match).order_by("sequence")},
        {row.sequence: row for row in Decision.objects.filter(**of_match)},
        dict(revoked.values_list("sequence", "revoked_at")),
        {},
        submission.decided_at,
        at,
        channel,
        actor,
    )
    items = _items(circumstances, submission.items)
    decided = [
        _decide_one(circumstances, items[index], submitted, f"items[{index}]", explained=explained)
        for index, submitted in enumerate(submission.items)
    ]
    return DecisionsRecorded(match_id=match.match_id, items=tuple(decided))


def _items(circumstances: _Circumstances, submitted: Sequence[SubmittedDecision]) -> list[MatchItem]:
    """Return the match items meant, in the order of the submission."""
    items = []
    for index, each in enumerate(submitted):
        parent, sequence = member_of(each.match_item_id)
        row = circumstances.items.get(sequence)
        if parent != circumstances.match.match_id or row is None or row.report_id is None:
            raise errors.match_item_unknown(f"items[{index}].match_item_id")
        items.append(row)
    return items


def _decide_one(
    circumstances: _Circumstances,
    item: MatchItem,
    submitted: SubmittedDecision,
    path: str,
    *,
    explained: bool,
) -> DecidedItem:
    reason = submitted.reason or DeclineReason()
    if submitted.decision is DecisionKind.DECLINE and (explained or reason.regional):
        reason = lawful(reason, get_options(item.institution_code, circumstances.decided_at), path)
    existing = circumstances.decisions.get(item.sequence)
    if existing is None:
        _check_not_revoked(circumstances, item)
        existing = _record(circumstances, item, submitted.decision, reason, path)
        circumstances.decisions[item.sequence] = existing
    elif not _same(existing, submitted.decision, reason, circumstances.decided_at):
        raise errors.decision_conflict(path)
    return _decided(existing)


def _check_not_revoked(circumstances: _Circumstances, item: MatchItem) -> None:
    revoked_at = circumstances.revoked_at.get(item.sequence)
    if revoked_at is not None and revoked_at > circumstances.decided_at:
        raise errors.decision_before_revocation("decided_at")


def _same(existing: Decision, decision: DecisionKind, reason: DeclineReason, decided_at: datetime) -> bool:
    return (
        existing.decision,
        existing.reason_code,
        existing.technical_code,
        existing.regional_code,
        existing.reason_text,
        existing.decided_at,
    ) == (
        decision.value,
        reason.code or "",
        reason.technical or "",
        reason.regional or "",
        reason.text or "",
        decided_at,
    )


def _record(
    circumstances: _Circumstances, item: MatchItem, decision: DecisionKind, reason: DeclineReason, path: str
) -> Decision:
    late = _check_current(circumstances, item, path)
    accepted = decision is DecisionKind.ACCEPT
    row = Decision.objects.create(
        person_id=item.person_id,
        match_id=item.match_id,
        sequence=item.sequence,
        institution_code=item.institution_code,
        source_institution_code=item.source_institution_code,
        item_code=item.item_code,
        outcome=item.outcome,
        decision=decision.value,
        reason_code=reason.code or "",
        technical_code=reason.technical or "",
        regional_code=reason.regional or "",
        reason_text=reason.text or "",
        decided_at=circumstances.decided_at,
        recorded_at=circumstances.recorded_at,
        channel=circumstances.channel,
        actor=circumstances.actor[:128],
        report_id=item.report_id,
        report_version=item.report_version,
        policy_version=circumstances.match.policy_version,
        estimated_saving=_saving(circumstances, item) if accepted else NOTHING,
    )
    tell_decided(row, circumstances.bound(item))
    if accepted:
        for bound, state in late:
            _open_follow_up(bound, item.sequence, state, circumstances.recorded_at)
    return row


def _check_current(
    circumstances: _Circumstances, item: MatchItem, path: str
) -> list[tuple[MatchItem, ReportState]]:
    """Refuse a decision made after a correction or voiding; return what changed only afterwards."""
    decided_at = circumstances.decided_at
    changed_later: dict[UUID, tuple[MatchItem, ReportState]] = {}
    for row in circumstances.bound(item):
        if row.report_id is None or row.report_version is None:
            continue
        state = circumstances.state_of(row.person_id, row.report_id)
        if state.voided_at is not None and state.voided_at <= decided_at:
            raise errors.report_changed(path, row.report_id, None, state.void_reason)
        if state.version_at(decided_at) > row.report_version:
            raise errors.report_changed(path, row.report_id, state.current_version, None)
        if state.voided_at is not None or state.current_version > row.report_version:
            changed_later.setdefault(row.report_id, (row, state))
    return list(changed_later.values())


def _saving(circumstances: _Circumstances, item: MatchItem) -> Decimal:
    """Return the receiving campus's price on the day of acceptance; nothing where no charge is avoided."""
    told = {reason.code for reason in read_told(circumstances.match.told, item.told, item.reasons)}
    avoided = item.parent is None and "panel.incomplete" not in told
    if not avoided or _has_declined_member(circumstances, item):
        return NOTHING
    match = circumstances.match
    price = current_price(match.institution_code, match.campus_code, item.item_code, circumstances.decided_at)
    return price if price is not None else NOTHING


def _has_declined_member(circumstances: _Circumstances, item: MatchItem) -> bool:
    """Tell whether a part of the panel is ordered anew, and with it the whole charge item."""
    decided = (circumstances.decisions.get(row.sequence) for row in circumstances.bound(item)[1:])
    return any(each is not None and each.decision == DecisionKind.DECLINE.value for each in decided)


def _open_follow_up(bound: MatchItem, decided_sequence: int, state: ReportState, at: datetime) -> None:
    voided = state.voided_at is not None
    FollowUp.objects.create(
        person_id=bound.person_id,
        follow_up_id=new_id(),
        institution_code=bound.institution_code,
        kind="report_voided" if voided else "report_corrected",
        match_id=bound.match_id,
        sequence=decided_sequence,
        report_id=report_id_of(bound),
        old_version=bound.report_version,
        new_version=None if voided else state.current_version,
        reason=state.void_reason or "",
        opened_at=at,
    )


def _decided(row: Decision) -> DecidedItem:
    return DecidedItem(
        match_item_id=member_id(row.match_id, row.sequence),
        decision=DecisionKind(row.decision),
        decided_at=row.decided_at,
        estimated_saving=row.estimated_saving,
        report_version=row.report_version,
    )
