"""What the keeping of results refuses, with a stable code and a remedy."""

from collections.abc import Sequence
from datetime import datetime

from yijian.kit.errors import FieldError, Problem

__all__ = ["invalid", "report_busy", "report_unknown", "report_voided", "void_conflict", "without_rows"]


def invalid(errors: Sequence[FieldError]) -> Problem:
    return Problem("report.invalid", "The report cannot be recorded as it is.", 422, tuple(errors))


def without_rows() -> Problem:
    """A correction without rows must not make the results before it vanish."""
    remedy = FieldError("results", "send the corrected rows, or void the report")
    return Problem("results.empty", "A laboratory report needs at least one result.", 422, (remedy,))


def report_unknown() -> Problem:
    remedy = FieldError("report_no", "use the number of a report your institution uploaded")
    return Problem("report.unknown", "Your institution has no report of this number.", 404, (remedy,))


def report_voided(voided_at: datetime) -> Problem:
    remedy = FieldError("report_no", "issue the new report under a number of its own")
    detail = f"This report was voided at {voided_at.isoformat()}."
    return Problem("report.voided", detail, 409, (remedy,))


def void_conflict(voided_at: datetime) -> Problem:
    remedy = FieldError("voided_at", "repeat the first submission unchanged")
    detail = f"This report was voided before, at {voided_at.isoformat()}."
    return Problem("report.voided", detail, 409, (remedy,))


def report_busy() -> Problem:
    return Problem("report.busy", "Others keep recording the same report; send it again.", 503)
