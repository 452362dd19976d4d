"""Facts that results tells through the outbox."""

from uuid import UUID

import msgspec

__all__ = ["ReportCorrected", "ReportRecorded", "ReportVoided"]


class ReportRecorded(msgspec.Struct, frozen=True, kw_only=True):
    """A report came for the first time."""

    person_id: UUID
    report_id: UUID
    version: int


class ReportCorrected(msgspec.Struct, frozen=True, kw_only=True):
    """A newer version stands in the place of an older one."""

    person_id: UUID
    report_id: UUID
    old_version: int
    new_version: int


class ReportVoided(msgspec.Struct, frozen=True, kw_only=True):
    """A report counts no longer, from the beginning."""

    person_id: UUID
    report_id: UUID
    reason: str
