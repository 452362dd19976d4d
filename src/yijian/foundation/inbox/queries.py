"""Look into the inbox: how many messages are in which state, which ones, and what exactly came."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import TypedDict, TypeVar, Unpack
from uuid import UUID

from django.db.models import Count, Max, QuerySet, Sum, TextField
from django.db.models.fields.json import KT
from django.db.models.functions import Cast

from yijian.foundation.inbox.models import InboxMessage, MessageState, Sender, SenderHour, WorkItem
from yijian.foundation.inbox.retention import raw_bytes
from yijian.foundation.inbox.values import Cause, Content, Made, MessageSummary, WorkItemSummary
from yijian.kit.ids import first_id

__all__ = [
    "count_by_state",
    "find_message",
    "get_content",
    "has_open_work_items",
    "list_causes",
    "list_messages",
    "list_work_items",
    "raw_of",
    "sender_encoding",
    "sender_encodings",
    "unsettled",
    "with_open_work_items",
]

Row = TypeVar("Row", InboxMessage, SenderHour)
FIELDS = tuple(MessageSummary.__dataclass_fields__)
WORK_ITEM_FIELDS = tuple(WorkItemSummary.__dataclass_fields__)
UNSETTLED = (MessageState.WAITING, MessageState.REFUSED, MessageState.FAILED)
NEWEST = Max(Cast("message_id", TextField()))
"""An id's text sorts as the id does; PostgreSQL has no greatest id."""
PLACE = KT("reason_data__place")


class Wanted(TypedDict, total=False):
    """Which messages to list; what is left out or None does not matter."""

    institution_codes: Sequence[str] | None
    state: str | None
    reason_code: str | None
    place: str | None
    message_type: str | None
    facility: str | None
    control_id: str | None
    message_ids: Collection[UUID] | None
    replay_id: UUID | None
    since: datetime | None
    until: datetime | None


CONDITIONS = {
    "institution_codes": "institution_code__in",
    "state": "state",
    "reason_code": "reason_code",
    "place": "reason_data__place",
    "message_type": "message_type__istartswith",
    "facility": "facility",
    "message_ids": "message_id__in",
    "replay_id": "replay_id",
}


def count_by_state(
    institution_codes: Sequence[str] | None = None,
    *,
    since: datetime | None = None,
    until: datetime | None = None,
) -> dict[str, int]:
    """Return the number of messages in each state; None counts every institution and nobody's.

    What did not go through is counted; what did is the rest of the hours the worker has counted already.
    `since` and `until` are whole hours.
    """
    found = _between(_of(InboxMessage.objects.all(), institution_codes), since, until)
    open_states = found.filter(state__in=[MessageState.RECEIVED, *UNSETTLED])
    counts = dict(open_states.values_list("state").annotate(Count("message_id")).order_by())
    recorded = _count_all(institution_codes, since, until) - sum(counts.values())
    return counts | ({MessageState.RECORDED.value: recorded} if recorded > 0 else {})


def _count_all(
    institution_codes: Sequence[str] | None, since: datetime | None, until: datetime | None
) -> int:
    """Add up counted hours, and count what came after them."""
    newest = SenderHour.objects.aggregate(newest=Max("hour"))["newest"]
    messages = _between(_of(InboxMessage.objects.all(), institution_codes), since, until)
    if newest is None:
        return messages.count()
    hours = _of(SenderHour.objects.filter(hour__lt=newest), institution_codes)
    hours = hours.filter(hour__gte=since) if since else hours
    hours = hours.filter(hour__lt=until) if until else hours
    counted = hours.aggregate(number=Sum("received"))["number"] or 0
    return int(counted) + messages.filter(message_id__gte=first_id(newest)).count()


def _of(rows: QuerySet[Row], institution_codes: Sequence[str] | None) -> QuerySet[Row]:
    return rows if institution_codes is None else rows.filter(institution_code__in=institution_codes)


def _between(
    messages: QuerySet[InboxMessage], since: datetime | None, until: datetime | None
) -> QuerySet[InboxMessage]:
    """Ids carry the instant they were made at, and rows lie in their order."""
    messages = messages.filter(message_id__gte=first_id(since)) if since else messages
    return messages.filter(message_id__lt=first_id(until)) if until else messages


def list_messages(
    *, before: UUID | None = None, most: int = 50, **wanted: Unpack[Wanted]
) -> list[MessageSummary]:
    """Return messages, newest first; `before` is the last id of the page before."""
    messages = _meeting(wanted)
    if before is not None:
        messages = messages.filter(message_id__lt=before)
    return [MessageSummary(*row) for row in messages.order_by("-message_id").values_list(*FIELDS)[:most]]


def _meeting(wanted: Wanted) -> QuerySet[InboxMessage]:
    conditions: dict[str, object] = {
        condition: wanted[name]  # type: ignore[literal-required]
        for name, condition in CONDITIONS.items()
        if wanted.get(name) is not None
    }
    messages = _between(InboxMessage.objects.filter(**conditions), wanted.get("since"), wanted.get("until"))
    control_id = wanted.get("control_id")
    if control_id is None:
        return messages
    if wanted.get("facility") is None:
        messages = messages.filter(facility__in=_facilities(wanted.get("institution_codes")))
    return messages.filter(control_id=control_id)


def _facilities(institution_codes: Sequence[str] | None) -> list[str]:
    """Return under which names messages may have come: control ids are looked up by sender."""
    senders = Sender.objects.all()
    if institution_codes is not None:
        senders = senders.filter(institution_code__in=institution_codes)
    return list(senders.values_list("facility", flat=True))


def unsettled(
    reason_code: str, *, place: str = "", institution_codes: Sequence[str] | None = None
) -> QuerySet[InboxMessage]:
    """Return the messages of one cause."""
    found = _of(InboxMessage.objects.filter(reason_code=reason_code, state__in=UNSETTLED), institution_codes)
    return found.filter(reason_data__place=place) if place else found


def list_causes(institution_codes: Sequence[str] | None = None, *, most: int = 50) -> list[Cause]:
    """Return why messages did not go through, the commonest cause first."""
    found = _of(InboxMessage.objects.filter(state__in=UNSETTLED), institution_codes)
    named = found.exclude(reason_code="").annotate(place=PLACE).values("reason_code", "place", "state")
    rows = named.annotate(number=Count("*"), newest=NEWEST).order_by("-number", "reason_code")
    return [
        Cause(row["reason_code"], row["place"] or "", row["state"], row["number"], UUID(row["newest"]))
        for row in rows[:most]
    ]


def find_message(message_id: UUID) -> MessageSummary | None:
    """Return one message without its content."""
    row = InboxMessage.objects.filter(message_id=message_id).values_list(*FIELDS).first()
    return MessageSummary(*row) if row else None


def raw_of(message_id: UUID) -> bytes | None:
    """Return the bytes exactly as they came; the caller audits who looked."""
    message = InboxMessage.objects.filter(message_id=message_id).first()
    return None if message is None else raw_bytes(message)


def get_content(message_id: UUID) -> Content:
    """Return what came, what was answered and what it became; the caller audits who looked."""
    message = InboxMessage.objects.get(message_id=message_id)
    return Content(
        raw=raw_bytes(message),
        answer=None if message.answer is None else bytes(message.answer),
        archived=bool(message.archive_key),
        made=tuple(Made(**made) for made in message.made),
    )


def has_open_work_items(message_id: UUID) -> bool:
    """Tell whether a person still has something to mend for this message."""
    return WorkItem.objects.filter(message_id=message_id, resolved_at=None).exists()


def with_open_work_items(message_ids: Collection[UUID]) -> set[UUID]:
    """Return those of these messages for which a person still has something to mend."""
    items = WorkItem.objects.filter(message_id__in=message_ids, resolved_at=None)
    return {message_id for message_id in items.values_list("message_id", flat=True) if message_id}


def list_work_items(message_id: UUID) -> list[WorkItemSummary]:
    """Return what a message left a person to mend, open or resolved, oldest first."""
    items = WorkItem.objects.filter(message_id=message_id).order_by("opened_at", "work_item_id")
    return [WorkItemSummary(*row) for row in items.values_list(*WORK_ITEM_FIELDS)]


def sender_encoding(facility: str) -> str | None:
    """Return the character set registered for a sender's undeclared messages."""
    return sender_encodings([facility]).get(facility)


def sender_encodings(facilities: Collection[str]) -> dict[str, str]:
    """Return the same of several senders, of those that have one."""
    found = Sender.objects.filter(facility__in=facilities).exclude(encoding="")
    return dict(found.values_list("facility", "encoding"))
