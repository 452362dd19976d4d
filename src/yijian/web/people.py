"""Fetch a patient for a page, and authorise it."""

from uuid import UUID

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest

from yijian.domains.identity.api import get_person_summary, may
from yijian.domains.identity.values import PersonSummary
from yijian.domains.recognition.api import shows_sensitive
from yijian.kit.clock import now
from yijian.kit.errors import Problem
from yijian.web.access import signed_in
from yijian.web.desk import authorisation_for

__all__ = ["access_person", "may_see_sensitive"]


def access_person(request: HttpRequest, person_id: UUID) -> PersonSummary:
    """Return a patient whose record this user may open; 403 or 404 otherwise."""
    user = signed_in(request)
    if not may(user, "search_people", user.institution_code):
        raise PermissionDenied
    try:
        return get_person_summary(person_id)
    except Problem as unknown:
        raise Http404 from unknown


def may_see_sensitive(request: HttpRequest, person: PersonSummary) -> bool:
    """Tell whether the patient's consent, as this session knows it, covers sensitive items."""
    authorisation = authorisation_for(request, person.person_id)
    return shows_sensitive(authorisation, person.birth_date, now())
