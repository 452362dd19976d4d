"""Reads: what may be shown to whom, and everything a patient, a desk or a reviewer has to see of it."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db.models import Q, QuerySet

from yijian.domains.consent import errors
from yijian.domains.consent.documents import document_store
from yijian.domains.consent.hot import WILL, will_of
from yijian.domains.consent.models import BreakGlass, Consent, Objection, PatientAccount
from yijian.domains.consent.rules import assess, looker_of
from yijian.domains.consent.values import Authorisation, Extent, Sight, Will
from yijian.domains.identity.api import get_birth_date
from yijian.domains.sharing.api import get_rulebook
from yijian.domains.sharing.rules import options_for
from yijian.domains.sharing.values import RegionOptions
from yijian.foundation.database.sync import fetch
from yijian.kit.clock import CHINA

__all__ = [
    "EVERYTHING_ALLOWED",
    "GivenConsent",
    "MadeObjection",
    "MadeOpening",
    "count_reviews",
    "find_patient_of",
    "get_document",
    "get_opening",
    "get_sight",
    "get_will",
    "hidden_codes",
    "list_consents",
    "list_objections",
    "list_openings",
    "list_reviews",
    "options_of",
    "withdrawable_at",
]

EVERYTHING_ALLOWED = Authorisation(scope="all")
"""Asks for whatever is allowed, and claims nothing."""


@dataclass(frozen=True, slots=True)
class GivenConsent:
    """A consent or notice with its whole life."""

    consent_id: UUID
    way: str
    scope: str
    institution_code: str
    consortium_code: str
    given_at: datetime
    expires_at: datetime
    recorded_institution: str
    guardian_name: str
    guardian_relation: str
    has_document: bool
    evidence: str
    withdrawn_at: datetime | None

    def stands(self, at: datetime) -> bool:
        return self.withdrawn_at is None and self.expires_at > at


@dataclass(frozen=True, slots=True)
class MadeObjection:
    objection_id: UUID
    kind: str
    sensitivities: tuple[str, ...]
    institution_code: str
    purpose: str
    made_at: datetime
    recorded_institution: str
    reference: str
    guardian_name: str
    guardian_relation: str
    lifted_at: datetime | None


@dataclass(frozen=True, slots=True)
class MadeOpening:
    """Broken glass, and what the reviewer said."""

    opening_id: UUID
    person_id: UUID
    institution_code: str
    category: str
    reason: str
    opened_by: str
    opened_at: datetime
    ends_at: datetime
    verdict: str
    measures: str
    decided_at: datetime | None


def options_of(institution_code: str, at: datetime) -> RegionOptions | None:
    """Return the options an institution lives under on the day; None for one not in the directory."""
    rulebook = get_rulebook()
    profile = rulebook.institutions.get(institution_code)
    return options_for(rulebook, profile, at.astimezone(CHINA).date()) if profile else None


def get_will(person_id: UUID, at: datetime) -> Will:
    """Return what stands of a person's will."""
    return will_of(fetch(WILL, person_id, at), "will")


def get_sight(
    person_id: UUID,
    institution_code: str,
    at: datetime,
    *,
    claim: Authorisation = EVERYTHING_ALLOWED,
    purpose: str = "",
    claimed_at: datetime | None = None,
) -> Sight:
    """Return what an institution may see of a patient now; the one rule for every page and service."""
    rulebook = get_rulebook()
    profile = rulebook.institutions.get(institution_code)
    if profile is None:
        return Sight(extent=Extent.NOTHING, basis="none", reason="institution.unknown")
    options = options_for(rulebook, profile, at.astimezone(CHINA).date())
    looker = looker_of(profile, at, purpose)
    will, born = get_will(person_id, at), get_birth_date(person_id)
    return assess(options, will, claim, looker, born, at, claimed_at=claimed_at)


def hidden_codes(sight: Sight) -> frozenset[str]:
    """Return the items a sight of everything still leaves out."""
    if not sight.hidden:
        return frozenset()
    return frozenset(code for code, item in get_rulebook().items.items() if item.sensitive in sight.hidden)


def withdrawable_at(institution_code: str) -> Q:
    """Select the consents an institution may see and withdraw: recorded there, given for it, or for all."""
    return Q(recorded_institution=institution_code) | Q(institution_code__in=("", institution_code))


def list_consents(
    person_id: UUID,
    *,
    before: datetime | None = None,
    limit: int | None = None,
    institution_code: str | None = None,
) -> list[GivenConsent]:
    """Return consents and notices, the newest first; only what is an institution's to withdraw, if given."""
    rows = Consent.objects.filter(person_id=person_id)
    if institution_code is not None:
        rows = rows.filter(withdrawable_at(institution_code))
    if before is not None:
        rows = rows.filter(given_at__lt=before)
    return [
        GivenConsent(
            row.consent_id,
            row.way,
            row.scope,
            row.institution_code,
            row.consortium_code,
            row.given_at,
            row.expires_at,
            row.recorded_institution,
            row.guardian_name,
            row.guardian_relation,
            bool(row.document_key),
            row.evidence,
            row.withdrawn_at,
        )
        for row in rows.order_by("-given_at", "-consent_id")[:limit]
    ]


def get_document(person_id: UUID, consent_id: UUID) -> tuple[bytes, str]:
    """Return a signed form and its media type; `Problem` 404 where there is none."""
    row = Consent.objects.filter(person_id=person_id, consent_id=consent_id).exclude(document_key="").first()
    if row is None:
        raise errors.consent_unknown()
    return document_store().get(row.document_key), row.document_type


def list_objections(person_id: UUID) -> list[MadeObjection]:
    """Return objections, those that stand first, then the newest."""
    rows = Objection.objects.filter(person_id=person_id).order_by("-made_at")
    listed = [
        MadeObjection(
            row.objection_id,
            row.kind,
            tuple(row.sensitivities),
            row.institution_code,
            row.purpose,
            row.made_at,
            row.recorded_institution,
            row.reference,
            row.guardian_name,
            row.guardian_relation,
            row.lifted_at,
        )
        for row in rows
    ]
    return sorted(listed, key=lambda each: each.lifted_at is not None)


def list_openings(person_id: UUID) -> list[MadeOpening]:
    """Return when the glass was broken, the newest first."""
    rows = BreakGlass.objects.filter(person_id=person_id).order_by("-opened_at")
    return [_opening(row) for row in rows]


def list_reviews(institution_codes: Collection[str] | None, limit: int | None = None) -> list[MadeOpening]:
    """Return openings nobody has judged yet, the oldest first; None means every institution's."""
    return [_opening(row) for row in _unreviewed(institution_codes).order_by("opened_at")[:limit]]


def count_reviews(institution_codes: Collection[str] | None) -> int:
    """Return how many openings wait for a judgement."""
    return _unreviewed(institution_codes).count()


def get_opening(person_id: UUID, opening_id: UUID) -> MadeOpening:
    """Return one opening; `Problem` 404."""
    row = BreakGlass.objects.filter(person_id=person_id, opening_id=opening_id).first()
    if row is None:
        raise errors.opening_unknown()
    return _opening(row)


def find_patient_of(user_id: int) -> UUID | None:
    """Return which patient signs in under an account."""
    return PatientAccount.objects.filter(user_id=user_id).values_list("person_id", flat=True).first()


def _unreviewed(institution_codes: Collection[str] | None) -> QuerySet[BreakGlass]:
    rows = BreakGlass.objects.filter(decided_at=None)
    return rows if institution_codes is None else rows.filter(institution_code__in=institution_codes)


def _opening(row: BreakGlass) -> MadeOpening:
    return MadeOpening(
        row.opening_id,
        row.person_id,
        row.institution_code,
        row.category,
        row.reason,
        row.opened_by,
        row.opened_at,
        row.ends_at,
        row.verdict,
        row.measures,
        row.decided_at,
    )
