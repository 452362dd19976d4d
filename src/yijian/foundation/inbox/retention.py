"""Keep raw messages for as long as the law wants: some weeks in the database, then sealed in an archive.

An archive is one object of concatenated sealed messages, named by its content, and a manifest that lists
them; both are written and read back before the database lets go. What waits is never archived, and an
archive is erased only when its youngest message is older than the legal period, and the archive too: messages
may have come while a clock stood in the past.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import msgspec
from django.conf import settings
from django.db import transaction

from yijian.foundation.inbox.models import Archive, InboxMessage, MessageState
from yijian.foundation.inbox.sealing import unseal
from yijian.foundation.storage import ObjectStore
from yijian.kit.errors import Problem
from yijian.kit.ids import first_id

__all__ = ["Archived", "archive_messages", "erase_archives", "raw_bytes", "restore"]

ARCHIVE_BYTES = 16 * 1024**2
"""An archive is read whole to open one of its messages."""
ARCHIVE_MESSAGES = 5_000
SETTLED = (MessageState.RECORDED, MessageState.REFUSED)
MEDIA_TYPE = "application/octet-stream"


@dataclass(frozen=True, slots=True)
class Archived:
    """What one run moved."""

    messages: int
    archives: int
    size: int


def archive_messages(*, now: datetime, days: int, limit: int | None = None) -> Archived:
    """Archive what was received more than `days` ago and waits for nothing; `limit` in messages."""
    messages = archives = size = 0
    while limit is None or messages < limit:
        most = ARCHIVE_MESSAGES if limit is None else min(ARCHIVE_MESSAGES, limit - messages)
        batch = _next_batch(now - timedelta(days=days), most)
        if not batch:
            break
        written = _archive(batch, now)
        messages, archives, size = messages + written.messages, archives + 1, size + written.size
    return Archived(messages, archives, size)


def erase_archives(*, now: datetime, years: int) -> int:
    """Erase archives whose legal period is over; return how many. Their messages' fate stays readable."""
    before = now - timedelta(days=years * 365.25)
    over = Archive.objects.filter(erased_at=None, last_at__lt=before, archived_at__lt=before)
    erased = 0
    for archive_key in list(over.order_by("last_at").values_list("archive_key", flat=True)):
        with transaction.atomic():
            InboxMessage.objects.filter(archive_key=archive_key).update(
                archive_offset=None, archive_size=None
            )
            Archive.objects.filter(archive_key=archive_key).update(erased_at=now)
        _store().delete(archive_key)
        erased += 1
    return erased


def raw_bytes(message: InboxMessage) -> bytes | None:
    """Return a message exactly as it came, from the database or its archive; None once it is erased."""
    sealed = _sealed(message)
    return unseal(sealed) if sealed else None


def restore(message: InboxMessage) -> None:
    """Bring a message's content back into the row, for what is about to be processed again; not saved.

    Raises Problem where it has been erased.
    """
    if message.archive_key:
        message.raw = _sealed(message)
        if not message.raw:
            raise Problem("message.erased", "原文已按保存期限销毁，无法重新处理：请发送方重发。", 409)
        message.archive_key, message.archive_offset, message.archive_size = "", None, None


def _sealed(message: InboxMessage) -> bytes:
    if not message.archive_key:
        return bytes(message.raw)
    if message.archive_offset is None or message.archive_size is None:
        return b""
    whole = _store().get(message.archive_key)
    return whole[message.archive_offset : message.archive_offset + message.archive_size]


def _next_batch(before: datetime, most: int) -> list[InboxMessage]:
    """Return the oldest messages to archive, up to the size of one archive, at least one."""
    old = InboxMessage.objects.filter(archive_key="", state__in=SETTLED, message_id__lt=first_id(before))
    batch: list[InboxMessage] = []
    size = 0
    for message in old.order_by("message_id")[:most].iterator(chunk_size=100):
        size += len(message.raw)
        if batch and size > ARCHIVE_BYTES:
            break
        batch.append(message)
    return batch


def _archive(batch: Sequence[InboxMessage], now: datetime) -> Archived:
    """Write, read back, and only then let the database go; a message settled otherwise meanwhile stays."""
    whole = b"".join(bytes(message.raw) for message in batch)
    store = _store()
    archive_key = store.put(whole, MEDIA_TYPE)
    places = list(_places(batch))
    manifest_key = store.put(_manifest(archive_key, batch, places, now), "application/json")
    store.get(archive_key)
    store.get(manifest_key)
    with transaction.atomic():
        for message, (offset, length) in zip(batch, places, strict=True):
            still = InboxMessage.objects.filter(
                message_id=message.message_id, state__in=SETTLED, archive_key=""
            )
            still.update(raw=b"", archive_key=archive_key, archive_offset=offset, archive_size=length)
        Archive.objects.create(
            archive_key=archive_key,
            manifest_key=manifest_key,
            messages=len(batch),
            size=len(whole),
            first_at=batch[0].received_at,
            last_at=batch[-1].received_at,
            archived_at=now,
        )
    return Archived(len(batch), 1, len(whole))


def _places(batch: Sequence[InboxMessage]) -> Iterator[tuple[int, int]]:
    offset = 0
    for message in batch:
        yield offset, len(message.raw)
        offset += len(message.raw)


def _manifest(
    archive_key: str, batch: Sequence[InboxMessage], places: Sequence[tuple[int, int]], now: datetime
) -> bytes:
    """Return what the archive holds, enough to find and verify each message without the database."""
    entries = [
        {
            "message_id": message.message_id,
            "received_at": message.received_at,
            "protocol": message.protocol,
            "institution_code": message.institution_code,
            "facility": message.facility,
            "control_id": message.control_id,
            "message_type": message.message_type,
            "state": message.state,
            "sha256": bytes(message.digest).hex(),
            "offset": offset,
            "size": length,
        }
        for message, (offset, length) in zip(batch, places, strict=True)
    ]
    return msgspec.json.encode({"archive": archive_key, "archived_at": now, "messages": entries})


def _store() -> ObjectStore:
    return ObjectStore(settings.ENVIRONMENT.storage_url)
