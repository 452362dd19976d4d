"""The rows a match leaves behind, and what they say again. Pure; both planes write them."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec

from yijian.domains.consent.values import Sight
from yijian.domains.recognition.phrases import Told
from yijian.domains.recognition.presentation import Sequenced, sequenced
from yijian.domains.recognition.values import Answer, MatchRequest, Order
from yijian.domains.sharing.values import Rulebook

__all__ = [
    "MATCH_COLUMNS",
    "MATCH_ITEM_COLUMNS",
    "MATCH_KEY_COLUMNS",
    "MatchRecord",
    "ToldReason",
    "access_detail",
    "read_told",
    "record_of",
]

MATCH_KEY_COLUMNS = ("match_id", "person_id", "institution_code")
MATCH_COLUMNS = (
    "person_id", "match_id", "institution_code", "campus_code", "encounter_type", "encounter_no",
    "department_code", "department_name", "practitioner_id", "practitioner_name", "purpose", "channel",
    "authorised_sensitive", "policy_version", "matched_at", "recorded_at", "told",
)  # fmt: skip
MATCH_ITEM_COLUMNS = (
    "person_id", "match_id", "sequence", "parent", "item_code", "order_no", "outcome", "reminder", "told",
    "report_id", "report_version", "row_no", "source_institution_code", "mark", "effective_at",
    "estimated_saving", "matched_at", "institution_code",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class MatchRecord:
    """One match as tuples in the order of the column lists above."""

    key: tuple[Any, ...]
    match: tuple[Any, ...]
    items: tuple[tuple[Any, ...], ...]


def record_of(
    person_id: UUID,
    match_id: UUID,
    request: MatchRequest,
    rulebook: Rulebook,
    order: Order,
    answer: Answer,
    *,
    channel: str,
    recorded_at: datetime,
) -> MatchRecord:
    """Return the rows of a match that has at least one candidate."""
    department, practitioner = request.department, request.practitioner
    told = Told(rulebook)
    items = tuple(
        _item_row(person_id, match_id, order, entry, told)
        for entry in sequenced(answer)
        if entry.answered.best
    )
    match = (
        person_id,
        match_id,
        order.institution_code,
        order.campus_code,
        order.encounter_type.value,
        (request.encounter.number or "")[:64],
        ((department.code if department else "") or "")[:32],
        ((department.name if department else "") or "")[:64],
        ((practitioner.id if practitioner else "") or "")[:64],
        ((practitioner.name if practitioner else "") or "")[:64],
        order.purpose.value,
        channel,
        order.shows_sensitive,
        answer.policy_version,
        order.at,
        recorded_at,
        told.text(),
    )
    return MatchRecord((match_id, person_id, order.institution_code), match, items)


def _item_row(person_id: UUID, match_id: UUID, order: Order, entry: Sequenced, told: Told) -> tuple[Any, ...]:
    answered = entry.answered
    best = answered.best
    candidate = best.candidate if best else None
    return (
        person_id,
        match_id,
        entry.sequence,
        entry.parent,
        answered.ordered.item.code if answered.ordered.item else answered.ordered.code[:32],
        answered.ordered.order_no[:128],
        answered.outcome.value,
        entry.parent is None and answered.reminds,
        told.places(answered.reasons),
        candidate.report_id if candidate else None,
        candidate.version if candidate else None,
        candidate.row_no if candidate else None,
        candidate.institution_code if candidate else "",
        (best.mark if best else None) or "",
        candidate.effective_at if candidate else None,
        answered.estimated_saving,
        order.at,
        order.institution_code,
    )


def access_detail(match_id: UUID | None, items: int, sight: Sight) -> dict[str, Any]:
    """Return what the access record says of a match, with the consent it rests on where there is one."""
    detail: dict[str, Any] = {"match_id": str(match_id) if match_id else None, "items": items}
    return detail | {"consent_id": str(sight.fact_id)} if sight.fact_id else detail


class ToldReason(msgspec.Struct, frozen=True, omit_defaults=True):
    """A reason as a match keeps it."""

    code: str
    holds: bool = True
    evidence: dict[str, Any] = {}


def read_told(of_match: str | None, of_item: str | None, before: list[Any] | None) -> list[ToldReason]:
    """Return the reasons an item was answered with; `before`: as items kept them that name no places."""
    if of_match is None or of_item is None:
        return msgspec.convert(before or [], list[ToldReason])
    told = msgspec.json.decode(of_match, type=list[ToldReason])
    return [told[place] for place in msgspec.json.decode(of_item, type=list[int])]
