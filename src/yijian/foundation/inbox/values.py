"""What the inbox tells those who process it, and what they tell it. Loads no framework."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from hashlib import blake2b
from typing import Any, Literal
from uuid import UUID

__all__ = [
    "LANES",
    "NO_LANE",
    "Fate",
    "KeptMessage",
    "MessageSummary",
    "OpenMatter",
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
class Fate:
    """What became of a message; a reason is a stable code and plain words that say what to do."""

    state: Literal["recorded", "waiting", "refused", "failed"]
    reason_code: str = ""
    reason_text: str = ""


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
