"""Who a message or an order is about, as the sender describes the person."""

from datetime import date
from enum import StrEnum
from typing import Literal
from uuid import UUID

import msgspec

__all__ = [
    "Certainty",
    "Coded",
    "EncounterType",
    "Identifier",
    "IdentifierType",
    "PatientDescription",
    "PersonSummary",
    "Practitioner",
    "Resolution",
    "Sex",
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


class Struct(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    pass


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


class Resolution(Struct, frozen=True):
    """Outcome of a look-up: the person where one is known, and how certain that is."""

    certainty: Certainty
    person_id: UUID | None = None
    disagreement: tuple[Literal["name", "sex", "birth_date", "resident_id", "local"], ...] = ()


class PersonSummary(Struct, frozen=True):
    person_id: UUID
    name: str | None
    sex: Sex
    birth_date: date | None
    resident_id_masked: str | None
    certain: bool
