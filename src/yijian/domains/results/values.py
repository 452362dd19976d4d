"""Reports as every gateway hands them in (contract §5, `POST /api/v1/reports`), and what became of them."""

from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Literal
from uuid import UUID

from yijian.domains.identity.values import (
    Coded,
    EncounterType,
    PatientDescription,
    Practitioner,
    WorkItemNote,
)
from yijian.kit.clock import Instant
from yijian.kit.json_body import Struct

__all__ = [
    "Encounter",
    "ExamItem",
    "ExamPart",
    "Image",
    "ImageStatus",
    "ItemCode",
    "LabResult",
    "Measure",
    "Order",
    "OrderOutcome",
    "OrderRecorded",
    "OrderState",
    "Organism",
    "Recorded",
    "ReportChange",
    "ReportKind",
    "ReportOutcome",
    "ReportState",
    "ReportStatus",
    "Responsible",
    "RowKey",
    "Specimen",
    "Susceptibility",
    "TimelineEntry",
    "TimelineRow",
    "UnitRow",
    "UnmappedRow",
    "UploadedReport",
    "Voided",
    "WorkItemNote",
]


class ReportKind(StrEnum):
    LAB = "lab"
    EXAM = "exam"


class ReportStatus(StrEnum):
    PRELIMINARY = "preliminary"
    FINAL = "final"
    CORRECTED = "corrected"


class ImageStatus(StrEnum):
    AVAILABLE = "available"
    NONE = "none"
    UNKNOWN = "unknown"


class OrderState(StrEnum):
    PLACED = "placed"
    EXECUTED = "executed"
    CANCELLED = "cancelled"
    CHARGED = "charged"


class ReportOutcome(StrEnum):
    RECORDED = "recorded"
    DUPLICATE = "duplicate"
    WAITING = "waiting"


class OrderOutcome(StrEnum):
    RECORDED = "recorded"
    DUPLICATE = "duplicate"
    REFUSED = "refused"


class ItemCode(Struct, frozen=True):
    """A code and the system it belongs to; `name` is the sender's, kept untouched."""

    system: Literal["item", "wst886", "loinc", "local"]
    code: str
    name: str | None = None


class Encounter(Struct, frozen=True):
    type: EncounterType
    number: str | None = None


class Responsible(Struct, frozen=True):
    department: Coded | None = None
    practitioner: Practitioner | None = None


class Specimen(Struct, frozen=True):
    no: str | None = None
    type_code: str | None = None
    type_name: str | None = None
    site: str | None = None


class LabResult(Struct, frozen=True):
    """One printed row. `value`, `unit` and `reference_range` stay exactly as printed."""

    item: ItemCode
    value: str
    row_id: str | None = None
    kind: Literal["number", "qualitative", "text"] = "text"
    unit: str | None = None
    reference_range: str | None = None
    flag: str | None = None
    critical: bool = False
    method: str | None = None
    instrument: str | None = None
    run_no: str | None = None
    sort: int | None = None
    comment: str | None = None
    status: ReportStatus | None = None
    """This row's own status (HL7 OBX-11) where it differs from the report's."""
    alternates: tuple[ItemCode, ...] = ()
    """Further codings of the same row (HL7 CWE.4, .10): used where `item` has no meaning here."""


class Measure(Struct, frozen=True):
    """A figure with its comparator: a minimal inhibitory concentration, or a zone in millimetres."""

    value: Decimal
    comparator: Literal["<", "<=", ">=", ">"] | None = None
    unit: str | None = None


class Susceptibility(Struct, frozen=True):
    """One drug tried on one organism. `value` is what was printed; `zone` and `mic` are its reading."""

    drug: ItemCode
    conclusion: Literal["S", "I", "R", "SDD", "NS"] | None = None
    value: str | None = None
    mic: Measure | None = None
    zone: Measure | None = None
    disc_content: str | None = None
    breakpoints: str | None = None
    method: str | None = None
    comment: str | None = None


class Organism(Struct, frozen=True):
    """An organism that grew, and the drugs tried on it. What did not grow is told by the rows alone."""

    name: str
    code: str | None = None
    sub_id: str | None = None
    quantity: str | None = None
    susceptibilities: tuple[Susceptibility, ...] = ()


class ExamItem(Struct, frozen=True):
    system: Literal["item", "wst886", "loinc", "local"]
    code: str
    name: str | None = None
    body_site: str | None = None
    laterality: Literal["left", "right", "both"] | None = None
    contrast: Literal["plain", "enhanced", "both"] | None = None
    alternates: tuple[ItemCode, ...] = ()


class Image(Struct, frozen=True):
    status: ImageStatus = ImageStatus.UNKNOWN
    viewer_url: str | None = None


class ExamPart(Struct, frozen=True):
    items: tuple[ExamItem, ...]
    findings: str | None = None
    impression: str | None = None
    clinical_diagnosis: str | None = None
    accession_no: str | None = None
    study_uids: tuple[str, ...] = ()
    image: Image = Image()


class UploadedReport(Struct, frozen=True):
    """One laboratory or examination report as its institution issued it."""

    report_no: str
    kind: ReportKind
    status: ReportStatus
    patient: PatientDescription
    reported_at: Instant
    order_no: str | None = None
    category: Coded | None = None
    encounter: Encounter | None = None
    requested_by: Responsible | None = None
    performed_by: Responsible | None = None
    reviewed_by: Responsible | None = None
    ordered_at: Instant | None = None
    collected_at: Instant | None = None
    received_at: Instant | None = None
    examined_at: Instant | None = None
    resulted_at: Instant | None = None
    specimen: Specimen | None = None
    results: tuple[LabResult, ...] = ()
    organisms: tuple[Organism, ...] = ()
    """What grew in a culture; `results` holds the rows of the culture itself."""
    exam: ExamPart | None = None
    pdf: str | None = None
    """The printed report, base64; at most 80 MiB."""


RowKey = tuple[str, str]
"""What a row of an HL7 report is known by: its code (OBX-3) and sub-id (OBX-4)."""


class ReportChange(Struct, frozen=True):
    """A report that holds only what changed: its rows take the place of their like, the others stand.

    `removed` rows go; with `appends` its texts follow those that stand.
    """

    removed: tuple[RowKey, ...] = ()
    appends: bool = False


class Recorded(Struct, frozen=True):
    """Answer to an upload."""

    report_id: UUID
    version: int
    outcome: ReportOutcome
    work_items: tuple[WorkItemNote, ...] = ()


class Order(Struct, frozen=True):
    """An order fact: the denominators of repeat rates and savings. Idempotent by number and state."""

    order_no: str
    state: OrderState
    occurred_at: Instant
    patient: PatientDescription
    item: ItemCode
    encounter: Encounter | None = None
    practitioner: Practitioner | None = None
    department: Coded | None = None
    price: Decimal | None = None
    alternates: tuple[ItemCode, ...] = ()
    """Further codings of the same item (HL7 CWE.4, .10): used where `item` has no meaning here."""
    accession_no: str | None = None
    study_uid: str | None = None


class OrderRecorded(Struct, frozen=True):
    """Answer to one order; `reason` says what to mend where it was refused."""

    order_no: str
    state: OrderState
    outcome: OrderOutcome
    reason: str | None = None


class Voided(Struct, frozen=True):
    """Answer to a void."""

    report_id: UUID
    version: int
    voided_at: datetime
    reason: str
    outcome: ReportOutcome


class ReportState(Struct, frozen=True):
    """Where a report stands: its current version, and since when each version was reported."""

    report_id: UUID
    institution_code: str
    current_version: int
    voided_at: datetime | None
    void_reason: str | None
    reported: tuple[tuple[int, datetime], ...]
    """(version, reported_at) of every version that ever stood, oldest first."""

    def version_at(self, moment: datetime) -> int:
        """Return the version that stood at a moment by its institution's clock; 0 before the first."""
        return max((version for version, reported_at in self.reported if reported_at <= moment), default=0)


class TimelineRow(Struct, frozen=True):
    """One row of a report as printed, under its catalogue item where it has one."""

    row_no: int
    item_code: str
    name: str
    value: str
    unit: str
    reference_range: str
    flag: str
    critical: bool
    status: str
    specimen_name: str = ""
    comment: str = ""
    image_status: str = ""
    image_url: str = ""


class TimelineEntry(Struct, frozen=True):
    """One report on a patient's timeline, as it stands now."""

    report_id: UUID
    version: int
    kind: ReportKind
    status: ReportStatus
    institution_code: str
    report_no: str
    category_name: str
    effective_at: datetime
    reported_at: datetime
    has_document: bool
    rows: tuple[TimelineRow, ...]


class UnitRow(Struct, frozen=True):
    """A row whose unit nobody knows, as printed; it does not say whose it is."""

    item_code: str
    name: str
    value: str
    reference_range: str
    reported_at: datetime


class UnmappedRow(Struct, frozen=True):
    """A row whose code nobody has given a meaning yet, as printed; it does not say whose it is."""

    name: str
    value: str
    unit: str
    reference_range: str
    specimen: str
    specimen_name: str
    reported_at: datetime
