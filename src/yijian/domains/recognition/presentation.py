"""The answer as hospitals receive it (contract §5). Pure."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

import msgspec

from yijian.domains.recognition.texts import reason_text
from yijian.domains.recognition.values import Answer, AnsweredItem, Assessment, Candidate, Order, Reason
from yijian.domains.sharing.values import Rulebook
from yijian.kit.clock import age_hours
from yijian.kit.ids import member_id

__all__ = ["Sequenced", "View", "present", "sequenced"]


@dataclass(frozen=True, slots=True)
class View:
    """How to say it: language `zh` or `en`, and where our own pages are."""

    language: str = "zh"
    base_url: str = ""


class Sequenced(msgspec.Struct, frozen=True, gc=False):
    """An answered item or panel member with the sequence that makes its match item id."""

    sequence: int
    parent: int | None
    answered: AnsweredItem


def sequenced(answer: Answer) -> list[Sequenced]:
    """Number every ordered item by its index; members of panels follow after all of them."""
    listed = [Sequenced(item.ordered.index, None, item) for item in answer.items]
    following = len(listed)
    for item in answer.items:
        for member in item.members:
            listed.append(Sequenced(following, item.ordered.index, member))
            following += 1
    return listed


def present(
    rulebook: Rulebook, order: Order, answer: Answer, match_id: UUID | None, view: View
) -> dict[str, Any]:
    """Return the JSON document of an answer; `match_id` is None where no item has a candidate."""
    by_parent: dict[int, list[Sequenced]] = {}
    for entry in sequenced(answer):
        if entry.parent is not None:
            by_parent.setdefault(entry.parent, []).append(entry)
    writer = _Writer(rulebook, order, match_id, view)
    items = [
        writer.item(Sequenced(item.ordered.index, None, item), by_parent.get(item.ordered.index, []))
        for item in answer.items
    ]
    return {
        "match_id": str(match_id) if match_id else None,
        "policy_version": answer.policy_version,
        "items": items,
    }


@dataclass(frozen=True, slots=True)
class _Writer:
    rulebook: Rulebook
    order: Order
    match_id: UUID | None
    view: View

    def item(self, entry: Sequenced, members: list[Sequenced]) -> dict[str, Any]:
        answered = entry.answered
        ordered = answered.ordered
        name = ordered.name
        if ordered.item is not None:
            name = ordered.item.name_en if self.view.language == "en" else ordered.item.name_zh
        rows = [m.answered.best.candidate for m in members if m.answered.best]
        saving = answered.estimated_saving
        return {
            "index": ordered.index,
            "item": {"code": ordered.item.code if ordered.item else ordered.code, "name": name},
            "outcome": answered.outcome.value,
            "reasons": [_reason(reason, self.view.language) for reason in answered.reasons],
            "candidate": self.candidate(entry, answered.best, rows) if answered.best else None,
            "members": [self.item(member, []) for member in members],
            "estimated_saving": f"{saving:.2f}" if saving is not None else None,
        }

    def candidate(self, entry: Sequenced, best: Assessment, rows: list[Candidate]) -> dict[str, Any]:
        candidate = best.candidate
        source = self.rulebook.institutions[candidate.institution_code]
        page = f"{self.view.base_url}/reports/{candidate.report_id}"
        return {
            "match_item_id": str(member_id(self.match_id, entry.sequence)) if self.match_id else None,
            "report_id": str(candidate.report_id),
            "report_version": candidate.version,
            "institution": {
                "code": source.code,
                "name": source.name_en if self.view.language == "en" and source.name_en else source.name_zh,
            },
            "mark": best.mark,
            "effective_at": candidate.effective_at.isoformat(),
            "reported_at": candidate.reported_at.isoformat(),
            "age_hours": age_hours(candidate.effective_at, self.order.at),
            "valid_until": best.valid_until.isoformat() if best.valid_until else None,
            "specimen": candidate.specimen_name or candidate.specimen or None,
            "results": [self.result(row) for row in rows or [candidate]],
            "image": {
                "status": candidate.image_status or "unknown",
                "viewer_url": candidate.image_url or None,
            },
            "document_url": f"{page}/document" if candidate.has_document else page,
        }

    def result(self, row: Candidate) -> dict[str, Any]:
        item = self.rulebook.items.get(row.item_code)
        number = row.comparable_value if row.unit_state == "converted" else None
        name = (item.name_en if self.view.language == "en" else item.name_zh) if item else row.name
        return {
            "code": row.item_code,
            "name": name,
            "value": row.value,
            "unit": row.unit or None,
            "reference_range": row.reference_range or None,
            "flag": row.flag or None,
            "comment": row.comment or None,
            "comparable_value": f"{number.normalize():f}" if number is not None else None,
            "comparable_unit": row.comparable_unit if number is not None else None,
        }


def _reason(reason: Reason, language: str) -> dict[str, Any]:
    return {
        "code": reason.code,
        "text": reason_text(reason, language),
        "holds": reason.holds,
        "evidence": reason.evidence,
    }
