"""Who is told of decisions, how it goes, and what to do where it does not. No patient's data is here."""

from typing import NamedTuple
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.functional import Promise
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_GET, require_POST

from yijian.domains.sharing.api import get_rulebook
from yijian.foundation.accounts.models import Role
from yijian.foundation.outbound import api as outbound
from yijian.foundation.outbound.api import EndpointSummary, ParkedDelivery
from yijian.kit.clock import now
from yijian.web.access import requires_role, signed_in
from yijian.web.institutions import ShownInstitution, show_institution
from yijian.web.operations import audit_operation, scope_of

__all__ = ["endpoint_list", "pause", "redeliver", "resume", "rotate"]

MOST_PARKED = 20
EVENTS: dict[str, Promise] = {
    "recognition.decided": _("互认决定"),
    "recognition.cited": _("互认引用"),
    "recognition.revoked": _("撤销决定"),
}


class ShownDelivery(NamedTuple):
    delivery: ParkedDelivery
    event: Promise | str
    report_no: str


class ShownEndpoint(NamedTuple):
    endpoint: EndpointSummary
    institution: ShownInstitution | None
    """None is the regional platform."""
    parked: list[ShownDelivery]


@requires_role(Role.INTEGRATOR, Role.ADMINISTRATOR)
@require_GET
def endpoint_list(request: HttpRequest) -> HttpResponseBase:
    """List endpoints, how each does, and what was given up."""
    return _page(request)


@requires_role(Role.INTEGRATOR, Role.ADMINISTRATOR)
@require_POST
def pause(request: HttpRequest, endpoint_id: UUID) -> HttpResponseBase:
    """Send nothing to an endpoint for now; what is to be told waits."""
    outbound.pause(_reached(request, endpoint_id))
    return _done(request, "web.outbound_paused", endpoint_id, gettext("已暂停，待送内容保留在队列中。"))


@requires_role(Role.INTEGRATOR, Role.ADMINISTRATOR)
@require_POST
def resume(request: HttpRequest, endpoint_id: UUID) -> HttpResponseBase:
    """Send to an endpoint again."""
    outbound.resume(_reached(request, endpoint_id))
    return _done(request, "web.outbound_resumed", endpoint_id, gettext("已恢复推送。"))


@requires_role(Role.INTEGRATOR, Role.ADMINISTRATOR)
@require_POST
def redeliver(request: HttpRequest, endpoint_id: UUID) -> HttpResponseBase:
    """Send what was given up again: one message where the form names it, else all."""
    named = request.POST.get("delivery", "")
    try:
        delivery_id = UUID(named) if named else None
    except ValueError:
        raise Http404 from None
    number = outbound.redeliver(_reached(request, endpoint_id), delivery_id)
    return _done(
        request,
        "web.outbound_redelivered",
        endpoint_id,
        gettext("%(number)d 条已重新排队。") % {"number": number},
    )


@requires_role(Role.INTEGRATOR, Role.ADMINISTRATOR)
@require_POST
def rotate(request: HttpRequest, endpoint_id: UUID) -> HttpResponseBase:
    """Give an endpoint a new secret and show it, this once."""
    secret = outbound.rotate_secret(_reached(request, endpoint_id), at=now())
    audit_operation(request, "web.outbound_secret_rotated", endpoint_id=str(endpoint_id))
    return _page(request, secret=secret, rotated=endpoint_id)


def _page(request: HttpRequest, **more: object) -> HttpResponseBase:
    rulebook = get_rulebook()
    endpoints = outbound.list_endpoints(scope_of(signed_in(request)))
    shown = [
        ShownEndpoint(
            each,
            show_institution(rulebook, each.institution_code) if each.institution_code else None,
            [_shown(parked) for parked in _parked_of(each)],
        )
        for each in endpoints
    ]
    is_administrator = signed_in(request).role == Role.ADMINISTRATOR
    return render(
        request,
        "outbound/page.html",
        {"endpoints": shown, "may_add": is_administrator, "most": MOST_PARKED, **more},
    )


def _parked_of(endpoint: EndpointSummary) -> list[ParkedDelivery]:
    return outbound.list_parked(endpoint.endpoint_id, MOST_PARKED) if endpoint.parked else []


def _shown(parked: ParkedDelivery) -> ShownDelivery:
    return ShownDelivery(parked, EVENTS.get(parked.event, parked.event), parked.subject.partition("|")[2])


def _reached(request: HttpRequest, endpoint_id: UUID) -> UUID:
    """Return the endpoint if it is the user's to run; to others it does not exist."""
    within = outbound.list_endpoints(scope_of(signed_in(request)))
    if endpoint_id not in {each.endpoint_id for each in within}:
        raise Http404
    return endpoint_id


def _done(request: HttpRequest, action: str, endpoint_id: UUID, sentence: str) -> HttpResponseBase:
    audit_operation(request, action, endpoint_id=str(endpoint_id))
    messages.success(request, sentence)
    return redirect("outbound")
