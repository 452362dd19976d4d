"""The patient's will: what was allowed, what is objected to, what an emergency opened, and what follows."""

from datetime import datetime
from enum import IntEnum, StrEnum
from typing import Literal
from uuid import UUID

from yijian.domains.terminology.values import Sensitivity
from yijian.kit.clock import Instant
from yijian.kit.json_body import Struct

__all__ = [
    "UNRESTRICTED",
    "Authorisation",
    "Basis",
    "Category",
    "Extent",
    "Guardian",
    "Looker",
    "Objection",
    "ObjectionKind",
    "Opening",
    "Relation",
    "ReviewVerdict",
    "Sight",
    "Standing",
    "Way",
    "Will",
]


class Basis(StrEnum):
    TREATMENT = "treatment"
    PATIENT_CONSENT = "patient_consent"
    GUARDIAN_CONSENT = "guardian_consent"
    NONE = "none"


class Authorisation(Struct, frozen=True):
    """What an institution says of the patient's will. `given_by` names who consented; for a child, the
    guardian and the relation. `code` is the one the patient shows; it serves once.
    """

    basis: Basis = Basis.TREATMENT
    scope: Literal["all", "non_sensitive"] = "non_sensitive"
    given_by: str | None = None
    expires_at: Instant | None = None
    code: str | None = None


class Way(StrEnum):
    """How the will became known. A notice is no consent; words at the desk count where none is needed."""

    NOTICE = "notice"
    SPOKEN = "spoken"
    CODE = "code"
    SIGNED_FORM = "signed_form"
    GUARDIAN = "guardian"


class Relation(StrEnum):
    PARENT = "parent"
    GRANDPARENT = "grandparent"
    GUARDIAN = "guardian"


class ObjectionKind(StrEnum):
    EVERYTHING = "everything"
    SENSITIVE = "sensitive"
    INSTITUTION = "institution"


class Category(StrEnum):
    """Why the glass was broken."""

    UNCONSCIOUS = "unconscious"
    RESCUE = "rescue"
    UNABLE = "unable"
    OTHER = "other"


class ReviewVerdict(StrEnum):
    JUSTIFIED = "justified"
    NOT_JUSTIFIED = "not_justified"


class Extent(IntEnum):
    """How much may be shown, each containing the one before."""

    NOTHING = 0
    OWN = 1
    """What the looking institution reported itself, without sensitive items."""
    NON_SENSITIVE = 2
    ALL = 3


class Standing(Struct, frozen=True):
    """A consent or notice not withdrawn. Empty receivers and purpose: all of them."""

    consent_id: UUID
    way: Way
    scope: Literal["all", "non_sensitive"]
    given_at: datetime
    expires_at: datetime
    institution_code: str = ""
    consortium_code: str = ""
    purpose: str = ""


class Objection(Struct, frozen=True):
    """The patient's no. `sensitivities` empty under kind `sensitive`: every class. `purpose` empty: any."""

    objection_id: UUID
    kind: ObjectionKind
    sensitivities: frozenset[Sensitivity] = frozenset()
    institution_code: str = ""
    purpose: str = ""


class Opening(Struct, frozen=True):
    """Glass broken by one institution for one patient until `ends_at`."""

    opening_id: UUID
    institution_code: str
    ends_at: datetime


class Will(Struct, frozen=True):
    """Everything that stands of one person's will; `withdrawn_at` is the latest withdrawal."""

    consents: tuple[Standing, ...] = ()
    objections: tuple[Objection, ...] = ()
    openings: tuple[Opening, ...] = ()
    withdrawn_at: datetime | None = None


UNRESTRICTED = Will()
"""Nobody said anything."""


class Looker(Struct, frozen=True):
    """Who wants to see, to what end; the consortia are those of the day."""

    institution_code: str
    consortia: frozenset[str] = frozenset()
    purpose: str = ""


class Guardian(Struct, frozen=True):
    """Who consents for a child; of the document's number only a digest is kept."""

    name: str
    relation: Relation
    document_no: str


class Sight(Struct, frozen=True):
    """What may be shown, on which legal basis, why, and the fact this rests on."""

    extent: Extent
    basis: str
    reason: str
    hidden: frozenset[Sensitivity] = frozenset()
    """Classes that stay hidden although the extent is `ALL`."""
    fact_id: UUID | None = None

    @property
    def shows_anything(self) -> bool:
        return self.extent > Extent.NOTHING

    @property
    def shows_sensitive(self) -> bool:
        return self.extent is Extent.ALL

    @property
    def own_only(self) -> bool:
        return self.extent is Extent.OWN

    def shows(self, sensitivity: Sensitivity | None) -> bool:
        """Tell whether items of a class may be shown; None is no sensitive class."""
        return sensitivity is None or (self.shows_sensitive and sensitivity not in self.hidden)
