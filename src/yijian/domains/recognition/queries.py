"""Reads of the control plane: citable results, tasks after corrections."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from yijian.domains.identity.api import resolve_patient
from yijian.domains.identity.values import Certainty
from yijian.domains.recognition.models import Decision, FollowUp, Match
from yijian.domains.recognition.values import CitableRequest, DecisionKind
from yijian.domains.results.api import get_report, get_report_state
from yijian.domains.sharing.api import get_rulebook
from yijian.kit.ids import member_id

__all__ = ["OpenFollowUp", "count_follow_ups", "list_citable", "list_follow_ups"]


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


def list_citable(institution_code: str, request: CitableRequest) -> tuple[UUID | None, list[dict[str, Any]]]:
    """Return (person, accepted and still current results in full) of one encounter, newest decision first."""
    resolution = resolve_patient(request.patient, institution_code)
    if resolution.certainty is not Certainty.CERTAIN or resolution.person_id is None:
        return None, []
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
    items = [_citable(by_id[decision.match_id], decision) for decision in decisions]
    return resolution.person_id, [item for item in items if item is not None]


def _citable(match: Match, decision: Decision) -> dict[str, Any] | None:
    if decision.report_id is None:
        return None
    state = get_report_state(decision.person_id, decision.report_id)
    if state.voided_at is not None or state.current_version != decision.report_version:
        return None
    report = get_report(
        decision.person_id,
        decision.report_id,
        version=decision.report_version,
        shows_sensitive=match.authorised_sensitive,
    )
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
