"""What is carried along while a message is read."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime

from yijian.domains.identity.values import PatientDescription

from .message import Message
from .notes import Notes
from .segment import Segment
from .times import read_instant

__all__ = ["Cancellation", "Reading"]


@dataclass(frozen=True, slots=True)
class Cancellation:
    """The sender withdraws a report: OBR-25 X, or every row of it marked as wrong or deleted."""

    report_no: str
    cancelled_at: datetime


@dataclass(slots=True)
class Reading:
    """What is known while a message is read."""

    message: Message
    patient: PatientDescription
    now: datetime
    notes: Notes
    cancellations: list[Cancellation] = field(default_factory=list)

    def instant(self, segment: Segment, number: int) -> datetime | None:
        """Read one time field, refusing an absurd one by its name."""
        text = segment.text(number)
        return read_instant(text, segment.location(number), self.now) if text else None

    def instants(self, segments: Iterable[Segment], number: int) -> list[datetime]:
        """Read the same time field of several segments."""
        return [at for at in (self.instant(segment, number) for segment in segments) if at]
