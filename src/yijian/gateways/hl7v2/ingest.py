"""From a kept message of HL7 v2 to persons and reports, in the caller's transaction."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import groupby
from typing import Any

from yijian.domains.identity import api as identity
from yijian.domains.identity.values import PatientDescription
from yijian.domains.results import api as results
from yijian.domains.results.values import UploadedReport, WorkItemNote
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
Fact = PatientDescription | UploadedReport | Cancellation


@dataclass(frozen=True, slots=True)
class Taken:
    """A message, read; `made` lists what came of it."""

    message: inbox.KeptMessage
    parsed: ParsedMessage
    made: list[inbox.Made] = field(default_factory=list)

    def facts(self) -> Iterator[Fact]:
        """Yield what is to be recorded, in order."""
        if self.parsed.kind == "adt":
            yield self.parsed.patient
        yield from self.parsed.reports
        yield from self.parsed.cancellations


def process(messages: Sequence[inbox.KeptMessage]) -> list[inbox.Fate]:
    """Record what messages say, in their order; one waits if it left a person something to mend.

    Raises Problem with HL7's error code where a message cannot be taken.
    """
    taken = [Taken(message, _read(message)) for message in messages]
    at = clock.now()
    try:
        _record(taken, at)
    except Problem as problem:
        raise _in_words_of_the_sender(problem) from problem
    for one in taken:
        _open_work_items(one.parsed.notes, one.message, at)
    waiting = inbox.with_open_work_items([message.message_id for message in messages])
    return [_fate_of(one, waits=one.message.message_id in waiting) for one in taken]


def _fate_of(taken: Taken, *, waits: bool) -> inbox.Fate:
    parsed, made = taken.parsed, tuple(taken.made)
    reported_at = max((report.reported_at for report in parsed.reports), default=None)
    remarks = {"notes": [[note.kind, note.detail] for note in parsed.notes]} if parsed.notes else {}
    if waits:
        said = "有待办需要人工处理，处理后自动完成。"
        return inbox.Fate("waiting", "work_item.open", said, remarks, made, reported_at)
    said = "；".join(note.detail for note in parsed.notes)
    return inbox.Fate("recorded", "", said, remarks, made, reported_at)


def _read(message: inbox.KeptMessage) -> ParsedMessage:
    """Read as on the day it came: an instant then in the future stays absurd."""
    try:
        return read_message(message.raw, message.sender_encoding, message.received_at)
    except MessageRefused as refused:
        fault = Fault(str(int(refused.error_code)), refused)
        raise inbox.RefusedMessage(fault.code, fault.text, **fault.data) from refused


def _record(taken: Iterable[Taken], at: datetime) -> None:
    """Record the facts in their order, together where several of a kind follow each other."""
    facts = [(one, fact) for one in taken for fact in one.facts()]
    for kind, run in groupby(facts, key=lambda pair: type(pair[1])):
        together = list(run)
        made = RECORDERS[kind](together, at)
        for (one, _), recorded in zip(together, made, strict=True):
            one.made.extend(recorded)


def _record_patients(facts: Sequence[tuple[Taken, Any]], at: datetime) -> list[list[inbox.Made]]:
    cases = [
        identity.case_of(
            patient, of.message.institution_code, message_id=of.message.message_id, at=at, update=True
        )
        for of, patient in facts
    ]
    return [[inbox.Made("person", str(linked.person_id))] for linked in identity.record_patients(cases)]


def _record_reports(facts: Sequence[tuple[Taken, Any]], at: datetime) -> list[list[inbox.Made]]:
    incoming = [
        results.Incoming(report, of.message.institution_code, PROTOCOL, of.message.message_id, at)
        for of, report in facts
    ]
    recorded = results.record_reports(incoming)
    return [[inbox.Made("report", str(one.report_id), one.version)] for one in recorded]


def _cancel_all(facts: Sequence[tuple[Taken, Any]], at: datetime) -> list[list[inbox.Made]]:
    return [_cancel(cancellation, of.message.institution_code, at) for of, cancellation in facts]


RECORDERS: Mapping[type, Callable[[Sequence[tuple[Taken, Any]], datetime], list[list[inbox.Made]]]] = {
    PatientDescription: _record_patients,
    UploadedReport: _record_reports,
    Cancellation: _cancel_all,
}
"""What records facts of a kind and returns what came of each."""


def _cancel(cancellation: Cancellation, institution_code: str, at: datetime) -> list[inbox.Made]:
    """Void a report; one that never came, or is void already, leaves nothing to void.

    A sender's clock that is ahead of ours keeps nothing alive.
    """
    cancelled_at = min(cancellation.cancelled_at, at)
    try:
        voided = results.void_report(
            institution_code, cancellation.report_no, cancelled_at, "HL7 OBR-25 X", at=at
        )
    except Problem as problem:
        if problem.code not in NOTHING_TO_VOID:
            raise
        return []
    return [inbox.Made("void", str(voided.report_id), voided.version)]


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
