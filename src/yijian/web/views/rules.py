"""The rules of the regions: what holds when, one version in words, two side by side. No patients here."""

from typing import Any

from django.http import Http404, HttpRequest, HttpResponseBase
from django.shortcuts import render
from django.utils.dateparse import parse_date
from django.views.decorators.http import require_GET

from yijian.domains.recognition.api import find_latest_preview
from yijian.domains.sharing import api as sharing
from yijian.domains.sharing.values import Agreement
from yijian.foundation.accounts.models import User
from yijian.web.access import requires_role, signed_in
from yijian.web.periods import read_period
from yijian.web.rules import names
from yijian.web.rules.clauses import changes_of, clauses_of
from yijian.web.rules.shown import (
    KINDS,
    READERS,
    WRITERS,
    ShownVersion,
    get_visible,
    list_visible,
    people,
    preview_rows,
    same_name,
    show_matrix,
    today,
)

__all__ = ["compare", "rule_list", "version"]

OPEN = ("submitted", "draft")


@requires_role(*READERS)
@require_GET
def rule_list(request: HttpRequest) -> HttpResponseBase:
    """List what held on a day, what is planned, what waits for a signature, what is past."""
    user, asked = signed_in(request), request.GET
    on = _day(asked.get("on", "")) or today()
    every = [each for kind in KINDS for each in list_visible(user, kind, on)]
    scopes = {_address(each): each.scope for each in every}
    scope = asked.get("scope", "")
    listed = [each for each in every if scope in ("", _address(each))]
    shown = {
        "on": on,
        "is_today": on == today(),
        "scope": scope,
        "scopes": scopes.items(),
        "waiting": [each for each in listed if each.state in OPEN],
        "holding": [each for each in listed if each.state == "in_force"],
        "planned": [each for each in listed if each.state == "planned"],
        "past": [each for each in listed if each.state in ("ended", "withdrawn")],
        "writes": user.role in WRITERS,
    }
    return render(request, "rules/page.html", shown)


@requires_role(*READERS)
@require_GET
def version(request: HttpRequest, kind: str, number: str) -> HttpResponseBase:
    """Show every clause of a version in words, its history, and what one may do with it."""
    user, found = signed_in(request), read_version(request, kind, number)
    listed = list_visible(user, kind, today())
    here = next(each for each in listed if each.version.key == found.key)
    others = [e for e in listed if same_name(e.version, found) and e.version.key != found.key]
    shown: dict[str, Any] = {
        "shown": here,
        "version": found,
        "sections": clauses_of(found.value),
        "matrix": show_matrix(found.value) if isinstance(found.value, Agreement) else None,
        "others": others,
        "earlier": next((e for e in others if e.version.value.version < found.value.version), None),
        "history": _history(found),
        **_acts(user, found),
    }
    if shown["manages"] and found.state in OPEN:
        shown["preview"] = find_latest_preview(found.key)
        shown["period"], shown["period_form"] = read_period({"period": "last-month"}, today())
    if found.preview:
        shown["kept"], shown["rows"] = found.preview, preview_rows(found.preview)
    return render(request, "rules/version.html", shown)


@requires_role(*READERS)
@require_GET
def compare(request: HttpRequest, kind: str, number: str) -> HttpResponseBase:
    """Show what differs between a version and another of the same name."""
    user, found = signed_in(request), read_version(request, kind, number)
    other = read_version(request, kind, request.GET.get("with", ""))
    if not same_name(found, other):
        raise Http404
    listed = [e for e in list_visible(user, kind, today()) if same_name(e.version, found)]
    older, newer = sorted((found, other), key=lambda each: each.value.version)
    sides = [next(e for e in listed if e.version.key == each.key) for each in (older, newer)]
    shown = {
        "sides": sides,
        "newer": sides[1],
        "changes": changes_of(older.value, newer.value),
    }
    return render(request, "rules/compare.html", shown)


def read_version(request: HttpRequest, kind: str, number: str) -> sharing.RuleVersion:
    """Return the version an address names, if the user may read it."""
    if kind not in KINDS or not number.isdecimal() or len(number) > 18:
        raise Http404
    return get_visible(signed_in(request), sharing.VersionKey(kind, int(number)))


def _day(text: str) -> Any:
    try:
        return parse_date(text)
    except ValueError:
        return None


def _address(each: ShownVersion) -> str:
    return names.write_scope(each.version.value.scope)


def _acts(user: User, found: sharing.RuleVersion) -> dict[str, bool]:
    """Tell what a user may do with a version as it stands; the domain refuses the rest once more."""
    manages = user.role in WRITERS and sharing.may_manage(user, sharing.get_rulebook(), found.value)
    own = found.drafted_by == user.username
    return {
        "manages": manages,
        "may_edit": manages and own and found.state == "draft",
        "may_sign": manages and not own and found.state == "submitted",
        "waits_for_another": manages and own and found.state == "submitted",
        "may_withdraw": manages and found.state in OPEN,
    }


def _history(found: sharing.RuleVersion) -> list[tuple[Any, str, Any, str]]:
    """Return what was done with a version: (word, who, when, why), oldest first."""
    done = {
        "drafted": (found.drafted_at, found.drafted_by, ""),
        "submitted": (found.submitted_at, found.drafted_by, ""),
        "returned": (found.returned_at, found.returned_by, found.return_reason),
        "signed": (found.signed_at, found.signed_by, ""),
        "withdrawn": (found.withdrawn_at, found.withdrawn_by, ""),
    }
    called = people(by for _at, by, _why in done.values())
    told = [
        (names.ACTS[act], called.get(by, by), at, why)
        for act, (at, by, why) in done.items()
        if at is not None
    ]
    return sorted(told, key=lambda each: each[2])
