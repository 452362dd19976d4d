"""A supervisor's figures as rows of tables: named, in order, each rate under its own name.

Every percentage of the platform's pages and exports is made by `percent`.
"""

from collections.abc import Mapping
from typing import NamedTuple

from django.utils.functional import Promise
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from yijian.domains.sharing.values import Rulebook
from yijian.domains.supervision.api import Facts, Overview, Rate
from yijian.web import words
from yijian.web.catalogue import item_name
from yijian.web.institutions import ShownInstitution, show_institution

__all__ = [
    "DeclineRow",
    "InstitutionRow",
    "ItemRow",
    "PartRow",
    "RateRow",
    "StepRow",
    "TotalRow",
    "decline_rows",
    "institution_rows",
    "item_rows",
    "percent",
    "rate_rows",
    "step_rows",
    "total_row",
]

ABSENT = "–"
RATES: dict[str, tuple[Promise, Promise, Promise]] = {
    "concurrent": (
        _("同期互认率"),
        _("采纳数 ÷ 提醒数"),
        _("未答复的提醒留在分母中；决定可晚于提醒，跨期时可能超过 100%。"),
    ),
    "decided": (
        _("已决互认率"),
        _("采纳数 ÷（采纳数 + 不采纳数）"),
        _("只看已作出的决定。"),
    ),
    "answered": (
        _("应答率"),
        _("（采纳数 + 不采纳数）÷ 提醒数"),
        _("提醒得到答复的比例。"),
    ),
    "viewed": (_("查看率"), _("查看数 ÷ 提醒数"), _("医师打开依据的提醒所占比例。")),
    "cited": (_("引用率"), _("引用数 ÷ 采纳数"), _("采纳后写入病历的比例。")),
}


class RateRow(NamedTuple):
    """A rate under its own name, with its formula and what it is made of."""

    name: Promise
    formula: Promise
    note: Promise
    rate: Rate


class StepRow(NamedTuple):
    """One step from reminder to citation; `share` is its part of the reminders."""

    name: Promise
    number: int
    share: Rate


class TotalRow(NamedTuple):
    facts: Facts
    rate: Rate


class InstitutionRow(NamedTuple):
    institution: ShownInstitution
    facts: Facts
    rate: Rate


class ItemRow(NamedTuple):
    code: str
    name: str
    facts: Facts
    rate: Rate


class PartRow(NamedTuple):
    """Declines for one regional reason, technical sub-reason, or both; `share` is of all declines."""

    name: str
    number: int
    share: Rate


class DeclineRow(NamedTuple):
    """Declines for one legal situation, and how many of them name a regional or technical sub-reason."""

    code: str
    name: str
    number: int
    share: Rate
    parts: tuple[PartRow, ...]


def percent(rate: Rate) -> str:
    """Write a rate with two decimals; a dash where nothing stands below the line."""
    return ABSENT if rate.value is None else f"{rate.value}%"


def rate_rows(overview: Overview) -> list[RateRow]:
    """Return the rates of a period."""
    return [RateRow(*RATES[rate.code], rate) for rate in overview.rates]


def step_rows(overview: Overview) -> list[StepRow]:
    """Return the way from reminder to citation."""
    total = overview.total
    steps = (
        (_("提醒"), total.reminders),
        (_("查看"), total.views),
        (_("采纳"), total.accepted),
        (_("引用"), total.citations),
    )
    return [StepRow(name, number, Rate("share", number, total.reminders)) for name, number in steps]


def total_row(overview: Overview) -> TotalRow:
    """Return the sum under the institutions."""
    return TotalRow(overview.total, _concurrent(overview.total))


def institution_rows(overview: Overview, rulebook: Rulebook) -> list[InstitutionRow]:
    """Return the institutions that have figures, the most reminded first."""
    return [
        InstitutionRow(show_institution(rulebook, code), facts, _concurrent(facts))
        for code, facts in overview.by_institution.items()
    ]


def item_rows(overview: Overview, rulebook: Rulebook) -> list[ItemRow]:
    """Return the items that have figures, the most reminded first."""
    return [
        ItemRow(
            code,
            item_name(rulebook.items[code]) if code in rulebook.items else code,
            facts,
            _concurrent(facts),
        )
        for code, facts in overview.by_item.items()
    ]


def decline_rows(overview: Overview, rulebook: Rulebook) -> list[DeclineRow]:
    """Return the declines in the order of the law's six situations; those without a reason last."""
    declined = sum(overview.declines.values())
    codes = sorted({code for code, _regional, _technical in overview.declines}, key=lambda code: code or "9")
    regional = _regional_names(rulebook)
    return [_decline_row(overview, code, declined, regional) for code in codes]


def _decline_row(overview: Overview, code: str, declined: int, regional: Mapping[str, str]) -> DeclineRow:
    technical = dict(words.technical_codes())
    numbers = {tuple(under): number for (of, *under), number in overview.declines.items() if of == code}
    parts = tuple(
        PartRow(
            gettext("、").join(filter(None, (regional.get(own, own), technical.get(of_technique)))),
            number,
            Rate("share", number, declined),
        )
        for (own, of_technique), number in numbers.items()
        if own or of_technique
    )
    name = dict(words.legal_situations())[code] if code else gettext("未说明理由")
    number = sum(numbers.values())
    return DeclineRow(code, name, number, Rate("share", number, declined), parts)


def _regional_names(rulebook: Rulebook) -> dict[str, str]:
    """Return what regions call their own reasons, by code; the newest name counts."""
    dated = sorted(rulebook.options, key=lambda options: options.effective_from)
    return {each.code: each.name(words.language()) for options in dated for each in options.decline_reasons}


def _concurrent(facts: Facts) -> Rate:
    return Rate("concurrent", facts.accepted, facts.reminders)
