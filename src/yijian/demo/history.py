"""A year of reminders: questions asked through the match service, and what the physicians did then."""

import asyncio
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from random import Random
from typing import Any

import msgspec

from yijian.demo.doors import Doors, Refused, problem_of
from yijian.demo.events import OrderCheck
from yijian.demo.progress import Step
from yijian.domains.recognition.values import Outcome, Purpose

__all__ = ["ask_all"]

MATCH = "/api/v1/recognition/match"
DECISIONS = "/api/v1/recognition/decisions"
CITATIONS = "/api/v1/recognition/citations"
ORDERS = "/api/v1/orders"
AT_ONCE = 4

ACCEPTED = {Outcome.RECOGNISE: 0.80, Outcome.MAY_RECOGNISE: 0.52, Outcome.NOT_RECOGNISABLE: 0.05}
DECLINED = {Outcome.RECOGNISE: 0.13, Outcome.MAY_RECOGNISE: 0.33, Outcome.NOT_RECOGNISABLE: 0.35}
"""Shares of all answers; the rest stays unanswered, as it does in life."""
CITED = 0.6
TECHNICAL = {
    "window.expired": "window",
    "image.unavailable": "image_unavailable",
    "method.not_comparable": "method",
    "laterality.unspecified": "site",
}
JUDGEMENTS: tuple[dict[str, str], ...] = (
    {"code": "1", "text": "病情较前有变化"},
    {"code": "1"},
    {"code": "2", "text": "该项目短期内变化快"},
    {"code": "3"},
    {"code": "6", "text": "患者要求复查"},
    {"code": "6", "technical": "other", "text": "与临床表现不符"},
)


async def ask_all(doors: Doors, checks: Sequence[OrderCheck], told: Step) -> list[Refused]:
    """Ask every question at its own instant, then decide and cite; return what was refused."""
    gate = asyncio.Semaphore(AT_ONCE)

    async def ask(check: OrderCheck) -> list[Refused]:
        async with gate:
            refused = await _Question(doors, check).settle()
            told()
            return refused

    return [each for found in await asyncio.gather(*map(ask, checks)) for each in found]


class _Question:
    """One order check, from the match to the citation."""

    def __init__(self, doors: Doors, check: OrderCheck) -> None:
        self._doors = doors
        self._check = check
        self._random = Random(f"{check.encounter_no} {check.institution.code}")
        self._refused: list[Refused] = []

    async def settle(self) -> list[Refused]:
        answer = await self._post(MATCH, self._request())
        if answer and answer["match_id"]:
            await self._decide(answer)
        return self._refused

    async def _post(self, path: str, body: dict[str, Any]) -> dict[str, Any] | None:
        code = self._check.institution.code
        response = await self._doors.call(code, path, msgspec.json.encode(body))
        if response.status != 200:
            self._refused.append(Refused(code, path, problem_of(response)))
            return None
        return response.json()

    def _request(self) -> dict[str, Any]:
        check = self._check
        patient = check.resident.described_to(check.institution.code)
        return {
            "patient": msgspec.to_builtins(patient),
            "encounter": {"type": check.encounter_type, "number": check.encounter_no},
            "practitioner": {"name": check.practitioner},
            "department": {"code": check.department, "name": check.department},
            "purpose": check.purpose,
            "items": [
                {"system": "item", "code": code, "order_no": self._order_no(index)}
                for index, code in enumerate(check.items)
            ],
            "at": check.at,
            "record": True,
        }

    def _order_no(self, index: int) -> str:
        return f"{self._check.encounter_no}-{index + 1}"

    async def _decide(self, answer: dict[str, Any]) -> None:
        decided_at = self._check.at + timedelta(minutes=self._random.randrange(1, 12))
        decisions = list(self._decisions(answer["items"]))
        if not decisions:
            return
        submission = {"match_id": answer["match_id"], "decided_at": decided_at, "items": decisions}
        if await self._post(DECISIONS, submission) is None:
            return
        for decision in decisions:
            if decision["decision"] == "accept" and self._random.random() < CITED:
                await self._cite(decision["match_item_id"], decided_at)
        await self._order_anew(answer["items"], decisions, decided_at)

    def _decisions(self, items: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
        for item in items:
            outcome = Outcome(item["outcome"])
            if outcome not in ACCEPTED or not item.get("candidate"):
                continue
            chosen = self._check.decision or self._choose(outcome)
            if chosen:
                decision = {"match_item_id": item["candidate"]["match_item_id"], "decision": chosen}
                yield decision if chosen == "accept" else decision | {"reason": self._reason(item)}

    def _choose(self, outcome: Outcome) -> str:
        chance = self._random.random()
        if chance < ACCEPTED[outcome]:
            return "accept"
        return "decline" if chance < ACCEPTED[outcome] + DECLINED[outcome] else ""

    def _reason(self, item: dict[str, Any]) -> dict[str, str]:
        """Return one of the six legal situations, by what the answer itself says where it says something."""
        if self._check.encounter_type == "emergency":
            return {"code": "4"}
        if self._check.purpose is Purpose.PREOPERATIVE:
            return {"code": "3", "text": "术前评估需要"}
        if self._random.random() < 0.02:
            return {"code": "5", "text": "伤残鉴定"}
        told = {reason["code"] for reason in item["reasons"]}
        technical = next((sub for code, sub in TECHNICAL.items() if code in told), None)
        return {"code": "6", "technical": technical} if technical else self._random.choice(JUDGEMENTS)

    async def _cite(self, match_item_id: str, decided_at: datetime) -> None:
        cited_at = decided_at + timedelta(minutes=self._random.randrange(2, 40))
        department = {"code": self._check.department, "name": self._check.department}
        practitioner = {"name": self._check.practitioner}
        await self._post(
            CITATIONS,
            {
                "match_item_id": match_item_id,
                "cited_at": cited_at,
                "department": department,
                "practitioner": practitioner,
            },
        )

    async def _order_anew(
        self, items: list[dict[str, Any]], decisions: list[dict[str, Any]], decided_at: datetime
    ) -> None:
        """Tell that what was not accepted was ordered after all: what repeat rates are reckoned from."""
        accepted = {d["match_item_id"] for d in decisions if d["decision"] == "accept"}
        patient = msgspec.to_builtins(self._check.resident.described_to(self._check.institution.code))
        orders = [
            {
                "order_no": self._order_no(item["index"]),
                "state": "placed",
                "occurred_at": decided_at + timedelta(minutes=1),
                "patient": patient,
                "item": {"system": "item", "code": item["item"]["code"]},
            }
            for item in items
            if (item.get("candidate") or {}).get("match_item_id") not in accepted
        ]
        if orders:
            await self._post(ORDERS, {"orders": orders})
