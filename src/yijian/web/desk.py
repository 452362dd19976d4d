"""What a clinician's session remembers: why a record is open, who was seen last.

Nothing here is a fact of the platform; the audit trail, the match record and the patient's will keep those.
"""

from typing import Any
from uuid import UUID

from django.http import HttpRequest

from yijian.domains.consent.values import Sight
from yijian.foundation.audit.api import record_access
from yijian.web.access import signed_in
from yijian.web.middleware import trace_id

__all__ = ["audit", "keep_basis", "list_recent", "remember"]

RECENT = 8
TREATMENT = "treatment"


def keep_basis(request: HttpRequest, basis: str) -> None:
    """Keep on which basis records are opened from now on."""
    request.session["basis"] = basis


def audit(
    request: HttpRequest, action: str, person_id: UUID | None, sight: Sight | None = None, **detail: Any
) -> None:
    """Record that this person looked; where a will allowed it, on that basis and by that fact."""
    user = signed_in(request)
    asked = request.session.get("basis", TREATMENT)
    if sight is not None and sight.fact_id is not None:
        detail["consent_id"] = str(sight.fact_id)
    record_access(
        user.username,
        user.institution_code,
        action,
        person_id,
        legal_basis=asked if sight is None or sight.basis == TREATMENT else sight.basis,
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
