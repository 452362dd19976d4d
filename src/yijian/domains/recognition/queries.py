"""Reads of the control plane: citable results, tasks after corrections."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db.models import Q

from yijian.domains.consent.api import get_sight, hidden_codes
from yijian.domains.consent.values import Sight
from yijian.domains.identity.api import resolve_patient
from yijian.domains.identity.values import Certainty
from yijian.domains.recognition import errors
from yijian.domains.recognition.models import Decision, FollowUp, Match, MatchItem, MatchKey
from yijian.domains.recognition.posing import recorded_claim
from yijian.domains.recognition.values import CitableRequest, DecisionKind
from yijian.domains.results.api import get_report, get_report_state
from yijian.domains.sharing.api import get_rulebook
from yijian.kit.errors import Problem
from yijian.kit.ids import member_id, member_of

__all__ = [
    "Citable",
    "OpenFollowUp",
    "Reused",
    "count_follow_ups",
    "list_citable",
    "list_follow_ups",
    "list_reused",
    "require_citable",
    "require_visible",
]


@dataclass(frozen=True, slots=True)
class OpenFollowUp:
    """A report an accepted decision relied on changed afterwards."""

    follow_up_id: UUID
    person_id: UUID
    kind: str
    item_code: str
    report_id: UUID
    old_version: int | None
    new_version: int | None
    reason: str
    opened_at: datetime


@dataclass(frozen=True, slots=True)
class Reused:
    """What an institution took over instead of repeating it."""

    item_code: str
    institution_code: str
    source_institution_code: str
    decided_at: datetime
    estimated_saving: Decimal


def list_reused(person_id: UUID, *, limit: int, before: datetime | None = None) -> list[Reused]:
    """Return what was accepted for a person, the newest first; `before` for the next page."""
    accepted = Decision.objects.filter(person_id=person_id, decision=DecisionKind.ACCEPT.value)
    if before is not None:
        accepted = accepted.filter(decided_at__lt=before)
    return [
        Reused(
            row.item_code,
            row.institution_code,
            row.source_institution_code,
            row.decided_at,
            row.estimated_saving,
        )
        for row in accepted.order_by("-decided_at", "-match_id", "sequence")[:limit]
    ]


@dataclass(frozen=True, slots=True)
class Citable:
    """Accepted, still current results in full, and on which basis they may be seen now."""

    person_id: UUID | None
    items: list[dict[str, Any]]
    sight: Sight | None = None


def list_citable(institution_code: str, request: CitableRequest, at: datetime) -> Citable:
    """Return what one encounter accepted and may still see, newest decision first."""
    resolution = resolve_patient(request.patient, institution_code)
    if resolution.certainty is not Certainty.CERTAIN or resolution.person_id is None:
        return Citable(None, [])
    matches = Match.objects.filter(
        person_id=resolution.person_id,
        institution_code=institution_code,
        encounter_type=request.encounter.type.value,
    )
    if request.encounter.number:
        matches = matches.filter(encounter_no=request.encounter.number)
    by_id = {match.match_id: match for match in matches}
    decisions = Decision.objects.filter(
        person_id=resolution.person_id, match_id__in=by_id, decision=DecisionKind.ACCEPT.value
    ).order_by("-decided_at")
    sights = {match_id: _sight_since(match, at) for match_id, match in by_id.items()}
    items = [_citable(decision, sights[decision.match_id]) for decision in decisions]
    widest = max(sights.values(), key=lambda sight: sight.extent, default=None)
    return Citable(resolution.person_id, [item for item in items if item is not None], widest)


def require_citable(institution_code: str, match_item_id: UUID, at: datetime) -> None:
    """Raise `Problem` where what was accepted is no longer current, or may no longer be seen."""
    match, sequence = _find_item(institution_code, match_item_id)
    accepted = Decision.objects.filter(
        person_id=match.person_id,
        match_id=match.match_id,
        sequence=sequence,
        decision=DecisionKind.ACCEPT.value,
    ).first()
    if accepted is None:
        raise errors.not_accepted("match_item_id")
    if _citable(accepted, _sight_since(match, at)) is None:
        raise errors.not_citable("match_item_id")


def require_visible(institution_code: str, match_item_id: UUID, at: datetime) -> None:
    """Raise `Problem` where the patient no longer lets the institution see what was found for an item."""
    match, sequence = _find_item(institution_code, match_item_id)
    rows = MatchItem.objects.filter(Q(sequence=sequence) | Q(parent=sequence), match_id=match.match_id)
    sight, items = _sight_since(match, at), get_rulebook().items
    for row in rows.filter(person_id=match.person_id):
        elsewhere = row.source_institution_code != institution_code
        known = items.get(row.item_code)
        if (
            not sight.shows_anything
            or (sight.own_only and elsewhere)
            or not sight.shows(known.sensitive if known else None)
        ):
            raise errors.not_visible("match_item_id")


def _find_item(institution_code: str, match_item_id: UUID) -> tuple[Match, int]:
    match_id, sequence = member_of(match_item_id)
    key = MatchKey.objects.filter(match_id=match_id, institution_code=institution_code).first()
    if key is None:
        raise errors.match_item_unknown("match_item_id")
    return Match.objects.get(person_id=key.person_id, match_id=match_id), sequence


def _sight_since(match: Match, at: datetime) -> Sight:
    """Return what may be seen now of what a match saw: its claim holds until the patient withdraws."""
    return get_sight(
        match.person_id,
        match.institution_code,
        at,
        claim=recorded_claim(match),
        purpose=match.purpose,
        claimed_at=match.matched_at,
    )


def _citable(decision: Decision, sight: Sight) -> dict[str, Any] | None:
    if decision.report_id is None or not sight.shows_anything:
        return None
    state = get_report_state(decision.person_id, decision.report_id)
    if state.voided_at is not None or state.current_version != decision.report_version:
        return None
    if sight.own_only and state.institution_code != decision.institution_code:
        return None
    try:
        report = get_report(
            decision.person_id,
            decision.report_id,
            version=decision.report_version,
            shows_sensitive=sight.shows_sensitive,
            hidden=hidden_codes(sight),
        )
    except Problem:
        return None
    return {
        "match_item_id": str(member_id(decision.match_id, decision.sequence)),
        "decided_at": decision.decided_at.isoformat(),
        "report": report | {"institution": _institution(decision.source_institution_code)},
    }


def _institution(code: str) -> dict[str, str]:
    profile = get_rulebook().institutions.get(code)
    return {"code": code, "name": profile.name_zh if profile else code}


def count_follow_ups(institution_code: str) -> int:
    """Return how many tasks of an institution are open."""
    return FollowUp.objects.filter(institution_code=institution_code, closed_at__isnull=True).count()


def list_follow_ups(institution_code: str, limit: int = 100) -> list[OpenFollowUp]:
    """Return the open tasks of an institution, oldest first."""
    rows = list(
        FollowUp.objects.filter(institution_code=institution_code, closed_at__isnull=True).order_by(
            "opened_at"
        )[:limit]
    )
    return [
        OpenFollowUp(
            row.follow_up_id,
            row.person_id,
            row.kind,
            _item_code(row),
            row.report_id,
            row.old_version,
            row.new_version,
            row.reason,
            row.opened_at,
        )
        for row in rows
    ]


def _item_code(row: FollowUp) -> str:
    decision = Decision.objects.filter(
        person_id=row.person_id, match_id=row.match_id, sequence=row.sequence
    ).first()
    return decision.item_code if decision else ""
