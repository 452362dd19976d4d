"""What a hospital's system tells of a patient's will: consents, withdrawals, emergencies."""

import binascii
from base64 import b64decode
from datetime import date
from typing import Literal
from uuid import UUID

from django.http import HttpRequest

from yijian.domains.consent import api as consent
from yijian.domains.consent.values import Category, Guardian, Way
from yijian.domains.identity.api import get_birth_date, resolve_patient
from yijian.domains.identity.values import Certainty, PatientDescription, Practitioner
from yijian.domains.recognition.values import Purpose
from yijian.foundation.accounts.api import Caller
from yijian.foundation.audit.api import record_access
from yijian.gateways.json_api.endpoints import service
from yijian.kit.clock import Instant, now
from yijian.kit.errors import FieldError, Problem
from yijian.kit.json_body import Struct, decode

__all__ = [
    "BreakGlassRequest",
    "ConsentRecorded",
    "ConsentRequest",
    "GlassBroken",
    "WithdrawalRequest",
    "Withdrawn",
    "break_glass",
    "consents",
    "withdrawals",
]

SCOPE = "consent.write"
MAX_CONSENT_BODY = 15 * 1024 * 1024
"""A signed form of 10 MiB in base64 and what is around it."""


class GivenTo(Struct, frozen=True):
    """Who may see; one of the two."""

    institution_code: str | None = None
    consortium_code: str | None = None


class ConsentRequest(Struct, frozen=True):
    """`POST /api/v1/consents`. `given_to` absent: the caller's institution; `{}`: every institution."""

    patient: PatientDescription
    way: Literal["notice", "code", "signed_form", "guardian"]
    scope: Literal["all", "non_sensitive"] = "non_sensitive"
    given_at: Instant | None = None
    expires_at: Instant | None = None
    given_to: GivenTo | None = None
    purpose: Purpose | None = None
    code: str | None = None
    guardian: Guardian | None = None
    document: str | None = None
    """Base64 of a PDF, JPEG or PNG, at most 10 MiB."""
    evidence: str | None = None
    practitioner: Practitioner | None = None


class ConsentRecorded(Struct, frozen=True, omit_defaults=False):
    consent_id: UUID
    scope: str
    expires_at: Instant


class WithdrawalRequest(Struct, frozen=True):
    """`POST /api/v1/consents/withdrawals`. `consent_ids` absent: everything that is the caller's to withdraw.

    That is what it recorded, what was given for it, and what was given for every institution.
    """

    patient: PatientDescription
    consent_ids: tuple[UUID, ...] | None = None
    practitioner: Practitioner | None = None


class Withdrawn(Struct, frozen=True, omit_defaults=False):
    withdrawn: tuple[UUID, ...]


class BreakGlassRequest(Struct, frozen=True):
    """`POST /api/v1/break-glass`. The practitioner answers for it."""

    patient: PatientDescription
    category: Category
    reason: str
    practitioner: Practitioner


class GlassBroken(Struct, frozen=True, omit_defaults=False):
    opening_id: UUID
    ends_at: Instant


@service("POST", SCOPE, MAX_CONSENT_BODY)
def consents(request: HttpRequest, caller: Caller) -> object:
    """Record a notice or a consent, or turn a code into one."""
    asked = decode(request.body, ConsentRequest)
    person_id, born = _certain(asked.patient, caller)
    recorder = _recorder(caller, asked.practitioner)
    consent_id = _record(asked, person_id, born, recorder, caller)
    _audit(caller, "api.consent", person_id, way=asked.way, consent_id=str(consent_id))
    made = next(each for each in consent.list_consents(person_id) if each.consent_id == consent_id)
    return ConsentRecorded(consent_id=consent_id, scope=made.scope, expires_at=made.expires_at)


def _redeem(code: str, person_id: UUID, recorder: consent.Recorder, caller: Caller) -> UUID:
    """Turn a code into a consent; a try that fails is on record before it is told."""
    try:
        return consent.require_code(person_id, code, recorder, at=now())
    except Problem as refused:
        _audit(caller, "api.consent_refused", person_id, code=refused.code)
        raise


def _record(
    asked: ConsentRequest, person_id: UUID, born: date | None, recorder: consent.Recorder, caller: Caller
) -> UUID:
    if Way(asked.way) is Way.CODE:
        return _redeem(asked.code or "", person_id, recorder, caller)
    to = asked.given_to or GivenTo(institution_code=recorder.institution_code)
    given = consent.Given(
        way=Way(asked.way),
        scope=asked.scope,
        given_at=asked.given_at,
        expires_at=asked.expires_at,
        institution_code=to.institution_code or "",
        consortium_code=to.consortium_code or "",
        purpose=asked.purpose.value if asked.purpose else "",
        guardian=asked.guardian,
        document=_document(asked.document),
        evidence=asked.evidence or "",
    )
    return consent.record_consent(person_id, born, given, recorder, at=now())


@service("POST", SCOPE)
def withdrawals(request: HttpRequest, caller: Caller) -> object:
    """Withdraw consents because the patient says so; nothing is shown from now on."""
    asked = decode(request.body, WithdrawalRequest)
    person_id, _ = _certain(asked.patient, caller)
    by = _recorder(caller, asked.practitioner).actor
    withdrawn = consent.withdraw_consents(
        person_id, by=by, at=now(), only=asked.consent_ids, institution_code=caller.institution_code
    )
    _audit(caller, "api.withdrawal", person_id, consents=len(withdrawn))
    return Withdrawn(withdrawn=tuple(withdrawn))


@service("POST", SCOPE)
def break_glass(request: HttpRequest, caller: Caller) -> object:
    """Open a patient's record to the caller's institution in an emergency."""
    asked = decode(request.body, BreakGlassRequest)
    if not (asked.practitioner.id or "").strip():
        raise Problem(
            "break_glass.practitioner",
            "Somebody has to answer for an emergency access.",
            422,
            (FieldError("practitioner.id", "give the practitioner's id"),),
        )
    person_id, _ = _certain(asked.patient, caller)
    recorder = _recorder(caller, asked.practitioner)
    opening = consent.break_glass(person_id, asked.category, asked.reason, recorder, at=now())
    record_access(
        actor=caller.client_id,
        institution_code=caller.institution_code,
        action="api.break_glass",
        person_id=person_id,
        legal_basis="break_glass",
        detail={"category": asked.category.value, "consent_id": str(opening.opening_id)},
    )
    return GlassBroken(opening_id=opening.opening_id, ends_at=opening.ends_at)


def _certain(patient: PatientDescription, caller: Caller) -> tuple[UUID, date | None]:
    """Return who is meant, where that is certain; a will is put on nobody else's record."""
    resolution = resolve_patient(patient, caller.institution_code)
    if resolution.certainty is not Certainty.CERTAIN or resolution.person_id is None:
        remedy = (
            FieldError("patient", "use numbers under which reports were sent, with name and birth date"),
        )
        raise Problem("patient.not_certain", "It is not certain whose will this is.", 422, remedy)
    return resolution.person_id, get_birth_date(resolution.person_id)


def _recorder(caller: Caller, practitioner: Practitioner | None) -> consent.Recorder:
    options = consent.options_of(caller.institution_code, now())
    if options is None:
        raise Problem("institution.unknown", "The calling institution is not in the directory.", 403)
    who = (practitioner.id or "").strip() if practitioner else ""
    return consent.Recorder(who or caller.client_id, caller.institution_code, options)


def _document(text: str | None) -> bytes | None:
    if text is None:
        return None
    try:
        return b64decode(text, validate=True)
    except binascii.Error as fault:
        remedy = (FieldError("document", "send base64 without line breaks"),)
        raise Problem("consent.document", "The document is not base64.", 422, remedy) from fault


def _audit(caller: Caller, action: str, person_id: UUID, **detail: str | int) -> None:
    record_access(
        actor=caller.client_id,
        institution_code=caller.institution_code,
        action=action,
        person_id=person_id,
        legal_basis="treatment",
        detail=detail,
    )
