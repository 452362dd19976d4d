"""What is asked, what there is to choose from, and what is answered (contract §5)."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from functools import cached_property
from typing import Any, Literal
from uuid import UUID

import msgspec

from yijian.domains.consent.values import Authorisation, Basis, Sight
from yijian.domains.identity.values import (
    Certainty,
    Coded,
    EncounterType,
    PatientDescription,
    Practitioner,
)
from yijian.domains.results.values import Encounter, ItemCode
from yijian.domains.terminology.values import Item
from yijian.kit.clock import CHINA, Instant
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

    __hash__ = str.__hash__
    """As equal texts have it, and much faster than an enumeration's own."""

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

    __hash__ = str.__hash__


class DecisionKind(StrEnum):
    ACCEPT = "accept"
    DECLINE = "decline"


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


class Reason(msgspec.Struct, frozen=True, gc=False):
    """One condition that was looked at: a stable code, whether it holds, the best outcome it leaves open.

    Reasons are shared between answers: what reads one never changes its evidence.
    """

    code: str
    holds: bool = True
    allows: Outcome = Outcome.RECOGNISE
    evidence: Mapping[str, str | int | None] = {}


class OrderedItem(msgspec.Struct, frozen=True, gc=False):
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


@dataclass(frozen=True)
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
    """False where nothing may be shown; like the next, at first what is asked for, then what is allowed."""
    shows_sensitive: bool = False
    interventions: tuple[datetime, ...] = ()
    answered: frozenset[str] = frozenset()
    """Items decided before in this encounter; told only where the region keeps such reminders silent."""

    @cached_property
    def care_setting(self) -> str:
        return self.encounter_type.value

    @cached_property
    def on(self) -> date:
        """The day of the question, by the calendar in China."""
        return self.at.astimezone(CHINA).date()

    @cached_property
    def windows(self) -> dict[Any, Reason]:
        """What the rules said of windows so far; they depend on nothing but the order and the window."""
        return {}

    def knowing(self, interventions: tuple[datetime, ...], sight: Sight) -> "Order":
        """Return the order with what only the patient's rows could tell."""
        return replace(
            self,
            interventions=interventions,
            shows_anything=sight.shows_anything,
            shows_sensitive=sight.shows_sensitive,
        )


class Candidate(msgspec.Struct, frozen=True, gc=False):
    """One result row of a report version that was current at the moment of the question.

    The fields stand in the order of the columns of `results/sql/candidates*.sql`.
    """

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

    @property
    def key(self) -> tuple[UUID, int, int]:
        return (self.report_id, self.version, self.row_no)


class Assessment(msgspec.Struct, frozen=True, gc=False):
    """What one candidate is worth for one ordered item."""

    candidate: Candidate
    outcome: Outcome
    reasons: tuple[Reason, ...]
    valid_until: datetime | None = None
    mark: str | None = None
    agreement: str | None = None


class AnsweredItem(msgspec.Struct, frozen=True, gc=False):
    """The answer for one ordered item; panels carry their members' answers."""

    ordered: OrderedItem
    outcome: Outcome
    reasons: tuple[Reason, ...]
    best: Assessment | None = None
    members: tuple["AnsweredItem", ...] = ()
    estimated_saving: Decimal | None = None
    suppressed: bool = False
    """The region keeps this reminder silent: no card, not counted."""

    @property
    def reminds(self) -> bool:
        return self.outcome.is_reminder and not self.suppressed


@dataclass(frozen=True, slots=True)
class Answer:
    policy_version: str
    items: tuple[AnsweredItem, ...]

    @property
    def has_candidate(self) -> bool:
        return any(item.best or any(m.best for m in item.members) for item in self.items)


class DeclineReason(Struct, frozen=True):
    """`code`: a legal situation; `technical` and `regional`: sub-reasons, which satisfy situation 6's text.

    `regional` is one of the region's own codes and says the situation by itself.
    """

    code: Literal["1", "2", "3", "4", "5", "6"] | None = None
    technical: Literal["site", "window", "image_quality", "image_unavailable", "method", "other"] | None = (
        None
    )
    regional: str | None = None
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


class RevocationSubmission(Struct, frozen=True):
    """`POST /api/v1/recognition/revocations`."""

    match_item_id: UUID
    revoked_at: Instant
    reason: str


class DecisionRevoked(RevocationSubmission, frozen=True, kw_only=True, omit_defaults=False):
    decision: DecisionKind
    decided_at: Instant
    recorded_at: Instant


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
