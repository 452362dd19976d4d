"""Fetch a patient for a page, and authorise it: the person, and what may be seen of them now."""

from uuid import UUID

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest

from yijian.domains.consent.api import get_sight
from yijian.domains.consent.values import Sight
from yijian.domains.identity.api import get_person_summary, may
from yijian.domains.identity.values import PersonSummary
from yijian.kit.clock import now
from yijian.kit.errors import Problem
from yijian.web.access import signed_in

__all__ = ["access_person", "access_sight", "own_institution"]


def access_person(request: HttpRequest, person_id: UUID) -> PersonSummary:
    """Return a patient whose record this user may open; 403 or 404 otherwise."""
    user = signed_in(request)
    if not may(user, "search_people", user.institution_code):
        raise PermissionDenied
    try:
        return get_person_summary(person_id)
    except Problem as unknown:
        raise Http404 from unknown


def access_sight(request: HttpRequest, person: PersonSummary) -> Sight:
    """Return what this user's institution may see of a patient now."""
    return get_sight(person.person_id, signed_in(request).institution_code, now())


def own_institution(request: HttpRequest, sight: Sight) -> str | None:
    """Return whose reports alone may be seen; None where it is every institution's."""
    return signed_in(request).institution_code if sight.own_only else None
