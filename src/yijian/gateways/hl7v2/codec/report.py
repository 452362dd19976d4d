"""ORU and OUL to reports: one per filler order number (HL7 v2.5.1 §7.3, §7.4.1)."""

from datetime import datetime

import msgspec

from yijian.domains.results.values import (
    LabResult,
    ReportChange,
    ReportKind,
    ReportStatus,
    RowKey,
    UploadedReport,
)

from .attachments import read_document
from .circumstances import read_reported_at, with_circumstances
from .coding import read_item
from .culture import read_culture
from .exam import is_exam, read_exam
from .notes import Notes
from .reading import Cancellation, Reading
from .refusal import missing
from .row import read_comment, read_rows
from .segment import Segment
from .structure import OrderGroup, group_orders
from .tables import REPORT_STATUSES
from .times import read_instant
from .value import POINTERS

__all__ = ["read_report", "read_reports"]

CANCELLED, SOME_RESULTS = "X", "A"
"""OBR-25, Table 0123."""
CHANGING = frozenset("CDWX")
REMOVING = frozenset("DWX")
"""OBX-11, Table 0085: what can only be said of a row that was sent before."""


def read_reports(reading: Reading) -> tuple[UploadedReport, ...]:
    """Return the reports of a message; what was cancelled or is empty is told in `reading`."""
    groups = group_orders(reading.message)
    by_number: dict[str, list[OrderGroup]] = {}
    for group in groups:
        by_number.setdefault(report_number(parent_of(group, groups) or group), []).append(group)
    reports = (read_report(number, of_number, reading) for number, of_number in by_number.items())
    return tuple(report for report in reports if report is not None)


def parent_of(group: OrderGroup, groups: list[OrderGroup]) -> OrderGroup | None:
    """Find the group that a child order belongs to: OBR-26 names its result, OBR-29 its order."""
    if not group.is_child:
        return None
    placer, filler = group.obr.text(29, 1), group.obr.text(29, 2)
    others = [other for other in groups if other is not group and not other.is_child]
    found = (
        o for o in others if (filler and o.obr.text(3) == filler) or (placer and o.obr.text(2) == placer)
    )
    return next(found, None)


def report_number(group: OrderGroup) -> str:
    """Return the filler order number, else the placer's; OBR first, ORC where OBR leaves it out."""
    candidates = [segment.text(3) for segment in (group.obr, group.orc) if segment]
    candidates += [segment.text(2) for segment in (group.obr, group.orc) if segment]
    number = next(filter(None, candidates), "")
    if not number:
        raise missing(
            group.obr.location(3),
            "执行方申请单号（或 OBR-2 申请方单号）",
            "the filler order number (or OBR-2, the placer's)",
        )
    return number


def read_report(
    number: str, groups: list[OrderGroup], reading: Reading, *, is_exam_report: bool = False
) -> UploadedReport | None:
    """Read one report, or None where there is nothing to record."""
    reported_at = read_reported_at(groups, reading)
    live = [group for group in groups if group.obr.text(25).upper() != CANCELLED]
    if not live or is_withdrawn(live):
        at = read_cancelled_at(reported_at, reading)
        reading.cancellations.append(Cancellation(number, at, removed_rows(live)))
        return None
    exam_report = is_exam_report or is_exam(live)
    organisms, rest = ((), live) if exam_report else read_culture(live, reading.notes)
    results = () if exam_report else read_results(rest, reading.notes)
    exam = read_exam(live, reading.notes) if exam_report else None
    pdf = read_document(live, reading.notes)
    if not results and not (exam and (exam.findings or exam.impression or exam.study_uids or pdf)):
        reading.notes.add(
            "report.empty", groups[0].obr.location(), "没有任何结果，未生成报告；此前的报告保持不变"
        )
        return None
    status = read_status(live, reading.notes)
    report = UploadedReport(
        report_no=number,
        kind=ReportKind.EXAM if exam else ReportKind.LAB,
        status=status,
        patient=reading.patient,
        reported_at=reported_at,
        results=tuple(without_same_status(row, status) for row in results),
        organisms=organisms,
        exam=exam,
        pdf=pdf,
    )
    if holds_changes_only(live):
        reading.changes[number] = ReportChange(removed=removed_rows(live))
    if status is ReportStatus.CORRECTED:
        reading.name_also(number, replaced_numbers(live[0]))
    return with_circumstances(report, live, reading)


def holds_changes_only(groups: list[OrderGroup]) -> bool:
    """Tell whether rows not sent still stand: some results only (OBR-25 A), or nothing but changed rows."""
    statuses = [observation.form.status_code for group in groups for observation in group.observations]
    some = any(group.obr.text(25).upper() == SOME_RESULTS for group in groups)
    return some or (bool(statuses) and all(status in CHANGING for status in statuses))


def removed_rows(groups: list[OrderGroup]) -> tuple[RowKey, ...]:
    """Return the rows posted as deleted, wrong or not to be had."""
    rows = [o.obx for group in groups for o in group.observations if o.obx.text(2).upper() not in POINTERS]
    keys = [
        (item.code, obx.text(4)) for obx in rows if is_removing(obx) and (item := read_item(obx.first(3)))
    ]
    return tuple(dict.fromkeys(keys))


def is_removing(obx: Segment) -> bool:
    return obx.text(11).upper() in REMOVING


def replaced_numbers(group: OrderGroup) -> tuple[str, ...]:
    """Return the number of the report that a correction under a new number replaces: OBR-29, else ORC-8.

    A child of a result (OBR-26) is a further test and replaces nothing.
    """
    if group.is_child:
        return ()
    parents = [group.obr.first(29), *([group.orc.first(8)] if group.orc else [])]
    return tuple(dict.fromkeys(filter(None, (parent.text(2) for parent in parents))))[:1]


def read_cancelled_at(reported_at: datetime, reading: Reading) -> datetime:
    """Return the later of the report's own time and MSH-7: many a cancellation repeats the first OBR-22."""
    sent_at = read_instant(reading.message.header.sent_at, "MSH-7", reading.now)
    return max(reported_at, sent_at or reported_at)


def read_results(groups: list[OrderGroup], notes: Notes) -> tuple[LabResult, ...]:
    """Read the rows of all groups; a note under an OBR joins the comment of that report's last row."""
    rows = read_rows([observation for group in groups for observation in group.observations], notes)
    remarks = [text for text in (read_comment(group.notes) for group in groups) if text]
    if rows and remarks:
        comment = "\n".join([*filter(None, [rows[-1].comment]), *remarks])
        rows[-1] = msgspec.structs.replace(rows[-1], comment=comment)
    return tuple(rows)


def is_withdrawn(groups: list[OrderGroup]) -> bool:
    """Tell whether every row was posted as wrong or deleted."""
    statuses = [observation.form.status for group in groups for observation in group.observations]
    return bool(statuses) and all(status == "withdrawn" for status in statuses)


def read_status(groups: list[OrderGroup], notes: Notes) -> ReportStatus:
    """Decide the report's status from OBR-25 and OBX-11; doubt makes it preliminary, never final.

    A final OBR over rows that are all preliminary is preliminary; over some, those rows say so themselves.
    """
    declared = {REPORT_STATUSES.get(group.obr.text(25).upper()) for group in groups}
    rows = {
        status
        for group in groups
        for observation in group.observations
        if isinstance(status := observation.form.status, ReportStatus)
    }
    if ReportStatus.PRELIMINARY in declared or rows == {ReportStatus.PRELIMINARY}:
        return ReportStatus.PRELIMINARY
    if None in declared and (ReportStatus.PRELIMINARY in rows or not rows):
        notes.add(
            "status.absent", groups[0].obr.location(25), "报告状态缺失或不在 HL7 表 0123 中，按初步报告处理"
        )
        return ReportStatus.PRELIMINARY
    corrected = ReportStatus.CORRECTED in declared or (None in declared and ReportStatus.CORRECTED in rows)
    return ReportStatus.CORRECTED if corrected else ReportStatus.FINAL


def without_same_status(row: LabResult, status: ReportStatus) -> LabResult:
    """Keep a row's own status only where it differs from the report's."""
    return msgspec.structs.replace(row, status=None) if row.status is status else row
