"""Things a person has to mend: opened once while open, resolved together, and what waited for them let go."""

from collections.abc import Collection, Iterable, Mapping
from datetime import datetime
from typing import Any, TypedDict, Unpack
from uuid import UUID

from django.db import transaction
from django.db.models import Exists, OuterRef

from yijian.foundation.database.rows import insert_rows
from yijian.foundation.inbox.models import InboxMessage, MessageState, WorkItem
from yijian.foundation.inbox.services import replay
from yijian.kit.ids import new_id

__all__ = ["Only", "open_work_item", "open_work_items", "resolve_for_sender", "resolve_work_items"]


class Only(TypedDict, total=False):
    """Which work items are meant."""

    subjects: Collection[str]
    institution_code: str
    report_ids: Collection[UUID]
    without_report: bool
    person_id: UUID


CONDITIONS = {
    "subjects": "subject__in",
    "institution_code": "institution_code",
    "report_ids": "report_id__in",
    "without_report": "report_id__isnull",
    "person_id": "person_id",
}


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
    run_again: bool = False,
    **only: Unpack[Only],
) -> int:
    """Resolve the open items of a kind that meet every condition given; return how many there were.

    A message that waited for nothing else is recorded then, or with `run_again` processed once more.
    """
    conditions: dict[str, object] = {CONDITIONS[name]: value for name, value in only.items()}
    found = WorkItem.objects.filter(kind=kind, resolved_at=None, **conditions)
    rows = list(found.select_for_update().values_list("work_item_id", "message_id"))
    WorkItem.objects.filter(work_item_id__in=[row[0] for row in rows]).update(
        resolved_at=at, resolved_by=by, resolution=resolution
    )
    _let_go({message_id for _, message_id in rows if message_id}, run_again=run_again, at=at)
    return len(rows)


@transaction.atomic
def resolve_for_sender(facility: str, kind: str, *, by: str, resolution: str, at: datetime) -> int:
    """Resolve what is mended once for all messages of a sender, and process again each that waited for it.

    Return how many do. Of many that wait for the same thing only the first opens the work item.
    """
    waiting = InboxMessage.objects.filter(facility=facility, state=MessageState.WAITING, reason_code=kind)
    count = waiting.count()
    resolve_work_items(kind, subjects=[facility], by=by, resolution=resolution, at=at, run_again=True)
    for message_id in list(waiting.order_by("message_id").values_list("message_id", flat=True)):
        replay(message_id)
    return count


def _let_go(message_ids: set[UUID], *, run_again: bool, at: datetime) -> None:
    if not message_ids:
        return
    still_open = WorkItem.objects.filter(message_id=OuterRef("message_id"), resolved_at=None)
    waiting = InboxMessage.objects.filter(message_id__in=message_ids, state=MessageState.WAITING)
    free = list(
        waiting.exclude(Exists(still_open)).order_by("message_id").values_list("message_id", flat=True)
    )
    if run_again:
        for message_id in sorted(free):
            replay(message_id)
    else:
        InboxMessage.objects.filter(message_id__in=free).update(
            state=MessageState.RECORDED, reason_code="", reason_text="", processed_at=at
        )
