"""What a message says, recorded fact by fact: patients, reports, changes, cancellations, orders."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import groupby
from typing import Any

from yijian.domains.identity import api as identity
from yijian.domains.identity.values import PatientDescription
from yijian.domains.results import api as results
from yijian.domains.results.values import (
    Order,
    OrderOutcome,
    ReportChange,
    ReportStatus,
    UploadedReport,
    WorkItemNote,
)
from yijian.foundation.inbox import api as inbox
from yijian.gateways.hl7v2.codec import Cancellation, ParsedMessage
from yijian.gateways.hl7v2.hot import PROTOCOL
from yijian.kit.errors import Problem

__all__ = ["Taken", "record"]

REASON = "HL7 OBR-25 X"
ALREADY_VOID = "report.voided"


@dataclass(frozen=True, slots=True)
class Continued:
    """A report that continues an earlier one: by what it leaves out, or by the numbers it goes by."""

    report: UploadedReport
    change: ReportChange | None
    other_numbers: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Orders:
    """The orders of one message."""

    orders: tuple[Order, ...]


Fact = PatientDescription | UploadedReport | Continued | Cancellation | Orders


@dataclass(frozen=True, slots=True)
class Taken:
    """A message, read; `made` lists what came of it, `notes` what is to be said of it."""

    message: inbox.KeptMessage
    parsed: ParsedMessage
    made: list[inbox.Made] = field(default_factory=list)
    notes: list[WorkItemNote] = field(default_factory=list)

    def facts(self) -> Iterator[Fact]:
        """Yield what is to be recorded, in order."""
        parsed = self.parsed
        if parsed.kind == "adt":
            yield parsed.patient
        for report in parsed.reports:
            change = parsed.changes.get(report.report_no)
            others = parsed.other_numbers.get(report.report_no, ())
            continues = change or others or report.status is ReportStatus.CORRECTED
            yield Continued(report, change, others) if continues else report
        yield from parsed.cancellations
        if parsed.orders:
            yield Orders(parsed.orders)


Recorder = Callable[[Sequence[tuple[Taken, Any]], datetime], list[list[inbox.Made]]]


def record(taken: Iterable[Taken], at: datetime) -> None:
    """Record the facts in their order, together where several of a kind follow each other."""
    facts = [(one, fact) for one in taken for fact in one.facts()]
    for kind, run in groupby(facts, key=lambda pair: type(pair[1])):
        together = list(run)
        made = RECORDERS[kind](together, at)
        for (one, _), recorded in zip(together, made, strict=True):
            one.made.extend(recorded)


def _one_by_one(record_one: Callable[[Taken, Any, datetime], list[inbox.Made]]) -> Recorder:
    """Return what records facts each after the one before it, which it may build upon."""
    return lambda facts, at: [record_one(of, fact, at) for of, fact in facts]


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
    return [
        [
            inbox.Made("report", str(one.report_id), one.version),
            *_complete_change(of, report, one.version, at),
        ]
        for (of, report), one in zip(facts, recorded, strict=True)
    ]


def _complete_change(of: Taken, report: UploadedReport, version: int, at: datetime) -> list[inbox.Made]:
    """Let the rest of a report that comes late stand with the corrected rows that came before it."""
    if version == 1:
        return []
    whole = results.complete_change(report, version, of.message.institution_code)
    return _record_reports([(of, whole)], at)[0] if whole else []


def _record_continued(of: Taken, continued: Continued, at: datetime) -> list[inbox.Made]:
    """Record a report as the next version of the one it continues, whichever of the two came first."""
    institution_code, report = of.message.institution_code, continued.report
    numbers = (report.report_no, *(continued.other_numbers or _number_meant(of, report, at)))
    results.unite_report_numbers(institution_code, numbers)
    if continued.change:
        merged = results.merge_change(report, continued.change, institution_code)
        if merged is report and continued.change.removed:
            early = "更正先于原报告到达，其中删除的行还无从删除：请在原报告到达后重新处理本消息"
            of.notes.append(WorkItemNote(kind="report.early_change", detail=early))
        report = merged
    made = _record_reports([(of, report)], at)[0]
    results.unite_report_numbers(institution_code, numbers)
    return made


def _number_meant(of: Taken, report: UploadedReport, at: datetime) -> tuple[str, ...]:
    """Return the number of the report that a correction under a new number replaces without naming it."""
    institution_code, message_id = of.message.institution_code, of.message.message_id
    if report.status is not ReportStatus.CORRECTED or results.find_report_no(
        institution_code, [report.report_no]
    ):
        return ()
    linked = identity.record_patient(report.patient, institution_code, message_id=message_id, at=at)
    meant = results.find_corrected_no(report, linked.person_id, institution_code)
    return (meant,) if meant else ()


def _cancel(of: Taken, cancellation: Cancellation, at: datetime) -> list[inbox.Made]:
    """Void a report, or leave single rows out of it; what is void already stays so.

    A sender's clock that is ahead of ours keeps nothing alive.
    """
    institution_code, patient = of.message.institution_code, of.parsed.patient
    cancelled_at = min(cancellation.cancelled_at, at)
    others = of.parsed.other_numbers.get(cancellation.report_no, ())
    number = results.find_report_no(institution_code, (cancellation.report_no, *others))
    number = number or cancellation.report_no
    if cancellation.rows:
        rest = results.remove_rows(number, cancellation.rows, patient, institution_code, cancelled_at)
        if rest:
            return _record_reports([(of, rest)], at)[0]
    try:
        voided = results.cancel_report(
            number,
            patient,
            institution_code=institution_code,
            cancelled_at=cancelled_at,
            reason=REASON,
            message_id=of.message.message_id,
            at=at,
        )
    except Problem as problem:
        if problem.code != ALREADY_VOID:
            raise
        return []
    results.unite_report_numbers(institution_code, (number, *others))
    return [inbox.Made("void", str(voided.report_id), voided.version)]


def _record_orders(of: Taken, orders: Orders, at: datetime) -> list[inbox.Made]:
    """Record orders; one told by its number alone is the one told before, or a person is asked."""
    institution_code, message_id = of.message.institution_code, of.message.message_id
    named = [each for order in orders.orders for each in _as_ordered(of, order, at)]
    if not named:
        return []
    answers = results.record_orders(named, institution_code, at=at, message_id=message_id)
    for answer in answers:
        if answer.outcome is OrderOutcome.REFUSED:
            known = "申请此前已以其他内容登记，保留首次登记的内容"
            of.notes.append(WorkItemNote(kind="order.known", detail=known))
    return [inbox.Made("order", f"{answer.order_no} {answer.state}") for answer in answers]


def _as_ordered(of: Taken, order: Order, at: datetime) -> list[Order]:
    found = results.as_ordered(order, of.message.institution_code, at=at)
    if not found:
        unknown = "只有申请单号，而此前没有收到该申请：请发送方补发申请，或带上 OBR 重发"
        of.notes.append(WorkItemNote(kind="order.unknown", detail=unknown))
    return found


RECORDERS: Mapping[type, Recorder] = {
    PatientDescription: _record_patients,
    UploadedReport: _record_reports,
    Continued: _one_by_one(_record_continued),
    Cancellation: _one_by_one(_cancel),
    Orders: _one_by_one(_record_orders),
}
"""What records facts of a kind and returns what came of each."""
