"""OBX to rows: code, value, unit, range, flag and status (HL7 v2.5.1 §7.4.2)."""

from collections import Counter
from itertools import groupby

import msgspec

from yijian.domains.results.values import LabResult, ReportStatus

from .attachments import is_embedded
from .notes import Notes
from .refusal import missing
from .segment import Segment
from .structure import Observation
from .tables import CRITICAL_FLAGS, RowStatus
from .value import POINTERS, PROSE, read_value

__all__ = ["note_left_out", "note_pointer", "read_comment", "read_rows"]


class Row(msgspec.Struct, frozen=True, gc=False):
    """A row on its way; rows of one `text_key` that follow each other are paragraphs of one text."""

    result: LabResult
    text_key: tuple[str, str] | None


def read_rows(observations: list[Observation], notes: Notes) -> list[LabResult]:
    """Return the rows that hold a result; the others are named in `notes`.

    Consecutive TX or FT segments of one code and sub-id are the paragraphs of one text.
    """
    rows = [row for row in (read_row(observation, notes) for observation in observations) if row]
    results: list[LabResult] = []
    for text_key, group in groupby(rows, key=lambda row: row.text_key):
        members = [row.result for row in group]
        results.extend(members if text_key is None else [joined(members)])
    return number_rows(results)


def read_row(observation: Observation, notes: Notes) -> Row | None:
    """Return one OBX as a row, or None where it holds no result."""
    obx, form = observation.obx, observation.form
    if form.data_type in POINTERS or is_embedded(observation):
        note_pointer(obx, notes)
        return None
    value = read_value(obx)
    if not value.text or form.status in ("withdrawn", "pending"):
        note_left_out(obx, form.status, notes)
        return None
    if form.item is None:
        raise missing(obx.location(3), "检验项目代码与名称", "the code and name of the item")
    if form.has_unknown_flag:
        notes.add("flag.unknown", obx.location(8), "异常标志不在 HL7 表 0078 中，未采用")
    result = LabResult(
        item=form.item,
        alternates=form.alternates,
        value=value.text,
        row_id=":".join(filter(None, (obx.text(1), obx.text(4)))) or None,
        kind=value.kind,
        unit=form.unit,
        reference_range=form.reference_range,
        flag=form.flag,
        critical=form.flag in CRITICAL_FLAGS,
        method=form.method,
        instrument=form.instrument,
        comment=read_comment(observation.notes),
        status=form.status if isinstance(form.status, ReportStatus) else None,
    )
    return Row(result, (obx.raw(3), obx.raw(4)) if form.data_type in PROSE else None)


def joined(paragraphs: list[LabResult]) -> LabResult:
    """Make one row of a text's paragraphs, with their comments; one preliminary paragraph makes it so."""
    first = paragraphs[0]
    if len(paragraphs) == 1:
        return first
    preliminary = any(paragraph.status is ReportStatus.PRELIMINARY for paragraph in paragraphs)
    return msgspec.structs.replace(
        first,
        value="\n".join(paragraph.value for paragraph in paragraphs),
        kind="text",
        comment="\n".join(paragraph.comment for paragraph in paragraphs if paragraph.comment) or None,
        status=ReportStatus.PRELIMINARY if preliminary else first.status,
    )


def number_rows(rows: list[LabResult]) -> list[LabResult]:
    """Give every row its place and an id of its own: OBX-1, OBX-4 where sent, a count where repeated."""
    seen: Counter[str] = Counter()
    numbered: list[LabResult] = []
    for place, row in enumerate(rows, start=1):
        base = row.row_id or str(place)
        seen[base] += 1
        row_id = base if seen[base] == 1 else f"{base}#{seen[base]}"
        numbered.append(msgspec.structs.replace(row, row_id=row_id, sort=place))
    return numbered


def read_comment(notes: list[Segment]) -> str | None:
    """Read the NTE-3 texts under one segment, a line each."""
    if not notes:
        return None
    lines = (part.whole().rstrip() for nte in notes for part in nte.repetitions(3))
    return "\n".join(line for line in lines if line.strip()).strip("\n") or None


def note_pointer(obx: Segment, notes: Notes) -> None:
    """Say that a laboratory row only points elsewhere; what is embedded is judged with the attachments."""
    if obx.text(2).upper() == "RP":
        notes.add("pointer.left_out", obx.location(5), "只是外部链接，未作为结果")


def note_left_out(obx: Segment, status: RowStatus, notes: Notes) -> None:
    """Say why an OBX became no row."""
    if status == "withdrawn":
        notes.add("row.withdrawn", obx.location(11), "状态为删除或作废，未作为结果")
    else:
        notes.add("row.empty", obx.location(5), "没有结果值，未作为结果")
