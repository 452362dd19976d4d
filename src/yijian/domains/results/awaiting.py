"""Orders that were executed and want a report: who waits too long is asked about, until the report comes."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction

from yijian.domains.identity import api as identity
from yijian.domains.results.models import OrderFact
from yijian.domains.results.values import OrderState
from yijian.domains.terminology.values import CodeMeaning, Kind
from yijian.foundation.database.sync import fetch
from yijian.foundation.inbox.models import Awaited, WorkItem
from yijian.foundation.inbox.work_items import open_work_item, resolve_work_items
from yijian.kit.sql import read_sql

__all__ = [
    "IMAGE_WITHOUT_REPORT",
    "ORDER_WITHOUT_REPORT",
    "expect_report",
    "watch_awaited",
]

ORDER_WITHOUT_REPORT = "order_without_report"
IMAGE_WITHOUT_REPORT = "image_without_report"
ANSWERED = read_sql("yijian.domains.results", "answered")
OLDEST = timedelta(days=30)
"""An order executed longer ago is history being told: nobody waits for its report."""
BATCH = 500


def expect_report(fact: OrderFact, meaning: CodeMeaning | None, *, at: datetime) -> None:
    """Note that a report should follow an executed order; an examination has its images already."""
    kind = meaning.item.kind if meaning else None
    if fact.state != OrderState.EXECUTED.value or kind is Kind.INTERVENTION or fact.occurred_at < at - OLDEST:
        return
    Awaited.objects.get_or_create(
        institution_code=fact.institution_code,
        order_no=fact.order_no,
        defaults={
            "kind": IMAGE_WITHOUT_REPORT if kind is Kind.EXAM else ORDER_WITHOUT_REPORT,
            "person_id": fact.person_id,
            "detail": {
                "code": fact.code,
                "name": fact.body.get("item", {}).get("name") or (meaning.item.name_zh if meaning else ""),
                "executed_at": fact.occurred_at.isoformat(),
            },
            "due_at": fact.occurred_at + timedelta(hours=settings.ENVIRONMENT.report_hours),
        },
    )


def watch_awaited(*, now: datetime) -> tuple[int, int]:
    """Ask about orders whose report is overdue, and close what has been answered; return how many of each."""
    return _ask_overdue(now), _close_answered(now)


def _ask_overdue(now: datetime) -> int:
    asked = 0
    while overdue := list(Awaited.objects.filter(asked_at=None, due_at__lte=now).order_by("due_at")[:BATCH]):
        answered = _answered(overdue)
        for each in overdue:
            with transaction.atomic():
                asked += _settle(each, answered=_key(each) in answered, now=now)
    return asked


def _settle(each: Awaited, *, answered: bool, now: datetime) -> int:
    row = Awaited.objects.filter(institution_code=each.institution_code, order_no=each.order_no)
    if answered:
        row.delete()
        return 0
    row.update(asked_at=now)
    open_work_item(
        each.institution_code,
        each.kind,
        each.order_no,
        at=now,
        detail=each.detail,
        person_id=each.person_id,
    )
    return 1


def _close_answered(now: datetime) -> int:
    """Let go what was asked about and has its report, was cancelled, or was closed by a person."""
    closed = 0
    after = ("", "")
    while batch := _next_asked(after):
        after = _key(batch[-1])
        answered = _answered(batch)
        still_open = _open_subjects(batch)
        for each in batch:
            if _key(each) in answered or _key(each) not in still_open:
                closed += _close(each, now)
    return closed


def _next_asked(after: tuple[str, str]) -> list[Awaited]:
    asked = Awaited.objects.filter(asked_at__isnull=False).order_by("institution_code", "order_no")
    return list(asked.filter(pk__gt=after)[:BATCH])


def _open_subjects(batch: Sequence[Awaited]) -> set[tuple[str, str]]:
    items = WorkItem.objects.filter(
        institution_code__in={each.institution_code for each in batch},
        kind__in=(ORDER_WITHOUT_REPORT, IMAGE_WITHOUT_REPORT),
        subject__in={each.order_no for each in batch},
        resolved_at=None,
    )
    return set(items.values_list("institution_code", "subject"))


@transaction.atomic
def _close(each: Awaited, now: datetime) -> int:
    Awaited.objects.filter(institution_code=each.institution_code, order_no=each.order_no).delete()
    return resolve_work_items(
        each.kind,
        subjects=[each.order_no],
        institution_code=each.institution_code,
        by="results",
        resolution="answered",
        at=now,
    )


def _answered(batch: Sequence[Awaited]) -> set[tuple[str, str]]:
    """Return those that have a report or were cancelled, whoever their person turned out to be."""
    people = [identity.current_person_id(each.person_id) for each in batch]
    institutions = [each.institution_code for each in batch]
    rows = fetch(ANSWERED, people, institutions, [each.order_no for each in batch])
    return {(row["institution_code"], row["order_no"]) for row in rows}


def _key(each: Awaited) -> tuple[str, str]:
    return each.institution_code, each.order_no
