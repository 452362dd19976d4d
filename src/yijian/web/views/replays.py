"""Why messages did not go through, cause by cause, and a new try for all of one cause."""

from urllib.parse import urlencode
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponseBase
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET, require_POST

from yijian.foundation.accounts.models import Role
from yijian.foundation.inbox import api as inbox
from yijian.kit.clock import now
from yijian.kit.errors import Problem
from yijian.web.access import requires_role, signed_in
from yijian.web.institutions import find_institution
from yijian.web.operations import STATES, audit_operation, explain, scope_of
from yijian.web.reasons import cause_name, show_reason

__all__ = ["begin", "causes", "preview", "progress"]

NOT_BY_REPLAY = ("frame.", "work_item.")
"""Causes that another try cannot mend: nothing whole came, or a person has to act first."""
REPLAYERS = (Role.INTEGRATOR, Role.ADMINISTRATOR)


@requires_role(Role.INTEGRATOR, Role.TECHNICIAN, Role.ADMINISTRATOR)
@require_GET
def causes(request: HttpRequest) -> HttpResponseBase:
    """List the causes, the commonest first, and the last runs."""
    scope = scope_of(signed_in(request))
    shown = {
        "causes": [
            {
                "cause": cause,
                "name": cause_name(cause.reason_code),
                "query": urlencode({"reason": cause.reason_code, "place": cause.place}),
                "may_replay": signed_in(request).role in REPLAYERS
                and not cause.reason_code.startswith(NOT_BY_REPLAY),
            }
            for cause in inbox.list_causes(scope)
        ],
        "runs": [(run, cause_name(run.reason_code)) for run in inbox.list_replays(_own(scope))],
    }
    return render(request, "inbox/causes.html", shown)


@requires_role(*REPLAYERS)
@require_GET
def preview(request: HttpRequest) -> HttpResponseBase:
    """Show how many messages a cause has, and the newest of them, before anything is done."""
    code, place = request.GET.get("reason", ""), request.GET.get("place", "")
    scope = scope_of(signed_in(request))
    found = [
        each
        for each in inbox.list_causes(scope, most=1000)
        if (each.reason_code, each.place) == (code, place)
    ]
    if not found or code.startswith(NOT_BY_REPLAY):
        messages.info(request, explain(Problem("replay.nothing", "")))
        return redirect("inbox-causes")
    newest = inbox.find_message(max(each.newest for each in found))
    shown = {
        "reason": code,
        "place": place,
        "name": cause_name(code),
        "total": sum(each.number for each in found),
        "by_state": [(STATES[each.state][0], each.number) for each in found],
        "newest": newest,
        "example": newest and show_reason(newest.reason_code, newest.reason_data, newest.reason_text),
        "institution": find_institution(scope[0]) if scope else None,
    }
    return render(request, "inbox/replay_preview.html", shown)


@requires_role(*REPLAYERS)
@require_POST
def begin(request: HttpRequest) -> HttpResponseBase:
    """Have the worker replay every message of a cause, of one's institution or, for the platform, of all."""
    code, place = request.POST.get("reason", ""), request.POST.get("place", "")
    user, scope = signed_in(request), scope_of(signed_in(request))
    if code.startswith(NOT_BY_REPLAY) or (scope is not None and not scope[0]):
        raise Http404
    try:
        replay_id = inbox.begin_replay(
            code, place=place, institution_code=scope[0] if scope else "", by=user.username, at=now()
        )
    except Problem as problem:
        messages.info(request, explain(problem))
        return redirect("inbox-causes")
    audit_operation(request, "web.inbox_replay_cause", replay_id=str(replay_id), reason=code)
    return redirect("inbox-replay-run", replay_id)


@requires_role(Role.INTEGRATOR, Role.TECHNICIAN, Role.ADMINISTRATOR)
@require_GET
def progress(request: HttpRequest, replay_id: UUID) -> HttpResponseBase:
    """Show how far a run is and what became of its messages; the page asks again by itself."""
    run = inbox.find_replay(replay_id)
    scope = scope_of(signed_in(request))
    if run is None or (scope is not None and run.institution_code not in scope):
        raise Http404
    shown = {
        "run": run,
        "name": cause_name(run.reason_code),
        "outcomes": [
            (code, name, run.outcomes[code]) for code, (name, _) in STATES.items() if code in run.outcomes
        ],
    }
    whole = request.headers.get("HX-Request") != "true"
    return render(request, "inbox/replay_run.html" if whole else "inbox/replay_progress.html", shown)


def _own(scope: list[str] | None) -> str | None:
    return scope[0] if scope else None
