"""Reports that changed after this institution relied on them."""

from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponseBase
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET, require_POST

from yijian.domains.identity.api import get_person_summary
from yijian.domains.recognition.api import OpenFollowUp, close_follow_up, list_follow_ups
from yijian.foundation.accounts.models import Role
from yijian.kit.clock import now
from yijian.kit.errors import Problem
from yijian.web.access import requires_role, signed_in
from yijian.web.catalogue import item_name, list_items
from yijian.web.desk import audit

__all__ = ["close", "follow_ups"]


@requires_role(Role.CLINICIAN)
@require_GET
def follow_ups(request: HttpRequest) -> HttpResponseBase:
    """List the open tasks of one's institution, oldest first."""
    tasks = list_follow_ups(signed_in(request).institution_code)
    for person_id in {task.person_id for task in tasks}:
        audit(request, "web.follow_ups", person_id)
    return render(request, "follow_ups/page.html", {"tasks": [_shown(task) for task in tasks]})


@requires_role(Role.CLINICIAN)
@require_POST
def close(request: HttpRequest, person_id: UUID, follow_up_id: UUID) -> HttpResponseBase:
    """Close a task: the patient's care has taken the change into account."""
    user = signed_in(request)
    try:
        close_follow_up(user.institution_code, person_id, follow_up_id, by=user.username, at=now())
    except Problem as unknown:
        raise Http404 from unknown
    audit(request, "web.follow_up_closed", person_id, follow_up_id=str(follow_up_id))
    return redirect("follow-ups")


def _shown(task: OpenFollowUp) -> dict[str, object]:
    items = list_items([task.item_code])
    return {
        "task": task,
        "person": get_person_summary(task.person_id),
        "item": item_name(items[0]) if items else task.item_code,
    }
