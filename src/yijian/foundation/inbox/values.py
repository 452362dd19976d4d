"""What the inbox tells those who process it, and what they tell it. Loads no framework."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import blake2b
from typing import Any, Literal
from uuid import UUID

__all__ = [
    "LANES",
    "NO_LANE",
    "Cause",
    "Content",
    "Fate",
    "Health",
    "KeptMessage",
    "Made",
    "MessageSummary",
    "OpenAlarm",
    "OpenMatter",
    "Replay",
    "SenderKey",
    "Thresholds",
    "WorkItemSummary",
    "lane_of",
]

LANES = 4
"""Messages of one patient always share a lane; a lane is processed in order by one worker at a time."""
NO_LANE = -1
"""Of what is processed while its sender waits (JSON): no worker takes it."""


def lane_of(patient_key: str) -> int:
    """Return the lane of a patient; whatever names nobody shares one."""
    return int.from_bytes(blake2b(patient_key.encode(), digest_size=4).digest()) % LANES


@dataclass(frozen=True, slots=True)
class KeptMessage:
    """A message as its processor sees it; `sender_encoding` is its sender's present setting."""

    message_id: UUID
    received_at: datetime
    institution_code: str
    facility: str
    sender_encoding: str | None
    message_type: str
    raw: bytes


@dataclass(frozen=True, slots=True)
class Made:
    """What a message became: a report's version, a void, an order, or what is known of a person."""

    kind: Literal["report", "void", "order", "person"]
    id: str
    version: int = 0


@dataclass(frozen=True, slots=True)
class Fate:
    """What became of a message; a reason is a stable code, its data, and how the sender is told it."""

    state: Literal["recorded", "waiting", "refused", "failed"]
    reason_code: str = ""
    reason_text: str = ""
    reason_data: Mapping[str, Any] = field(default_factory=dict)
    """What the code alone does not say (`reasons.py`), so that a page can say it in its reader's language."""
    made: tuple["Made", ...] = ()
    reported_at: datetime | None = None
    """When the newest report of the message was issued, for the delay between issue and arrival."""


@dataclass(frozen=True, slots=True)
class MessageSummary:
    """A message as a list shows it: nothing of its content."""

    message_id: UUID
    received_at: datetime
    protocol: str
    institution_code: str
    facility: str
    control_id: str
    message_type: str
    state: str
    reason_code: str
    reason_text: str
    reason_data: Mapping[str, Any]
    attempts: int
    processed_at: datetime | None


@dataclass(frozen=True, slots=True)
class WorkItemSummary:
    """Something a person has to mend, or has mended."""

    institution_code: str
    kind: str
    subject: str
    detail: Mapping[str, Any]
    opened_at: datetime
    resolved_at: datetime | None
    resolved_by: str
    resolution: str


@dataclass(frozen=True, slots=True)
class OpenMatter:
    """Open work items that are mended together: how many, since when, and the first of them."""

    institution_code: str
    kind: str
    subject: str
    detail: Mapping[str, Any]
    message_id: UUID | None
    opened_at: datetime
    number: int
    owner: str = ""

    @property
    def place(self) -> tuple[int, datetime, str, str]:
        """Return where this stands in its list, to go on after it."""
        return -self.number, self.opened_at, self.institution_code, self.subject


@dataclass(frozen=True, slots=True)
class Content:
    """What exactly came and what was answered; `raw` is None once the legal period has erased it."""

    raw: bytes | None
    answer: bytes | None
    archived: bool
    made: tuple[Made, ...]


@dataclass(frozen=True, slots=True)
class Cause:
    """Messages that did not go through for one reason, at one place of the message where it names one."""

    reason_code: str
    place: str
    state: str
    number: int
    newest: UUID


@dataclass(frozen=True, slots=True)
class Replay:
    """All messages of a cause being processed again; `outcomes` counts those done by their new state."""

    replay_id: UUID
    institution_code: str
    reason_code: str
    place: str
    begun_by: str
    begun_at: datetime
    total: int
    replayed: int
    skipped: int
    ended_at: datetime | None
    outcomes: Mapping[str, int] = field(default_factory=dict)

    @property
    def done(self) -> int:
        return self.replayed + self.skipped

    @property
    def is_settled(self) -> bool:
        """Tell whether nothing is left to happen: all handed over, all processed."""
        return self.ended_at is not None and not self.outcomes.get("received")


@dataclass(frozen=True, slots=True)
class SenderKey:
    """Who sends: for uploads the institution alone."""

    institution_code: str
    protocol: str
    facility: str


@dataclass(frozen=True, slots=True)
class Thresholds:
    """From where on a sender is alarming; None means its own habit, or the usual figure."""

    watched: bool = True
    silent_minutes: int | None = None
    fault_percent: int | None = None
    queue_minutes: int | None = None


@dataclass(frozen=True, slots=True)
class Health:
    """How a sender fares. Delays are means over the last day, in seconds."""

    sender: SenderKey
    measured_at: datetime
    last_at: datetime
    day_messages: int
    week_messages: int
    day_faults: int
    day_encoding_faults: int
    report_seconds: float | None
    processing_seconds: float | None
    usual_gap_seconds: float | None
    oldest_unprocessed_at: datetime | None
    thresholds: Thresholds


@dataclass(frozen=True, slots=True)
class OpenAlarm:
    """An alarm nobody has to close: it closes by itself once the sender is well again."""

    alarm_id: UUID
    sender: SenderKey
    kind: str
    measured: Mapping[str, Any]
    opened_at: datetime
    acknowledged_at: datetime | None
    acknowledged_by: str
    closed_at: datetime | None
