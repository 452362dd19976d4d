"""Find a patient, and everything the region knows of them on one line of time."""

from uuid import UUID

from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from yijian.domains.identity.api import get_person_summary, search_people
from yijian.domains.identity.values import PersonSummary
from yijian.foundation.accounts.models import Role
from yijian.kit.errors import Problem
from yijian.web import desk
from yijian.web.access import requires_role, signed_in
from yijian.web.forms import AuthorisationForm, PatientSearchForm
from yijian.web.people import access_person, may_see_sensitive

__all__ = ["authorise", "search", "timeline"]


@requires_role(Role.CLINICIAN)
@require_http_methods(["GET", "POST"])
def search(request: HttpRequest) -> HttpResponseBase:
    """Ask for a patient. Numbers arrive by POST only and stand in no address and no log."""
    if request.method == "GET":
        return _search_page(request, PatientSearchForm(), None)
    form = PatientSearchForm(request.POST)
    if not form.is_valid():
        return _search_page(request, form, None, status=422)
    desk.keep_basis(request, form.cleaned_data["basis"])
    people = search_people(form.cleaned_data["query"], signed_in(request).institution_code)
    for person in people:
        desk.audit(request, "web.patient_found", person.person_id)
    if not people:
        desk.audit(request, "web.patient_not_found", None)
    return _search_page(request, form, people)


def _search_page(
    request: HttpRequest, form: PatientSearchForm, people: list[PersonSummary] | None, status: int = 200
) -> HttpResponseBase:
    context = {"form": form, "people": people, "recent": _recent(request) if people is None else []}
    part = bool(request.headers.get("HX-Request"))
    return render(request, "patients/found.html" if part else "patients/search.html", context, status=status)


def _recent(request: HttpRequest) -> list[PersonSummary]:
    seen = []
    for person_id in desk.list_recent(request):
        try:
            seen.append(get_person_summary(person_id))
        except Problem:
            continue
    return seen


@requires_role(Role.CLINICIAN)
@require_GET
def timeline(request: HttpRequest, person_id: UUID) -> HttpResponseBase:
    """Show the patient's reports of all institutions, newest first."""
    person = access_person(request, person_id)
    desk.remember(request, person.person_id)
    return render(request, "patients/timeline.html", {"person": person})


@requires_role(Role.CLINICIAN)
@require_POST
def authorise(request: HttpRequest, person_id: UUID) -> HttpResponseBase:
    """Keep what the patient allows, and show the timeline accordingly."""
    person = access_person(request, person_id)
    form = AuthorisationForm(request.POST)
    if form.is_valid():
        desk.keep_authorisation(request, person.person_id, form.authorisation())
        desk.audit(request, "web.authorisation", person.person_id, basis=form.authorisation().basis.value)
    return redirect("timeline", person.person_id)
