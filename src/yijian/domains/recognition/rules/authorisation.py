"""What the patient lets be seen (contract §5; Personal Information Protection Law art. 29, 31)."""

from datetime import date, datetime

from yijian.domains.recognition.values import Authorisation, Basis
from yijian.kit.clock import age_years

__all__ = ["shows_anything", "shows_sensitive"]

CHILD_UNTIL = 14
"""Below this age only a guardian can consent."""


def _is_child(birth_date: date | None, at: datetime) -> bool:
    return birth_date is not None and age_years(birth_date, at) < CHILD_UNTIL


def shows_anything(authorisation: Authorisation) -> bool:
    """Tell whether results may be shown at all; `basis: none` is a patient's refusal."""
    return authorisation.basis is not Basis.NONE


def shows_sensitive(authorisation: Authorisation, birth_date: date | None, at: datetime) -> bool:
    """Tell whether a consent covers sensitive items: explicit, of scope all, not expired.

    For a child under 14 it must be the guardian's and name the relation in `given_by`.
    """
    if authorisation.scope != "all" or (authorisation.expires_at and authorisation.expires_at <= at):
        return False
    if authorisation.basis is Basis.GUARDIAN_CONSENT:
        return bool((authorisation.given_by or "").strip())
    return authorisation.basis is Basis.PATIENT_CONSENT and not _is_child(birth_date, at)
