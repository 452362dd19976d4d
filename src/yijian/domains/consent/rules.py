"""What may be shown of a patient: the region's policy, what the patient allowed or refused, an emergency.

Pure. Personal Information Protection Law art. 13 (necessity, emergency), 15 (withdrawal), 29 (sensitive:
separate consent), 31 (under 14: a parent or guardian), 44 (refusal); contract §5 `authorisation`.
"""

from collections.abc import Iterable
from datetime import date, datetime

from yijian.domains.consent.values import (
    Authorisation,
    Basis,
    Extent,
    Looker,
    Objection,
    ObjectionKind,
    Opening,
    Sight,
    Standing,
    Way,
    Will,
)
from yijian.domains.institutions.values import InstitutionProfile
from yijian.domains.sharing.values import AuthorisationPolicy, RegionOptions
from yijian.domains.terminology.values import Sensitivity
from yijian.kit.clock import CHINA, age_years

__all__ = ["CHILD_UNTIL", "assess", "is_child", "looker_of"]

CHILD_UNTIL = 14
"""Below this age only a guardian can consent."""
BASES = {
    Way.NOTICE: "notice",
    Way.SPOKEN: "patient_consent",
    Way.CODE: "patient_consent",
    Way.SIGNED_FORM: "patient_consent",
    Way.GUARDIAN: "guardian_consent",
}
FORMAL = frozenset({Way.CODE, Way.SIGNED_FORM, Way.GUARDIAN})
"""Ways a region may ask for."""


def is_child(birth_date: date | None, at: datetime) -> bool:
    """Tell whether only a guardian can consent; on the fourteenth birthday the person does."""
    return birth_date is not None and age_years(birth_date, at) < CHILD_UNTIL


def looker_of(institution: InstitutionProfile, at: datetime, purpose: str = "") -> Looker:
    """Return an institution with the consortia it belongs to on the day."""
    on = at.astimezone(CHINA).date()
    return Looker(
        institution_code=institution.code,
        consortia=frozenset(m.code for m in institution.consortia if m.holds(on)),
        purpose=purpose,
    )


def assess(
    options: RegionOptions,
    will: Will,
    claim: Authorisation,
    looker: Looker,
    birth_date: date | None,
    at: datetime,
    *,
    claimed_at: datetime | None = None,
) -> Sight:
    """Decide what may be shown to an institution now.

    The claim's scope bounds what is asked for. An objection beats every consent; broken glass reaches past
    it, but never to sensitive items the patient refused. `claimed_at`: when an earlier claim was made, which
    a later withdrawal ends.
    """
    if claim.basis is Basis.NONE:
        return Sight(extent=Extent.NOTHING, basis="none", reason="claim.refused")
    child = is_child(birth_date, at)
    objections = [o for o in will.objections if _concerns(o, looker)]
    closed = [o for o in objections if _closes(o.kind, o.institution_code, looker)]
    if closed:
        reason = f"objection.{closed[0].kind}"
        sight = Sight(extent=Extent.OWN, basis="treatment", reason=reason, fact_id=closed[0].objection_id)
    else:
        sight = _best(_granted(options, will, claim, looker, at, child=child, claimed_at=claimed_at))
    refused = _refused(objections)
    sight = _bounded(sight, claim, refused)
    opening = _opening(will.openings, looker, at) if options.break_glass else None
    if opening is None:
        return sight
    reach = Extent.NON_SENSITIVE if closed else Extent.ALL
    broken = Sight(
        extent=reach, basis="break_glass", reason="glass.broken", hidden=refused, fact_id=opening.opening_id
    )
    return _best((sight, _bounded(broken, claim, refused)))


def _granted(
    options: RegionOptions,
    will: Will,
    claim: Authorisation,
    looker: Looker,
    at: datetime,
    *,
    child: bool,
    claimed_at: datetime | None,
) -> Iterable[Sight]:
    """Yield everything that speaks for showing, each on its own."""
    policy = options.authorisation
    yield Sight(extent=Extent.OWN, basis="treatment", reason=f"policy.{policy}")
    if policy is AuthorisationPolicy.NONE_NEEDED:
        yield Sight(extent=Extent.NON_SENSITIVE, basis=claim.basis.value, reason="policy.none_needed")
        stale = claimed_at is not None and will.withdrawn_at is not None and claimed_at <= will.withdrawn_at
        if not stale and _claims_sensitive(claim, at, child=child):
            yield Sight(extent=Extent.ALL, basis=claim.basis.value, reason="claim.accepted")
    for consent in will.consents:
        if _in_force(consent, looker, at) and _counts(consent, policy, child=child):
            yield _of(consent)


def _of(consent: Standing) -> Sight:
    whole = consent.scope == "all" and consent.way is not Way.NOTICE
    return Sight(
        extent=Extent.ALL if whole else Extent.NON_SENSITIVE,
        basis=BASES[consent.way],
        reason=f"consent.{consent.way}",
        fact_id=consent.consent_id,
    )


def _in_force(consent: Standing, looker: Looker, at: datetime) -> bool:
    return (
        consent.expires_at > at
        and consent.institution_code in ("", looker.institution_code)
        and (not consent.consortium_code or consent.consortium_code in looker.consortia)
        and consent.purpose in ("", looker.purpose)
    )


def _counts(consent: Standing, policy: AuthorisationPolicy, *, child: bool) -> bool:
    """Tell whether a region takes this kind of yes: a child's own is none, a notice no consent."""
    if child and consent.way not in (Way.GUARDIAN, Way.NOTICE):
        return False
    if policy is AuthorisationPolicy.CONSENT:
        return consent.way in FORMAL
    return True


def _claims_sensitive(claim: Authorisation, at: datetime, *, child: bool) -> bool:
    """Tell whether an institution's own word covers sensitive items, where a region takes its word.

    For a child under 14 it must be the guardian's and name the relation in `given_by`.
    """
    if claim.scope != "all" or (claim.expires_at and claim.expires_at <= at):
        return False
    if claim.basis is Basis.GUARDIAN_CONSENT:
        return bool((claim.given_by or "").strip())
    return claim.basis is Basis.PATIENT_CONSENT and not child


def _concerns(objection: Objection, looker: Looker) -> bool:
    """Tell whether a no is about what somebody looks for; who does not say what for is refused, too."""
    return not (objection.purpose and looker.purpose) or objection.purpose == looker.purpose


def _closes(kind: ObjectionKind, institution_code: str, looker: Looker) -> bool:
    if kind is ObjectionKind.EVERYTHING:
        return True
    return kind is ObjectionKind.INSTITUTION and institution_code == looker.institution_code


def _refused(objections: Iterable[Objection]) -> frozenset[Sensitivity]:
    """Return the sensitive classes the patient refuses to share."""
    refusals = [o.sensitivities for o in objections if o.kind is ObjectionKind.SENSITIVE]
    return frozenset(s for each in refusals for s in (each or frozenset(Sensitivity)))


def _opening(openings: Iterable[Opening], looker: Looker, at: datetime) -> Opening | None:
    mine = (o for o in openings if o.institution_code == looker.institution_code and o.ends_at > at)
    return max(mine, key=lambda o: o.ends_at, default=None)


def _bounded(sight: Sight, claim: Authorisation, refused: frozenset[Sensitivity]) -> Sight:
    """Return no more than was asked for, and nothing of what is refused."""
    whole = claim.scope == "all" and refused != frozenset(Sensitivity)
    extent = sight.extent if whole else min(sight.extent, Extent.NON_SENSITIVE)
    hidden = refused if extent is Extent.ALL else frozenset()
    return Sight(extent=extent, basis=sight.basis, reason=sight.reason, hidden=hidden, fact_id=sight.fact_id)


def _best(sights: Iterable[Sight]) -> Sight:
    """Return what shows most; among equals the first, so that nothing is read on an emergency's account
    that was allowed anyway.
    """
    return max(sights, key=lambda sight: sight.extent)
