"""What is asked, what there is to choose from, and what is answered (contract §5)."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from functools import cached_property
from typing import Literal
from uuid import UUID

from yijian.domains.identity.values import (
    Certainty,
    Coded,
    EncounterType,
    PatientDescription,
    Practitioner,
)
from yijian.domains.results.values import Encounter, ItemCode
from yijian.domains.terminology.values import Item
from yijian.kit.clock import Instant
from yijian.kit.json_body import Struct

__all__ = [
    "Answer",
    "AnsweredItem",
    "Assessment",
    "Authorisation",
    "Basis",
    "Candidate",
    "DecisionKind",
    "MatchRequest",
    "Order",
    "OrderedItem",
    "Outcome",
    "Purpose",
    "Reason",
    "RequestedItem",
]


class Outcome(StrEnum):
    RECOGNISE = "recognise"
    MAY_RECOGNISE = "may_recognise"
    NOT_RECOGNISABLE = "not_recognisable"
    NONE = "none"
    UNAVAILABLE = "unavailable"

    @property
    def is_reminder(self) -> bool:
        return self in (Outcome.RECOGNISE, Outcome.MAY_RECOGNISE)


RANK = {outcome: rank for rank, outcome in enumerate(Outcome)}
"""0 is best."""


class Purpose(StrEnum):
    DIAGNOSIS = "diagnosis"
    MONITORING = "monitoring"
    PREOPERATIVE = "preoperative"
    TRANSFUSION = "transfusion"
    FORENSIC = "forensic"
    DISABILITY = "disability"
    CHECKUP = "checkup"


class Basis(StrEnum):
    TREATMENT = "treatment"
    PATIENT_CONSENT = "patient_consent"
    GUARDIAN_CONSENT = "guardian_consent"
    NONE = "none"


class DecisionKind(StrEnum):
    ACCEPT = "accept"
    DECLINE = "decline"


class Authorisation(Struct, frozen=True):
    """The patient's will. `given_by` names who consented; for a child, the guardian and the relation."""

    basis: Basis = Basis.TREATMENT
    scope: Literal["all", "non_sensitive"] = "non_sensitive"
    given_by: str | None = None
    expires_at: Instant | None = None


class RequestedItem(ItemCode, frozen=True):
    order_no: str | None = None


class MatchRequest(Struct, frozen=True):
    """`POST /api/v1/recognition/match`, as it arrives."""

    patient: PatientDescription
    encounter: Encounter
    items: tuple[RequestedItem, ...]
    authorisation: Authorisation = Authorisation()
    campus_code: str | None = None
    practitioner: Practitioner | None = None
    department: Coded | None = None
    purpose: Purpose = Purpose.DIAGNOSIS
    at: Instant | None = None
    record: bool = False


@dataclass(frozen=True, slots=True)
class Reason:
    """One condition that was looked at: a stable code, whether it holds, the best outcome it leaves open."""

    code: str
    holds: bool = True
    allows: Outcome = Outcome.RECOGNISE
    evidence: Mapping[str, str | int | None] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class OrderedItem:
    """One thing about to be ordered, already looked up in the catalogue.

    `problem` is set where it could not be: `item.unmapped` or `item.unknown`. The qualifiers come from the
    orderer's own code where that code says a side, a site or a contrast.
    """

    index: int
    item: Item | None
    code: str
    name: str = ""
    order_no: str = ""
    problem: str = ""
    laterality: str = ""
    body_site: str = ""
    contrast: str = ""
    members: tuple["OrderedItem", ...] = ()


@dataclass(frozen=True, slots=True)
class Order:
    """A question: who orders what, where, why, when, and what the patient allows."""

    institution_code: str
    campus_code: str
    encounter_type: EncounterType
    purpose: Purpose
    at: datetime
    items: tuple[OrderedItem, ...]
    identity: Certainty
    shows_anything: bool = True
    """False where the patient's authorisation lets nothing be shown."""
    shows_sensitive: bool = False
    interventions: tuple[datetime, ...] = ()

    def with_interventions(self, interventions: tuple[datetime, ...]) -> "Order":
        return replace(self, interventions=interventions)


@dataclass(frozen=True)
class Candidate:
    """One result row of a report version that was current at the moment of the question."""

    report_id: UUID
    version: int
    row_no: int
    institution_code: str
    item_code: str
    name: str
    status: str
    effective_at: datetime
    reported_at: datetime
    value: str = ""
    unit: str = ""
    reference_range: str = ""
    flag: str = ""
    critical: bool = False
    comment: str = ""
    comparable_value: Decimal | None = None
    comparable_unit: str = ""
    unit_state: str = "same"
    specimen: str = ""
    specimen_name: str = ""
    method_class: str = ""
    body_site: str = ""
    laterality: str = ""
    contrast: str = ""
    image_status: str = ""
    image_url: str = ""
    has_document: bool = False

    @cached_property
    def key(self) -> tuple[UUID, int, int]:
        return (self.report_id, self.version, self.row_no)


@dataclass(frozen=True, slots=True)
class Assessment:
    """What one candidate is worth for one ordered item."""

    candidate: Candidate
    outcome: Outcome
    reasons: tuple[Reason, ...]
    valid_until: datetime | None = None
    mark: str | None = None
    agreement: str | None = None


@dataclass(frozen=True, slots=True)
class AnsweredItem:
    """The answer for one ordered item; panels carry their members' answers."""

    ordered: OrderedItem
    outcome: Outcome
    reasons: tuple[Reason, ...]
    best: Assessment | None = None
    members: tuple["AnsweredItem", ...] = ()
    estimated_saving: Decimal | None = None


@dataclass(frozen=True, slots=True)
class Answer:
    policy_version: str
    items: tuple[AnsweredItem, ...]

    @property
    def has_candidate(self) -> bool:
        return any(item.best or any(m.best for m in item.members) for item in self.items)


class DeclineReason(Struct, frozen=True):
    """`code`: a legal situation; `technical`: a sub-reason, which satisfies situation 6's text."""

    code: Literal["1", "2", "3", "4", "5", "6"] | None = None
    technical: Literal["site", "window", "image_quality", "image_unavailable", "method", "other"] | None = (
        None
    )
    text: str | None = None


class SubmittedDecision(Struct, frozen=True):
    match_item_id: UUID
    decision: DecisionKind
    reason: DeclineReason | None = None


class DecisionSubmission(Struct, frozen=True):
    """`POST /api/v1/recognition/decisions`."""

    match_id: UUID
    decided_at: Instant
    items: tuple[SubmittedDecision, ...]


class DecidedItem(Struct, frozen=True, omit_defaults=False):
    match_item_id: UUID
    decision: DecisionKind
    decided_at: Instant
    estimated_saving: Decimal
    report_version: int | None


class DecisionsRecorded(Struct, frozen=True, omit_defaults=False):
    match_id: UUID
    items: tuple[DecidedItem, ...]


class CitationSubmission(Struct, frozen=True):
    """`POST /api/v1/recognition/citations`."""

    match_item_id: UUID
    cited_at: Instant
    department: Coded | None = None
    practitioner: Practitioner | None = None


class CitationRecorded(CitationSubmission, frozen=True, kw_only=True, omit_defaults=False):
    recorded_at: Instant


class CitableRequest(Struct, frozen=True):
    """`POST /api/v1/recognition/citable`."""

    patient: PatientDescription
    encounter: Encounter
