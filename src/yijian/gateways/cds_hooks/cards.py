"""From an answer (contract §5) to CDS Hooks cards: one per item that need perhaps not be ordered. Pure.

`recognise` is a warning, so that clients show it at once; `may_recognise` is information. In an emergency
everything is information: shown passively, and legal situation 4 leads the reasons.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cache, lru_cache
from typing import Any

import msgspec

from yijian.domains.identity.values import EncounterType
from yijian.domains.recognition.hot import (
    LEGAL_SITUATIONS,
    OUTCOMES,
    Answered,
    ShownCandidate,
    ShownResult,
    reason_text,
)
from yijian.domains.recognition.values import AnsweredItem, Outcome, Reason
from yijian.domains.sharing.values import RegionalReason
from yijian.gateways.cds_hooks.codec import OrderedServices, decline_system, regional_system
from yijian.kit.clock import CHINA

__all__ = ["Card", "Maker", "make_cards"]

SUMMARY_CHARACTERS = 139
"""CDS Hooks 2.0: fewer than 140."""
CRITICAL_FLAGS = frozenset({"HH", "LL", "AA"})
CRITICAL_REASON = "critical.recheck"
EMERGENCY_SITUATION = "4"
REASONS_KEPT = 4096
"""In each language; those of one rulebook are a few hundred."""
NEWLINE = "\n"
MARKDOWN = re.compile(r"([\\`*_{}\[\]()#+!|<>&~-])")

WORDS = {
    "zh": {
        "critical": "【危急/需复核】",
        "hours": "{}小时前",
        "days": "{}天前",
        "no_mark": "无互认标识",
        "cancel": "采用已有结果,取消本次重复申请",
        "cancel_item": "取消申请:{}",
        "open": "查看报告",
        "source": "一检 · 检查检验结果互认",
        "columns": ("项目", "结果", "单位", "参考范围", "标志"),
        "reasons": "依据",
        "until": "互认有效期至 {}",
        "advice": "仅供参考,由接诊医师决定是否采用。",
    },
    "en": {
        "critical": "[critical, recheck] ",
        "hours": "{} h ago",
        "days": "{} d ago",
        "no_mark": "no mark",
        "cancel": "Use the existing result and cancel this order",
        "cancel_item": "Cancel the order: {}",
        "open": "Open the report",
        "source": "Yijian · mutual recognition of results",
        "columns": ("Item", "Value", "Unit", "Reference range", "Flag"),
        "reasons": "Reasons",
        "until": "Valid until {}",
        "advice": "Advice only: the receiving physician decides.",
    },
}


@dataclass(frozen=True, slots=True)
class Maker:
    """How cards are said and where their links lead."""

    language: str
    base_url: str
    namespace: str

    @property
    def words(self) -> dict[str, Any]:
        return WORDS[self.language]

    def say(self, pair: tuple[str, str]) -> str:
        return pair[1] if self.language == "en" else pair[0]


class Action(msgspec.Struct, frozen=True, gc=False, rename="camel"):
    type: str
    description: str
    resource_id: str


class Suggestion(msgspec.Struct, frozen=True, gc=False, rename="camel"):
    label: str
    uuid: str
    is_recommended: bool
    actions: tuple[Action]


class Link(msgspec.Struct, frozen=True, gc=False):
    label: str
    url: str
    type: str


class Card(msgspec.Struct, frozen=True, gc=False, rename="camel", omit_defaults=True):
    """A card as CDS Hooks 2.0 names its members; what many cards share is JSON already."""

    uuid: str
    summary: str
    detail: str
    indicator: str
    source: msgspec.Raw
    override_reasons: msgspec.Raw
    links: tuple[Link]
    suggestions: tuple[Suggestion, ...] = ()
    selection_behavior: str = ""


def make_cards(answered: Answered, ordered: OrderedServices, maker: Maker) -> list[Card]:
    """Return the cards of an answer; items that remind nobody give none."""
    emergency = ordered.request.encounter.type is EncounterType.EMERGENCY
    writer = _writer(maker, answered.decline_reasons, emergency=emergency)
    return [
        writer.card(shown.item.name, item, shown.candidate, reference)
        for item, shown, reference in zip(
            answered.answer.items, answered.document.items, ordered.references, strict=True
        )
        if item.reminds and shown.candidate
    ]


class _Writer:
    """Writes cards of one kind; what they have in common it wrote in the beginning."""

    def __init__(self, maker: Maker, override_reasons: msgspec.Raw, *, emergency: bool) -> None:
        words = maker.words
        self._words = words
        self._override_reasons = override_reasons
        self._outcomes = {outcome: maker.say(OUTCOMES[outcome]) for outcome in Outcome}
        self._sources = {outcome: _source(maker, outcome) for outcome in Outcome}
        self._warning = None if emergency else Outcome.RECOGNISE
        self._lines = _lines(maker.language)
        self._head = f"{_row(*words['columns'])}\n| --- | --- | --- | --- | --- |"

    def card(self, item_name: str, item: AnsweredItem, candidate: ShownCandidate, reference: str) -> Card:
        """Return the card of an item and what stands in for it; without a reference nothing is suggested."""
        card_id, words = candidate.match_item_id or "", self._words
        return Card(
            card_id,
            self._summary(item_name, item, candidate),
            self._detail(item.reasons, candidate),
            "warning" if item.outcome is self._warning else "info",
            self._sources[item.outcome],
            self._override_reasons,
            (Link(words["open"], candidate.document_url, "absolute"),),
            (self._suggestion(card_id, item_name, item, reference),) if reference else (),
            "at-most-one" if reference else "",
        )

    def _suggestion(self, card_id: str, item_name: str, item: AnsweredItem, reference: str) -> Suggestion:
        words = self._words
        action = Action("delete", words["cancel_item"].format(item_name), reference)
        recommended = item.outcome is Outcome.RECOGNISE
        return Suggestion(words["cancel"], _as_version_8(card_id), recommended, (action,))

    def _summary(self, item_name: str, item: AnsweredItem, candidate: ShownCandidate) -> str:
        """Say outcome, value, unit, flag, age, source and mark in fewer than 140 characters."""
        words, results = self._words, candidate.results
        value = f"{_value(results[0])}, " if len(results) == 1 else ""
        age, source = _age(candidate.age_hours, words), candidate.institution.name
        doubt = words["critical"] if _is_critical(results, item.reasons) else ""
        outcome, mark = self._outcomes[item.outcome], candidate.mark or words["no_mark"]
        text = " ".join(f"{doubt}{outcome}: {item_name} {value}{age}, {source}, {mark}".split())
        return text if len(text) <= SUMMARY_CHARACTERS else f"{text[: SUMMARY_CHARACTERS - 1]}…"

    def _detail(self, reasons: Iterable[Reason], candidate: ShownCandidate) -> str:
        """Return GitHub-flavoured markdown: the values, the reasons, and that it is advice."""
        words, until = self._words, candidate.valid_until
        rows = [_row(r.name, r.value, r.unit, r.reference_range, r.flag) for r in candidate.results]
        valid = f"{words['until'].format(_local_minute(until))}\n\n" if until else ""
        return (
            f"**{_plain(candidate.institution.name)}**, {_local_minute(candidate.effective_at)}\n\n"
            f"{self._head}\n{NEWLINE.join(rows)}\n\n"
            f"**{words['reasons']}**\n\n{self._lines.write(reasons)}\n\n"
            f"{valid}{words['advice']}"
        )


@lru_cache(64)
def _writer(maker: Maker, regional: tuple[RegionalReason, ...], *, emergency: bool) -> _Writer:
    return _Writer(maker, _override_reasons(maker, regional, emergency=emergency), emergency=emergency)


def _source(maker: Maker, outcome: Outcome) -> msgspec.Raw:
    topic = {
        "system": f"{maker.namespace}:outcome",
        "code": outcome,
        "display": maker.say(OUTCOMES[outcome]),
    }
    source = {"label": maker.words["source"], "url": f"{maker.base_url}/public/", "topic": topic}
    return msgspec.Raw(msgspec.json.encode(source))


def _override_reasons(maker: Maker, regional: tuple[RegionalReason, ...], *, emergency: bool) -> msgspec.Raw:
    """Return the six situations as JSON, each with the region's own reasons after it."""
    codes = sorted(LEGAL_SITUATIONS, key=lambda code: (not (emergency and code == EMERGENCY_SITUATION), code))
    system, own = decline_system(maker.namespace), regional_system(maker.namespace)
    reasons = []
    for code in codes:
        reasons.append({"code": code, "system": system, "display": maker.say(LEGAL_SITUATIONS[code])})
        reasons += [
            {"code": each.code, "system": own, "display": each.name(maker.language)}
            for each in regional
            if each.situation == code
        ]
    return msgspec.Raw(msgspec.json.encode(reasons))


class _Lines:
    """Reasons as lines of a list. Answers share most of theirs: each is written once, held with its line."""

    def __init__(self, language: str) -> None:
        self._language = language
        self._written: dict[int, tuple[Reason, str]] = {}

    def write(self, reasons: Iterable[Reason]) -> str:
        written = self._written
        return NEWLINE.join([(written.get(id(each)) or self._write(each))[1] for each in reasons])

    def _write(self, reason: Reason) -> tuple[Reason, str]:
        if len(self._written) >= REASONS_KEPT:
            self._written.clear()
        line = f"- {'✓' if reason.holds else '✗'} {_plain(reason_text(reason, self._language))}"
        self._written[id(reason)] = reason, line
        return reason, line


_lines = cache(_Lines)


def _as_version_8(card_id: str) -> str:
    """Return the id of a card's suggestion: the card's own (UUIDv7) as UUIDv8 (RFC 9562 §5.8)."""
    return f"{card_id[:14]}8{card_id[15:]}"


def _value(result: ShownResult) -> str:
    unit = f" {result.unit}" if result.unit else ""
    flag = f" ({result.flag})" if result.flag else ""
    return f"{result.value}{unit}{flag}"


def _age(hours: int, words: Mapping[str, Any]) -> str:
    shown: str = words["hours"].format(hours) if hours < 72 else words["days"].format(hours // 24)
    return shown


def _is_critical(results: Iterable[ShownResult], reasons: Iterable[Reason]) -> bool:
    flagged = [result.flag for result in results if result.flag in CRITICAL_FLAGS]
    return bool(flagged) or CRITICAL_REASON in [reason.code for reason in reasons]


@lru_cache(1024)
def _local_minute(instant: datetime) -> str:
    """Return an instant as a clock on the wall shows it in China."""
    return instant.astimezone(CHINA).isoformat(" ", "minutes")[:16]


def _row(*cells: str | None) -> str:
    return f"| {' | '.join(map(_plain, cells))} |"


@lru_cache(8192)
def _plain(text: str | None) -> str:
    """Escape what markdown or HTML would read: reports are other people's texts."""
    return MARKDOWN.sub(r"\\\1", " ".join((text or "").split()))
