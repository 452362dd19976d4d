"""Rows of a version's form: windows, parties, grades, reasons, signs. Each turns into a value and back."""

from __future__ import annotations

import re
from abc import ABCMeta, abstractmethod
from collections.abc import Collection, Iterable, Mapping
from typing import TYPE_CHECKING, Any, ClassVar, Generic, TypeVar

from django import forms
from django.forms.forms import DeclarativeFieldsMetaclass
from django.utils.translation import gettext_lazy as _

from yijian.domains.sharing.api import get_published, get_rulebook, list_published
from yijian.domains.sharing.values import (
    GradeBand,
    GradeRule,
    Party,
    Permission,
    RegionalReason,
    Scope,
    ScopeKind,
    Window,
)
from yijian.web import words
from yijian.web.rules import names
from yijian.web.rules.clauses import window_items

if TYPE_CHECKING:
    from django.utils.functional import _StrPromise

__all__ = ["ROWS", "Row", "choice", "find_code", "text"]

Value = TypeVar("Value")
SEPARATORS = re.compile(r"[\s,，、;；]+")
DAY = 24


def text(label: _StrPromise, *, required: bool = True, suggests: str = "", most: int = 64) -> forms.CharField:
    """Return a line of text; `suggests` names the list of suggestions on the page."""
    attributes = {"class": "form-control"} | ({"list": suggests} if suggests else {})
    return forms.CharField(
        label=label, required=required, max_length=most, widget=forms.TextInput(attributes)
    )


def choice(label: _StrPromise, choices: Any, *, required: bool = True, first: str = "") -> forms.ChoiceField:
    """Return one choice out of a list; `first` is chosen where nothing is."""
    widget = forms.Select({"class": "form-select"})
    return forms.ChoiceField(label=label, choices=choices, required=required, initial=first, widget=widget)


class AbstractForm(DeclarativeFieldsMetaclass, ABCMeta):
    """Of forms that leave methods to their kinds."""


class Row(forms.Form, Generic[Value], metaclass=AbstractForm):
    """One row; an empty one is left out."""

    title: ClassVar[_StrPromise]
    use_required_attribute = False

    @abstractmethod
    def values(self) -> list[Value]:
        """Return what the row says, once valid."""

    @classmethod
    @abstractmethod
    def initial_of(cls, values: Iterable[Value]) -> list[dict[str, Any]]:
        """Return what rows would have to hold to say these values."""


def sections() -> list[tuple[str, Any]]:
    """Return what a window may be of besides items: everything, a category, a section of the catalogue.

    Rules name sections, too, that have no item in the catalogue yet.
    """
    rulebook = get_rulebook()
    found = {item.section for item in rulebook.items.values() if item.section}
    known = found | {section.partition("-")[0] for section in found}
    published = (each for region in list_published() for each in get_published(region).agreements)
    named = {window.category for each in (*published, *rulebook.agreements) for window in each.windows}
    return [
        ("", _("所列项目（不列则全部）")),
        (str(_("类别")), list(names.CATEGORIES.items())),
        (str(_("目录分类")), [(each, each) for each in sorted(known)]),
        (str(_("目录暂无项目")), [(each, each) for each in sorted(named - known - {"", *names.CATEGORIES})]),
    ]


class WindowRow(Row[Window]):
    title = _("加一条时限")
    items = text(_("项目名称或代码（可多个）"), required=False, suggests="catalogue", most=4000)
    category = choice(_("类别"), sections, required=False)
    care_setting = choice(_("诊疗场景"), [("", _("全部")), *words.ENCOUNTERS.items()], required=False)
    number = forms.IntegerField(
        label=_("时限"), min_value=1, max_value=9999, widget=forms.NumberInput({"class": "form-control"})
    )
    unit = choice(_("单位"), [("days", _("天")), ("hours", _("小时"))], first="days")

    def clean_items(self) -> list[str]:
        """Take codes and names, which may hold spaces when they stand alone."""
        entered = self.cleaned_data["items"].strip()
        known = _spellings()
        parts = [entered] if _meant(entered, known) else SEPARATORS.split(entered)
        unknown = [part for part in parts if part and not _meant(part, known)]
        if unknown:
            raise forms.ValidationError(
                _("目录中没有：%(items)s。请从提示中选择。"), params={"items": "、".join(unknown)}
            )
        return list(dict.fromkeys(_meant(part, known) for part in parts if part))

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if cleaned.get("items") and cleaned.get("category"):
            self.add_error("category", _("项目与类别只能选一种。"))
        return cleaned

    def values(self) -> list[Window]:
        entered = self.cleaned_data
        hours = entered["number"] * (DAY if entered["unit"] == "days" else 1)
        return [
            Window(hours, code, entered["category"], entered["care_setting"])
            for code in entered["items"] or [""]
        ]

    @classmethod
    def initial_of(cls, values: Iterable[Window]) -> list[dict[str, Any]]:
        return [
            {
                "items": " ".join(codes),
                "category": category,
                "care_setting": setting,
                "number": hours // DAY if hours % DAY == 0 else hours,
                "unit": "hours" if hours % DAY else "days",
            }
            for (hours, category, setting), codes in window_items(list(values))
        ]


def _spellings() -> dict[str, str]:
    """Return what names one item and no other, with its code: names, codes in any case, codes (TG, Tg)."""
    items = get_rulebook().items.values()
    loose = [
        (each.casefold(), item.code) for item in items for each in (item.code, item.name_zh, item.name_en)
    ]
    meant: dict[str, set[str]] = {}
    for spelling, code in loose:
        meant.setdefault(spelling, set()).add(code)
    clear = {spelling: min(codes) for spelling, codes in meant.items() if spelling and len(codes) == 1}
    return clear | {item.code: item.code for item in items}


def _meant(spelling: str, known: Mapping[str, str]) -> str:
    return known.get(spelling) or known.get(spelling.casefold(), "")


def find_code(entered: str) -> str:
    """Return the code of the item a person names by code or name; '' where the catalogue has none."""
    return _meant(entered, _spellings())


class PartyRow(Row[Party]):
    title = _("加一个成员")
    kind = choice(
        _("成员类别"),
        [
            ("institution", _("机构")),
            *((kind.value, names.SCOPE_KINDS[kind]) for kind in ScopeKind if kind is not ScopeKind.ALLIANCE),
        ],
        first="institution",
    )
    code = text(_("代码（可按名称选择）"), suggests="parties")

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        kind, code = cleaned.get("kind"), cleaned.get("code")
        known: Collection[Any] = get_rulebook().institutions if kind == "institution" else names.area_names()
        if kind and code and (code if kind == "institution" else (kind, code)) not in known:
            self.add_error("code", _("没有登记这个代码，请从提示中选择。"))
        return cleaned

    def values(self) -> list[Party]:
        kind, code = self.cleaned_data["kind"], self.cleaned_data["code"]
        return [Party(code) if kind == "institution" else Party(scope=Scope(ScopeKind(kind), code))]

    @classmethod
    def initial_of(cls, values: Iterable[Party]) -> list[dict[str, Any]]:
        return [
            {"kind": each.scope.kind.value, "code": each.scope.code}
            if each.scope
            else {"kind": "institution", "code": each.institution_code}
            for each in values
        ]


LOWEST = [("", _("不限")), *((each, each) for each in names.STANDINGS)]


class GradeRow(Row[GradeRule]):
    title = _("加一条等次规则")
    source_lowest = choice(_("来源机构最低"), LOWEST, required=False)
    source_highest = choice(_("来源机构最高"), LOWEST, required=False)
    receiver_lowest = choice(_("接收机构最低"), LOWEST, required=False)
    receiver_highest = choice(_("接收机构最高"), LOWEST, required=False)
    permission = choice(_("规定"), [("", "–"), *names.PERMISSIONS.items()])

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        for side in ("source", "receiver"):
            lowest, highest = cleaned.get(f"{side}_lowest"), cleaned.get(f"{side}_highest")
            if lowest and highest and names.STANDINGS.index(lowest) > names.STANDINGS.index(highest):
                self.add_error(f"{side}_highest", _("最高不能低于最低。"))
        return cleaned

    def values(self) -> list[GradeRule]:
        entered = self.cleaned_data
        source = GradeBand(entered["source_lowest"], entered["source_highest"])
        receiver = GradeBand(entered["receiver_lowest"], entered["receiver_highest"])
        return [GradeRule(source, receiver, Permission(entered["permission"]))]

    @classmethod
    def initial_of(cls, values: Iterable[GradeRule]) -> list[dict[str, Any]]:
        return [
            {
                "source_lowest": each.source.lowest,
                "source_highest": each.source.highest,
                "receiver_lowest": each.receiver.lowest,
                "receiver_highest": each.receiver.highest,
                "permission": each.permission.value,
            }
            for each in values
        ]


class ReasonRow(Row[RegionalReason]):
    title = _("加一个原因")
    code = text(_("代码"), most=32)
    name_zh = text(_("中文"), most=128)
    name_en = text(_("英文"), required=False, most=128)
    situation = choice(_("归入六种情形"), lambda: [("", "–"), *words.legal_situations()])

    def values(self) -> list[RegionalReason]:
        entered = self.cleaned_data
        named = entered["name_zh"], entered["name_en"]
        return [RegionalReason(entered["code"], entered["situation"], *named)]

    @classmethod
    def initial_of(cls, values: Iterable[RegionalReason]) -> list[dict[str, Any]]:
        return [
            {"code": e.code, "situation": e.situation, "name_zh": e.name_zh, "name_en": e.name_en}
            for e in values
        ]


class SignRow(Row[tuple[str, str]]):
    title = _("加一个符号")
    sign = text(_("印刷符号"), most=16)
    mark = text(_("代表的标识"), most=32)

    def values(self) -> list[tuple[str, str]]:
        return [(self.cleaned_data["sign"], self.cleaned_data["mark"])]

    @classmethod
    def initial_of(cls, values: Iterable[tuple[str, str]]) -> list[dict[str, Any]]:
        return [{"sign": sign, "mark": mark} for sign, mark in values]


ROWS: dict[str, type[Row[Any]]] = {
    "windows": WindowRow,
    "parties": PartyRow,
    "grade_rules": GradeRow,
    "decline_reasons": ReasonRow,
    "mark_signs": SignRow,
}
