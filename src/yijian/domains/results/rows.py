"""From an upload to rows: codes understood, values made comparable, what was printed kept as printed."""

import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from yijian.domains.results.flags import ALARMING, flag_of
from yijian.domains.results.models import Result
from yijian.domains.results.values import ExamItem, ExamPart, ItemCode, LabResult, UploadedReport
from yijian.domains.terminology.api import Meanings, comparable, normalise_unit
from yijian.domains.terminology.values import (
    CodeMeaning,
    Comparable,
    ComparableState,
    Item,
    Specimen,
    specimen_of,
)

__all__ = ["Row", "Understanding", "VersionKey", "codes_of", "is_unknown_unit", "rows_of", "understand"]


LARGEST = Decimal(10) ** 18
"""No figure of medicine is as large, and no column holds it."""


@dataclass(frozen=True, slots=True)
class VersionKey:
    """Which version the rows belong to."""

    person_id: UUID
    report_id: UUID
    version: int
    institution_code: str
    effective_at: datetime


Row = tuple[Result, CodeMeaning | None]
"""A row and the meaning of its code."""
Draft = tuple[dict[str, Any], CodeMeaning | None]


@dataclass(frozen=True, slots=True)
class Understanding:
    """What a printed value means under its code; all blank while the code has no meaning."""

    item_code: str = ""
    comparable_value: Decimal | None = None
    comparable_unit: str = ""
    unit_state: str = ComparableState.NOT_COMPARABLE.value
    alarming: bool = False


def understand(value: str, unit: str, meaning: CodeMeaning | None) -> Understanding:
    """Read a printed value against the item its code stands for."""
    if meaning is None:
        return Understanding()
    read = comparable(value, unit, meaning.item)
    if read.value is not None and abs(read.value) >= LARGEST:
        return Understanding(meaning.item.code)
    return Understanding(
        meaning.item.code, read.value, read.unit, read.state.value, _is_alarming(read, meaning.item)
    )


def _is_alarming(read: Comparable, item: Item) -> bool:
    """Tell whether a figure reaches a critical limit of the catalogue."""
    low, high = item.critical_low, item.critical_high
    value = read.value
    return value is not None and ((low is not None and value <= low) or (high is not None and value >= high))


def is_unknown_unit(row: Result, meaning: CodeMeaning | None) -> bool:
    """Tell whether a mapped row's unit is spelled as nobody knows: that can be mended, other units differ."""
    unread = meaning is not None and not row.comparable_unit
    return unread and bool(row.unit.strip()) and normalise_unit(row.unit) is None


def codes_of(upload: UploadedReport) -> set[tuple[str, str]]:
    """Return every (system, code) of an upload."""
    exam_items = upload.exam.items if upload.exam else ()
    codings = [coding for row in upload.results for coding in (row.item, *row.alternates)]
    codings += [coding for item in exam_items for coding in (_coding_of(item), *item.alternates)]
    return {(coding.system, coding.code) for coding in codings}


def _coding_of(item: ExamItem) -> ItemCode:
    return ItemCode(system=item.system, code=item.code, name=item.name)


def _choose(
    first: ItemCode, alternates: Sequence[ItemCode], meanings: Meanings, specimen: Specimen | None = None
) -> tuple[ItemCode, CodeMeaning | None]:
    """Return the first coding that means something here; else the sender's own, which a person can map."""
    for coding in (first, *alternates):
        if meaning := meanings.of(coding.system, coding.code, specimen):
            return coding, meaning
    return next((c for c in (first, *alternates) if c.system == "local"), first), None


def rows_of(
    upload: UploadedReport, key: VersionKey, meanings: Meanings
) -> list[tuple[Result, CodeMeaning | None]]:
    """Return the rows of a version with the meaning of each: examined items first, then values, from 1."""
    drafts = [*_exam_rows(upload, meanings), *_lab_rows(upload, meanings)]
    common: dict[str, Any] = {
        "person_id": key.person_id,
        "report_id": key.report_id,
        "version": key.version,
        "institution_code": key.institution_code,
        "effective_at": key.effective_at,
        "reported_at": upload.reported_at,
    }
    return [
        (Result(row_no=number, **common, **fields), meaning)
        for number, (fields, meaning) in enumerate(drafts, start=1)
    ]


def _lab_rows(upload: UploadedReport, meanings: Meanings) -> Iterator[Draft]:
    taken = upload.specimen
    specimen = specimen_of(taken.type_code, taken.type_name) if taken else None
    printed = (taken.type_name or taken.type_code or "") if taken else ""
    for row in upload.results:
        coding, meaning = _choose(row.item, row.alternates, meanings, specimen)
        observed = specimen or (meaning.specimen if meaning else None)
        fields = _lab_fields(
            row, coding, upload, understand(row.value, meanings.units.of(row.unit or ""), meaning)
        )
        fields |= {"specimen": observed.value if observed else "", "specimen_name": printed[:64]}
        yield fields, meaning


def _lab_fields(
    row: LabResult, coding: ItemCode, upload: UploadedReport, understood: Understanding
) -> dict[str, Any]:
    flag = flag_of(row.flag)
    return {
        "item_code": understood.item_code,
        "code_system": coding.system,
        "code": coding.code,
        "name": (row.item.name or "")[:255],
        "status": (row.status or upload.status).value,
        "value": row.value,
        "unit": (row.unit or "")[:64],
        "reference_range": (row.reference_range or "")[:255],
        "flag": flag,
        "critical": row.critical or flag in ALARMING or understood.alarming,
        "comment": row.comment or "",
        "comparable_value": understood.comparable_value,
        "comparable_unit": understood.comparable_unit,
        "unit_state": understood.unit_state,
        "method_class": _normal_text(row.method),
    }


def _exam_rows(upload: UploadedReport, meanings: Meanings) -> Iterator[Draft]:
    exam = upload.exam
    for item in exam.items if exam else ():
        coding, meaning = _choose(_coding_of(item), item.alternates, meanings)
        yield _exam_fields(item, coding, exam or ExamPart(items=()), upload, meaning), meaning


def _exam_fields(
    item: ExamItem, coding: ItemCode, exam: ExamPart, upload: UploadedReport, meaning: CodeMeaning | None
) -> dict[str, Any]:
    return {
        "item_code": meaning.item.code if meaning else "",
        "code_system": coding.system,
        "code": coding.code,
        "name": (item.name or "")[:255],
        "status": upload.status.value,
        "value": exam.impression or "",
        "comment": exam.findings or "",
        "unit_state": ComparableState.NOT_NUMERIC.value,
        "body_site": (item.body_site or (meaning.body_site if meaning else ""))[:64],
        "laterality": item.laterality or (meaning.laterality if meaning else ""),
        "contrast": item.contrast or (meaning.contrast if meaning else ""),
        "image_status": exam.image.status.value,
        "image_url": exam.image.viewer_url or "",
    }


def _normal_text(text: str | None) -> str:
    """Return a method's name with equal width and blanks."""
    return " ".join(unicodedata.normalize("NFKC", text or "").split())[:64]
