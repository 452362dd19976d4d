"""Entries into the domain: the same services as every interface, many at once, each with its own fate."""

from collections.abc import Sequence
from datetime import datetime
from typing import Literal, NamedTuple, TypeVar
from uuid import UUID

from django.db import transaction

from yijian.domains.results import api as results
from yijian.domains.results.values import (
    Order,
    OrderOutcome,
    OrderRecorded,
    Recorded,
    ReportOutcome,
    UploadedReport,
)
from yijian.foundation.backfill import api as backfill
from yijian.foundation.backfill.api import EntryOutcome, Fault
from yijian.gateways.backfill.codec import Entry, Kind
from yijian.kit.errors import Problem
from yijian.kit.json_body import decode

__all__ = ["REPORT", "SOURCE", "Fate", "record_entries"]

REPORT = "report"
SOURCE: Literal["import"] = "import"
SERVER_ERROR = 500
Shape = TypeVar("Shape")


class Fate(NamedTuple):
    """What became of an entry, the reason's code, and its faults."""

    outcome: EntryOutcome
    code: str = ""
    faults: tuple[Fault, ...] = ()


class Arrived(NamedTuple):
    """An entry and the id it goes by."""

    entry: Entry
    message_id: UUID


def record_entries(
    kind: Kind, entries: Sequence[tuple[Entry, UUID]], institution_code: str, at: datetime
) -> list[Fate]:
    """Record entries in the caller's transaction and tell the fate of each; a refused one leaves nothing."""
    arrived = [Arrived(entry, message_id) for entry, message_id in entries]
    if kind is Kind.ORDERS:
        return _orders(arrived, institution_code, at)
    return _reports(arrived, institution_code, at)


def _read(arrived: Sequence[Arrived], shape: type[Shape]) -> tuple[dict[UUID, Shape], dict[UUID, Fate]]:
    """Return the documents that can be read, and the fate of the others."""
    read: dict[UUID, Shape] = {}
    fates: dict[UUID, Fate] = {}
    for entry, message_id in arrived:
        try:
            if entry.fault is not None:
                raise entry.fault
            read[message_id] = decode(entry.document, shape)
        except Problem as problem:
            fates[message_id] = _refused(problem, entry)
    return read, fates


def _reports(arrived: Sequence[Arrived], institution_code: str, at: datetime) -> list[Fate]:
    uploads, fates = _read(arrived, UploadedReport)
    incoming = {
        message_id: results.Incoming(upload, institution_code, SOURCE, message_id, at)
        for message_id, upload in uploads.items()
    }
    readable = [each for each in arrived if each.message_id in incoming]
    try:
        with transaction.atomic():
            recorded = results.record_reports(list(incoming.values()))
            for each, became in zip(readable, recorded, strict=True):
                fates[each.message_id] = _report(each, became, institution_code, at)
    except Problem as problem:
        if problem.status >= SERVER_ERROR:
            raise
        for each in readable:
            fates[each.message_id] = _alone(each, incoming[each.message_id], at)
    return [fates[message_id] for _, message_id in arrived]


def _alone(each: Arrived, incoming: results.Incoming, at: datetime) -> Fate:
    try:
        with transaction.atomic():
            recorded = results.record_reports([incoming])[0]
            return _report(each, recorded, incoming.institution_code, at)
    except Problem as problem:
        if problem.status >= SERVER_ERROR:
            raise
        return _refused(problem, each.entry)


def _report(each: Arrived, recorded: Recorded, institution_code: str, at: datetime) -> Fate:
    """Tell a report's fate; one that a person has to look at lies in the inbox from now on."""
    if recorded.outcome is not ReportOutcome.WAITING:
        return Fate("duplicate" if recorded.outcome is ReportOutcome.DUPLICATE else "recorded")
    backfill.keep_waiting(each.message_id, institution_code, each.entry.document, REPORT, at=at)
    notes = tuple(Fault(note.kind, note.detail) for note in recorded.work_items)
    return Fate("waiting", notes[0].field if notes else "identity_uncertain", notes)


def _orders(arrived: Sequence[Arrived], institution_code: str, at: datetime) -> list[Fate]:
    orders, fates = _read(arrived, Order)
    readable = [each for each in arrived if each.message_id in orders]
    answers = results.record_orders(list(orders.values()), institution_code, at=at) if orders else []
    for each, answer in zip(readable, answers, strict=True):
        fates[each.message_id] = _order(each.entry, answer)
    return [fates[message_id] for _, message_id in arrived]


def _order(entry: Entry, answer: OrderRecorded) -> Fate:
    """Tell an order's fate; `price: CNY, not below zero; item.code: …` holds its faults."""
    if answer.outcome is not OrderOutcome.REFUSED:
        return Fate("duplicate" if answer.outcome is OrderOutcome.DUPLICATE else "recorded")
    faults = []
    for part in (answer.reason or "").split("; "):
        path, colon, message = part.partition(": ")
        faults.append(Fault(entry.place(path), message) if colon else Fault("", part))
    return Fate("refused", "order.invalid", tuple(faults))


def _refused(problem: Problem, entry: Entry) -> Fate:
    faults = tuple(Fault(entry.place(error.path), error.message) for error in problem.errors)
    return Fate("refused", problem.code, faults or (Fault("", problem.detail),))
