"""Reports as every gateway hands them in (contract §5, `POST /api/v1/reports`), and what became of them."""

from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Literal
from uuid import UUID

import msgspec

from yijian.domains.identity.values import Coded, EncounterType, PatientDescription, Practitioner, WorkItemNote
from yijian.kit.clock import Instant

__all__ = [
    "Encounter",
    "ExamItem",
    "ExamPart",
    "Image",
    "ImageStatus",
    "ItemCode",
    "LabResult",
    "Order",
    "OrderOutcome",
    "OrderState",
    "Recorded",
    "ReportKind",
    "ReportOutcome",
    "ReportStatus",
    "Responsible",
    "Specimen",
    "UploadedReport",
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


class Struct(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """Base of everything that arrives as JSON: unknown fields are refused with their name."""


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


class ExamItem(Struct, frozen=True):
    system: Literal["item", "wst886", "loinc", "local"]
    code: str
    name: str | None = None
    body_site: str | None = None
    laterality: Literal["left", "right", "both"] | None = None
    contrast: Literal["plain", "enhanced", "both"] | None = None


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
    exam: ExamPart | None = None
    pdf: str | None = None
    """The printed report, base64; at most 80 MiB."""


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
