"""Record one report: whose it is, which version it is, its rows, and what a person has to mend."""

from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

import msgspec
from django.db import transaction

from yijian.domains.identity import api as identity
from yijian.domains.identity.values import Certainty, Linked
from yijian.domains.results import errors, rules
from yijian.domains.results.documents import keep_document
from yijian.domains.results.events import ReportCorrected, ReportRecorded
from yijian.domains.results.mending import number_conflict, open_for_rows
from yijian.domains.results.models import Report, ReportKey, ReportVersion
from yijian.domains.results.moving import move_person
from yijian.domains.results.rows import VersionKey, codes_of, rows_of
from yijian.domains.results.values import (
    Recorded,
    ReportOutcome,
    ReportStatus,
    UploadedReport,
    WorkItemNote,
)
from yijian.domains.terminology.api import look_up
from yijian.foundation.database.rows import insert_rows
from yijian.foundation.outbox.api import publish
from yijian.kit.ids import new_id

__all__ = ["record_report"]

ATTEMPTS = 3


class ReportTaken(Exception):
    """Somebody recorded the same report number meanwhile: look again."""


@dataclass(frozen=True, slots=True)
class Arrival:
    """An upload, checked, on its way in."""

    upload: UploadedReport
    body: dict[str, Any]
    digest: bytes
    document_key: str
    institution_code: str
    source: str
    message_id: UUID | None
    at: datetime


def record_report(
    upload: UploadedReport,
    *,
    institution_code: str,
    source: Literal["hl7", "json"],
    message_id: UUID | None,
    at: datetime,
) -> Recorded:
    """Record a report, a version of one, or nothing where it is known; `Problem` names fields at fault."""
    rules.check_report(upload, at)
    document_key = keep_document(upload)
    body = rules.body_of(upload)
    digest = rules.digest_of(body, document_key)
    arrival = Arrival(upload, body, digest, document_key, institution_code, source, message_id, at)
    for _ in range(ATTEMPTS):
        with suppress(ReportTaken), transaction.atomic():
            return _record(arrival)
    raise errors.report_busy()


def _record(arrival: Arrival) -> Recorded:
    """Record; persons are locked before report numbers, always, so that nobody waits in a circle."""
    keys = ReportKey.objects.filter(
        report_no=arrival.upload.report_no, institution_code=arrival.institution_code
    )
    known = keys.first()
    report_id = known.report_id if known else new_id()
    linked = identity.record_patient(
        arrival.upload.patient,
        arrival.institution_code,
        message_id=arrival.message_id,
        at=arrival.at,
        report_id=report_id,
    )
    if known is None:
        return _record_first(arrival, linked, report_id)
    key = keys.select_for_update().get()
    if not _is_of(key, linked, arrival.at):
        return _keep_waiting(arrival, linked, key)
    return _record_next(arrival, linked, report_id)


def _is_of(key: ReportKey, linked: Linked, at: datetime) -> bool:
    """Tell whether a report is this person's; rows follow a person who turned out to be this one."""
    if key.person_id == linked.person_id:
        return True
    now_is = identity.current_person_id(key.person_id)
    united = now_is == linked.person_id or (
        linked.certainty is Certainty.CERTAIN and identity.absorb_stand_in(now_is, linked.person_id, at=at)
    )
    if united:
        move_person(key.person_id, linked.person_id)
    return united


def _keep_waiting(arrival: Arrival, linked: Linked, key: ReportKey) -> Recorded:
    """Record nothing: a report number does not change its patient before somebody has looked."""
    version = Report.objects.values_list("current_version", flat=True).get(
        person_id=key.person_id, report_id=key.report_id
    )
    note = number_conflict(
        arrival.institution_code,
        key.report_id,
        arrival.message_id,
        linked.person_id,
        subject=str(arrival.message_id or arrival.digest.hex()),
        at=arrival.at,
    )
    return Recorded(
        report_id=key.report_id,
        version=version,
        outcome=ReportOutcome.WAITING,
        work_items=(*linked.notes, note),
    )


def _record_first(arrival: Arrival, linked: Linked, report_id: UUID) -> Recorded:
    upload = arrival.upload
    key = ReportKey(
        report_no=upload.report_no,
        institution_code=arrival.institution_code,
        person_id=linked.person_id,
        report_id=report_id,
    )
    if insert_rows([key], on_conflict="nothing") == 0:
        raise ReportTaken
    report = Report(
        person_id=linked.person_id,
        report_id=report_id,
        institution_code=arrival.institution_code,
        report_no=upload.report_no,
        kind=upload.kind.value,
        current_version=1,
        effective_at=rules.effective_at(upload),
        first_recorded_at=arrival.at,
    )
    insert_rows([report])
    notes = _write_version(arrival, linked, report_id, 1)
    _publish(ReportRecorded(person_id=linked.person_id, report_id=report_id, version=1))
    return _recorded(linked, report_id, 1, notes)


def _record_next(arrival: Arrival, linked: Linked, report_id: UUID) -> Recorded:
    """Record a later upload; the same content as any version before is that version again."""
    report = Report.objects.get(person_id=linked.person_id, report_id=report_id)
    if report.voided_at is not None:
        raise errors.report_voided(report.voided_at)
    versions = {
        row[0]: row[1:]
        for row in ReportVersion.objects.filter(person_id=linked.person_id, report_id=report_id).values_list(
            "version", "status", "reported_at", "content_digest"
        )
    }
    for version, (_, _, digest) in versions.items():
        if bytes(digest) == arrival.digest:
            return Recorded(report_id=report_id, version=version, outcome=ReportOutcome.DUPLICATE)
    version, standing = max(versions) + 1, report.current_version
    notes = _write_version(arrival, linked, report_id, version)
    status, reported_at, _ = versions[standing]
    if rules.supersedes(
        arrival.upload.status, arrival.upload.reported_at, (ReportStatus(status), reported_at)
    ):
        Report.objects.filter(person_id=linked.person_id, report_id=report_id).update(
            current_version=version,
            kind=arrival.upload.kind.value,
            effective_at=rules.effective_at(arrival.upload),
        )
        _publish(
            ReportCorrected(
                person_id=linked.person_id, report_id=report_id, old_version=standing, new_version=version
            )
        )
    return _recorded(linked, report_id, version, notes)


def _write_version(
    arrival: Arrival, linked: Linked, report_id: UUID, version: int
) -> tuple[WorkItemNote, ...]:
    upload = arrival.upload
    key = VersionKey(
        linked.person_id, report_id, version, arrival.institution_code, rules.effective_at(upload)
    )
    rows = rows_of(upload, key, look_up(arrival.institution_code, codes_of(upload)))
    insert_rows(
        [
            ReportVersion(
                person_id=linked.person_id,
                report_id=report_id,
                version=version,
                status=upload.status.value,
                effective_at=key.effective_at,
                reported_at=upload.reported_at,
                recorded_at=arrival.at,
                body=arrival.body,
                content_digest=arrival.digest,
                document_key=arrival.document_key,
                source=arrival.source,
                message_id=arrival.message_id,
            )
        ]
    )
    insert_rows([row for row, _ in rows])
    return open_for_rows(rows, key, arrival.message_id, arrival.at)


def _recorded(linked: Linked, report_id: UUID, version: int, notes: tuple[WorkItemNote, ...]) -> Recorded:
    notes = (*linked.notes, *notes)
    waits = notes or linked.certainty is not Certainty.CERTAIN
    outcome = ReportOutcome.WAITING if waits else ReportOutcome.RECORDED
    return Recorded(report_id=report_id, version=version, outcome=outcome, work_items=notes)


def _publish(event: msgspec.Struct) -> None:
    publish(type(event).__name__, msgspec.to_builtins(event))
