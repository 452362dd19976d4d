"""What a report leaves to a person: codes without meaning, units nobody knows, a number of two patients."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from uuid import UUID

from yijian.domains.results.models import Result
from yijian.domains.results.rows import VersionKey, is_unknown_unit
from yijian.domains.results.values import WorkItemNote
from yijian.domains.terminology.values import CodeMeaning
from yijian.foundation.inbox.models import WorkItem
from yijian.foundation.inbox.work_items import open_work_item, open_work_items
from yijian.kit.ids import new_id

__all__ = [
    "NUMBER_CONFLICT",
    "UNMAPPED_CODE",
    "UNMAPPED_UNIT",
    "code_subject",
    "items_for_rows",
    "number_conflict",
    "open_for_rows",
]

UNMAPPED_CODE = "unmapped_code"
UNMAPPED_UNIT = "unmapped_unit"
NUMBER_CONFLICT = "report_number_conflict"
LONGEST_SUBJECT = 255


def code_subject(code_system: str, code: str) -> str:
    """Return what the rows of one unmapped code are mended under."""
    return f"{code_system}|{code}"


Rows = Sequence[tuple[Result, CodeMeaning | None]]


def open_for_rows(rows: Rows, key: VersionKey, message_id: UUID | None, at: datetime) -> None:
    """Open one work item per unmapped code and per unknown unit."""
    open_work_items(items_for_rows(rows, key, message_id, at)[0])


def items_for_rows(
    rows: Rows, key: VersionKey, message_id: UUID | None, at: datetime
) -> tuple[list[WorkItem], tuple[WorkItemNote, ...]]:
    """Return a work item to open per unmapped code and per unknown unit, and a note of each."""
    wanting: dict[tuple[str, str], WorkItemNote] = {}
    details: dict[tuple[str, str], dict[str, str]] = {}
    for row, meaning in rows:
        for kind, subject, said in _wants(row, meaning):
            wanting.setdefault((kind, subject), WorkItemNote(kind=kind, detail=said))
            details.setdefault((kind, subject), {"name": row.name, "unit": row.unit})
    items = [
        WorkItem(
            work_item_id=new_id(),
            institution_code=key.institution_code,
            kind=kind,
            subject=subject,
            detail=details[kind, subject],
            message_id=message_id,
            person_id=key.person_id,
            report_id=key.report_id,
            opened_at=at,
        )
        for kind, subject in wanting
    ]
    return items, tuple(wanting.values())


def _wants(row: Result, meaning: CodeMeaning | None) -> Iterable[tuple[str, str, str]]:
    if meaning is None:
        subject = code_subject(row.code_system, row.code)
        yield UNMAPPED_CODE, subject, f"The code {row.code} ({row.code_system}) has no confirmed mapping."
    elif is_unknown_unit(row, meaning):
        yield UNMAPPED_UNIT, row.unit[:LONGEST_SUBJECT], f"The unit {row.unit} is not known."


def number_conflict(
    institution_code: str,
    report_id: UUID,
    message_id: UUID | None,
    person_id: UUID,
    *,
    subject: str,
    at: datetime,
) -> WorkItemNote:
    """Ask about a report number that came for another patient; each such message waits by itself."""
    open_work_item(
        institution_code,
        NUMBER_CONFLICT,
        subject,
        at=at,
        message_id=message_id,
        person_id=person_id,
        report_id=report_id,
    )
    return WorkItemNote(
        kind=NUMBER_CONFLICT,
        detail="This report number was recorded for another patient; nothing was changed.",
    )
