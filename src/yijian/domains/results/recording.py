"""Record reports: whose each is, which version it is, its rows, and what a person has to mend."""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from django.db import transaction

from yijian.domains.identity import api as identity
from yijian.domains.identity.values import Certainty, Linked
from yijian.domains.results import errors, rules
from yijian.domains.results.documents import keep_document
from yijian.domains.results.events import ReportCorrected, ReportRecorded
from yijian.domains.results.mending import items_for_rows, number_conflict
from yijian.domains.results.models import Report, ReportKey, ReportVersion
from yijian.domains.results.moving import move_person
from yijian.domains.results.rows import VersionKey, codes_of, rows_of
from yijian.domains.results.shelf import Number, ReportTaken, Shelf, Standing
from yijian.domains.results.values import (
    Recorded,
    ReportOutcome,
    ReportStatus,
    UploadedReport,
    WorkItemNote,
)
from yijian.domains.terminology.api import Meanings, look_up

__all__ = ["Incoming", "record_report", "record_reports"]

ATTEMPTS = 3
Source = Literal["hl7", "json", "import"]


@dataclass(frozen=True, slots=True)
class Incoming:
    """A report on its way in: who sent it, through which door, kept as which message."""

    upload: UploadedReport
    institution_code: str
    source: Source
    message_id: UUID | None
    at: datetime


@dataclass(frozen=True, slots=True)
class Arrival:
    """A report checked; `digest` is what makes two contents alike."""

    incoming: Incoming
    body: dict[str, Any]
    digest: bytes
    document_key: str

    @property
    def number(self) -> Number:
        return self.incoming.institution_code, self.incoming.upload.report_no


@dataclass(frozen=True, slots=True)
class Batch:
    """What the reports of a batch share: their standing so far, and what codes mean to each institution."""

    shelf: Shelf
    meanings: Mapping[str, Meanings]


def record_report(
    upload: UploadedReport,
    *,
    institution_code: str,
    source: Source,
    message_id: UUID | None,
    at: datetime,
) -> Recorded:
    """Record a report, a version of one, or nothing where it is known; `Problem` names fields at fault."""
    return record_reports([Incoming(upload, institution_code, source, message_id, at)])[0]


def record_reports(reports: Sequence[Incoming]) -> list[Recorded]:
    """Record reports one after the other, all or none of them; each sees those before it."""
    arrivals = [_check(report) for report in reports]
    for _ in range(ATTEMPTS):
        with suppress(ReportTaken), transaction.atomic():
            return _record(arrivals)
    raise errors.report_busy()


def _check(incoming: Incoming) -> Arrival:
    rules.check_report(incoming.upload, incoming.at)
    document_key = keep_document(incoming.upload)
    body = rules.body_of(incoming.upload)
    return Arrival(incoming, body, rules.digest_of(body, document_key), document_key)


def _record(arrivals: Sequence[Arrival]) -> list[Recorded]:
    """Record; persons are locked before report numbers, always, so that nobody waits in a circle."""
    shelf = Shelf(arrival.number for arrival in arrivals)
    linked = identity.record_patients([_case_of(arrival, shelf) for arrival in arrivals])
    shelf.lock()
    batch = Batch(shelf, _look_up(arrivals))
    recorded = [_place(arrival, whose, batch) for arrival, whose in zip(arrivals, linked, strict=True)]
    shelf.flush()
    return recorded


def _case_of(arrival: Arrival, shelf: Shelf) -> identity.Case:
    incoming = arrival.incoming
    return identity.case_of(
        incoming.upload.patient,
        incoming.institution_code,
        message_id=incoming.message_id,
        at=incoming.at,
        report_id=shelf.report_id(arrival.number),
    )


def _look_up(arrivals: Sequence[Arrival]) -> dict[str, Meanings]:
    codes: dict[str, set[tuple[str, str]]] = {}
    for arrival in arrivals:
        codes.setdefault(arrival.incoming.institution_code, set()).update(codes_of(arrival.incoming.upload))
    return {institution_code: look_up(institution_code, asked) for institution_code, asked in codes.items()}


def _place(arrival: Arrival, linked: Linked, batch: Batch) -> Recorded:
    standing = batch.shelf.find(arrival.number)
    if standing is None:
        return _record_first(arrival, linked, batch)
    own = _own_standing(standing, arrival, linked, batch.shelf)
    return _record_next(arrival, linked, own, batch) if own else _keep_waiting(arrival, linked, standing)


def _own_standing(standing: Standing, arrival: Arrival, linked: Linked, shelf: Shelf) -> Standing | None:
    """Return a report that is this person's; rows follow a person who turned out to be this one."""
    person_id, at = standing.key.person_id, arrival.incoming.at
    if person_id == linked.person_id:
        return standing
    shelf.flush()
    now_is = identity.current_person_id(person_id)
    united = now_is == linked.person_id or (
        linked.certainty is Certainty.CERTAIN and identity.absorb_stand_in(now_is, linked.person_id, at=at)
    )
    if not united:
        return None
    move_person(person_id, linked.person_id)
    shelf.lock()
    return shelf.find(arrival.number)


def _keep_waiting(arrival: Arrival, linked: Linked, standing: Standing) -> Recorded:
    """Record nothing: a report number does not change its patient before somebody has looked."""
    incoming, report = arrival.incoming, standing.report
    note = number_conflict(
        incoming.institution_code,
        report.report_id,
        incoming.message_id,
        linked.person_id,
        subject=str(incoming.message_id or arrival.digest.hex()),
        at=incoming.at,
    )
    return Recorded(
        report_id=report.report_id,
        version=report.current_version,
        outcome=ReportOutcome.WAITING,
        work_items=(*linked.notes, note),
    )


def _record_first(arrival: Arrival, linked: Linked, batch: Batch) -> Recorded:
    upload, incoming = arrival.incoming.upload, arrival.incoming
    report_id = batch.shelf.report_id(arrival.number)
    key = ReportKey(
        report_no=upload.report_no,
        institution_code=incoming.institution_code,
        person_id=linked.person_id,
        report_id=report_id,
    )
    report = Report(
        person_id=linked.person_id,
        report_id=report_id,
        institution_code=incoming.institution_code,
        report_no=upload.report_no,
        kind=upload.kind.value,
        current_version=1,
        effective_at=rules.effective_at(upload),
        first_recorded_at=incoming.at,
    )
    notes = _add_version(arrival, batch.shelf.add_report(key, report), 1, batch)
    batch.shelf.tell(ReportRecorded(person_id=linked.person_id, report_id=report_id, version=1))
    return _recorded(linked, report_id, 1, notes)


def _record_next(arrival: Arrival, linked: Linked, standing: Standing, batch: Batch) -> Recorded:
    """Record a later upload; the same content as any version before is that version again, void or not.

    What was cancelled before it came (`cancel_report`) is kept, and no version of it ever stands.
    """
    upload, report = arrival.incoming.upload, standing.report
    if known := standing.version_of(arrival.digest):
        return Recorded(report_id=report.report_id, version=known, outcome=ReportOutcome.DUPLICATE)
    if report.voided_at is not None and (report.current_version or upload.reported_at > report.voided_at):
        raise errors.report_voided(report.voided_at)
    version, stood = max(standing.versions, default=0) + 1, report.current_version
    notes = _add_version(arrival, standing, version, batch)
    if report.voided_at is not None:
        return _recorded(linked, report.report_id, version, notes)
    status, reported_at, _ = standing.versions[stood]
    if rules.supersedes(upload.status, upload.reported_at, (ReportStatus(status), reported_at)):
        report.current_version, report.kind = version, upload.kind.value
        report.effective_at = rules.effective_at(upload)
        batch.shelf.note_change(report)
        batch.shelf.tell(
            ReportCorrected(
                person_id=linked.person_id,
                report_id=report.report_id,
                old_version=stood,
                new_version=version,
            )
        )
    return _recorded(linked, report.report_id, version, notes)


def _add_version(
    arrival: Arrival, standing: Standing, version: int, batch: Batch
) -> tuple[WorkItemNote, ...]:
    incoming, report = arrival.incoming, standing.report
    upload = incoming.upload
    key = VersionKey(
        report.person_id, report.report_id, version, incoming.institution_code, rules.effective_at(upload)
    )
    rows = rows_of(upload, key, batch.meanings[incoming.institution_code])
    items, notes = items_for_rows(rows, key, incoming.message_id, incoming.at)
    row = ReportVersion(
        person_id=report.person_id,
        report_id=report.report_id,
        version=version,
        status=upload.status.value,
        effective_at=key.effective_at,
        reported_at=upload.reported_at,
        recorded_at=incoming.at,
        body=arrival.body,
        content_digest=arrival.digest,
        document_key=arrival.document_key,
        source=incoming.source,
        message_id=incoming.message_id,
    )
    batch.shelf.add_version(standing, row, [result for result, _ in rows], items)
    return notes


def _recorded(linked: Linked, report_id: UUID, version: int, notes: tuple[WorkItemNote, ...]) -> Recorded:
    notes = (*linked.notes, *notes)
    waits = notes or linked.certainty is not Certainty.CERTAIN
    outcome = ReportOutcome.WAITING if waits else ReportOutcome.RECORDED
    return Recorded(report_id=report_id, version=version, outcome=outcome, work_items=notes)
