"""An explanation as a page shows it: rules by name, roads with their arithmetic, evidence opened."""

from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any, NamedTuple

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from yijian.domains.recognition.api import Explained, Explanation, RecordedAnswer, Way, Weighed, reason_text
from yijian.domains.recognition.values import AnsweredItem, Candidate, Reason
from yijian.domains.sharing.api import get_rulebook
from yijian.domains.sharing.values import Agreement
from yijian.web import words
from yijian.web.catalogue import item_name
from yijian.web.evidence import evidence_of

__all__ = ["RULE_NAMES", "show_items"]

RULE_NAMES: Mapping[str, Promise] = {
    "identity": _("身份"),
    "item": _("项目"),
    "specimen": _("标本"),
    "site": _("部位与侧别"),
    "contrast": _("平扫或增强"),
    "status": _("报告状态"),
    "unit": _("单位"),
    "method": _("检测方法"),
    "image": _("影像"),
    "right": _("互认资格"),
    "direction": _("互认方向"),
    "window": _("互认时限"),
    "taken_away": _("负面清单与暂停"),
    "circumstances": _("就诊情形与目的"),
    "value": _("结果数值"),
}


class ShownReason(NamedTuple):
    text: str
    holds: bool
    particulars: list[tuple[Promise | str, str]]


class ShownCheck(NamedTuple):
    name: Promise | str
    holds: bool
    reasons: list[ShownReason]


class ShownWay(NamedTuple):
    """A road; `agreement` is None where no agreement binds both sides."""

    name: str
    agreement: Agreement | None
    way: Way
    reasons: list[ShownReason]
    taken: bool


class ShownCandidate(NamedTuple):
    weighed: Weighed
    row: dict[str, Any]
    conversion: str
    checks: list[ShownCheck]
    ways: list[ShownWay]


class ShownItem(NamedTuple):
    name: str
    code: str
    answered: AnsweredItem
    reasons: list[ShownReason]
    candidates: list[ShownCandidate]
    members: list["ShownItem"]
    recorded: RecordedAnswer | None
    changed: bool
    """Today's rules answer otherwise than those of then."""


def show_items(explanation: Explanation) -> list[ShownItem]:
    """Return the items of an explanation, each with what was recorded of it where it was."""
    agreements = {f"{each.code}@{each.version}": each for each in get_rulebook().agreements}
    recorded = {each.item_code: each for each in explanation.recorded.answers} if explanation.recorded else {}
    return [_item(each, agreements, recorded) for each in explanation.items]


def _item(
    explained: Explained, agreements: Mapping[str, Agreement], recorded: Mapping[str, RecordedAnswer]
) -> ShownItem:
    answered = explained.answered
    item, code = answered.ordered.item, answered.ordered.code
    before = recorded.get(code)
    return ShownItem(
        name=item_name(item) if item else answered.ordered.name or code,
        code=code,
        answered=answered,
        reasons=_reasons(answered.reasons),
        candidates=[_candidate(each, agreements) for each in explained.weighed],
        members=[_item(member, agreements, {}) for member in explained.members],
        recorded=before,
        changed=before is not None and before.outcome != answered.outcome.value,
    )


def _candidate(weighed: Weighed, agreements: Mapping[str, Agreement]) -> ShownCandidate:
    candidate = weighed.candidate
    return ShownCandidate(
        weighed=weighed,
        row={"value": candidate.value, "unit": candidate.unit, "flag": candidate.flag},
        conversion=_conversion(candidate),
        checks=[
            ShownCheck(RULE_NAMES[each.rule], each.holds, _reasons(each.reasons)) for each in weighed.checks
        ],
        ways=[_way(each, agreements, taken=number == 0) for number, each in enumerate(weighed.ways)],
    )


def _way(way: Way, agreements: Mapping[str, Agreement], *, taken: bool) -> ShownWay:
    agreement = agreements.get(way.agreement or "")
    name = (agreement.name_en if words.language() == "en" else agreement.name_zh) if agreement else ""
    return ShownWay(name, agreement, way, _reasons(way.reasons), taken)


def _reasons(reasons: Iterable[Reason]) -> list[ShownReason]:
    language = "en" if words.language() == "en" else "zh"
    return [
        ShownReason(reason_text(each, language), each.holds, evidence_of(each.evidence)) for each in reasons
    ]


def _conversion(candidate: Candidate) -> str:
    """Return the unit conversion as arithmetic, such as `126 mg/dL = 6.99 mmol/L`."""
    number = candidate.comparable_value
    if candidate.unit_state != "converted" or number is None:
        return ""
    return f"{candidate.value} {candidate.unit} = {_rounded(number)} {candidate.comparable_unit}"


def _rounded(number: Decimal) -> str:
    return f"{number.quantize(Decimal('0.0001')).normalize():f}"
