"""Why an order check answers as it does: rule by rule, candidate by candidate, with the evidence opened."""

from datetime import datetime
from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.views.decorators.http import require_GET, require_http_methods

from yijian.domains.consent.api import EVERYTHING_ALLOWED
from yijian.domains.identity.api import describe_person, get_person_summary
from yijian.domains.identity.values import EncounterType, PersonSummary
from yijian.domains.recognition.api import Explanation, explain_match, explain_order, get_match
from yijian.domains.recognition.values import MatchRequest, Purpose, RequestedItem
from yijian.domains.results.values import Encounter
from yijian.domains.supervision.api import list_supervised
from yijian.foundation.accounts.models import Role, User
from yijian.kit.clock import now
from yijian.kit.errors import Problem
from yijian.web.access import requires_role, signed_in
from yijian.web.catalogue import COMMON, list_items
from yijian.web.desk import audit
from yijian.web.forms import HypothesisForm
from yijian.web.operations import audit_operation
from yijian.web.people import access_person, access_sight
from yijian.web.problems import explain
from yijian.web.why import show_items

__all__ = ["imagine", "why"]


@requires_role(Role.CLINICIAN, Role.SUPERVISOR, Role.ADMINISTRATOR)
@require_GET
def why(request: HttpRequest, match_id: UUID) -> HttpResponseBase:
    """Explain a recorded match to who asked it, and to who supervises them."""
    viewer = _viewer_of(signed_in(request), match_id)
    explanation = explain_match(match_id, viewer)
    person = get_person_summary(explanation.person_id)
    told = audit if signed_in(request).role == Role.CLINICIAN else audit_operation
    told(request, "web.why", person.person_id, match_id=str(match_id))
    return render(request, "why/page.html", _shown(explanation) | {"person": person})


@requires_role(Role.CLINICIAN)
@require_http_methods(["GET", "POST"])
def imagine(request: HttpRequest, person_id: UUID) -> HttpResponseBase:
    """Explain what would be answered: this patient, some items, an orderer, a moment. Nothing is recorded."""
    person = access_person(request, person_id)
    mine = signed_in(request).institution_code
    if request.method == "POST":
        return _imagined(request, person, mine)
    audit(request, "web.why_form", person_id)
    context = {
        "person": person,
        "sight": access_sight(request, person),
        "form": HypothesisForm(initial={"orderer": mine}),
        "common": list_items(COMMON),
        "chosen": [],
    }
    return render(request, "why/imagine.html", context)


def _imagined(request: HttpRequest, person: PersonSummary, viewer: str) -> HttpResponse:
    form = HypothesisForm(request.POST)
    if not form.is_valid():
        return render(request, "reuse/refused.html", {"errors": form.errors}, status=422)
    entered, at = form.cleaned_data, form.cleaned_data["at"] or now()
    codes = dict.fromkeys(request.POST.getlist("item"))
    asked = MatchRequest(
        patient=describe_person(person.person_id),
        encounter=Encounter(type=EncounterType(entered["encounter"])),
        items=tuple(RequestedItem(system="item", code=code) for code in codes),
        authorisation=EVERYTHING_ALLOWED,
        purpose=Purpose(entered["purpose"]),
    )
    try:
        explanation = explain_order(entered["orderer"] or viewer, viewer, person.person_id, asked, at)
    except Problem as problem:
        return render(request, "reuse/refused.html", {"sentence": explain(problem)}, status=422)
    audit(request, "web.why_imagined", person.person_id, items=len(asked.items))
    return render(request, "why/explanation.html", _shown(explanation))


def _viewer_of(user: User, match_id: UUID) -> str:
    """Return through whose eyes a user may look at a match; another's does not exist for them."""
    try:
        asker = get_match(match_id).institution_code
    except Problem as unknown:
        raise Http404 from unknown
    if user.role == Role.CLINICIAN:
        within = asker == user.institution_code
    else:
        body = None if user.role == Role.ADMINISTRATOR else user.institution_code
        within = asker in list_supervised(body)
    if not within:
        raise Http404
    return asker


def _shown(explanation: Explanation) -> dict[str, object]:
    moment: datetime = explanation.order.at
    return {"explanation": explanation, "items": show_items(explanation), "at": moment}
