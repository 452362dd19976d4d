"""Look into the inbox: how many messages are in which state, which ones, and what exactly came."""

from collections.abc import Sequence
from uuid import UUID

from django.db.models import Count, F, Window

from yijian.foundation.inbox.models import InboxMessage, Sender, WorkItem
from yijian.foundation.inbox.sealing import unseal
from yijian.foundation.inbox.values import MessageSummary, OpenMatter, WorkItemSummary

__all__ = [
    "count_by_state",
    "find_message",
    "has_open_work_items",
    "list_messages",
    "list_open_matters",
    "list_work_items",
    "raw_of",
    "sender_encoding",
]

FIELDS = tuple(MessageSummary.__dataclass_fields__)
WORK_ITEM_FIELDS = tuple(WorkItemSummary.__dataclass_fields__)
MATTER = ("institution_code", "kind", "subject")


def count_by_state(institution_codes: Sequence[str] | None = None) -> dict[str, int]:
    """Return the number of messages in each state; None counts every institution and nobody's."""
    messages = InboxMessage.objects.all()
    if institution_codes is not None:
        messages = messages.filter(institution_code__in=institution_codes)
    return dict(messages.values_list("state").annotate(Count("message_id")).order_by())


def list_messages(
    *,
    institution_codes: Sequence[str] | None = None,
    state: str | None = None,
    reason_code: str | None = None,
    before: UUID | None = None,
    most: int = 50,
) -> list[MessageSummary]:
    """Return messages, newest first; `before` is the last id of the page before."""
    messages = InboxMessage.objects.all()
    if institution_codes is not None:
        messages = messages.filter(institution_code__in=institution_codes)
    if state is not None:
        messages = messages.filter(state=state)
    if reason_code is not None:
        messages = messages.filter(reason_code=reason_code)
    if before is not None:
        messages = messages.filter(message_id__lt=before)
    return [MessageSummary(*row) for row in messages.order_by("-message_id").values_list(*FIELDS)[:most]]


def find_message(message_id: UUID) -> MessageSummary | None:
    """Return one message without its content."""
    row = InboxMessage.objects.filter(message_id=message_id).values_list(*FIELDS).first()
    return MessageSummary(*row) if row else None


def raw_of(message_id: UUID) -> bytes | None:
    """Return the bytes exactly as they came; the caller audits who looked."""
    raw = InboxMessage.objects.filter(message_id=message_id).values_list("raw", flat=True).first()
    return None if raw is None else unseal(raw)


def has_open_work_items(message_id: UUID) -> bool:
    """Tell whether a person still has something to mend for this message."""
    return WorkItem.objects.filter(message_id=message_id, resolved_at=None).exists()


def list_work_items(message_id: UUID) -> list[WorkItemSummary]:
    """Return what a message left a person to mend, open or resolved, oldest first."""
    items = WorkItem.objects.filter(message_id=message_id).order_by("opened_at", "work_item_id")
    return [WorkItemSummary(*row) for row in items.values_list(*WORK_ITEM_FIELDS)]


def list_open_matters(institution_codes: Sequence[str] | None = None) -> list[OpenMatter]:
    """Return what is open, one entry for all that is mended together; what stops most comes first."""
    items = WorkItem.objects.filter(resolved_at=None)
    if institution_codes is not None:
        items = items.filter(institution_code__in=institution_codes)
    numbered = items.annotate(number=Window(Count("*"), partition_by=[F(name) for name in MATTER]))
    first = numbered.order_by(*MATTER, "opened_at").distinct(*MATTER)
    rows = first.values_list(*MATTER, "detail", "message_id", "opened_at", "number")
    return sorted((OpenMatter(*row) for row in rows), key=lambda matter: (-matter.number, matter.opened_at))


def sender_encoding(facility: str) -> str | None:
    """Return the character set registered for a sender's undeclared messages."""
    found = Sender.objects.filter(facility=facility).values_list("encoding", flat=True).first()
    return found or None
