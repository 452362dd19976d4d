"""A whole message, checked and read."""

from dataclasses import dataclass, field
from datetime import datetime

from yijian.domains.identity.values import PatientDescription
from yijian.domains.results.values import Order, ReportChange, UploadedReport, WorkItemNote

from .charset import decode
from .document import read_document
from .message import Header, parse
from .notes import Notes
from .orders import read_orders
from .patient import read_patient
from .reading import Cancellation, Reading
from .report import read_reports
from .structure import Kind, check_header, check_lines

__all__ = ["PERSON_NEEDED", "ParsedMessage", "decode_message"]

PERSON_NEEDED = frozenset(
    {
        "encoding.guessed",
        "encoding.unknown",
        "encoding.not_ascii",
        "encoding.not_western",
        "report.empty",
        "report.early_change",
        "status.absent",
        "time.order",
        "attachment.left_out",
        "order.unknown",
    }
)
"""Notes that call for a person; the others only say what was passed over."""


@dataclass(frozen=True, slots=True)
class ParsedMessage:
    """Everything a message says that we record. `encoding` is the character set it was read in."""

    header: Header
    encoding: str
    kind: Kind
    patient: PatientDescription
    reports: tuple[UploadedReport, ...] = ()
    changes: dict[str, ReportChange] = field(default_factory=dict)
    """By report number: what of the reports holds only changes."""
    other_numbers: dict[str, tuple[str, ...]] = field(default_factory=dict)
    """By report number: further numbers it goes by."""
    cancellations: tuple[Cancellation, ...] = ()
    orders: tuple[Order, ...] = ()
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
    reports: tuple[UploadedReport, ...] = ()
    if kind == "result":
        reports = read_reports(reading)
    elif kind == "document":
        reports = read_document(reading)
    orders = read_orders(reading) if kind == "order" else ()
    return ParsedMessage(
        message.header,
        decoded.charset.label,
        kind,
        patient,
        reports,
        reading.changes,
        reading.other_numbers,
        tuple(reading.cancellations),
        orders,
        notes.collect(),
    )
