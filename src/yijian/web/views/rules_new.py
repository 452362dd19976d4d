"""The first version of a new name: an agreement or a region's options, begun empty or as published."""

from datetime import timedelta
from typing import Any, NamedTuple

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import gettext
from django.views.decorators.http import require_http_methods

from yijian.domains.sharing import api as sharing
from yijian.domains.sharing.values import (
    Agreement,
    ClockStart,
    RegionOptions,
    Scope,
    ScopeKind,
)
from yijian.foundation.accounts.models import User
from yijian.kit.clock import now
from yijian.kit.errors import Problem
from yijian.web import words
from yijian.web.access import requires_role, signed_in
from yijian.web.operations import audit_operation
from yijian.web.rules import names
from yijian.web.rules.editor import Editor, suggested
from yijian.web.rules.refusals import explain
from yijian.web.rules.shown import KINDS, WRITERS, today

__all__ = ["begin"]

Scopes = list[tuple[str, str]]


class Beginning(NamedTuple):
    """A published rule that nobody has drafted here yet; `name` names it in the address."""

    region: str
    region_name: str
    name: str
    title: str
    value: Agreement | RegionOptions
    assumed: tuple[str, ...]


@requires_role(*WRITERS)
@require_http_methods(["GET", "POST"])
def begin(request: HttpRequest, kind: str) -> HttpResponseBase:
    """Show an empty form, or one filled as published; keep what was entered as the first draft."""
    if kind not in KINDS:
        raise Http404
    user = signed_in(request)
    scopes = _scopes(user)
    beginnings = _beginnings(kind, dict(scopes))
    asked = (request.GET.get("region", ""), request.GET.get("name", ""))
    chosen = next((each for each in beginnings if (each.region, each.name) == asked), None)
    value = chosen.value if chosen else _empty(kind)
    editor = Editor(value, request.POST if request.method == "POST" else None, scopes=scopes)
    if request.method == "POST" and editor.is_valid():
        key = _keep(request, user, editor)
        if key is not None:
            return redirect("rules-version", key.kind, str(key.number))
    shown: dict[str, Any] = {"kind": kind, "editor": editor, "chosen": chosen, "beginnings": beginnings}
    status = 422 if request.method == "POST" else 200
    return render(request, "rules/new.html", shown | suggested(), status=status)


def _keep(request: HttpRequest, user: User, editor: Editor) -> sharing.VersionKey | None:
    """Draft what was entered; None where it is refused, which is said on the page."""
    edited = editor.edited()
    if not sharing.may_manage(user, sharing.get_rulebook(), edited):
        messages.error(request, gettext("成员超出您的监管范围，须由其共同的上级起草。"))
        return None
    try:
        key = sharing.draft_version(edited, author=user.username, at=now(), first=True)
    except Problem as problem:
        messages.error(request, explain(problem))
        return None
    audit_operation(request, "web.rules_drafted", kind=key.kind, number=key.number)
    messages.success(request, gettext("草稿已保存。"))
    return key


def _scopes(user: User) -> Scopes:
    """Return whose rules a user may write: (as written in the address, name), wide before narrow."""
    rulebook = sharing.get_rulebook()
    scopes = {Scope(ScopeKind(kind), code): name for (kind, code), name in names.area_names().items()}
    return [
        (names.write_scope(scope), f"{names.SCOPE_KINDS[scope.kind]} · {name}")
        for scope, name in scopes.items()
        if sharing.may_manage(user, rulebook, RegionOptions(scope, 1, today()))
    ]


def _empty(kind: str) -> Agreement | RegionOptions:
    tomorrow, nowhere = today() + timedelta(days=1), Scope(ScopeKind.PROVINCE, "")
    if kind == "options":
        return RegionOptions(nowhere, 1, tomorrow)
    return Agreement("", 1, "", "", nowhere, frozenset(), ClockStart.COLLECTION, tomorrow)


def _beginnings(kind: str, scopes: dict[str, str]) -> list[Beginning]:
    """Return the published rules of a kind, of areas one may write for, that do not stand here yet."""
    taken = {_name(each.value) for each in sharing.list_versions(kind) if each.state != "withdrawn"}
    found = []
    for region in sharing.list_published():
        rules = sharing.get_published(region)
        english = words.language() == "en"
        values = rules.agreements if kind == "agreement" else rules.options
        found += [
            Beginning(
                region,
                rules.name_en if english else rules.name_zh,
                _name(value),
                (value.name_en if english else value.name_zh)
                if isinstance(value, Agreement)
                else scopes[_name(value)],
                value,
                rules.assumed,
            )
            for value in values
            if _name(value) not in taken and names.write_scope(value.scope) in scopes
        ]
    return found


def _name(value: Agreement | RegionOptions) -> str:
    """Return what tells rules of a kind apart: an agreement's code, else the scope."""
    return value.code if isinstance(value, Agreement) else names.write_scope(value.scope)
