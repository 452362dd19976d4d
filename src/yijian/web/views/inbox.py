"""Everything received: where it stands, what exactly came, why it did not go through, and another try."""

from collections.abc import Iterator
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.functional import Promise
from django.utils.translation import gettext
from django.views.decorators.http import require_GET, require_POST

from yijian.domains.results import api as results
from yijian.domains.sharing.api import get_rulebook
from yijian.foundation.accounts.models import Role
from yijian.foundation.inbox import api as inbox
from yijian.kit.clock import now
from yijian.kit.errors import Problem
from yijian.web.access import requires_role, signed_in
from yijian.web.inbox_search import InboxSearch, read_search
from yijian.web.institutions import find_institution, show_institution
from yijian.web.operations import MATTERS, STATES, address_query, audit_operation, explain, reaches, scope_of
from yijian.web.reasons import ShownReason, cause_name, show_reason
from yijian.web.transcript import Transcript, transcribe, transcribe_answer

__all__ = ["inbox_list", "message", "replay"]

PAGE = 50
REPLAYABLE = frozenset({"waiting", "refused", "failed"})
REPLAYERS = frozenset({Role.INTEGRATOR, Role.ADMINISTRATOR})
CAUSES_OFFERED = 30


@requires_role(Role.INTEGRATOR, Role.TECHNICIAN, Role.ADMINISTRATOR)
@require_GET
def inbox_list(request: HttpRequest) -> HttpResponseBase:
    """List messages, newest first, of those the address asks for."""
    scope, institution = _asked_scope(request)
    search = read_search(request.GET)
    listed = _list(scope, search, _before(request))
    rulebook = get_rulebook()
    counts = inbox.count_by_state(scope, since=search.since, until=search.until)
    causes = inbox.list_causes(scope, most=CAUSES_OFFERED)
    kept = search.query | {"institution": institution}
    shown = {
        "found": [
            (each, show_institution(rulebook, each.institution_code), _reason_of(each))
            for each in listed[:PAGE]
        ],
        "tabs": [
            (code, name, counts.get(code, 0), address_query(kept | {"state": code}))
            for code, (name, _) in STATES.items()
        ],
        "all": address_query(kept | {"state": ""}),
        "total": sum(counts.values()),
        "search": search,
        "causes": [(each.reason_code, cause_name(each.reason_code)) for each in _by_code(causes)],
        "cause_total": sum(each.number for each in causes),
        "institution": find_institution(institution) if institution else None,
        "several": scope is None,
        "older": address_query(kept | {"before": listed[PAGE - 1].message_id})
        if len(listed) > PAGE
        else None,
        "newest": address_query(kept) if _before(request) else None,
        "alarms": sum(alarm.closed_at is None for alarm in inbox.list_alarms(scope, now=now())),
    }
    return render(request, "inbox/page.html", shown)


@requires_role(Role.INTEGRATOR, Role.TECHNICIAN, Role.ADMINISTRATOR)
@require_GET
def message(request: HttpRequest, message_id: UUID) -> HttpResponseBase:
    """Show one message as it came; its content names patients, so that somebody looked is recorded."""
    kept = _access(request, message_id)
    content = inbox.get_content(message_id)
    role = Role(signed_in(request).role)
    shown = {
        "message": kept,
        "institution": find_institution(kept.institution_code),
        "reason": _reason_of(kept),
        "transcripts": list(_transcripts(kept, content)),
        "content": content,
        "made": [(made, _made_address(request, made)) for made in content.made],
        "work_items": [_shown_matter(item) for item in inbox.list_work_items(message_id)],
        "may_replay": kept.state in REPLAYABLE and role in REPLAYERS,
    }
    for person_id in _people_of(content) or [None]:
        audit_operation(request, "web.inbox_message", person_id, message_id=str(message_id))
    return render(request, "inbox/message.html", shown)


@requires_role(Role.INTEGRATOR, Role.ADMINISTRATOR)
@require_POST
def replay(request: HttpRequest, message_id: UUID) -> HttpResponseBase:
    """Have a message processed again."""
    _access(request, message_id)
    try:
        inbox.replay(message_id)
    except Problem as problem:
        messages.error(request, explain(problem))
    else:
        audit_operation(request, "web.inbox_replay", message_id=str(message_id))
        messages.success(request, gettext("已交回处理，稍后刷新可见结果。"))
    return redirect("inbox-message", message_id)


def _list(scope: list[str] | None, search: InboxSearch, before: UUID | None) -> list[inbox.MessageSummary]:
    found = results.list_message_ids(search.report_no, scope) if search.report_no else None
    return inbox.list_messages(
        **search.wanted, institution_codes=scope, message_ids=found, before=before, most=PAGE + 1
    )


def _by_code(causes: list[inbox.Cause]) -> list[inbox.Cause]:
    return list({each.reason_code: each for each in causes}.values())


def _shown_matter(item: inbox.WorkItemSummary) -> tuple[inbox.WorkItemSummary, Promise | str, Promise | str]:
    """Return a work item with its name and its remedy; one of a kind that has none says it by itself."""
    name, remedy = MATTERS.get(item.kind, (item.kind, item.detail.get("detail", "")))
    return item, name, remedy


def _reason_of(kept: inbox.MessageSummary) -> ShownReason:
    """Return why a message stands where it stands; what is tried again has its old reason no longer."""
    if kept.state == "received":
        return show_reason("", {}, "")
    return show_reason(kept.reason_code, kept.reason_data, kept.reason_text)


def _transcripts(kept: inbox.MessageSummary, content: inbox.Content) -> Iterator[tuple[str, Transcript]]:
    """Yield what came and what was answered, each with its heading."""
    if content.raw is not None:
        yield gettext("原文"), transcribe(kept, content.raw)
    if content.answer:
        yield gettext("平台的应答"), transcribe_answer(kept, content.answer)


def _made_address(request: HttpRequest, made: inbox.Made) -> str:
    """Return where what a message became can be read, for those who may."""
    may_read = signed_in(request).role == Role.CLINICIAN
    return f"/reports/{made.id}?version={made.version}" if may_read and made.kind == "report" else ""


def _people_of(content: inbox.Content) -> list[UUID | None]:
    """Return whose data a message became; none where it became nothing yet, or only orders."""
    told = [UUID(made.id) for made in content.made if made.kind == "person"]
    reports = (UUID(made.id) for made in content.made if made.kind in {"report", "void"})
    return list(dict.fromkeys([*told, *filter(None, map(results.find_person_of_report, reports))]))


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
