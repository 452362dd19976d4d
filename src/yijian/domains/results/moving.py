"""Results follow when two persons are found to be one."""

from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec
from django.db import models, transaction

from yijian.domains.identity.events import PersonMoved
from yijian.domains.results.mending import NUMBER_CONFLICT
from yijian.domains.results.models import OrderFact, OrderKey, Report, ReportKey, ReportVersion, Result
from yijian.foundation.database.rows import move_rows
from yijian.foundation.inbox.work_items import resolve_work_items

__all__ = ["move_person", "on_person_moved"]

PERSON_TABLES: tuple[type[models.Model], ...] = (Report, ReportVersion, Result, OrderFact)
KEY_TABLES: tuple[type[models.Model], ...] = (ReportKey, OrderKey)


@transaction.atomic
def move_person(from_id: UUID, to_id: UUID) -> list[UUID]:
    """Move every report and order fact; return the reports. Doing it again changes nothing."""
    moved = list(Report.objects.filter(person_id=from_id).values_list("report_id", flat=True))
    move_rows(PERSON_TABLES, from_id, to_id)
    for table in KEY_TABLES:
        table._default_manager.filter(person_id=from_id).update(person_id=to_id)
    return moved


def on_person_moved(body: dict[str, Any], occurred_at: datetime) -> None:
    """Follow two persons found to be one; what waited for that is processed again."""
    event = msgspec.convert(body, PersonMoved)
    moved = move_person(event.from_id, event.to_id)
    for waited_for in ({"report_ids": moved}, {"person_id": event.from_id}):
        resolve_work_items(
            NUMBER_CONFLICT,
            by="identity",
            resolution="person_moved",
            at=occurred_at,
            run_again=True,
            **waited_for,
        )
