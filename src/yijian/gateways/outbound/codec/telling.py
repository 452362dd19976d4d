"""What is told of a decision, a citation or a revocation. Of the patient nothing."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal
from uuid import UUID

__all__ = ["Coded", "EventName", "Reported", "Telling"]

EventName = Literal["recognition.decided", "recognition.cited", "recognition.revoked"]


@dataclass(frozen=True, slots=True)
class Coded:
    code: str
    name: str = ""


@dataclass(frozen=True, slots=True)
class Reported:
    """The source's report, in the source's own numbers."""

    institution_code: str
    report_no: str
    version: int
    order_no: str = ""


@dataclass(frozen=True, slots=True)
class Telling:
    """A fact about one item of one report. `reason` and `technical` are of a declined one."""

    event: EventName
    occurred_at: datetime
    match_item_id: UUID
    report: Reported
    item: Coded
    institution: Coded
    """Who decided, cited or took back."""
    decision: Coded | None = None
    reason: Coded | None = None
    technical: str = ""
