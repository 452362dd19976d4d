"""Find a patient, and everything the region knows of them on one line of time."""

from datetime import datetime
from functools import partial
from urllib.parse import urlencode
from uuid import UUID

from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from yijian.domains.consent.api import hidden_codes
from yijian.domains.identity.api import get_person_summary, search_people
from yijian.domains.identity.values import PersonSummary
from yijian.domains.results.api import list_timeline
from yijian.domains.results.values import ReportKind
from yijian.domains.sharing.api import get_rulebook
from yijian.foundation.accounts.models import Role
from yijian.kit.errors import Problem
from yijian.web import desk
from yijian.web.access import requires_role, signed_in
from yijian.web.forms import PatientSearchForm
from yijian.web.people import access_person, access_sight, own_institution
from yijian.web.periods import read_before
from yijian.web.reports import read_page, shown_entry

__all__ = ["search", "timeline"]

PAGE_SIZE = 20


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
    """Show the patient's reports of all institutions, newest first, a page at a time."""
    person = access_person(request, person_id)
    kind, before = _kind(request), read_before(request.GET)
    sight = access_sight(request, person)
    read = partial(
        list_timeline,
        person.person_id,
        before=before,
        kind=kind,
        shows_sensitive=sight.shows_sensitive,
        hidden=hidden_codes(sight),
        institution_code=own_institution(request, sight),
    )
    page = read_page(lambda limit: read(limit=limit) if sight.shows_anything else [], PAGE_SIZE)
    rulebook = get_rulebook()
    desk.remember(request, person.person_id)
    desk.audit(request, "web.timeline", person.person_id, sight, reports=len(page.entries))
    context = {
        "person": person,
        "sight": sight,
        "filters": _filters(kind),
        "entries": [shown_entry(entry, rulebook) for entry in page.entries],
        "newest": _address(kind) if before else None,
        "earlier": _address(kind, page.before) if page.before else None,
    }
    return render(request, "patients/timeline.html", context)


def _kind(request: HttpRequest) -> ReportKind | None:
    chosen = request.GET.get("kind", "")
    return ReportKind(chosen) if chosen in set(ReportKind) else None


def _address(kind: ReportKind | None, before: datetime | None = None) -> str:
    asked = {"kind": kind.value if kind else None, "before": before.isoformat() if before else None}
    return "?" + urlencode({name: text for name, text in asked.items() if text})


def _filters(chosen: ReportKind | None) -> list[dict[str, object]]:
    labels = ((None, _("全部")), (ReportKind.LAB, _("检验")), (ReportKind.EXAM, _("检查")))
    return [{"label": label, "address": _address(kind), "chosen": kind is chosen} for kind, label in labels]
