"""The patient's own page: who looked, what was recognised, and what one allows."""

from datetime import datetime
from urllib.parse import urlencode
from uuid import UUID

import segno
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from yijian.domains.consent import api as consent
from yijian.domains.identity.api import get_person_summary
from yijian.domains.identity.values import PersonSummary
from yijian.domains.recognition.api import list_reused
from yijian.foundation.accounts.models import Role
from yijian.foundation.audit.api import record_access
from yijian.kit.clock import now
from yijian.kit.errors import Problem
from yijian.web.access import requires_role, signed_in
from yijian.web.consent_forms import MakeCodeForm, ObjectionForm
from yijian.web.institutions import list_institutions
from yijian.web.looks import read_looks
from yijian.web.middleware import trace_id
from yijian.web.periods import read_before
from yijian.web.problems import explain

__all__ = ["code", "lift", "looks", "my", "object_to", "reused", "will", "withdraw"]

LATEST = 5
PAGE_SIZE = 20


@requires_role(Role.PATIENT)
@require_GET
def my(request: HttpRequest) -> HttpResponseBase:
    """Show what matters: what stands, who looked lately, and the way to a code."""
    person, at = _myself(request), now()
    listed = consent.list_consents(person.person_id)
    context = {
        "person": person,
        "standing": [each for each in listed if each.stands(at)],
        "objections": [each for each in consent.list_objections(person.person_id) if not each.lifted_at],
        "openings": [each for each in consent.list_openings(person.person_id) if not each.decided_at],
        "looks": read_looks(person.person_id, LATEST).looks,
        "reused": list_reused(person.person_id, limit=3),
        "form": MakeCodeForm(),
        "child": consent.is_child(person.birth_date, at),
    }
    _audit(request, person, "my.page")
    return render(request, "my/page.html", context)


@requires_role(Role.PATIENT)
@require_GET
def looks(request: HttpRequest) -> HttpResponseBase:
    """Show everybody who looked, a page at a time."""
    person, before = _myself(request), read_before(request.GET)
    page = read_looks(person.person_id, PAGE_SIZE, before)
    context = {
        "person": person,
        "looks": page.looks,
        "openings": {str(each.opening_id): each for each in consent.list_openings(person.person_id)},
        "newest": request.path if before else None,
        "earlier": _earlier(page.before) if page.before else None,
    }
    _audit(request, person, "my.looks")
    return render(request, "my/looks.html", context)


@requires_role(Role.PATIENT)
@require_GET
def reused(request: HttpRequest) -> HttpResponseBase:
    """Show what was used in place of a repeat, a page at a time."""
    person, before = _myself(request), read_before(request.GET)
    listed = list_reused(person.person_id, limit=PAGE_SIZE + 1, before=before)
    more = len(listed) > PAGE_SIZE
    context = {
        "person": person,
        "reused": listed[:PAGE_SIZE],
        "newest": request.path if before else None,
        "earlier": f"?{urlencode({'before': listed[PAGE_SIZE - 1].decided_at.isoformat()})}"
        if more
        else None,
    }
    _audit(request, person, "my.reused")
    return render(request, "my/reused.html", context)


@requires_role(Role.PATIENT)
@require_GET
def will(request: HttpRequest) -> HttpResponseBase:
    """Show consents and objections, standing and past."""
    return _will_page(request, ObjectionForm())


@requires_role(Role.PATIENT)
@require_http_methods(["GET", "POST"])
def code(request: HttpRequest) -> HttpResponseBase:
    """Make a code and show it, once."""
    person, form = _myself(request), MakeCodeForm(request.POST)
    if request.method == "GET" or not form.is_valid():
        return redirect("my")
    try:
        made = consent.make_code(person.person_id, person.birth_date, form.scope_chosen(), at=now())
    except Problem as problem:
        messages.warning(request, str(explain(problem)))
        return redirect("my")
    _audit(request, person, "my.code", scope=form.scope_chosen())
    context = {
        "person": person,
        "made": made,
        "digits": f"{made.code[:4]} {made.code[4:]}",
        "picture": segno.make(made.code, micro=False, error="m").svg_data_uri(
            scale=8, border=2, dark="#0a4e5c"
        ),
        "scope": form.scope_chosen(),
    }
    return render(request, "my/code.html", context)


@requires_role(Role.PATIENT)
@require_POST
def withdraw(request: HttpRequest, consent_id: UUID) -> HttpResponseBase:
    """Take a consent back."""
    person = _myself(request)
    try:
        consent.withdraw_consents(
            person.person_id, by=signed_in(request).username, at=now(), only=[consent_id]
        )
    except Problem as unknown:
        raise Http404 from unknown
    _audit(request, person, "my.withdrawn", consent_id=str(consent_id))
    messages.success(request, _("已撤回，从现在起不再显示。此前已写入病历的内容由该机构依法保存。"))
    return redirect("my-will")


@requires_role(Role.PATIENT)
@require_POST
def object_to(request: HttpRequest) -> HttpResponseBase:
    """Say no."""
    person, form = _myself(request), ObjectionForm(request.POST)
    if not form.is_valid():
        return _will_page(request, form, status=422)
    objection_id = consent.record_objection(
        person.person_id, by=signed_in(request).username, at=now(), **form.said()
    )
    kind = form.cleaned_data["kind"]
    _audit(request, person, "my.objection", kind=kind, objection_id=str(objection_id))
    messages.success(request, _("已登记，即时生效。"))
    return redirect("my-will")


@requires_role(Role.PATIENT)
@require_POST
def lift(request: HttpRequest, objection_id: UUID) -> HttpResponseBase:
    """Lift one's no again."""
    person = _myself(request)
    if not consent.lift_objection(person.person_id, objection_id, by=signed_in(request).username, at=now()):
        raise Http404
    _audit(request, person, "my.objection_lifted", objection_id=str(objection_id))
    messages.success(request, _("已取消拒绝。"))
    return redirect("my-will")


def _will_page(request: HttpRequest, form: ObjectionForm, status: int = 200) -> HttpResponseBase:
    person, at = _myself(request), now()
    listed = consent.list_consents(person.person_id)
    objections = consent.list_objections(person.person_id)
    context = {
        "person": person,
        "standing": [each for each in listed if each.stands(at)],
        "past": [each for each in listed if not each.stands(at)],
        "objections": [each for each in objections if not each.lifted_at],
        "lifted": [each for each in objections if each.lifted_at],
        "institutions": list_institutions(),
        "form": form,
    }
    _audit(request, person, "my.will")
    return render(request, "my/will.html", context, status=status)


def _myself(request: HttpRequest) -> PersonSummary:
    """Return whom this account belongs to; one that is bound to nobody sees nothing."""
    user = signed_in(request)
    if not consent.may(user, "decide_for_oneself"):
        raise PermissionDenied
    person_id = consent.find_patient_of(user.pk)
    if person_id is None:
        raise Http404
    return get_person_summary(person_id)


def _earlier(before: datetime) -> str:
    return "?" + urlencode({"before": before.isoformat()})


def _audit(request: HttpRequest, person: PersonSummary, action: str, **detail: str) -> None:
    record_access(
        signed_in(request).username,
        "",
        action,
        person.person_id,
        legal_basis="self",
        detail=detail,
        trace_id=trace_id(request),
    )
