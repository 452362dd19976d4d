"""From a kept message of HL7 v2 to persons and reports, in the caller's transaction."""

from collections.abc import Iterable, Sequence
from datetime import datetime

from yijian.domains.results.values import WorkItemNote
from yijian.foundation.inbox import api as inbox
from yijian.gateways.hl7v2.codec import PERSON_NEEDED, MessageRefused, ParsedMessage
from yijian.gateways.hl7v2.facts import Taken, record
from yijian.gateways.hl7v2.hot import PROTOCOL, Fault
from yijian.gateways.hl7v2.reading import read_message
from yijian.kit import clock
from yijian.kit.errors import Problem

__all__ = ["PROTOCOL", "process"]

OF_THE_SENDER = frozenset(
    {"encoding.guessed", "encoding.unknown", "encoding.not_ascii", "encoding.not_western"}
)
"""Mended once for all messages of a sender; the others are mended message by message."""
REFUSALS = {
    "report.voided": "此报告此前已作废，本消息未入库：请以新的报告单号（OBR-3）重新发出。",
    "report.invalid": "作废时间（OBR-22）早于报告时间，报告未作废：请更正后以新的控制号重发。",
}
"""What the record refuses of a message that was taken, in the words of its sender."""


def process(messages: Sequence[inbox.KeptMessage]) -> list[inbox.Fate]:
    """Record what messages say, in their order; one waits if it left a person something to mend.

    Raises Problem with HL7's error code where a message cannot be taken.
    """
    taken = [Taken(message, _read(message)) for message in messages]
    at = clock.now()
    try:
        record(taken, at)
    except Problem as problem:
        raise _in_words_of_the_sender(problem) from problem
    for one in taken:
        one.notes[:0] = one.parsed.notes
        _open_work_items(one.notes, one.message, at)
    waiting = inbox.with_open_work_items([message.message_id for message in messages])
    return [_fate_of(one, waits=one.message.message_id in waiting) for one in taken]


def _fate_of(taken: Taken, *, waits: bool) -> inbox.Fate:
    parsed, made = taken.parsed, tuple(taken.made)
    reported_at = max((report.reported_at for report in parsed.reports), default=None)
    remarks = {"notes": [[note.kind, note.detail] for note in taken.notes]} if taken.notes else {}
    of_sender = next((note.kind for note in taken.notes if note.kind in OF_THE_SENDER), None)
    if of_sender:
        said = "请核对该发送方的字符集设置，设置后平台自动重新处理。"
        return inbox.Fate("waiting", of_sender, said, remarks, made, reported_at)
    if waits:
        said = "有待办需要人工处理，处理后自动完成。"
        return inbox.Fate("waiting", "work_item.open", said, remarks, made, reported_at)
    said = "；".join(note.detail for note in taken.notes)
    return inbox.Fate("recorded", "", said, remarks, made, reported_at)


def _read(message: inbox.KeptMessage) -> ParsedMessage:
    """Read as on the day it came: an instant then in the future stays absurd."""
    try:
        return read_message(message.raw, message.sender_encoding, message.received_at)
    except MessageRefused as refused:
        fault = Fault(str(int(refused.error_code)), refused)
        raise inbox.RefusedMessage(fault.code, fault.text, **fault.data) from refused


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
