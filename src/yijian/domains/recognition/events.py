"""Facts that recognition tells through the outbox."""

from datetime import datetime
from uuid import UUID

import msgspec

__all__ = ["RecognitionCited", "RecognitionDecided", "RecognitionRevoked", "ReliedOn"]


class ReliedOn(msgspec.Struct, frozen=True, kw_only=True):
    """A report that a decision rests on, and the version that was seen."""

    report_id: UUID
    report_version: int
    item_code: str
    source_institution_code: str


class RecognitionDecided(msgspec.Struct, frozen=True, kw_only=True):
    """A physician accepted or declined results; a panel rests on several reports."""

    match_item_id: UUID
    institution_code: str
    decision: str
    reason_code: str
    technical_code: str
    decided_at: datetime
    reports: tuple[ReliedOn, ...]


class RecognitionCited(msgspec.Struct, frozen=True, kw_only=True):
    """Accepted results were written into a medical record."""

    match_item_id: UUID
    institution_code: str
    cited_at: datetime
    reports: tuple[ReliedOn, ...]


class RecognitionRevoked(msgspec.Struct, frozen=True, kw_only=True):
    """A decision was taken back."""

    match_item_id: UUID
    institution_code: str
    decision: str
    revoked_at: datetime
    reports: tuple[ReliedOn, ...]
