"""Who a message or an order is about, as the sender describes the person."""

from datetime import date, datetime
from enum import StrEnum
from typing import Literal
from uuid import UUID

from yijian.kit.json_body import Struct

__all__ = [
    "Certainty",
    "Coded",
    "Disagreement",
    "EncounterType",
    "Identifier",
    "IdentifierType",
    "Linked",
    "OpenReview",
    "PatientDescription",
    "PersonSource",
    "PersonSummary",
    "Practitioner",
    "Resolution",
    "Sex",
    "WorkItemNote",
]


class Sex(StrEnum):
    MALE = "male"
    FEMALE = "female"
    OTHER = "other"
    UNKNOWN = "unknown"


class EncounterType(StrEnum):
    OUTPATIENT = "outpatient"
    EMERGENCY = "emergency"
    INPATIENT = "inpatient"
    CHECKUP = "checkup"
    OTHER = "other"


class IdentifierType(StrEnum):
    RESIDENT_ID = "resident_id"
    PASSPORT = "passport"
    LOCAL = "local"


class Certainty(StrEnum):
    """How sure we are whose record it is."""

    CERTAIN = "certain"
    UNCERTAIN = "uncertain"
    UNKNOWN = "unknown"


class Identifier(Struct, frozen=True):
    """A number and who issued it; `authority` is the issuing institution's code, None = the sender."""

    type: IdentifierType
    value: str
    authority: str | None = None


class Coded(Struct, frozen=True):
    code: str | None = None
    name: str | None = None


class Practitioner(Struct, frozen=True):
    id: str | None = None
    name: str | None = None


class PatientDescription(Struct, frozen=True):
    identifiers: tuple[Identifier, ...] = ()
    name: str | None = None
    sex: Sex | None = None
    birth_date: date | None = None
    phone: str | None = None


Disagreement = Literal["name", "sex", "birth_date", "resident_id", "local"]
"""In what a description and the index differ; `local`: its numbers lead to different persons."""


class Resolution(Struct, frozen=True):
    """Outcome of a look-up: the person where one is known, and how certain that is."""

    certainty: Certainty
    person_id: UUID | None = None
    disagreement: tuple[Disagreement, ...] = ()


class WorkItemNote(Struct, frozen=True):
    """Something a person has to mend; the report is kept meanwhile."""

    kind: str
    detail: str


class Linked(Struct, frozen=True):
    """Whose record a message was put on; a provisional person's while that is uncertain."""

    person_id: UUID
    certainty: Certainty
    review_id: UUID | None = None
    notes: tuple[WorkItemNote, ...] = ()


class PersonSummary(Struct, frozen=True):
    person_id: UUID
    name: str | None
    sex: Sex
    birth_date: date | None
    resident_id_masked: str | None
    certain: bool


class PersonSource(Struct, frozen=True):
    """Who describes a person, and when last."""

    institution_code: str
    updated_at: datetime


class OpenReview(Struct, frozen=True):
    """A disagreement to settle: what the sender said, beside who holds the number it gave.

    `holder` is the stand-in itself where a resident number contradicts the sex or birth date given with it.
    """

    review_id: UUID
    institution_code: str
    described: PatientDescription
    holder: PersonSummary
    provisional: PersonSummary
    disagreement: tuple[Disagreement, ...]
    opened_at: datetime
    message_id: UUID | None = None
