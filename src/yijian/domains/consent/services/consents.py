"""Record what a patient allows, and take it back at once."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Literal
from uuid import UUID

from django.db import transaction

from yijian.domains.consent import errors
from yijian.domains.consent.documents import keep_document
from yijian.domains.consent.hot import REDEEM_CODE, redemption
from yijian.domains.consent.models import Consent
from yijian.domains.consent.queries import withdrawable_at
from yijian.domains.consent.rules import is_child
from yijian.domains.consent.values import Guardian, Way
from yijian.domains.identity.api import field_cipher
from yijian.domains.sharing.values import AuthorisationPolicy, ConsentWay, RegionOptions
from yijian.foundation.database.sync import fetch
from yijian.kit.clock import FUTURE_TOLERANCE
from yijian.kit.errors import FieldError, Problem
from yijian.kit.ids import new_id

__all__ = ["Given", "Recorder", "record_consent", "redeem_code", "require_code", "withdraw_consents"]

SPOKEN_LASTS = timedelta(hours=12)
"""Words at one desk end with the working day."""
DOCUMENT_NO = re.compile(r"[0-9A-Za-z()（）-]{4,32}")


@dataclass(frozen=True, slots=True)
class Recorder:
    """Who records, at which institution, under which options of its region."""

    actor: str
    institution_code: str
    options: RegionOptions


@dataclass(frozen=True, slots=True)
class Given:
    """What was given. Receivers empty: everywhere in the region; `expires_at` None: the region's term."""

    way: Way
    scope: Literal["all", "non_sensitive"] = "non_sensitive"
    given_at: datetime | None = None
    expires_at: datetime | None = None
    institution_code: str = ""
    consortium_code: str = ""
    purpose: str = ""
    guardian: Guardian | None = None
    document: bytes | None = None
    evidence: str = ""


def record_consent(
    person_id: UUID, birth_date: date | None, given: Given, recorder: Recorder, *, at: datetime
) -> UUID:
    """Record a notice or a consent; raise `Problem` naming what is missing or not taken in the region."""
    _check(given, recorder.options, birth_date, at)
    given_at = given.given_at or at
    key, media_type = keep_document(given.document) if given.document is not None else ("", "")
    guardian, consent_id = given.guardian, new_id()
    Consent.objects.create(
        person_id=person_id,
        consent_id=consent_id,
        way=given.way.value,
        scope="non_sensitive" if given.way is Way.NOTICE else given.scope,
        institution_code=recorder.institution_code if given.way is Way.SPOKEN else given.institution_code,
        consortium_code=given.consortium_code,
        purpose=given.purpose,
        given_at=given_at,
        expires_at=_end(given, recorder.options, given_at),
        recorded_at=at,
        recorded_by=recorder.actor[:128],
        recorded_institution=recorder.institution_code,
        guardian_name=guardian.name.strip()[:64] if guardian else "",
        guardian_relation=guardian.relation.value if guardian else "",
        guardian_document=_document_digest(guardian) if guardian else None,
        document_key=key,
        document_type=media_type,
        evidence=given.evidence[:500],
    )
    return consent_id


def _check(given: Given, options: RegionOptions, birth_date: date | None, at: datetime) -> None:
    if given.way is Way.CODE:
        raise errors.missing("code", "redeem the code the patient shows")
    if given.way in (Way.SIGNED_FORM, Way.GUARDIAN) and ConsentWay(given.way) not in options.consent_ways:
        raise errors.way_refused(given.way)
    if given.way is Way.SPOKEN and options.authorisation is not AuthorisationPolicy.NONE_NEEDED:
        raise errors.way_refused(given.way)
    if given.way is Way.SIGNED_FORM and given.document is None:
        raise errors.missing("document", "attach the signed form")
    if given.way in (Way.SPOKEN, Way.SIGNED_FORM) and is_child(birth_date, at):
        raise errors.child_needs_guardian()
    if given.way is Way.GUARDIAN:
        _check_guardian(given.guardian)
    if given.given_at is not None and given.given_at > at + FUTURE_TOLERANCE:
        raise errors.missing("given_at", "a consent is not given in the future")


def _check_guardian(guardian: Guardian | None) -> None:
    if guardian is None or not guardian.name.strip():
        raise errors.missing("guardian.name", "name the guardian and the relation")
    if not DOCUMENT_NO.fullmatch(guardian.document_no.strip()):
        raise errors.missing("guardian.document_no", "give the number of the guardian's document")


def _document_digest(guardian: Guardian) -> bytes:
    return field_cipher().digest("guardian", "", guardian.document_no.strip().upper())


def _end(given: Given, options: RegionOptions, given_at: datetime) -> datetime:
    """Return when it ends: as wished, but never after the region's term."""
    longest = given_at + (SPOKEN_LASTS if given.way is Way.SPOKEN else timedelta(days=options.consent_days))
    if given.expires_at is None:
        return longest
    if given.expires_at <= given_at:
        remedy = (FieldError("expires_at", "give an instant after the consent"),)
        raise Problem("consent.expired", "The consent would end before it begins.", 422, remedy)
    return min(given.expires_at, longest)


@transaction.atomic
def redeem_code(person_id: UUID, code: str, recorder: Recorder, *, at: datetime) -> UUID | None:
    """Turn a code into a consent for the recorder's institution; None where it is wrong, which is counted.

    It does not raise, so that the count of wrong tries outlives the caller's refusal.
    """
    cipher = field_cipher()
    arguments = redemption(
        cipher, recorder.options, person_id, recorder.institution_code, code, by=recorder.actor, at=at
    )
    rows = fetch(REDEEM_CODE, *arguments)
    return rows[0]["consent_id"] if rows else None


def require_code(person_id: UUID, code: str, recorder: Recorder, *, at: datetime) -> UUID:
    """Do as `redeem_code`, but raise `Problem` 422 where the code is wrong; call it in no transaction."""
    consent_id = redeem_code(person_id, code, recorder, at=at)
    if consent_id is None:
        raise errors.code_wrong()
    return consent_id


@transaction.atomic
def withdraw_consents(
    person_id: UUID,
    *,
    by: str,
    at: datetime,
    only: Iterable[UUID] | None = None,
    institution_code: str | None = None,
) -> list[UUID]:
    """Withdraw what stands, or some of it; return what was withdrawn. Doing it again withdraws nothing.

    `institution_code`: at whose desk; others' consents do not exist there. None is the patient's own page.
    """
    reached = Consent.objects.filter(person_id=person_id)
    if institution_code is not None:
        reached = reached.filter(withdrawable_at(institution_code))
    standing = reached.filter(withdrawn_at=None)
    if only is not None:
        wanted = set(only)
        known = reached.filter(consent_id__in=wanted).count()
        if known < len(wanted):
            raise errors.consent_unknown()
        standing = standing.filter(consent_id__in=wanted)
    rows = list(standing.select_for_update().values_list("consent_id", flat=True))
    Consent.objects.filter(person_id=person_id, consent_id__in=rows).update(
        withdrawn_at=at, withdrawn_by=by[:128]
    )
    return rows
