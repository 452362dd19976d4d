"""The form of a version: single fields, rows and chosen items together, from a value and back to one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, NamedTuple, cast

from django import forms
from django.http import QueryDict
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from yijian.domains.sharing.api import get_rulebook
from yijian.domains.sharing.values import (
    Agreement,
    AuthorisationPolicy,
    ClockStart,
    ConsentWay,
    Direction,
    RegionOptions,
    ScopeKind,
    Window,
)
from yijian.domains.terminology.values import Item
from yijian.web.catalogue import list_items
from yijian.web.institutions import show_institution
from yijian.web.periods import DayInput
from yijian.web.rules import names
from yijian.web.rules.clauses import LABELS, SECTIONS
from yijian.web.rules.names import read_scope, write_scope
from yijian.web.rules.rows import ROWS, Row, choice, text
from yijian.web.rules.shown import today

if TYPE_CHECKING:
    from django.utils.functional import _StrPromise

__all__ = ["PICKERS", "Editor", "Part", "Rows", "chosen_items", "suggested"]

PICKERS = ("items", "preoperative_items")
MOST_ROWS = 500


class Rows:
    """The rows of one field; none of them is required, empty ones say nothing."""

    def __init__(
        self, field: str, initial: list[dict[str, Any]] | None = None, entered: QueryDict | None = None
    ) -> None:
        self.field, self.label, self.row = field, LABELS[field], ROWS[field]
        self.fault = ""
        if entered is None:
            self.forms = [self._form(place, initial=each) for place, each in enumerate(initial or [])]
        else:
            count = entered.get(f"{field}-count", "0")
            self.forms = [
                self._form(place, data=entered)
                for place in range(min(int(count[:9]), MOST_ROWS) if count.isdecimal() else 0)
            ]

    def _form(self, place: int, **what: Any) -> Row[Any]:
        return self.row(prefix=f"{self.field}-{place}", empty_permitted=True, **what)

    @property
    def title(self) -> _StrPromise:
        return self.row.title

    def without(self, place: int) -> Rows:
        """Return the rows as they were typed, unchecked, without one; -1 adds an empty one."""
        typed = [{name: form[name].value() for name in form.fields} for form in self.forms]
        return Rows(self.field, [*typed, {}] if place < 0 else typed[:place] + typed[place + 1 :])

    def values(self) -> list[Any]:
        """Return what the rows say; check `is_valid` first."""
        return [value for form in self.forms if form.has_changed() for value in form.values()]

    def is_valid(self) -> bool:
        faulty = [form for form in self.forms if not form.is_valid()]
        return not faulty


def chosen_items(entered: QueryDict, field: str) -> list[Item]:
    """Return the items chosen so far, after what a button adds or removes."""
    codes = [code for code in entered.getlist(field) if code != entered.get("remove")]
    return list_items([*codes, *entered.getlist("add")])


def several(label: _StrPromise, choices: Any) -> forms.MultipleChoiceField:
    widget = forms.CheckboxSelectMultiple
    return forms.MultipleChoiceField(label=label, choices=choices, required=False, widget=widget)


def yes(field: str) -> forms.BooleanField:
    widget = forms.CheckboxInput({"class": "form-check-input"})
    return forms.BooleanField(label=LABELS[field], required=False, widget=widget)


def number(field: str, least: int, most: int) -> forms.IntegerField:
    widget = forms.NumberInput({"class": "form-control"})
    return forms.IntegerField(label=LABELS[field], widget=widget, min_value=least, max_value=most)


NAMING = ("code", "scope")
"""What names a version's rules: chosen with the first one, then kept."""
Choices = Sequence[tuple[str, str]]
WIDTHS = [("", _("不限")), *names.SCOPE_KINDS.items()]


class VersionForm(forms.Form):
    """What every version has; `later`: one was signed before, so it cannot begin in the past.

    `scopes`: whose rules a first version may be; a version of a known name keeps what names it.
    """

    use_required_attribute = False
    scope = choice(LABELS["scope"], [])
    effective_from = forms.DateField(label=LABELS["effective_from"], widget=DayInput)
    effective_until = forms.DateField(
        label=LABELS["effective_until"],
        help_text=_("留空为长期；从这一天起不再执行"),
        required=False,
        widget=DayInput,
    )
    source = forms.CharField(
        label=LABELS["source"],
        help_text=_("文号与条款；来源没有写明而作的假定，也写在这里"),
        max_length=4000,
        widget=forms.Textarea({"class": "form-control", "rows": 3}),
    )
    source_url = forms.URLField(
        label=LABELS["source_url"],
        max_length=512,
        required=False,
        assume_scheme="https",
        widget=forms.URLInput({"class": "form-control"}),
    )

    def __init__(
        self, *arguments: Any, later: bool = False, scopes: Choices | None = None, **more: Any
    ) -> None:
        super().__init__(*arguments, **more)
        self.later = later
        if scopes is None:
            self.fields = {name: field for name, field in self.fields.items() if name not in NAMING}
        else:
            cast("forms.ChoiceField", self.fields["scope"]).choices = scopes

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        since, until = cleaned.get("effective_from"), cleaned.get("effective_until")
        if self.later and since and since < today():
            self.add_error("effective_from", _("不能早于今天：已作出的判断不能改变。"))
        if since and until and until <= since:
            self.add_error("effective_until", _("须晚于生效日期。"))
        return cleaned


class AgreementForm(VersionForm):
    name_zh = text(LABELS["name_zh"], most=128)
    name_en = text(LABELS["name_en"], most=128)
    code = forms.RegexField(
        r"^[A-Za-z0-9][A-Za-z0-9-]*$",
        label=LABELS["code"],
        max_length=32,
        help_text=_("字母、数字和连字符，如 JS-18；以后各版都用它"),
        error_messages={"invalid": _("只能用字母、数字和连字符。")},
        widget=forms.TextInput({"class": "form-control", "autocomplete": "off"}),
    )
    directions = several(LABELS["directions"], list(names.DIRECTIONS.items()))
    upward_within = choice(LABELS["upward_within"], WIDTHS, required=False)
    shared_within = choice(LABELS["shared_within"], WIDTHS, required=False)
    public_only = yes("public_only")
    mark_required = yes("mark_required")
    accepted_marks = several(LABELS["accepted_marks"], list(names.SCOPE_KINDS.items()))
    all_items = forms.ChoiceField(
        label=LABELS["items"],
        choices=[("all", _("全部项目")), ("listed", _("只限所列"))],
        widget=forms.RadioSelect,
    )
    clock = forms.ChoiceField(
        label=LABELS["clock"], choices=list(names.CLOCKS.items()), widget=forms.RadioSelect
    )


class OptionsForm(VersionForm):
    authorisation = forms.ChoiceField(
        label=LABELS["authorisation"], choices=list(names.POLICIES.items()), widget=forms.RadioSelect
    )
    consent_ways = several(LABELS["consent_ways"], list(names.CONSENT_WAYS.items()))
    consent_days = number("consent_days", 1, 3650)
    break_glass = yes("break_glass")
    same_institution_reminders = yes("same_institution_reminders")
    same_institution_exclusion_hours = number("same_institution_exclusion_hours", 0, 8760)
    suppress_emergency = yes("suppress_emergency")
    suppress_preoperative = yes("suppress_preoperative")
    suppress_answered_in_encounter = yes("suppress_answered_in_encounter")
    revocation_allowed = yes("revocation_allowed")
    image_access_required = yes("image_access_required")


SETS: Mapping[str, type] = {
    "directions": Direction,
    "accepted_marks": ScopeKind,
    "consent_ways": ConsentWay,
}
SINGLES: Mapping[str, type] = {"clock": ClockStart, "authorisation": AuthorisationPolicy}


class Part(NamedTuple):
    """A field on the page, and how it is entered: `rows`, `items`, `several`, `yes`, `date` or `line`."""

    name: str
    how: str
    bound: Any


class Editor:
    """A version being edited: as it stands, or as entered; with `scopes` the first one of a new name."""

    def __init__(
        self,
        value: Agreement | RegionOptions,
        entered: QueryDict | None = None,
        *,
        later: bool = False,
        scopes: Choices | None = None,
    ) -> None:
        self.value = value
        self.kind = "agreement" if isinstance(value, Agreement) else "options"
        self.fields = [name for _title, fields in SECTIONS[self.kind] for name in fields]
        shape = AgreementForm if isinstance(value, Agreement) else OptionsForm
        self.form = shape(entered, initial=self._initial(), later=later, scopes=scopes)
        self.rows = {
            field: Rows(field, ROWS[field].initial_of(getattr(value, field)), entered)
            for field in self.fields
            if field in ROWS
        }
        self.chosen = {
            field: list_items(sorted(getattr(value, field) or ()))
            if entered is None
            else chosen_items(entered, field)
            for field in self.fields
            if field in PICKERS
        }

    def _initial(self) -> dict[str, Any]:
        value = self.value
        initial = {name: getattr(value, name, None) for name in self.fields}
        initial |= {name: sorted(getattr(value, name)) for name in SETS if name in self.fields}
        initial["scope"] = write_scope(value.scope)
        if isinstance(value, Agreement):
            initial["all_items"] = "all" if value.items is None else "listed"
        return initial

    def sections(self) -> list[tuple[_StrPromise, list[Part]]]:
        """Return the parts of the page, in the order of reading."""
        return [
            (title, [part for field in fields for part in self._parts(field)])
            for title, fields in SECTIONS[self.kind]
        ]

    def _parts(self, field: str) -> list[Part]:
        if field in self.rows:
            return [Part(field, "rows", self.rows[field])]
        if field == "items":
            return [
                Part("all_items", "several", self.form["all_items"]),
                Part(field, "items", self.chosen[field]),
            ]
        if field in PICKERS:
            return [Part(field, "items", self.chosen[field])]
        if field not in self.form.fields:
            return []
        widget = self.form.fields[field].widget
        if isinstance(widget, forms.RadioSelect):  # a CheckboxSelectMultiple is one, too
            return [Part(field, "several", self.form[field])]
        how = "yes" if isinstance(widget, forms.CheckboxInput) else "line"
        return [Part(field, how, self.form[field])]

    def is_valid(self) -> bool:
        """Check every part, so that all faults are shown at once."""
        sound = [self.form.is_valid(), *(rows.is_valid() for rows in self.rows.values())]
        return all(sound) and self._is_sound_together()

    def _is_sound_together(self) -> bool:
        if self.kind == "options":
            codes = [reason.code for reason in self.rows["decline_reasons"].values()]
            if twice := next((code for code in codes if codes.count(code) > 1), ""):
                self.rows["decline_reasons"].fault = gettext("这个代码写了两次：%(what)s") % {"what": twice}
            return not twice
        entered = self.form.cleaned_data
        if not entered["directions"] and not self.rows["grade_rules"].values():
            self.form.add_error("directions", _("至少选一个方向，或写一条等次规则。"))
        if entered["all_items"] == "listed" and not self.chosen["items"]:
            self.form.add_error("all_items", _("请选择项目。"))
        if twice := _said_twice(self.rows["windows"].values()):
            self.rows["windows"].fault = gettext("同一项目（类别）与场景写了两次：%(what)s") % {"what": twice}
        return not self.form.errors and not self.rows["windows"].fault

    def edited(self) -> Agreement | RegionOptions:
        """Return the value entered, once valid."""
        entered = self.form.cleaned_data
        changes: dict[str, Any] = {field: tuple(rows.values()) for field, rows in self.rows.items()}
        for field in self.fields:
            if field in SETS:
                changes[field] = frozenset(SETS[field](each) for each in entered[field])
            elif field in SINGLES:
                changes[field] = SINGLES[field](entered[field])
            elif field in ("upward_within", "shared_within"):
                changes[field] = ScopeKind(entered[field]) if entered[field] else None
            elif field == "scope" and field in entered:
                changes[field] = read_scope(entered[field])
            elif field in PICKERS:
                changes[field] = frozenset(item.code for item in self.chosen[field])
            elif field in entered:
                changes[field] = entered[field]
        if entered.get("all_items") == "all":
            changes["items"] = None
        return replace(self.value, **changes)


def suggested() -> dict[str, Any]:
    """Return what the form's page suggests: items of the catalogue, and parties by code."""
    rulebook = get_rulebook()
    return {
        "catalogue": [item for item in rulebook.items.values() if item.kind != "intervention"],
        "parties": [
            *((code, name) for (_kind, code), name in names.area_names().items()),
            *((code, show_institution(rulebook, code).name) for code in sorted(rulebook.institutions)),
        ],
    }


def _said_twice(windows: list[Window]) -> str:
    """Return the first item, category or setting that two windows name."""
    seen = set()
    for each in windows:
        place = (each.item_code, each.category, each.care_setting)
        if place in seen:
            return each.item_code or str(names.CATEGORIES.get(each.category, each.category) or _("全部项目"))
        seen.add(place)
    return ""
