"""Void a report: it counts no longer, and every version of it stays."""

from datetime import datetime
from uuid import UUID

import msgspec
from django.db import transaction

from yijian.domains.results import errors
from yijian.domains.results.events import ReportVoided
from yijian.domains.results.models import Report, ReportKey, ReportVersion
from yijian.domains.results.values import ReportOutcome, Voided
from yijian.foundation.outbox.api import publish
from yijian.kit.clock import FUTURE_TOLERANCE
from yijian.kit.errors import FieldError

__all__ = ["void_report"]

LONGEST_REASON = 255


@transaction.atomic
def void_report(
    institution_code: str, report_no: str, voided_at: datetime, reason: str, *, at: datetime
) -> Voided:
    """Void a report of one's own; the same submission again changes nothing, another one is refused."""
    key = (
        ReportKey.objects.select_for_update()
        .filter(report_no=report_no, institution_code=institution_code)
        .first()
    )
    if key is None:
        raise errors.report_unknown()
    report = Report.objects.get(person_id=key.person_id, report_id=key.report_id)
    reason = reason.strip()
    if report.voided_at is not None:
        if (report.voided_at, report.void_reason) != (voided_at, reason):
            raise errors.void_conflict(report.voided_at)
        return _voided(report, ReportOutcome.DUPLICATE)
    _check(report, voided_at, reason, at)
    Report.objects.filter(person_id=report.person_id, report_id=report.report_id).update(
        voided_at=voided_at, void_reason=reason
    )
    event = ReportVoided(person_id=report.person_id, report_id=report.report_id, reason=reason)
    publish(type(event).__name__, msgspec.to_builtins(event))
    report.voided_at, report.void_reason = voided_at, reason
    return _voided(report, ReportOutcome.RECORDED)


def _check(report: Report, voided_at: datetime, reason: str, at: datetime) -> None:
    reported_at = _reported_at(report.person_id, report.report_id, report.current_version)
    if voided_at.tzinfo is None or not reported_at - FUTURE_TOLERANCE <= voided_at <= at + FUTURE_TOLERANCE:
        raise errors.invalid([FieldError("voided_at", "lies between the report and now")])
    if not 0 < len(reason) <= LONGEST_REASON or "\x00" in reason:
        raise errors.invalid([FieldError("reason", f"1 to {LONGEST_REASON} characters")])


def _reported_at(person_id: UUID, report_id: UUID, version: int) -> datetime:
    return ReportVersion.objects.values_list("reported_at", flat=True).get(
        person_id=person_id, report_id=report_id, version=version
    )


def _voided(report: Report, outcome: ReportOutcome) -> Voided:
    return Voided(
        report_id=report.report_id,
        version=report.current_version,
        voided_at=report.voided_at or report.first_recorded_at,
        reason=report.void_reason,
        outcome=outcome,
    )
