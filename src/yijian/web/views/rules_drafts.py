"""New versions of the rules: drafted, edited, submitted by one person; signed or sent back by another."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import gettext
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from yijian.domains.recognition.api import find_latest_preview
from yijian.domains.sharing import api as sharing
from yijian.kit.clock import now
from yijian.kit.errors import Problem
from yijian.web.access import requires_role, signed_in
from yijian.web.catalogue import search_items
from yijian.web.operations import audit_operation
from yijian.web.rules.editor import PICKERS, Editor, Rows, chosen_items, suggested
from yijian.web.rules.refusals import explain
from yijian.web.rules.rows import ROWS
from yijian.web.rules.shown import WRITERS, has_signed, today
from yijian.web.views.rules import read_version

__all__ = ["draft", "edit", "items", "rows", "send_back", "sign", "submit", "suggestions", "withdraw"]


@requires_role(*WRITERS)
@require_POST
def draft(request: HttpRequest, kind: str, number: str) -> HttpResponseBase:
    """Begin the next version as a copy of one, valid from tomorrow unless edited."""
    found = _managed(request, kind, number)
    copy = replace(found.value, effective_from=today() + timedelta(days=1), effective_until=None)
    try:
        key = sharing.draft_version(copy, author=signed_in(request).username, at=now())
    except Problem as problem:
        messages.error(request, explain(problem))
        return redirect("rules-version", kind, number)
    audit_operation(request, "web.rules_drafted", kind=kind, number=key.number)
    return redirect("rules-edit", key.kind, str(key.number))


@requires_role(*WRITERS)
@require_http_methods(["GET", "POST"])
def edit(request: HttpRequest, kind: str, number: str) -> HttpResponseBase:
    """Show a draft as a form, or keep what was entered."""
    found = _managed(request, kind, number)
    if found.state != "draft" or found.drafted_by != signed_in(request).username:
        return redirect("rules-version", kind, number)
    later = has_signed(found)
    if request.method == "GET":
        return _form(request, found, Editor(found.value, later=later))
    editor = Editor(found.value, request.POST, later=later)
    if not editor.is_valid():
        return _form(request, found, editor, status=422)
    edited, user = editor.edited(), signed_in(request)
    if not sharing.may_manage(user, sharing.get_rulebook(), edited):
        messages.error(request, gettext("成员超出您的监管范围，须由其共同的上级起草。"))
        return _form(request, found, editor, status=422)
    try:
        sharing.edit_draft(found.key, edited, by=user.username)
    except Problem as problem:
        messages.error(request, explain(problem))
        return _form(request, found, editor, status=422)
    audit_operation(request, "web.rules_edited", kind=kind, number=found.key.number)
    messages.success(request, gettext("草稿已保存。"))
    return redirect("rules-version", kind, number)


def _form(
    request: HttpRequest, found: sharing.RuleVersion, editor: Editor, status: int = 200
) -> HttpResponseBase:
    shown = {"version": found, "editor": editor, **suggested()}
    return render(request, "rules/edit.html", shown, status=status)


@requires_role(*WRITERS)
@require_POST
def rows(request: HttpRequest, field: str) -> HttpResponseBase:
    """Show the rows of a field as typed, with an empty one more or with one less."""
    if field not in ROWS:
        raise Http404
    place = request.POST.get("without", "")
    changed = Rows(field, entered=request.POST).without(int(place[:9]) if place.isdecimal() else -1)
    return render(request, "rules/rows.html", {"rows": changed})


@requires_role(*WRITERS)
@require_POST
def items(request: HttpRequest, field: str) -> HttpResponseBase:
    """Show the items chosen for a field, after one is added or removed."""
    if field not in PICKERS:
        raise Http404
    return render(request, "rules/chosen.html", {"name": field, "chosen": chosen_items(request.POST, field)})


@requires_role(*WRITERS)
@require_GET
def suggestions(request: HttpRequest, field: str) -> HttpResponseBase:
    """Suggest items under a word."""
    if field not in PICKERS:
        raise Http404
    word = request.GET.get("word", "")
    shown = {"name": field, "word": word, "items": search_items(word)}
    return render(request, "rules/suggestions.html", shown)


@requires_role(*WRITERS)
@require_POST
def submit(request: HttpRequest, kind: str, number: str) -> HttpResponseBase:
    """Hand a draft over for signature, with its preview on record."""
    found = _managed(request, kind, number)
    preview = find_latest_preview(found.key)
    if preview is None or preview.document is None or not preview.current:
        messages.error(request, gettext("请先预演这一稿，再提交签署。"))
        return redirect("rules-version", kind, number)
    document, by = preview.document, signed_in(request).username
    return _act(
        request,
        found,
        "submitted",
        gettext("已提交，等待另一人签署。"),
        lambda key: sharing.submit_version(key, document, by=by, at=now()),
    )


@requires_role(*WRITERS)
@require_POST
def sign(request: HttpRequest, kind: str, number: str) -> HttpResponseBase:
    """Put a submitted version into force from its date on."""
    found, by = _managed(request, kind, number), signed_in(request).username
    done = gettext("已签署，自 %(day)s 起执行。") % {"day": found.value.effective_from.isoformat()}
    return _act(request, found, "signed", done, lambda key: sharing.sign_version(key, by=by, at=now()))


@requires_role(*WRITERS)
@require_POST
def send_back(request: HttpRequest, kind: str, number: str) -> HttpResponseBase:
    """Return a submitted version to its author with a reason."""
    found, by = _managed(request, kind, number), signed_in(request).username
    reason = request.POST.get("reason", "")
    return _act(
        request,
        found,
        "returned",
        gettext("已退回起草人。"),
        lambda key: sharing.return_version(key, reason=reason, by=by, at=now()),
    )


@requires_role(*WRITERS)
@require_POST
def withdraw(request: HttpRequest, kind: str, number: str) -> HttpResponseBase:
    """Give a draft or a submitted version up."""
    found, by = _managed(request, kind, number), signed_in(request).username
    return _act(
        request,
        found,
        "withdrawn",
        gettext("已撤回。"),
        lambda key: sharing.withdraw_draft(key, by=by, at=now()),
    )


def _act(
    request: HttpRequest,
    found: sharing.RuleVersion,
    act: str,
    done: str,
    work: Callable[[sharing.VersionKey], None],
) -> HttpResponseBase:
    """Do it, put it on record and say so; or say why it is refused."""
    try:
        work(found.key)
    except Problem as problem:
        messages.error(request, explain(problem))
    else:
        audit_operation(request, f"web.rules_{act}", kind=found.key.kind, number=found.key.number)
        messages.success(request, done)
    return redirect("rules-version", found.key.kind, str(found.key.number))


def _managed(request: HttpRequest, kind: str, number: str) -> sharing.RuleVersion:
    """Return the version an address names, if it is one of the user's region."""
    found = read_version(request, kind, number)
    if not sharing.may_manage(signed_in(request), sharing.get_rulebook(), found.value):
        raise PermissionDenied
    return found
