"""Emergency accesses that wait for somebody else's judgement."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from yijian.domains.consent import api as consent
from yijian.domains.consent.values import ReviewVerdict
from yijian.domains.identity.api import get_person_summary
from yijian.domains.supervision.api import list_supervised
from yijian.foundation.accounts.models import Role, User
from yijian.foundation.audit.api import list_accesses
from yijian.kit.clock import now
from yijian.kit.errors import Problem
from yijian.web.access import requires_role, signed_in
from yijian.web.consent_forms import ReviewForm
from yijian.web.operations import audit_operation

__all__ = ["openings", "review"]

SHOWN = 20
"""Openings on a page; the oldest first, so that the next ones move up."""
LOOKS = 200


@requires_role(Role.SUPERVISOR, Role.ADMINISTRATOR)
@require_GET
def openings(request: HttpRequest) -> HttpResponseBase:
    """Show the openings nobody has judged, the oldest first."""
    return _page(request)


@requires_role(Role.SUPERVISOR, Role.ADMINISTRATOR)
@require_POST
def review(request: HttpRequest, person_id: UUID, opening_id: UUID) -> HttpResponseBase:
    """Record whether an emergency access was justified, and what is done where it was not."""
    user = signed_in(request)
    watched = _watched(user)
    try:
        opening = consent.get_opening(person_id, opening_id)
    except Problem as unknown:
        raise Http404 from unknown
    if watched is not None and opening.institution_code not in watched:
        raise Http404
    form = ReviewForm(request.POST)
    if not form.is_valid():
        return _page(request, (opening_id, form), status=422)
    verdict, measures = ReviewVerdict(form.cleaned_data["verdict"]), form.cleaned_data["measures"]
    try:
        consent.review_opening(person_id, opening_id, verdict, measures, by=user.username, at=now())
    except Problem:
        messages.info(request, _("这一项已有人复核，或须由他人复核。"))
        return redirect("openings")
    audit_operation(
        request, "web.opening_reviewed", person_id, opening_id=str(opening_id), verdict=verdict.value
    )
    messages.success(request, _("已记录复核结论。"))
    return redirect("openings")


def _page(
    request: HttpRequest, entered: tuple[UUID, ReviewForm] | None = None, status: int = 200
) -> HttpResponseBase:
    watched = _watched(signed_in(request))
    listed = consent.list_reviews(watched, limit=SHOWN)
    for opening in listed:
        audit_operation(request, "web.opening", opening.person_id, opening_id=str(opening.opening_id))
    total = consent.count_reviews(watched)
    entries = [_shown(opening, entered) for opening in listed]
    context = {"entries": entries, "total": total, "more": total - len(listed)}
    return render(request, "consent/openings.html", context, status=status)


def _watched(user: User) -> tuple[str, ...] | None:
    return None if user.role == Role.ADMINISTRATOR else list_supervised(user.institution_code)


def _shown(opening: consent.MadeOpening, entered: tuple[UUID, ReviewForm] | None) -> dict[str, Any]:
    """Return an opening with what was looked at on its account."""
    seen = [
        access
        for access in list_accesses(opening.person_id, limit=LOOKS)
        if access.detail.get("consent_id") == str(opening.opening_id)
    ]
    form = entered[1] if entered and entered[0] == opening.opening_id else ReviewForm()
    return {
        "opening": opening,
        "person": get_person_summary(opening.person_id),
        "looks": len(seen),
        "form": form,
    }
