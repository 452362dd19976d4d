"""A message as we take it: decoded, its instants in order, and nothing in it that results would refuse."""

import re
from dataclasses import replace
from datetime import datetime

import msgspec

from yijian.domains.results.hot import check_report, find_order_faults
from yijian.domains.results.values import Order, UploadedReport, WorkItemNote
from yijian.gateways.hl7v2.codec import (
    UNNAMED,
    ErrorCode,
    MessageRefused,
    ParsedMessage,
    decode_message,
    refuse,
)
from yijian.kit.errors import FieldError, Problem

__all__ = ["read_message"]

NOT_AFTER_THE_REPORT = {
    "collected_at": "标本采集时间",
    "received_at": "标本接收时间",
    "examined_at": "检查时间",
    "resulted_at": "结果时间",
}
IN_THE_FUTURE = ("OBR-22", "报告时间（或结果时间）晚于当前时间")
FAULTS = {
    "report_no": ("OBR-3", "报告单号须为 1 至 128 个字符"),
    "order_no": ("OBR-2", "申请单号须为 1 至 128 个字符"),
    "ordered_at": ("OBR-6", "申请时间晚于当前时间"),
    "resulted_at": IN_THE_FUTURE,
    "reported_at": IN_THE_FUTURE,
    "item.code": ("OBR-4", "项目代码须为 1 至 128 个字符"),
    "occurred_at": ("ORC-9", "申请状态变化的时间须在 1900 年以后、当前时间以前"),
    "price": ("FT1-11", "金额不得小于零"),
    "patient.identifiers": ("PID-3", "患者标识不得全为空白"),
    "results": ("OBX", "一份报告最多 2000 行结果"),
    "results.item.code": ("OBX-3", "项目代码须为 1 至 128 个字符"),
    "exam.items.code": ("OBR-4", "检查项目代码须为 1 至 128 个字符"),
    "exam.image.viewer_url": ("OBX-5", "影像链接须以 https:// 或 http:// 开头"),
}
"""What results may refuse of a well-formed message: by field of the report, its place and the rule."""


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
    for order in parsed.orders:
        faults = tuple(fault for fault in find_order_faults(order, now) if not _is_unnamed(order, fault))
        if faults:
            raise _refusal(Problem("order.invalid", "The order cannot be recorded as it is.", 422, faults))
    return replace(parsed, reports=reports, notes=tuple(notes))


def _is_unnamed(order: Order, fault: FieldError) -> bool:
    """Tell whether a fault is no more than an order told by its number alone."""
    return order.item is UNNAMED and fault.path == "item.code"


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
    """Name the fields of the message, in Chinese; the English text names those of the report."""
    faults = "；".join(f"{error.path}: {error.message}" for error in problem.errors) or problem.detail
    known = [FAULTS.get(re.sub(r"\[\d+\]", "", error.path), ("OBR", error.path)) for error in problem.errors]
    places = dict.fromkeys(known) or {("OBR", "报告内容不符合要求"): None}
    named = "；".join(f"{place} {rule}" for place, rule in places)
    return refuse(
        ErrorCode.DATA_TYPE,
        next(iter(places))[0],
        f"{named}，请更正后重发。",
        f"The report cannot be taken as it is ({faults}): correct it and send again.",
    )
