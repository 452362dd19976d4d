"""Every clause of a version in words, for reading one and for comparing two."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from datetime import date
from itertools import groupby
from typing import TYPE_CHECKING, Any, NamedTuple

from django.utils.functional import Promise
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from yijian.domains.sharing.api import compare_versions
from yijian.domains.sharing.values import (
    Agreement,
    GradeBand,
    GradeRule,
    Party,
    RegionalReason,
    RegionOptions,
    Window,
)
from yijian.web import words
from yijian.web.catalogue import item_name, list_items
from yijian.web.institutions import find_institution
from yijian.web.rules import names
from yijian.web.rules.names import scope_name

if TYPE_CHECKING:
    from django.utils.functional import _StrPromise

__all__ = [
    "LABELS",
    "SECTIONS",
    "Change",
    "Clause",
    "changes_of",
    "clauses_of",
    "window_items",
    "window_place",
]

Value = Agreement | RegionOptions
SECTIONS: Mapping[str, list[tuple[_StrPromise, tuple[str, ...]]]] = {
    "agreement": [
        (_("名称与日期"), ("name_zh", "name_en", "code", "effective_from", "effective_until")),
        (_("谁与谁"), ("scope", "parties", "shared_within", "public_only")),
        (_("方向"), ("directions", "upward_within", "grade_rules")),
        (_("标识"), ("mark_required", "accepted_marks")),
        (_("项目与时限"), ("items", "clock", "windows")),
        (_("来源"), ("source", "source_url")),
    ],
    "options": [
        (_("范围与日期"), ("scope", "effective_from", "effective_until")),
        (_("患者授权"), ("authorisation", "consent_ways", "consent_days", "break_glass")),
        (
            _("不作提醒"),
            (
                "same_institution_reminders",
                "same_institution_exclusion_hours",
                "suppress_emergency",
                "suppress_preoperative",
                "preoperative_items",
                "suppress_answered_in_encounter",
            ),
        ),
        (_("决定与不采纳"), ("revocation_allowed", "decline_reasons")),
        (_("影像与标识"), ("image_access_required", "mark_signs")),
        (_("来源"), ("source", "source_url")),
    ],
}
LABELS: Mapping[str, _StrPromise] = {
    "name_zh": _("名称"),
    "name_en": _("英文名称"),
    "code": _("协议代码"),
    "effective_from": _("生效日期"),
    "effective_until": _("失效日期"),
    "scope": _("适用范围"),
    "parties": _("成员"),
    "shared_within": _("双方须同属"),
    "public_only": _("仅限公立机构"),
    "directions": _("按级别的方向"),
    "upward_within": _("上级认下级仅限同一"),
    "grade_rules": _("按等次的方向"),
    "mark_required": _("来源须有互认标识"),
    "accepted_marks": _("认可的标识"),
    "items": _("项目"),
    "clock": _("时限起点"),
    "windows": _("互认时限"),
    "source": _("来源"),
    "source_url": _("来源网址"),
    "authorisation": _("调阅外院结果"),
    "consent_ways": _("授权方式"),
    "consent_days": _("授权默认期限（天）"),
    "break_glass": _("允许紧急调阅"),
    "same_institution_reminders": _("本机构结果也提醒"),
    "same_institution_exclusion_hours": _("本机构结果多少小时内不提醒"),
    "suppress_emergency": _("急诊不提醒"),
    "suppress_preoperative": _("术前检查不提醒"),
    "preoperative_items": _("术前检查项目"),
    "suppress_answered_in_encounter": _("本次就诊已决定的不再提醒"),
    "revocation_allowed": _("决定可以撤销"),
    "decline_reasons": _("本地区不采纳原因"),
    "image_access_required": _("影像须可联网调阅"),
    "mark_signs": _("标识的印刷符号"),
}
EMPTY: Mapping[str, Promise] = {
    "effective_until": _("长期"),
    "parties": _("范围内全部机构"),
    "accepted_marks": _("凡范围覆盖接收机构的标识"),
    "windows": _("按目录的时限"),
    "items": _("全部项目"),
}


class Clause(NamedTuple):
    field: str
    label: _StrPromise
    lines: list[str]
    empty: Promise | str


class Change(NamedTuple):
    """One field that differs; `several`: lines are what only this side has."""

    label: _StrPromise
    before: list[str]
    after: list[str]
    several: bool


def clauses_of(value: Value) -> list[tuple[_StrPromise, list[Clause]]]:
    """Return what a version says, section by section."""
    kind = "agreement" if isinstance(value, Agreement) else "options"
    return [
        (title, [Clause(f, LABELS[f], lines_of(f, getattr(value, f)), EMPTY.get(f, "–")) for f in fields])
        for title, fields in SECTIONS[kind]
    ]


def changes_of(before: Value, after: Value) -> list[Change]:
    """Return what changes from one version to another, in the order of reading."""
    found = {each.field: each for each in compare_versions(before, after)}
    changes = []
    for field in (field for field in LABELS if field in found):
        old, new = found[field].before, found[field].after
        several = isinstance(old, Collection) and not isinstance(old, str)
        empty = [] if several else [str(EMPTY.get(field, "–"))]
        changes.append(
            Change(LABELS[field], lines_of(field, old) or empty, lines_of(field, new) or empty, several)
        )
    return changes


def lines_of(field: str, part: Any) -> list[str]:
    """Return what a field says, a line each; nothing for an empty one."""
    if part is None or part in ("", (), frozenset()):
        return []
    return WRITERS.get(field, _plain)(part)


def _plain(part: Any) -> list[str]:
    if isinstance(part, bool):
        return [gettext("是") if part else gettext("否")]
    return [part.isoformat() if isinstance(part, date) else str(part)]


def _called(table: Mapping[str, Promise]) -> Callable[[Any], list[str]]:
    """Return what names one code, or several in the table's order."""

    def write(part: Any) -> list[str]:
        codes = [part] if isinstance(part, str) else part
        return [str(name) for code, name in table.items() if code in codes]

    return write


def _items(codes: Collection[str]) -> list[str]:
    known = [item_name(item) for item in list_items(sorted(codes))]
    return [gettext("、").join(known)]


def _parties(parties: Collection[Party]) -> list[str]:
    areas = names.area_names()
    return [
        scope_name(party.scope, areas) if party.scope else find_institution(party.institution_code).name
        for party in parties
    ]


def _grade_rules(rules: Collection[GradeRule]) -> list[str]:
    said = gettext("%(receiver)s 接收 %(source)s：%(permission)s")
    return [
        said
        % {
            "receiver": _band(rule.receiver),
            "source": _band(rule.source),
            "permission": names.PERMISSIONS[rule.permission],
        }
        for rule in rules
    ]


def _band(band: GradeBand) -> str:
    if band.lowest and band.highest:
        return band.lowest if band.lowest == band.highest else f"{band.lowest}–{band.highest}"
    if band.lowest:
        return gettext("%(standing)s及以上") % {"standing": band.lowest}
    if band.highest:
        return gettext("%(standing)s及以下") % {"standing": band.highest}
    return gettext("各级机构")


def window_place(window: Window) -> tuple[int, str, str]:
    """Return what windows of one line share: validity, category and care setting."""
    return window.hours, window.category, window.care_setting


def window_items(windows: Collection[Window]) -> list[tuple[tuple[int, str, str], list[str]]]:
    """Return windows with the items they are of, those of one validity together; [] stands for no item."""
    ordered = sorted(windows, key=lambda w: (*window_place(w), w.item_code))
    return [
        (place, [each.item_code for each in same if each.item_code])
        for (place, _has_items), same in groupby(ordered, key=lambda w: (window_place(w), bool(w.item_code)))
    ]


def _windows(windows: Collection[Window]) -> list[str]:
    lines = []
    for (hours, category, setting), codes in window_items(windows):
        whose = _items(codes)[0] if codes else str(names.CATEGORIES.get(category, category) or _("全部项目"))
        place = f"（{words.ENCOUNTERS[setting]}）" if setting else ""
        lines.append(f"{whose}{place}：{names.span(hours)}")
    return lines


def _reasons(reasons: Collection[RegionalReason]) -> list[str]:
    situations = dict(words.legal_situations())
    return [
        f"{each.code} {each.name(words.language())} → {each.situation}. {situations.get(each.situation, '')}"
        for each in reasons
    ]


WRITERS: Mapping[str, Callable[[Any], list[str]]] = {
    "scope": lambda scope: [scope_name(scope, names.area_names())],
    "parties": _parties,
    "shared_within": _called(names.SCOPE_KINDS),
    "directions": _called(names.DIRECTIONS),
    "upward_within": _called(names.SCOPE_KINDS),
    "grade_rules": _grade_rules,
    "accepted_marks": _called(names.SCOPE_KINDS),
    "items": _items,
    "clock": _called(names.CLOCKS),
    "windows": _windows,
    "authorisation": _called(names.POLICIES),
    "consent_ways": _called(names.CONSENT_WAYS),
    "preoperative_items": _items,
    "decline_reasons": _reasons,
    "mark_signs": lambda signs: [f"{sign} = {mark}" for sign, mark in signs],
}
