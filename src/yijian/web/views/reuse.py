"""What could I reuse? Ask before ordering; accept, decline or cite what is there."""

from decimal import Decimal
from typing import Any
from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from yijian.domains.consent.api import EVERYTHING_ALLOWED, options_of
from yijian.domains.identity.api import describe_person
from yijian.domains.identity.values import Coded, EncounterType, Practitioner
from yijian.domains.recognition.api import (
    View,
    match_order,
    record_citation,
    record_decisions,
    record_view,
    require_citable,
    require_visible,
)
from yijian.domains.recognition.values import (
    CitationSubmission,
    DecisionKind,
    DecisionSubmission,
    DeclineReason,
    MatchRequest,
    Outcome,
    Purpose,
    RequestedItem,
    SubmittedDecision,
)
from yijian.domains.results.values import Encounter
from yijian.domains.sharing.values import RegionalReason
from yijian.foundation.accounts.models import Role
from yijian.kit.clock import now
from yijian.kit.errors import Problem
from yijian.web import desk, words
from yijian.web.access import requires_role, signed_in
from yijian.web.catalogue import COMMON, is_exam, list_items, search_items
from yijian.web.citation import citation_text
from yijian.web.forms import DeclineForm, OrderForm
from yijian.web.people import access_person, access_sight
from yijian.web.problems import explain
from yijian.web.tickets import Ticket, open_ticket

__all__ = ["accept", "accept_all", "basket", "cite", "decline", "reuse", "suggestions", "view_evidence"]

CHANNEL = "web"
Regional = tuple[RegionalReason, ...]


@requires_role(Role.CLINICIAN)
@require_http_methods(["GET", "POST"])
def reuse(request: HttpRequest, person_id: UUID) -> HttpResponseBase:
    """Show the order form; on POST the answer beside it."""
    person = access_person(request, person_id)
    if request.method == "POST":
        return _answer(request, person_id)
    desk.audit(request, "web.reuse_form", person_id)
    context = {
        "person": person,
        "sight": access_sight(request, person),
        "form": OrderForm(),
        "common": list_items(COMMON),
        "chosen": [],
    }
    return render(request, "reuse/page.html", context)


@requires_role(Role.CLINICIAN)
@require_GET
def suggestions(request: HttpRequest) -> HttpResponseBase:
    """Show what can be ordered under the word typed."""
    word = request.GET.get("word", "")
    return render(request, "reuse/suggestions.html", {"items": search_items(word), "word": word.strip()})


@requires_role(Role.CLINICIAN)
@require_POST
def basket(request: HttpRequest) -> HttpResponseBase:
    """Put an item into the order, or take it out; a bare word puts in its best fit."""
    codes = [*request.POST.getlist("item"), *request.POST.getlist("add")]
    codes += [item.code for item in search_items(request.POST.get("word", ""))[:1]]
    removed = set(request.POST.getlist("remove"))
    chosen = list_items(code for code in codes if code not in removed)
    return render(request, "reuse/basket.html", {"chosen": chosen})


def _answer(request: HttpRequest, person_id: UUID) -> HttpResponse:
    form = OrderForm(request.POST)
    codes = request.POST.getlist("item")
    if not form.is_valid():
        return render(request, "reuse/refused.html", {"errors": form.errors}, status=422)
    encounter, purpose = form.cleaned_data["encounter"], form.cleaned_data["purpose"]
    asked = _request(request, person_id, codes, encounter, purpose)
    user = signed_in(request)
    try:
        matched = match_order(
            user.institution_code,
            asked,
            channel=CHANNEL,
            actor=user.username,
            at=now(),
            view=View(words.language()),
        )
    except Problem as problem:
        return render(request, "reuse/refused.html", {"sentence": explain(problem)}, status=422)
    regional = _regional(request)
    rows = [
        _row(item, Ticket.of(person_id, matched.match_id, encounter, purpose, item), regional)
        for item in matched.document["items"]
    ]
    return render(request, "reuse/answer.html", {"rows": rows, "summary": _summary(rows)})


def _request(
    request: HttpRequest,
    person_id: UUID,
    codes: list[str],
    encounter: str,
    purpose: str,
) -> MatchRequest:
    user = signed_in(request)
    return MatchRequest(
        patient=describe_person(person_id),
        encounter=Encounter(type=EncounterType(encounter)),
        items=tuple(RequestedItem(system="item", code=code) for code in dict.fromkeys(codes)),
        authorisation=EVERYTHING_ALLOWED,
        practitioner=Practitioner(id=user.username, name=user.display_name or user.username),
        department=Coded(code=user.department_code or None, name=user.department_name or None),
        purpose=Purpose(purpose),
    )


def _regional(request: HttpRequest) -> Regional:
    """Return the reasons to decline that the user's region lays down itself."""
    options = options_of(signed_in(request).institution_code, now())
    return options.decline_reasons if options else ()


def _row(item: dict[str, Any], ticket: Ticket | None, regional: Regional) -> dict[str, Any]:
    """Return what a row of the answer shows; members may be decided one by one where the panel cannot."""
    said = {reason["text"] for reason in item["reasons"]}
    members = [
        _row(member, _member_ticket(ticket, item, member), regional) | {"notes": _notes(member, said)}
        for member in item["members"]
    ]
    return {
        "item": item,
        "members": members,
        "is_exam": is_exam(item["item"]["code"]),
        "saves": Decimal(item["estimated_saving"] or 0),
        **(_actions(ticket, regional) if ticket and item["candidate"] else {}),
    }


def _notes(member: dict[str, Any], said: set[str]) -> list[str]:
    """Return what speaks against a member and is not said of its panel already."""
    failing = [reason["text"] for reason in member["reasons"] if not reason["holds"]]
    return [text for text in failing if text not in said]


def _member_ticket(ticket: Ticket | None, panel: dict[str, Any], member: dict[str, Any]) -> Ticket | None:
    decidable = not Outcome(panel["outcome"]).is_reminder and Outcome(member["outcome"]).is_reminder
    return ticket.for_member(member) if ticket and decidable else None


def _actions(ticket: Ticket, regional: Regional, **state: Any) -> dict[str, Any]:
    """Return what the buttons of a row need; `state` says what has been done already."""
    return {
        "match_id": ticket.match_id,
        "match_item_id": ticket.match_item_id,
        "ticket": ticket.seal(),
        "outcome": ticket.item["outcome"],
        "decline": DeclineForm(
            initial={"code": likely_situation(ticket.encounter, ticket.purpose)}, regional=regional
        ),
        **state,
    }


def likely_situation(encounter: str, purpose: str) -> str | None:
    """Return the legal situation that the circumstances suggest, for the physician to confirm."""
    by_purpose = {
        Purpose.PREOPERATIVE: "3",
        Purpose.TRANSFUSION: "3",
        Purpose.FORENSIC: "5",
        Purpose.DISABILITY: "5",
    }
    return "4" if encounter == EncounterType.EMERGENCY else by_purpose.get(Purpose(purpose))


def _summary(rows: list[dict[str, Any]]) -> dict[str, Any]:
    outcomes = [row["item"]["outcome"] for row in rows]
    recognised = [row for row in rows if row["item"]["outcome"] == Outcome.RECOGNISE and row.get("ticket")]
    return {
        "counts": [(outcome.value, outcomes.count(outcome)) for outcome in Outcome if outcome in outcomes],
        "saving": sum((row["saves"] for row in rows), Decimal(0)),
        "recognised": recognised if len(recognised) > 1 else [],
    }


@requires_role(Role.CLINICIAN)
@require_POST
def accept(request: HttpRequest) -> HttpResponseBase:
    """Accept one existing result instead of ordering."""
    ticket = open_ticket(request.POST.get("ticket", ""))
    return _decide(request, ticket, DecisionKind.ACCEPT, None)


@requires_role(Role.CLINICIAN)
@require_POST
def decline(request: HttpRequest) -> HttpResponseBase:
    """Decline an existing result for one of the six legal situations, or a reason of the region under one."""
    ticket = open_ticket(request.POST.get("ticket", ""))
    form = DeclineForm(request.POST, regional=_regional(request))
    if not form.is_valid():
        return _actions_page(request, ticket, decline=form, declining=True, status=422)
    return _decide(request, ticket, DecisionKind.DECLINE, form.reason())


@requires_role(Role.CLINICIAN)
@require_POST
def accept_all(request: HttpRequest) -> HttpResponseBase:
    """Accept everything that is recognised, in one submission: all or nothing."""
    tickets = [open_ticket(sealed) for sealed in request.POST.getlist("ticket")]
    try:
        savings = _record(request, tickets, DecisionKind.ACCEPT, None)
    except Problem as problem:
        return render(request, "reuse/refused.html", {"sentence": explain(problem)}, status=422)
    regional = _regional(request)
    rows = [
        _actions(ticket, regional, decision=DecisionKind.ACCEPT.value, saving=savings[ticket.match_item_id])
        for ticket in tickets
    ]
    return render(request, "reuse/accepted.html", {"rows": rows})


@requires_role(Role.CLINICIAN)
@require_POST
def cite(request: HttpRequest) -> HttpResponseBase:
    """Record that an accepted result goes into the medical record, and give the text to paste."""
    ticket = open_ticket(request.POST.get("ticket", ""))
    user = signed_in(request)
    submission = CitationSubmission(
        match_item_id=ticket.match_item_id,
        cited_at=now(),
        department=Coded(code=user.department_code or None, name=user.department_name or None),
        practitioner=Practitioner(id=user.username, name=user.display_name or user.username),
    )
    state: dict[str, Any] = {"decision": DecisionKind.ACCEPT.value}
    try:
        require_citable(user.institution_code, ticket.match_item_id, now())
        record_citation(user.institution_code, submission, at=now())
    except Problem as problem:
        return _actions_page(request, ticket, refusal=explain(problem), status=422, **state)
    desk.audit(request, "web.cited", ticket.person_id, match_item_id=str(ticket.match_item_id))
    return _actions_page(request, ticket, citation=citation_text(ticket.item), **state)


@requires_role(Role.CLINICIAN)
@require_POST
def view_evidence(request: HttpRequest) -> HttpResponseBase:
    """Record that the physician opened the evidence of a reminder."""
    ticket = open_ticket(request.POST.get("ticket", ""))
    user = signed_in(request)
    try:
        record_view(user.institution_code, ticket.match_item_id, viewer=user.username, at=now())
    except Problem as problem:
        explain(problem)
    return HttpResponse(status=204)


def _decide(
    request: HttpRequest, ticket: Ticket, decision: DecisionKind, reason: DeclineReason | None
) -> HttpResponse:
    try:
        savings = _record(request, [ticket], decision, reason)
    except Problem as problem:
        return _actions_page(request, ticket, refusal=explain(problem), status=422)
    return _actions_page(request, ticket, decision=decision.value, saving=savings[ticket.match_item_id])


def _record(
    request: HttpRequest, tickets: list[Ticket], decision: DecisionKind, reason: DeclineReason | None
) -> dict[UUID, Decimal]:
    """Record one submission; return what each item saves."""
    if not tickets or len({ticket.match_id for ticket in tickets}) > 1:
        raise Http404
    user, moment = signed_in(request), now()
    for ticket in tickets if decision is DecisionKind.ACCEPT else ():
        require_visible(user.institution_code, ticket.match_item_id, moment)
    items = tuple(
        SubmittedDecision(match_item_id=ticket.match_item_id, decision=decision, reason=reason)
        for ticket in tickets
    )
    submission = DecisionSubmission(match_id=tickets[0].match_id, decided_at=moment, items=items)
    recorded = record_decisions(
        user.institution_code, submission, channel=CHANNEL, actor=user.username, at=moment
    )
    return {item.match_item_id: item.estimated_saving for item in recorded.items}


def _actions_page(request: HttpRequest, ticket: Ticket, *, status: int = 200, **state: Any) -> HttpResponse:
    return render(
        request, "reuse/actions.html", {"row": _actions(ticket, _regional(request), **state)}, status=status
    )
