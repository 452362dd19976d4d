"""Tells the running system a year: reports through MLLP and JSON, questions through the match service."""

import asyncio
from collections import defaultdict
from collections.abc import Awaitable, Container, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

import msgspec
from django.db import connection

from yijian.demo.doors import Doors, Refused, problem_of
from yijian.demo.events import Message, Mishap, Sent, Voided, Year
from yijian.demo.history import ask_all
from yijian.demo.mess import expected_refusals
from yijian.demo.past import Import, brings_past, split_past, write_past
from yijian.demo.progress import Step, Steps
from yijian.demo.stories import Story
from yijian.demo.tables import Institution, find_institution
from yijian.foundation.inbox.models import InboxMessage, MessageState
from yijian.kit.clock import now
from yijian.kit.errors import Problem

__all__ = ["Backfill", "NotTaken", "load_year", "tell_stories"]

REPORTS, VOID = "/api/v1/reports", "/api/v1/reports/void"
POLL_SECONDS = 0.3
SHOWN = 5


@dataclass(frozen=True, slots=True)
class Backfill:
    """How a past is brought along: from files of this directory, by this command, one file at a time."""

    import_reports: Import
    directory: Path
    joined_at: datetime
    one_at_a_time: asyncio.Lock = field(default_factory=asyncio.Lock)


class NotTaken(Problem):
    """Something of the demo was refused: it would not be what it claims."""


async def load_year(
    doors: Doors, year: Year, stories: Sequence[Story], steps: Steps, backfill: Backfill
) -> None:
    """Send everything, wait until it is processed, then ask what was asked; raise `NotTaken` on a refusal."""
    await tell_stories(doors, stories, steps)
    await _send(doors, year.events, steps, "reports of the year", backfill)
    checks = [*year.checks, *(check for story in stories for check in story.checks)]
    with steps.step("questions before ordering", len(checks)) as told:
        _insist(await ask_all(doors, checks, told))


async def tell_stories(doors: Doors, stories: Sequence[Story], steps: Steps) -> None:
    """Send the stories' reports, what they stand on first."""
    groundwork = [event for story in stories for event in story.groundwork]
    if groundwork:
        await _send(doors, groundwork, steps, "groundwork of the stories")
    events = [event for story in stories for event in story.events]
    await _send(doors, events, steps, "reports of the stories")


async def _send(
    doors: Doors, events: Sequence[Message], steps: Steps, title: str, backfill: Backfill | None = None
) -> None:
    since = now()
    by_institution: dict[str, list[Message]] = defaultdict(list)
    for event in events:
        by_institution[event.institution.code].append(event)
    with steps.step(title, len(events)) as told:
        senders = [
            _sender(doors, find_institution(code), its_events, told, backfill)
            for code, its_events in by_institution.items()
        ]
        refused = [each for found in await asyncio.gather(*senders) for each in found]
    _insist(refused)
    await _until_processed(since, frozenset(expected_refusals(events)), steps)


def _sender(
    doors: Doors,
    institution: Institution,
    events: Sequence[Message],
    told: Step,
    backfill: Backfill | None,
) -> Awaitable[list[Refused]]:
    if institution.route == "mllp":
        return doors.send_messages(institution, events, told)
    if backfill and brings_past(institution):
        return _bring_along(doors, institution, events, told, backfill)
    return _upload(doors, institution, events, told)


async def _bring_along(
    doors: Doors, institution: Institution, events: Sequence[Message], told: Step, backfill: Backfill
) -> list[Refused]:
    """Import an institution's past from a file; then it sends the rest itself."""
    past, own = split_past(events, backfill.joined_at)
    async with backfill.one_at_a_time:
        path = backfill.directory / f"{institution.code}.ndjson"
        await asyncio.to_thread(write_past, path, past)
        await backfill.import_reports(institution.code, path)
    told(len(past))
    return await _upload(doors, institution, own, told)


async def _upload(
    doors: Doors, institution: Institution, events: Sequence[Message], told: Step
) -> list[Refused]:
    """Upload an institution's reports one after the other: a correction must not overtake its report."""
    refused = []
    for event in events:
        if isinstance(event, Mishap):
            continue
        path, body = (REPORTS, event.report) if isinstance(event, Sent) else (VOID, _void(event))
        response = await doors.call(institution.code, path, msgspec.json.encode(body))
        if response.status != 200:
            refused.append(Refused(institution.code, path, problem_of(response)))
        told()
    return refused


def _void(event: Voided) -> dict[str, object]:
    return {"report_no": event.report_no, "voided_at": event.at, "reason": event.reason}


async def _until_processed(since: datetime, spoiled: Container[str], steps: Steps) -> None:
    """Wait until no message is left to process; of those since, only the spoiled may have been refused."""
    left = await asyncio.to_thread(_count_waiting)
    with steps.step("messages left to process", left) as told:
        while left:
            await asyncio.sleep(POLL_SECONDS)
            before, left = left, await asyncio.to_thread(_count_waiting)
            told(before - left)
    lost = await asyncio.to_thread(_list_lost, since, spoiled)
    _insist([Refused(code, "message", reason) for code, reason in lost])


def _count_waiting() -> int:
    with closing(connection):
        return InboxMessage.objects.filter(state=MessageState.RECEIVED).count()


def _list_lost(since: datetime, spoiled: Container[str]) -> list[tuple[str, str]]:
    lost = (MessageState.REFUSED, MessageState.FAILED)
    with closing(connection):
        messages = InboxMessage.objects.filter(state__in=lost, received_at__gte=since)
        rows = messages.values_list("control_id", "institution_code", "reason_text")
        return [(code, reason) for control_id, code, reason in rows if control_id not in spoiled]


def _insist(refused: Sequence[Refused]) -> None:
    if refused:
        shown = "; ".join(f"{each.institution_code} {each.what}: {each.answer}" for each in refused[:SHOWN])
        raise NotTaken("demo.refused", f"{len(refused)} things of the demo were not taken: {shown}")
