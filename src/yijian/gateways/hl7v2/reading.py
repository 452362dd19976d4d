"""A message as we take it: decoded, its instants in order, and nothing in it that results would refuse."""

from datetime import datetime

import msgspec

from yijian.domains.results.hot import check_report
from yijian.domains.results.values import UploadedReport, WorkItemNote
from yijian.gateways.hl7v2.codec import ErrorCode, MessageRefused, ParsedMessage, decode_message, refuse
from yijian.kit.errors import Problem

__all__ = ["read_message"]

NOT_AFTER_THE_REPORT = {
    "collected_at": "标本采集时间",
    "received_at": "标本接收时间",
    "examined_at": "检查时间",
    "resulted_at": "结果时间",
}


def read_message(raw: bytes, sender_encoding: str | None, now: datetime) -> ParsedMessage:
    """Read a message, or raise MessageRefused with everything that stands against it.

    The listener and the worker read alike: what is answered AA is not refused afterwards for its form.
    """
    parsed = decode_message(raw, sender_encoding, now)
    notes = list(parsed.notes)
    reports = tuple(_in_order(report, notes) for report in parsed.reports)
    for report in reports:
        try:
            check_report(report, now)
        except Problem as problem:
            raise _refusal(problem) from problem
    return ParsedMessage(
        parsed.header,
        parsed.encoding,
        parsed.kind,
        parsed.patient,
        reports,
        parsed.cancellations,
        tuple(notes),
    )


def _in_order(report: UploadedReport, notes: list[WorkItemNote]) -> UploadedReport:
    """Take what lies after the report's own instant for that instant: nothing may look younger than it is.

    Senders mix zones and days; the message itself is kept as it came.
    """
    late = {
        name: report.reported_at
        for name in NOT_AFTER_THE_REPORT
        if (at := getattr(report, name)) and at > report.reported_at
    }
    if late:
        named = "、".join(NOT_AFTER_THE_REPORT[name] for name in late)
        notes.append(WorkItemNote(kind="time.after_report", detail=f"{named}晚于报告时间，已按报告时间计"))
    return msgspec.structs.replace(report, **late) if late else report


def _refusal(problem: Problem) -> MessageRefused:
    faults = "；".join(f"{error.path}: {error.message}" for error in problem.errors) or problem.detail
    return refuse(
        ErrorCode.DATA_TYPE,
        "OBR",
        f"报告内容不符合要求（{faults}），请更正后重发。",
        f"The report cannot be taken as it is ({faults}): correct it and send again.",
    )
