"""The answer as hospitals receive it (contract §5). Pure."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import msgspec

from yijian.domains.recognition.phrases import Phrases
from yijian.domains.recognition.values import Answer, AnsweredItem, Assessment, Candidate, Order, Outcome
from yijian.domains.sharing.values import Rulebook
from yijian.kit.clock import age_hours
from yijian.kit.ids import member_texts

__all__ = [
    "Document",
    "Sequenced",
    "ShownCandidate",
    "ShownItem",
    "ShownResult",
    "View",
    "present",
    "sequenced",
]


@dataclass(frozen=True, slots=True)
class View:
    """How to say it: language `zh` or `en`, and where our own pages are."""

    language: str = "zh"
    base_url: str = ""


class Named(msgspec.Struct, frozen=True, gc=False):
    code: str
    name: str


class ShownResult(msgspec.Struct, frozen=True, gc=False):
    code: str
    name: str
    value: str
    unit: str | None
    reference_range: str | None
    flag: str | None
    comment: str | None
    comparable_value: str | None
    comparable_unit: str | None


class Image(msgspec.Struct, frozen=True, gc=False):
    status: str
    viewer_url: str | None


class ShownCandidate(msgspec.Struct, frozen=True, gc=False):
    match_item_id: str | None
    report_id: UUID
    report_version: int
    institution: Named
    mark: str | None
    effective_at: datetime
    reported_at: datetime
    age_hours: int
    valid_until: datetime | None
    specimen: str | None
    results: list[ShownResult]
    image: Image
    document_url: str


class ShownItem(msgspec.Struct, frozen=True, gc=False):
    """`reasons` are JSON already."""

    index: int
    item: Named
    outcome: Outcome
    reasons: msgspec.Raw
    candidate: ShownCandidate | None
    members: list["ShownItem"]
    estimated_saving: str | None


class Document(msgspec.Struct, frozen=True, gc=False):
    """The answer; its fields are its JSON's."""

    match_id: UUID | None
    policy_version: str
    items: list[ShownItem]


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


def present(rulebook: Rulebook, order: Order, answer: Answer, match_id: UUID | None, view: View) -> Document:
    """Return the document of an answer; `match_id` is None where no item has a candidate."""
    by_parent: dict[int, list[Sequenced]] = {}
    top = []
    for entry in sequenced(answer):
        if entry.parent is None:
            top.append(entry)
        else:
            by_parent.setdefault(entry.parent, []).append(entry)
    writer = _Writer(rulebook, order, match_id, view)
    items = [writer.item(entry, by_parent.get(entry.sequence, [])) for entry in top]
    return Document(match_id, answer.policy_version, items)


class _Writer:
    """Says an answer's parts in the words of a view."""

    def __init__(self, rulebook: Rulebook, order: Order, match_id: UUID | None, view: View) -> None:
        self._rulebook = rulebook
        self._order = order
        self._member_id = member_texts(match_id) if match_id else None
        self._english = view.language == "en"
        self._base_url = view.base_url
        self._phrases = Phrases(rulebook, view.language)

    def item(self, entry: Sequenced, members: list[Sequenced]) -> ShownItem:
        answered = entry.answered
        ordered, item, saving = answered.ordered, answered.ordered.item, answered.estimated_saving
        name = ordered.name if item is None else item.name_en if self._english else item.name_zh
        rows = [m.answered.best.candidate for m in members if m.answered.best]
        return ShownItem(
            ordered.index,
            Named(item.code if item else ordered.code, name),
            answered.outcome,
            self._phrases.write(answered.reasons),
            self.candidate(entry.sequence, answered.best, rows) if answered.best else None,
            [self.item(member, []) for member in members],
            f"{saving:.2f}" if saving is not None else None,
        )

    def candidate(self, sequence: int, best: Assessment, rows: list[Candidate]) -> ShownCandidate:
        candidate = best.candidate
        source = self._rulebook.institutions[candidate.institution_code]
        page = f"{self._base_url}/reports/{candidate.report_id}"
        return ShownCandidate(
            self._member_id(sequence) if self._member_id else None,
            candidate.report_id,
            candidate.version,
            Named(source.code, source.name_en if self._english and source.name_en else source.name_zh),
            best.mark,
            candidate.effective_at,
            candidate.reported_at,
            age_hours(candidate.effective_at, self._order.at),
            best.valid_until,
            candidate.specimen_name or candidate.specimen or None,
            [self.result(row) for row in rows or (candidate,)],
            Image(candidate.image_status or "unknown", candidate.image_url or None),
            f"{page}/document" if candidate.has_document else page,
        )

    def result(self, row: Candidate) -> ShownResult:
        item = self._rulebook.items.get(row.item_code)
        number = row.comparable_value if row.unit_state == "converted" else None
        name = (item.name_en if self._english else item.name_zh) if item else row.name
        return ShownResult(
            row.item_code,
            name,
            row.value,
            row.unit or None,
            row.reference_range or None,
            row.flag or None,
            row.comment or None,
            f"{number.normalize():f}" if number is not None else None,
            row.comparable_unit if number is not None else None,
        )
