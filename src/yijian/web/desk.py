"""What a clinician's session remembers: why a record is open, what the patient allowed, who was seen last.

Nothing here is a fact of the platform; the audit trail and the match record keep those.
"""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import msgspec
from django.http import HttpRequest

from yijian.domains.recognition.values import Authorisation
from yijian.foundation.audit.api import record_access
from yijian.kit.clock import now
from yijian.web.access import signed_in
from yijian.web.middleware import trace_id

__all__ = ["audit", "authorisation_for", "keep_authorisation", "keep_basis", "list_recent", "remember"]

RECENT = 8
CONSENT_LASTS = timedelta(hours=12)
"""A consent told to one desk ends with the working day."""


def keep_basis(request: HttpRequest, basis: str) -> None:
    """Keep on which basis records are opened from now on."""
    request.session["basis"] = basis


def audit(request: HttpRequest, action: str, person_id: UUID | None, **detail: Any) -> None:
    """Record that this person looked."""
    user = signed_in(request)
    record_access(
        user.username,
        user.institution_code,
        action,
        person_id,
        legal_basis=request.session.get("basis", "treatment"),
        detail=detail,
        trace_id=trace_id(request),
    )


def remember(request: HttpRequest, person_id: UUID) -> None:
    """Put a patient at the head of those seen lately."""
    recent = [key for key in request.session.get("recent", []) if key != str(person_id)]
    request.session["recent"] = [str(person_id), *recent][:RECENT]


def list_recent(request: HttpRequest) -> list[UUID]:
    """Return the patients seen lately, the last one first."""
    return [UUID(key) for key in request.session.get("recent", [])]


def keep_authorisation(request: HttpRequest, person_id: UUID, authorisation: Authorisation) -> None:
    """Keep what a patient allowed, until it expires or the session ends."""
    expiring = msgspec.structs.replace(authorisation, expires_at=now() + CONSENT_LASTS)
    kept = request.session.get("authorisations", {})
    request.session["authorisations"] = kept | {str(person_id): msgspec.to_builtins(expiring)}


def authorisation_for(request: HttpRequest, person_id: UUID) -> Authorisation:
    """Return what the patient allowed; an expired consent is none."""
    kept = request.session.get("authorisations", {}).get(str(person_id))
    if kept is None:
        return Authorisation()
    authorisation = msgspec.convert(kept, Authorisation)
    return authorisation if _in_force(authorisation.expires_at) else Authorisation()


def _in_force(expires_at: datetime | None) -> bool:
    return expires_at is not None and now() < expires_at
