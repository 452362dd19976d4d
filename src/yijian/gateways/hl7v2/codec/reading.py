"""What is carried along while a message is read."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime

from yijian.domains.identity.values import PatientDescription
from yijian.domains.results.values import ReportChange, RowKey

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
    rows: tuple[RowKey, ...] = ()
    """Only these rows; none named: the report as a whole."""


@dataclass(slots=True)
class Reading:
    """What is known while a message is read."""

    message: Message
    patient: PatientDescription
    now: datetime
    notes: Notes
    cancellations: list[Cancellation] = field(default_factory=list)
    changes: dict[str, ReportChange] = field(default_factory=dict)
    """Reports, by number, that hold only what changed in the report they continue."""
    other_numbers: dict[str, tuple[str, ...]] = field(default_factory=dict)
    """Further numbers of a report: its document's, and that of the report it takes the place of."""
    _instants: dict[str, datetime] = field(default_factory=dict)
    """By their text: the rows of a report say the same ones over and over."""

    def instant(self, segment: Segment, number: int) -> datetime | None:
        """Read one time field, refusing an absurd one by its name."""
        text = segment.text(number)
        at = self._instants.get(text)
        if at is None and text and (at := read_instant(text, segment.location(number), self.now)):
            self._instants[text] = at
        return at

    def instants(self, segments: Iterable[Segment], number: int) -> list[datetime]:
        """Read the same time field of several segments."""
        return [at for at in (self.instant(segment, number) for segment in segments) if at]

    def name_also(self, number: str, others: Iterable[str]) -> None:
        """Remember that a report goes by other numbers too."""
        known = self.other_numbers.get(number, ())
        further = [other for other in others if other and other != number and other not in known]
        if further:
            self.other_numbers[number] = (*known, *dict.fromkeys(further))

    def append_to(self, number: str) -> None:
        """Remember that a report adds its text to what was reported before."""
        self.changes[number] = ReportChange(appends=True)
