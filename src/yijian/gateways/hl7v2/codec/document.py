"""MDM: examination reports sent as documents (HL7 v2.5.1 §9.6); TXA says of them what OBR says of results."""

from dataclasses import replace
from datetime import datetime

import msgspec

from yijian.domains.results.values import ReportStatus, UploadedReport

from .exam import names_section
from .message import Message
from .reading import Cancellation, Reading
from .refusal import ErrorCode, missing, refuse
from .report import read_report
from .segment import Composite, Segment
from .structure import OrderGroup, group_orders
from .tables import DOCUMENT_STATUSES, EXAM_DOCUMENT_NAME, EXAM_DOCUMENTS, EXAM_SECTIONS
from .times import read_instant

__all__ = ["read_document"]

CANCELLED, ADDENDUM = "T11", "T06"
CORRECTIONS = frozenset({"T06", "T08", "T10"})
DOCUMENT = "TXA-12 "
"""What sets a document's number apart from an order's."""
DELETED = "CA"
"""TXA-19, Table 0273."""


def read_document(reading: Reading) -> tuple[UploadedReport, ...]:
    """Return the report of a document message; a cancellation is told in `reading`."""
    message = reading.message
    txa = message.first("TXA")
    if txa is None:
        raise refuse(
            ErrorCode.SEGMENT_SEQUENCE,
            "TXA",
            "缺少 TXA 段：请补齐文档信息后重发。",
            "TXA is missing: add the document header and send again.",
        )
    number = document_number(message, txa)
    reading.name_also(number, document_names(message.header.trigger, txa))
    at = read_document_time(message, txa, reading)
    if message.header.trigger == CANCELLED or txa.text(19).upper() == DELETED:
        reading.cancellations.append(Cancellation(number, at))
        return ()
    groups = group_orders(with_order(message, txa))
    check_kind(txa, groups)
    report = read_report(number, groups, reading, is_exam_report=True)
    if report is None:
        return ()
    if message.header.trigger == ADDENDUM:
        reading.append_to(number)
    status = read_document_status(message.header.trigger, txa, report.status)
    return (msgspec.structs.replace(report, status=status, reported_at=at),)


def document_number(message: Message, txa: Segment) -> str:
    """Return the filler order number (TXA-15, OBR-3, ORC-3), else the document's own or its parent's.

    A report that also came as ORU is the same report by its filler number.
    """
    segments = [segment for name in ("OBR", "ORC") if (segment := message.first(name))]
    found = [txa.text(15), *(segment.text(3) for segment in segments), txa.text(12), txa.text(13)]
    number = next(filter(None, found), "")
    if not number:
        raise missing(
            txa.location(12), "文档唯一编号（或 TXA-15 执行方单号）", "the document's number (or TXA-15)"
        )
    return number


def with_order(message: Message, txa: Segment) -> Message:
    """Return the message with an OBR of what TXA says, where it has none: before version 2.5 none belongs."""
    if message.first("OBR"):
        return message
    if not txa.text(4):
        raise missing(txa.location(4), "检查时间（或 OBR-7）", "when the examination was done (or OBR-7)")
    said = {1: "1", 2: txa.raw(14), 3: txa.raw(15), 4: examined(message, txa), 7: txa.raw(4)}
    line = txa.syntax.field.join(["OBR", *(said.get(number, "") for number in range(1, 8))])
    at = message.segments.index(txa) + 1
    order = Segment(line, 1, txa.syntax)
    return replace(message, segments=(*message.segments[:at], order, *message.segments[at:]))


def examined(message: Message, txa: Segment) -> str:
    """Return what was examined: the text beside the document's kind (TXA-2), else an OBX-3 of no section."""
    joint = txa.syntax.component
    if txa.text(2, 2):
        return joint + txa.raw(2).partition(joint)[2]
    named = (obx.raw(3) for obx in message.all("OBX") if not names_section(obx))
    return next(filter(None, named), txa.raw(2))


def document_names(event: str, txa: Segment) -> list[str]:
    """Return the names of a report as a document; those of its parent too, where it takes its place."""
    numbers = [txa.text(12), txa.text(13) if event in CORRECTIONS else ""]
    return [f"{DOCUMENT}{number}" for number in numbers if number]


def check_kind(txa: Segment, groups: list[OrderGroup]) -> None:
    """Refuse documents that report no examination: discharge summaries, notes, consents."""
    sections = {group.obr.text(24).upper() for group in groups}
    if not (sections & EXAM_SECTIONS or is_exam_document(txa.first(2))):
        raise refuse(
            ErrorCode.TABLE_VALUE_NOT_FOUND,
            txa.location(2),
            "TXA-2 不是检查报告类文档（DI、CD、SP、PN），原文已保存：只接收检查报告。",
            "TXA-2 names no examination report (DI, CD, SP, PN): only such are taken; the message is kept.",
        )


def is_exam_document(kind: Composite) -> bool:
    """Tell whether a document reports an examination, by code or, Table 0270 being the user's, by name."""
    codes = {kind.text(1).upper(), kind.text(4).upper()}
    return bool(codes & EXAM_DOCUMENTS) or any(
        EXAM_DOCUMENT_NAME.search(kind.text(component)) for component in (1, 2, 5, 9)
    )


def read_document_time(message: Message, txa: Segment, reading: Reading) -> datetime:
    """Read the latest of authentication, edit, transcription, origination and OBR-22; else EVN-2, MSH-7."""
    authenticated = read_instant(txa.text(22, 15), txa.location(22), reading.now)
    found = [at for at in (reading.instant(txa, number) for number in (8, 7, 6)) if at]
    found += [*([authenticated] if authenticated else []), *reading.instants(message.all("OBR"), 22)]
    found = found or reading.instants(message.all("EVN"), 2)
    sent = found or [at for at in [read_instant(message.header.sent_at, "MSH-7", reading.now)] if at]
    if not sent:
        raise missing(txa.location(6), "文档形成时间", "when the document was made")
    return max(sent)


def read_document_status(event: str, txa: Segment, by_rows: ReportStatus) -> ReportStatus:
    """Read TXA-17 (Table 0271), else what OBR and OBX say; an edited or replaced document is a correction."""
    status = DOCUMENT_STATUSES.get(txa.text(17).upper(), by_rows)
    return ReportStatus.CORRECTED if status is ReportStatus.FINAL and event in CORRECTIONS else status
