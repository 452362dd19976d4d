"""What happened in the region in a year: reports issued and withdrawn, orders about to be placed."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from yijian.demo.people import Resident
from yijian.demo.tables import Institution
from yijian.domains.identity.values import EncounterType, PatientDescription
from yijian.domains.recognition.values import Purpose
from yijian.domains.results.values import UploadedReport

__all__ = ["Answer", "Event", "Message", "Mishap", "OrderCheck", "Sent", "Voided", "Year"]


@dataclass(frozen=True, slots=True)
class Sent:
    """A report as its institution sends it, in one of its versions."""

    institution: Institution
    report: UploadedReport

    @property
    def at(self) -> datetime:
        return self.report.reported_at


@dataclass(frozen=True, slots=True)
class Voided:
    institution: Institution
    patient: PatientDescription
    report_no: str
    at: datetime
    reason: str


Event = Sent | Voided
Answer = Literal["AA", "AE", "AR"]


@dataclass(frozen=True, slots=True)
class Mishap:
    """A message of HL7 v2 as it should not be, and how the door answers it (MSA-1)."""

    institution: Institution
    at: datetime
    control_id: str
    raw: bytes
    answer: Answer


Message = Event | Mishap


@dataclass(frozen=True, slots=True)
class OrderCheck:
    """A physician about to order."""

    institution: Institution
    resident: Resident
    at: datetime
    encounter_type: EncounterType
    encounter_no: str
    items: tuple[str, ...]
    purpose: Purpose = Purpose.DIAGNOSIS
    department: str = ""
    practitioner: str = ""
    decision: Literal["", "accept", "decline"] = ""
    """Fixed where a story needs it; else drawn."""


@dataclass(frozen=True, slots=True)
class Year:
    """Events in the order in which they were sent, and the questions asked meanwhile."""

    events: list[Message] = field(default_factory=list)
    checks: list[OrderCheck] = field(default_factory=list)

    def extend(self, other: "Year") -> None:
        self.events.extend(other.events)
        self.checks.extend(other.checks)
