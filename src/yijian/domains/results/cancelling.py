"""Cancel a report that may not have come yet: what comes later, and is older, does not count."""

from datetime import datetime
from uuid import UUID

from django.db import transaction

from yijian.domains.identity import api as identity
from yijian.domains.identity.values import PatientDescription
from yijian.domains.results.models import Report, ReportKey
from yijian.domains.results.values import ReportKind, ReportOutcome, Voided
from yijian.domains.results.voiding import void_report
from yijian.foundation.database.rows import insert_rows
from yijian.kit.errors import Problem
from yijian.kit.ids import new_id

__all__ = ["cancel_report"]


@transaction.atomic
def cancel_report(
    report_no: str,
    patient: PatientDescription,
    *,
    institution_code: str,
    cancelled_at: datetime,
    reason: str,
    message_id: UUID | None,
    at: datetime,
) -> Voided:
    """Void a report; where none has come, leave its number void, so that an older one never counts."""
    try:
        return void_report(institution_code, report_no, cancelled_at, reason, at=at)
    except Problem as problem:
        if problem.code != "report.unknown":
            raise
    linked = identity.record_patient(patient, institution_code, message_id=message_id, at=at)
    key = ReportKey(
        report_no=report_no,
        institution_code=institution_code,
        person_id=linked.person_id,
        report_id=new_id(),
    )
    if insert_rows([key], on_conflict="nothing") == 0:
        return void_report(institution_code, report_no, cancelled_at, reason, at=at)
    insert_rows(
        [
            Report(
                person_id=key.person_id,
                report_id=key.report_id,
                institution_code=institution_code,
                report_no=report_no,
                kind=ReportKind.LAB.value,
                current_version=0,
                effective_at=cancelled_at,
                voided_at=cancelled_at,
                void_reason=reason,
                first_recorded_at=at,
            )
        ]
    )
    return Voided(
        report_id=key.report_id,
        version=0,
        voided_at=cancelled_at,
        reason=reason,
        outcome=ReportOutcome.RECORDED,
    )
