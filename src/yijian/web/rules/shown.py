"""Versions of the rules as pages list them: what they are called, where they stand on a day, who may see."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, NamedTuple

from django.http import Http404
from django.utils.functional import Promise

from yijian.domains.sharing import api as sharing
from yijian.domains.sharing.values import Agreement, Rulebook
from yijian.foundation.accounts.models import Role, User
from yijian.kit.clock import CHINA, now
from yijian.kit.errors import Problem
from yijian.web import words
from yijian.web.rules import names

__all__ = [
    "KINDS",
    "READERS",
    "WRITERS",
    "ShownMatrix",
    "ShownVersion",
    "get_visible",
    "has_signed",
    "list_visible",
    "name_of",
    "people",
    "preview_rows",
    "same_name",
    "show_matrix",
    "today",
]

READERS = (Role.CLINICIAN, Role.TECHNICIAN, Role.INTEGRATOR, Role.SUPERVISOR, Role.ADMINISTRATOR)
WRITERS = (Role.SUPERVISOR, Role.ADMINISTRATOR)
KINDS = ("agreement", "options")


@dataclass(frozen=True, slots=True)
class ShownVersion:
    """A version; `state` and `until` are as of the day asked for."""

    version: sharing.RuleVersion
    name: str
    scope: str
    state: str
    until: date | None

    @property
    def state_name(self) -> Promise:
        return names.STATES[self.state][0]

    @property
    def pill(self) -> str:
        return names.STATES[self.state][1]


class ShownMatrix(NamedTuple):
    """Rows of permissions: the source's band, then a (code, name) for each receiver."""

    receivers: list[str]
    rows: list[tuple[str, list[tuple[str, Promise]]]]


def today() -> date:
    """Return the day in China."""
    return now().astimezone(CHINA).date()


def list_visible(user: User, kind: str, on: date) -> list[ShownVersion]:
    """Return the versions of a kind that a user may read, the newest of each name first."""
    rulebook, areas = sharing.get_rulebook(), names.area_names()
    every = sharing.list_versions(kind)
    return [_show(each, every, areas, on) for each in every if _may_read(user, rulebook, each)]


def get_visible(user: User, key: sharing.VersionKey) -> sharing.RuleVersion:
    """Return a version that a user may read; for others it does not exist."""
    try:
        version = sharing.get_version(key)
    except Problem as unknown:
        raise Http404 from unknown
    if not _may_read(user, sharing.get_rulebook(), version):
        raise Http404
    return version


def _may_read(user: User, rulebook: Rulebook, version: sharing.RuleVersion) -> bool:
    """Tell whether: supervisors what is signed, those who write it the rest too; others what binds them."""
    if user.role in WRITERS:
        return version.state == "signed" or sharing.may_manage(user, rulebook, version.value)
    return version.state == "signed" and sharing.holds_for(
        rulebook, version.value, user.institution_code, today()
    )


def _show(
    version: sharing.RuleVersion,
    every: Iterable[sharing.RuleVersion],
    areas: Mapping[tuple[str, str], str],
    on: date,
) -> ShownVersion:
    value, until = version.value, _ends(version, every)
    state = version.state
    if state == "signed":
        ended = until is not None and until <= on
        state = "ended" if ended else "in_force" if value.effective_from <= on else "planned"
    scope = names.scope_name(value.scope, areas)
    return ShownVersion(version, name_of(version) or scope, scope, state, until)


def name_of(version: sharing.RuleVersion) -> str:
    """Return an agreement's name in the reader's language; options have none but their scope's."""
    if not isinstance(version.value, Agreement):
        return ""
    english = words.language() == "en" and version.value.name_en
    return version.value.name_en if english else version.value.name_zh


def _ends(version: sharing.RuleVersion, every: Iterable[sharing.RuleVersion]) -> date | None:
    """Return the first day a version holds no more: its own end, or the first day of a newer signed one."""
    days = [
        other.value.effective_from
        for other in every
        if same_name(other, version)
        and other.state == "signed"
        and other.value.version > version.value.version
    ]
    if version.value.effective_until is not None:
        days.append(version.value.effective_until)
    return min(days, default=None)


def same_name(one: sharing.RuleVersion, other: sharing.RuleVersion) -> bool:
    """Tell whether two are versions of one thing."""
    if one.key.kind != other.key.kind:
        return False
    if isinstance(one.value, Agreement) and isinstance(other.value, Agreement):
        return one.value.code == other.value.code
    return one.value.scope == other.value.scope


def has_signed(version: sharing.RuleVersion) -> bool:
    """Tell whether a version of its name was ever signed: the next one cannot begin in the past."""
    every = sharing.list_versions(version.key.kind)
    return any(each.state == "signed" and same_name(each, version) for each in every)


def people(usernames: Iterable[str]) -> dict[str, str]:
    """Return what the people of these accounts are called."""
    found = User.objects.filter(username__in=set(usernames) - {""}).values_list("username", "display_name")
    return {username: display_name or username for username, display_name in found}


def show_matrix(agreement: Agreement) -> ShownMatrix:
    """Return who takes whose results, by level and grade."""
    matrix = sharing.matrix_of(agreement)
    return ShownMatrix(
        [_band(*band) for band in matrix.receivers],
        [
            (_band(*band), [(cell.value, names.PERMISSIONS[cell]) for cell in cells])
            for band, cells in zip(matrix.sources, matrix.cells, strict=True)
        ],
    )


def _band(lowest: tuple[int, int], highest: tuple[int, int]) -> str:
    """Name a band: whole levels by their names, others by their ends."""
    grades = len(names.STANDINGS) // 3
    if lowest[1] == 0 and highest[1] == grades - 1:
        ends = [str(words.LEVELS[level]) for level in dict.fromkeys((lowest[0], highest[0]))]
    else:
        ends = [
            names.STANDINGS[(level - 1) * grades + grade] for level, grade in dict.fromkeys((lowest, highest))
        ]
    return "–".join(ends)


def preview_rows(document: dict[str, Any]) -> list[tuple[tuple[str, bool], tuple[str, bool], int]]:
    """Return the changes of a preview: (outcome, silent) before and after, and how many items."""
    return [(_said(each["before"]), _said(each["after"]), each["items"]) for each in document["changes"]]


def _said(outcome: str) -> tuple[str, bool]:
    return outcome.removesuffix("_silent"), outcome.endswith("_silent")
