"""What came in, what became of it, and sending it through again after mending."""

from urllib.parse import urlencode
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import gettext
from django.views.decorators.http import require_GET, require_POST

from yijian.domains.sharing.api import get_rulebook
from yijian.foundation.accounts.models import Role
from yijian.foundation.inbox import api as inbox
from yijian.kit.errors import Problem
from yijian.web.access import requires_role, signed_in
from yijian.web.institutions import find_institution, show_institution
from yijian.web.operations import MATTERS, STATES, audit_operation, reaches, scope_of
from yijian.web.transcript import transcribe

__all__ = ["inbox_list", "message", "replay"]

PAGE = 50
REPLAYABLE = frozenset({"waiting", "refused", "failed"})
REPLAYERS = frozenset({Role.INTEGRATOR, Role.ADMINISTRATOR})


@requires_role(Role.INTEGRATOR, Role.TECHNICIAN, Role.ADMINISTRATOR)
@require_GET
def inbox_list(request: HttpRequest) -> HttpResponseBase:
    """List messages, newest first, of one state where the address asks for it."""
    scope, institution = _asked_scope(request)
    state = request.GET.get("state") if request.GET.get("state") in STATES else None
    listed = inbox.list_messages(institution_codes=scope, state=state, before=_before(request), most=PAGE + 1)
    rulebook = get_rulebook()
    counts = inbox.count_by_state(scope)
    kept = {"state": state, "institution": institution}
    shown = {
        "found": [(each, show_institution(rulebook, each.institution_code)) for each in listed[:PAGE]],
        "tabs": [(code, name, counts.get(code, 0)) for code, (name, _pill) in STATES.items()],
        "total": sum(counts.values()),
        "state": state,
        "institution": find_institution(institution) if institution else None,
        "several": scope is None,
        "older": _query(**kept, before=listed[PAGE - 1].message_id) if len(listed) > PAGE else None,
        "newest": _query(**kept) if _before(request) else None,
    }
    return render(request, "inbox/page.html", shown)


@requires_role(Role.INTEGRATOR, Role.TECHNICIAN, Role.ADMINISTRATOR)
@require_GET
def message(request: HttpRequest, message_id: UUID) -> HttpResponseBase:
    """Show one message as it came; its content names patients, so that somebody looked is recorded."""
    kept = _access(request, message_id)
    audit_operation(request, "web.inbox_message", message_id=str(message_id))
    role = Role(signed_in(request).role)
    shown = {
        "message": kept,
        "institution": find_institution(kept.institution_code),
        "transcript": transcribe(kept, inbox.raw_of(message_id) or b""),
        "work_items": [
            (item, *MATTERS.get(item.kind, (item.kind, ""))) for item in inbox.list_work_items(message_id)
        ],
        "may_replay": kept.state in REPLAYABLE and role in REPLAYERS,
    }
    return render(request, "inbox/message.html", shown)


@requires_role(Role.INTEGRATOR, Role.ADMINISTRATOR)
@require_POST
def replay(request: HttpRequest, message_id: UUID) -> HttpResponseBase:
    """Have a message processed again."""
    _access(request, message_id)
    try:
        inbox.replay(message_id)
    except Problem as problem:
        messages.error(request, problem.detail)
    else:
        audit_operation(request, "web.inbox_replay", message_id=str(message_id))
        messages.success(request, gettext("已交回处理，稍后刷新可见结果。"))
    return redirect("inbox-message", message_id)


def _access(request: HttpRequest, message_id: UUID) -> inbox.MessageSummary:
    """Return a message of the user's scope; another's does not exist for them."""
    kept = inbox.find_message(message_id)
    if kept is None or not reaches(signed_in(request), kept.institution_code):
        raise Http404
    return kept


def _asked_scope(request: HttpRequest) -> tuple[list[str] | None, str]:
    """Return whose messages to list: one institution's where the address asks for one within reach."""
    user, institution = signed_in(request), request.GET.get("institution", "")
    if institution and scope_of(user) is None:
        return [institution], institution
    return scope_of(user), ""


def _before(request: HttpRequest) -> UUID | None:
    try:
        return UUID(request.GET["before"])
    except (KeyError, ValueError):
        return None


def _query(**asked: object) -> str:
    return "?" + urlencode({name: value for name, value in asked.items() if value})
