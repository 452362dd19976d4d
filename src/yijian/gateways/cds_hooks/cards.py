"""From an answer (contract §5) to CDS Hooks cards: one per item that need perhaps not be ordered. Pure.

`recognise` is a warning, so that clients show it at once; `may_recognise` is information. In an emergency
everything is information: shown passively, and legal situation 4 leads the reasons.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any, NamedTuple
from uuid import UUID, uuid5

import msgspec

from yijian.domains.identity.values import EncounterType
from yijian.domains.recognition.hot import (
    LEGAL_SITUATIONS,
    OUTCOMES,
    Answered,
    ShownCandidate,
    ShownItem,
    ShownResult,
    reason_text,
)
from yijian.domains.recognition.values import Outcome, Reason
from yijian.domains.sharing.values import RegionalReason
from yijian.gateways.cds_hooks.codec import OrderedServices, decline_system, regional_system
from yijian.kit.clock import CHINA

__all__ = ["Maker", "make_cards"]

SUMMARY_CHARACTERS = 139
"""CDS Hooks 2.0: fewer than 140."""
CRITICAL_FLAGS = frozenset({"HH", "LL", "AA"})
EMERGENCY_SITUATION = "4"
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


def make_cards(answered: Answered, ordered: OrderedServices, maker: Maker) -> list[dict[str, Any]]:
    """Return the cards of an answer; items that remind nobody give none."""
    emergency = ordered.request.encounter.type is EncounterType.EMERGENCY
    override_reasons = _override_reasons(maker, answered.decline_reasons, emergency=emergency)
    return [
        _card(Reminder(shown, shown.candidate, item.reasons), reference, maker, override_reasons, emergency)
        for item, shown, reference in zip(
            answered.answer.items, answered.document.items, ordered.references, strict=True
        )
        if item.reminds and shown.candidate
    ]


class Reminder(NamedTuple):
    """An item that need perhaps not be ordered, what stands in for it, and why."""

    item: ShownItem
    candidate: ShownCandidate
    reasons: tuple[Reason, ...]


def _card(
    reminder: Reminder,
    reference: str,
    maker: Maker,
    override_reasons: msgspec.Raw,
    emergency: bool,
) -> dict[str, Any]:
    item, candidate, _ = reminder
    warns = item.outcome is Outcome.RECOGNISE and not emergency
    card: dict[str, Any] = {
        "uuid": candidate.match_item_id,
        "summary": _summary(reminder, maker),
        "detail": _detail(reminder, maker),
        "indicator": "warning" if warns else "info",
        "source": {
            "label": maker.words["source"],
            "url": f"{maker.base_url}/public/",
            "topic": {
                "system": f"{maker.namespace}:outcome",
                "code": item.outcome,
                "display": maker.say(OUTCOMES[item.outcome]),
            },
        },
        "overrideReasons": override_reasons,
        "links": [{"label": maker.words["open"], "url": candidate.document_url, "type": "absolute"}],
    }
    if reference:
        card["suggestions"] = [_suggestion(reminder, reference, maker)]
        card["selectionBehavior"] = "at-most-one"
    return card


def _suggestion(reminder: Reminder, reference: str, maker: Maker) -> dict[str, Any]:
    return {
        "label": maker.words["cancel"],
        "uuid": str(uuid5(UUID(reminder.candidate.match_item_id), "delete")),
        "isRecommended": reminder.item.outcome is Outcome.RECOGNISE,
        "actions": [
            {
                "type": "delete",
                "description": maker.words["cancel_item"].format(reminder.item.item.name),
                "resourceId": reference,
            }
        ],
    }


@lru_cache(64)
def _override_reasons(maker: Maker, regional: tuple[RegionalReason, ...], *, emergency: bool) -> msgspec.Raw:
    """Return the six situations as JSON, after each the region's own reasons; the same on every card."""
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


def _summary(reminder: Reminder, maker: Maker) -> str:
    """Say outcome, value, unit, flag, age, source and mark in fewer than 140 characters."""
    item, candidate, _ = reminder
    results = candidate.results
    value = _value(results[0]) if len(results) == 1 else ""
    facts = (value, _age(candidate.age_hours, maker), candidate.institution.name)
    mark = candidate.mark or maker.words["no_mark"]
    doubt = maker.words["critical"] if _is_critical(reminder) else ""
    outcome = maker.say(OUTCOMES[item.outcome])
    tail = ", ".join(fact for fact in (*facts, mark) if fact)
    text = " ".join(f"{doubt}{outcome}: {item.item.name} {tail}".split())
    return text if len(text) <= SUMMARY_CHARACTERS else f"{text[: SUMMARY_CHARACTERS - 1]}…"


def _value(result: ShownResult) -> str:
    unit = f" {result.unit}" if result.unit else ""
    flag = f" ({result.flag})" if result.flag else ""
    return f"{result.value}{unit}{flag}"


def _age(hours: int, maker: Maker) -> str:
    words: dict[str, str] = maker.words
    return words["hours"].format(hours) if hours < 72 else words["days"].format(hours // 24)


def _is_critical(reminder: Reminder) -> bool:
    flagged = any(result.flag in CRITICAL_FLAGS for result in reminder.candidate.results)
    return flagged or any(reason.code == "critical.recheck" for reason in reminder.reasons)


def _detail(reminder: Reminder, maker: Maker) -> str:
    """Return GitHub-flavoured markdown: the values, the reasons, and that it is advice."""
    candidate, words = reminder.candidate, maker.words
    rows = [_table_head(words["columns"])]
    rows += [_row([r.name, r.value, r.unit, r.reference_range, r.flag]) for r in candidate.results]
    reasons = [_line(each.holds, reason_text(each, maker.language)) for each in reminder.reasons]
    until = candidate.valid_until
    valid = [words["until"].format(_local_minute(until))] if until else []
    heading = f"**{_plain(candidate.institution.name)}**, {_local_minute(candidate.effective_at)}"
    blocks = (
        heading,
        "\n".join(rows),
        f"**{words['reasons']}**",
        "\n".join(reasons),
        *valid,
        words["advice"],
    )
    return "\n\n".join(blocks)


@lru_cache(1024)
def _line(holds: bool, text: str) -> str:
    return f"- {'✓' if holds else '✗'} {_plain(text)}"


@lru_cache(64)
def _table_head(columns: tuple[str, ...]) -> str:
    return "\n".join((_row(columns), _row(["---"] * len(columns), plain=True)))


@lru_cache(1024)
def _local_minute(instant: datetime) -> str:
    """Return an instant as a clock on the wall shows it in China."""
    return instant.astimezone(CHINA).isoformat(" ", "minutes")[:16]


def _row(cells: Sequence[str | None], *, plain: bool = False) -> str:
    return f"| {' | '.join(cell or '' if plain else _plain(cell or '') for cell in cells)} |"


@lru_cache(8192)
def _plain(text: str) -> str:
    """Escape what markdown or HTML would read: reports are other people's texts."""
    return MARKDOWN.sub(r"\\\1", " ".join(text.split()))
