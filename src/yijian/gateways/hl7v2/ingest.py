"""From a kept message of HL7 v2 to persons and reports, in the caller's transaction."""

from collections.abc import Iterable
from datetime import datetime

from yijian.domains.identity import api as identity
from yijian.domains.results import api as results
from yijian.domains.results.values import WorkItemNote
from yijian.foundation.inbox import api as inbox
from yijian.gateways.hl7v2.codec import PERSON_NEEDED, Cancellation, MessageRefused, ParsedMessage
from yijian.gateways.hl7v2.hot import PROTOCOL, Fault
from yijian.gateways.hl7v2.reading import read_message
from yijian.kit import clock
from yijian.kit.errors import Problem

__all__ = ["PROTOCOL", "process"]

OF_THE_SENDER = frozenset({"encoding.guessed", "encoding.unknown", "encoding.not_ascii"})
"""Mended once for all messages of a sender; the others are mended message by message."""
NOTHING_TO_VOID = frozenset({"report.unknown", "report.voided"})
REFUSALS = {
    "report.voided": "此报告此前已作废，本消息未入库：请以新的报告单号（OBR-3）重新发出。",
    "report.invalid": "作废时间（OBR-22）早于报告时间，报告未作废：请更正后以新的控制号重发。",
}
"""What the record refuses of a message that was taken, in the words of its sender."""


def process(message: inbox.KeptMessage) -> inbox.Fate:
    """Record what a message says; it waits if it left a person something to mend.

    Raises Problem with HL7's error code where the message cannot be taken.
    """
    parsed = _read(message)
    at = clock.now()
    try:
        _record(parsed, message, at)
    except Problem as problem:
        raise _in_words_of_the_sender(problem) from problem
    _open_work_items(parsed.notes, message, at)
    if inbox.has_open_work_items(message.message_id):
        return inbox.Fate("waiting", "work_item.open", "有待办需要人工处理，处理后自动完成。")
    return inbox.Fate("recorded", "", "；".join(note.detail for note in parsed.notes))


def _read(message: inbox.KeptMessage) -> ParsedMessage:
    """Read as on the day it came: an instant then in the future stays absurd."""
    try:
        return read_message(message.raw, message.sender_encoding, message.received_at)
    except MessageRefused as refused:
        fault = Fault(str(int(refused.error_code)), refused)
        raise Problem(fault.code, fault.text) from refused


def _record(parsed: ParsedMessage, message: inbox.KeptMessage, at: datetime) -> None:
    if parsed.kind == "adt":
        identity.record_patient(
            parsed.patient, message.institution_code, message_id=message.message_id, at=at, update=True
        )
    for report in parsed.reports:
        results.record_report(
            report,
            institution_code=message.institution_code,
            source=PROTOCOL,
            message_id=message.message_id,
            at=at,
        )
    for cancellation in parsed.cancellations:
        _cancel(cancellation, message.institution_code, at)


def _cancel(cancellation: Cancellation, institution_code: str, at: datetime) -> None:
    """Void a report; one that never came, or is void already, leaves nothing to void.

    A sender's clock that is ahead of ours keeps nothing alive.
    """
    cancelled_at = min(cancellation.cancelled_at, at)
    try:
        results.void_report(institution_code, cancellation.report_no, cancelled_at, "HL7 OBR-25 X", at=at)
    except Problem as problem:
        if problem.code not in NOTHING_TO_VOID:
            raise


def _in_words_of_the_sender(problem: Problem) -> Problem:
    text = REFUSALS.get(problem.code)
    return Problem(problem.code, text, problem.status) if text else problem


def _open_work_items(notes: Iterable[WorkItemNote], message: inbox.KeptMessage, at: datetime) -> None:
    for note in notes:
        if note.kind in PERSON_NEEDED:
            common = note.kind in OF_THE_SENDER
            inbox.open_work_item(
                message.institution_code,
                note.kind,
                message.facility if common else str(message.message_id),
                at=at,
                detail={"detail": note.detail},
                message_id=message.message_id,
            )
