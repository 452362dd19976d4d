"""A whole message, checked and read."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from yijian.domains.identity.values import PatientDescription
from yijian.domains.results.values import UploadedReport, WorkItemNote

from .charset import decode
from .message import Header, parse
from .notes import Notes
from .patient import read_patient
from .reading import Cancellation, Reading
from .report import read_reports
from .structure import check_header, check_lines

__all__ = ["PERSON_NEEDED", "ParsedMessage", "decode_message"]

PERSON_NEEDED = frozenset(
    {
        "encoding.guessed",
        "encoding.unknown",
        "encoding.not_ascii",
        "report.empty",
        "status.absent",
        "time.order",
        "attachment.left_out",
    }
)
"""Notes that call for a person; the others only say what was passed over."""


@dataclass(frozen=True, slots=True)
class ParsedMessage:
    """Everything a message says that we record. `encoding` is the character set it was read in."""

    header: Header
    encoding: str
    kind: Literal["adt", "oru"]
    patient: PatientDescription
    reports: tuple[UploadedReport, ...] = ()
    cancellations: tuple[Cancellation, ...] = ()
    notes: tuple[WorkItemNote, ...] = ()


def decode_message(raw: bytes, sender_encoding: str | None, now: datetime) -> ParsedMessage:
    """Read one message, or raise MessageRefused naming the field at fault and the remedy."""
    notes = Notes()
    decoded = decode(raw, sender_encoding, notes)
    message = parse(decoded.text, decoded.charset)
    kind = check_header(message)
    check_lines(message)
    patient = read_patient(message, now, notes)
    reading = Reading(message, patient, now, notes)
    reports = read_reports(reading) if kind == "oru" else ()
    cancellations = tuple(reading.cancellations)
    return ParsedMessage(
        message.header, decoded.charset.label, kind, patient, reports, cancellations, notes.collect()
    )
