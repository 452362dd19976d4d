"""One report as printed: its rows on the timeline, its page, its document."""

from typing import Any
from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from yijian.domains.consent.api import hidden_codes
from yijian.domains.consent.values import Sight
from yijian.domains.identity.values import PersonSummary
from yijian.domains.results.api import document_store, find_document_key, find_person_of_report, get_report
from yijian.domains.sharing.api import get_rulebook
from yijian.foundation.accounts.models import Role
from yijian.kit.errors import Problem
from yijian.web.access import requires_role
from yijian.web.desk import audit
from yijian.web.institutions import find_institution
from yijian.web.people import access_person, access_sight, own_institution
from yijian.web.reports import effective_at, facts_of, item_codes_of, labels_of, state_of, title_of

__all__ = ["document", "report", "rows"]


@requires_role(Role.CLINICIAN)
@require_GET
def rows(request: HttpRequest, person_id: UUID, report_id: UUID) -> HttpResponseBase:
    """Show the rows of a report inside the timeline."""
    person = access_person(request, person_id)
    found = _access_report(request, person, report_id)
    return render(request, "reports/expanded.html", {"report": found})


@requires_role(Role.CLINICIAN)
@require_GET
def report(request: HttpRequest, report_id: UUID) -> HttpResponseBase:
    """Show a report. Cards lead here with nothing but its id."""
    person = _access_person_of(request, report_id)
    found = _access_report(request, person, report_id)
    rulebook, institution_code = get_rulebook(), found["institution_code"]
    context = {
        "person": person,
        "report": found,
        "title": title_of(found),
        "state": state_of(found),
        "notice": _notice(found),
        "institution": find_institution(institution_code),
        "marks": labels_of(institution_code, item_codes_of(found, rulebook), effective_at(found), rulebook),
        "facts": facts_of(found),
    }
    return render(request, "reports/page.html", context)


@requires_role(Role.CLINICIAN)
@require_GET
def document(request: HttpRequest, report_id: UUID) -> HttpResponseBase:
    """Hand out the printed report."""
    person = _access_person_of(request, report_id)
    found, sight = _read(request, person, report_id)
    key = find_document_key(
        person.person_id, report_id, shows_sensitive=sight.shows_sensitive, hidden=hidden_codes(sight)
    )
    if key is None:
        raise Http404
    audit(
        request, "web.document", person.person_id, sight, report_id=str(report_id), version=found["version"]
    )
    answer = HttpResponse(document_store().get(key), content_type="application/pdf")
    answer["Content-Disposition"] = f'attachment; filename="{report_id}.pdf"'
    return answer


def _access_person_of(request: HttpRequest, report_id: UUID) -> PersonSummary:
    person_id = find_person_of_report(report_id)
    if person_id is None:
        raise Http404
    return access_person(request, person_id)


def _access_report(request: HttpRequest, person: PersonSummary, report_id: UUID) -> dict[str, Any]:
    """Return a report of a patient and record that it was read; 404 as if what is hidden did not exist."""
    found, sight = _read(request, person, report_id)
    audit(request, "web.report", person.person_id, sight, report_id=str(report_id), version=found["version"])
    return found


def _read(request: HttpRequest, person: PersonSummary, report_id: UUID) -> tuple[dict[str, Any], Sight]:
    sight = access_sight(request, person)
    if not sight.shows_anything:
        raise Http404
    try:
        found = get_report(
            person.person_id,
            report_id,
            shows_sensitive=sight.shows_sensitive,
            hidden=hidden_codes(sight),
        )
    except Problem as unknown:
        raise Http404 from unknown
    if own_institution(request, sight) not in (None, found["institution_code"]):
        raise Http404
    return found, sight


def _notice(report: dict[str, Any]) -> str:
    if report["voided_at"]:
        return _("这份报告已作废：%(reason)s") % {"reason": report["void_reason"] or "–"}
    if report["status"] == "corrected":
        return _("这是更正后的报告（第 %(version)d 版），以此版为准。") % {"version": report["version"]}
    if report["status"] == "preliminary":
        return _("这是初步报告，正式报告发出后可能不同。")
    return ""
