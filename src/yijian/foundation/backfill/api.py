"""Keep account of files being imported: begin, move the checkpoint with the effects, finish, tell."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from hashlib import sha256
from uuid import UUID

import msgspec
from django.db import transaction

from yijian.foundation.backfill.archive import archive_file, read_archived
from yijian.foundation.backfill.models import BackfillBatch, BackfillFile
from yijian.foundation.backfill.values import Counts, EntryOutcome, Fault, FileProgress, Note
from yijian.foundation.errors import CannotGoOn
from yijian.foundation.inbox.models import InboxMessage, MessageState
from yijian.foundation.inbox.sealing import seal
from yijian.foundation.inbox.values import NO_LANE
from yijian.kit.ids import new_id

__all__ = [
    "PROTOCOL",
    "Counts",
    "EntryOutcome",
    "Fault",
    "FileProgress",
    "Note",
    "archive_file",
    "begin",
    "checkpoint",
    "find_file",
    "find_manifest",
    "finish",
    "keep_waiting",
    "list_notes",
    "read_archived",
]

PROTOCOL = "import"
"""The inbox's name for entries of files."""


def find_file(institution_code: str, kind: str, digest: bytes) -> FileProgress | None:
    """Return how far the import of a file has come, None where it never began."""
    row = BackfillFile.objects.filter(institution_code=institution_code, kind=kind, digest=digest).first()
    return _progress(row) if row else None


def begin(
    institution_code: str,
    kind: str,
    digest: bytes,
    *,
    name: str,
    size: int,
    manifest_key: str,
    at: datetime,
) -> FileProgress:
    """Open the account of a file that is archived."""
    row, _ = BackfillFile.objects.get_or_create(
        institution_code=institution_code,
        kind=kind,
        digest=digest,
        defaults={
            "file_id": new_id(),
            "name": name[:255],
            "size": size,
            "manifest_key": manifest_key,
            "begun_at": at,
        },
    )
    return _progress(row)


def checkpoint(
    before: FileProgress, batch_id: UUID, *, position: int, line: int, counts: Counts, notes: Sequence[Note]
) -> FileProgress:
    """Move a file's checkpoint, in the transaction that dealt with a batch.

    Raises `CannotGoOn` where another process has moved it meanwhile: then the batch is undone.
    """
    row = BackfillFile.objects.select_for_update().get(file_id=before.file_id)
    if row.position != before.position or row.finished_at is not None:
        raise CannotGoOn("Another process is importing the same file: wait for it, or stop one of the two.")
    BackfillBatch.objects.create(
        batch_id=batch_id,
        file_id=row.file_id,
        position=row.position,
        line=row.line,
        notes=msgspec.to_builtins(list(notes)),
    )
    row.position, row.line = position, line
    total = before.counts.plus(counts)
    row.recorded, row.duplicate = total.recorded, total.duplicate
    row.waiting, row.refused = total.waiting, total.refused
    row.save()
    return _progress(row)


def finish(progress: FileProgress, *, at: datetime) -> FileProgress:
    """Close the account of a file."""
    BackfillFile.objects.filter(file_id=progress.file_id, finished_at=None).update(finished_at=at)
    return _progress(BackfillFile.objects.get(file_id=progress.file_id))


def list_notes(file_id: UUID) -> Iterator[Note]:
    """Return what was refused or waits, in the order of the file."""
    batches = BackfillBatch.objects.filter(file_id=file_id).exclude(notes=[]).order_by("position")
    for notes in batches.values_list("notes", flat=True).iterator(chunk_size=50):
        yield from msgspec.convert(notes, list[Note])


def find_manifest(digest: bytes) -> str | None:
    """Return the key of an archived file's manifest."""
    found = BackfillFile.objects.filter(digest=digest).values_list("manifest_key", flat=True)
    return found.first()


def keep_waiting(
    message_id: UUID, institution_code: str, raw: bytes, message_type: str, *, at: datetime
) -> None:
    """Put an entry that a person has to look at into the inbox, in the transaction that recorded it."""
    with transaction.atomic():
        InboxMessage.objects.create(
            message_id=message_id,
            received_at=at,
            protocol=PROTOCOL,
            institution_code=institution_code,
            message_type=message_type,
            lane=NO_LANE,
            raw=seal(raw),
            digest=sha256(raw).digest(),
            state=MessageState.WAITING,
            processed_at=at,
        )


def _progress(row: BackfillFile) -> FileProgress:
    counts = Counts(row.recorded, row.duplicate, row.waiting, row.refused)
    return FileProgress(row.file_id, row.position, row.line, row.begun_at, row.finished_at, counts)
