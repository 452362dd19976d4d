"""Facts that the inbox tells through the outbox. They name a sender, never a patient."""

from datetime import datetime
from uuid import UUID

import msgspec

__all__ = ["SenderAlarmClosed", "SenderAlarmOpened"]


class SenderAlarmOpened(msgspec.Struct, frozen=True, kw_only=True):
    """A sender does not fare well: `kind` is silent, faults, encoding or queue."""

    alarm_id: UUID
    institution_code: str
    protocol: str
    facility: str
    kind: str
    opened_at: datetime


class SenderAlarmClosed(msgspec.Struct, frozen=True, kw_only=True):
    """The sender is well again."""

    alarm_id: UUID
    institution_code: str
    protocol: str
    facility: str
    kind: str
    closed_at: datetime
