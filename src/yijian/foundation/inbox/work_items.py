"""Things a person has to mend: opened once while open, resolved together, and what waited for them let go."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from django.db import transaction
from django.db.models import Exists, OuterRef

from yijian.foundation.database.rows import insert_rows
from yijian.foundation.inbox.models import InboxMessage, MessageState, WorkItem
from yijian.kit.ids import new_id

__all__ = ["open_work_item", "open_work_items", "resolve_work_items"]

After = Literal["recorded", "received"]


def open_work_item(
    institution_code: str,
    kind: str,
    subject: str,
    *,
    at: datetime,
    detail: Mapping[str, Any] | None = None,
    message_id: UUID | None = None,
    person_id: UUID | None = None,
    report_id: UUID | None = None,
) -> bool:
    """Open a work item in the caller's transaction; False where the same one is open already.

    `subject` names what is mended together (`local|0123`), never a patient's name or number.
    """
    item = WorkItem(
        work_item_id=new_id(),
        institution_code=institution_code,
        kind=kind,
        subject=subject,
        detail=dict(detail or {}),
        message_id=message_id,
        person_id=person_id,
        report_id=report_id,
        opened_at=at,
    )
    return open_work_items([item]) == 1


def open_work_items(items: Iterable[WorkItem]) -> int:
    """Open several by one statement; return how many were not open before."""
    return insert_rows(list(items), on_conflict="nothing")


@transaction.atomic
def resolve_work_items(
    kind: str,
    *,
    by: str,
    resolution: str,
    at: datetime,
    subjects: Iterable[str] | None = None,
    institution_code: str | None = None,
    report_ids: Iterable[UUID] | None = None,
    after: After = "recorded",
) -> int:
    """Resolve the open items of a kind that meet every filter given; return how many there were.

    A message that waited for nothing else becomes `recorded`; with `after="received"` it runs again.
    """
    found = WorkItem.objects.filter(kind=kind, resolved_at=None)
    if subjects is not None:
        found = found.filter(subject__in=list(subjects))
    if institution_code is not None:
        found = found.filter(institution_code=institution_code)
    if report_ids is not None:
        found = found.filter(report_id__in=list(report_ids))
    rows = list(found.select_for_update().values_list("work_item_id", "message_id"))
    if not rows:
        return 0
    WorkItem.objects.filter(work_item_id__in=[row[0] for row in rows]).update(
        resolved_at=at, resolved_by=by, resolution=resolution
    )
    _let_go({message_id for _, message_id in rows if message_id}, after, at)
    return len(rows)


def _let_go(message_ids: set[UUID], after: After, at: datetime) -> None:
    still_open = WorkItem.objects.filter(message_id=OuterRef("message_id"), resolved_at=None)
    waiting = InboxMessage.objects.filter(message_id__in=message_ids, state=MessageState.WAITING)
    free = waiting.exclude(Exists(still_open))
    if after == "received":
        free.update(state=MessageState.RECEIVED, attempts=0, next_attempt_at=None, processed_at=None)
    else:
        free.update(state=MessageState.RECORDED, processed_at=at)
