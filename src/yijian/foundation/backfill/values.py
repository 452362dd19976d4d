"""What is kept of an import. Loads no framework."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal
from uuid import UUID

import msgspec

__all__ = ["Counts", "EntryOutcome", "Fault", "FileProgress", "Note"]

EntryOutcome = Literal["recorded", "duplicate", "waiting", "refused"]


class Fault(msgspec.Struct, frozen=True):
    """One fault: the field or column, and what to do."""

    field: str
    message: str


class Note(msgspec.Struct, frozen=True):
    """An entry that was refused or waits, and where it lies in the unpacked file."""

    line: int
    last_line: int
    position: int
    length: int
    number: str
    """The report's or order's number, where it could be read."""
    outcome: EntryOutcome
    code: str
    faults: tuple[Fault, ...]


@dataclass(slots=True)
class Counts:
    """Entries by what became of them."""

    recorded: int = 0
    duplicate: int = 0
    waiting: int = 0
    refused: int = 0

    def add(self, outcome: EntryOutcome) -> None:
        setattr(self, outcome, getattr(self, outcome) + 1)

    def plus(self, more: "Counts") -> "Counts":
        return Counts(
            self.recorded + more.recorded,
            self.duplicate + more.duplicate,
            self.waiting + more.waiting,
            self.refused + more.refused,
        )

    def total(self) -> int:
        return self.recorded + self.duplicate + self.waiting + self.refused


@dataclass(frozen=True, slots=True)
class FileProgress:
    """How far a file has come: `position` in bytes of its unpacked content, `line` lines before it."""

    file_id: UUID
    position: int
    line: int
    begun_at: datetime
    finished_at: datetime | None = None
    counts: Counts = field(default_factory=Counts)
