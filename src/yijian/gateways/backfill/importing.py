"""Import one file: survey, archive, then batch by batch, each with its checkpoint in one transaction."""

import gzip
import time
import zlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import IO

import structlog
from django.db import OperationalError, transaction

from yijian.domains.results.api import document_store
from yijian.foundation.backfill import api as backfill
from yijian.foundation.backfill.api import Counts, FileProgress, Note
from yijian.foundation.errors import CannotGoOn
from yijian.gateways.backfill.account import Account, write_account
from yijian.gateways.backfill.codec import CannotRead, Entry, Kind, Survey, read_entries, survey
from yijian.gateways.backfill.files import digest_of, form_of, open_unpacked
from yijian.gateways.backfill.recording import Fate, record_entries
from yijian.kit.clock import now
from yijian.kit.ids import member_id, new_id, new_parent_id

__all__ = ["Imported", "Job", "import_file"]

BATCH_ENTRIES = 100
BATCH_BYTES = 4 * 1024 * 1024
PAUSES = (0.1, 0.5, 2.0, 10.0, 30.0)
"""Seconds before a batch is tried again that met a deadlock or lost the database."""

Tell = Callable[[FileProgress, int], None]
"""Hears how far a file has come, and of how many bytes."""

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Job:
    """What to import as what. With `check` every batch is undone, and nothing is archived."""

    kind: Kind
    institution_code: str
    accounts: Path | None = None
    """Where accounts go; None = beside each file."""
    check: bool = False


@dataclass(frozen=True, slots=True)
class Imported:
    """What an import did; `before` tells that there was nothing left to do."""

    progress: FileProgress
    account: Account
    before: bool


@dataclass(slots=True)
class _Run:
    job: Job
    path: Path
    progress: FileProgress
    notes: list[Note] = field(default_factory=list)
    """Of a check; an import keeps them in the database."""


def import_file(path: Path, job: Job, tell: Tell) -> Imported:
    """Import a file, or what is left of it; its account is written in any case.

    Raises `CannotGoOn` where the file as a whole cannot be read.
    """
    digest = digest_of(path)
    try:
        with open_unpacked(path) as stream:
            found = survey(stream, form_of(path), job.kind)
            progress = _begin(path, job, digest)
            before = progress.finished_at is not None
            run = _Run(job, path, progress)
            if not before:
                _work_through(run, stream, found, tell)
    except CannotRead as unreadable:
        raise CannotGoOn(f"{path.name}: {unreadable}") from unreadable
    except (gzip.BadGzipFile, EOFError, zlib.error) as damaged:
        raise CannotGoOn(f"{path.name} is damaged: unpack or copy it again.") from damaged
    notes = run.notes if job.check else backfill.list_notes(run.progress.file_id)
    account = write_account(
        path,
        job.accounts or path.parent,
        found,
        notes,
        run.progress.counts,
        sha256=digest.hex(),
        kind=job.kind,
        institution_code=job.institution_code,
        check=job.check,
        begun_at=run.progress.begun_at,
        finished_at=run.progress.finished_at,
    )
    return Imported(run.progress, account, before)


def _begin(path: Path, job: Job, digest: bytes) -> FileProgress:
    if job.check:
        return FileProgress(new_id(), 0, 0, now())
    known = backfill.find_file(job.institution_code, job.kind, digest)
    if known is not None:
        return known
    return backfill.begin(
        job.institution_code,
        job.kind,
        digest,
        name=path.name,
        size=path.stat().st_size,
        manifest_key=backfill.archive_file(document_store(), path),
        at=now(),
    )


def _work_through(run: _Run, stream: IO[bytes], found: Survey, tell: Tell) -> None:
    tell(run.progress, found.length)
    entries = read_entries(
        stream, form_of(run.path), run.job.kind, found, run.progress.position, run.progress.line
    )
    for batch in _batches(entries):
        run.progress = _record_patiently(run, batch)
        tell(run.progress, found.length)
    if run.job.check:
        run.progress = replace(run.progress, finished_at=now())
    else:
        run.progress = backfill.finish(run.progress, at=now())


def _batches(entries: Iterator[Entry]) -> Iterator[list[Entry]]:
    batch: list[Entry] = []
    size = 0
    for entry in entries:
        batch.append(entry)
        size += len(entry.raw)
        if len(batch) >= BATCH_ENTRIES or size >= BATCH_BYTES:
            yield batch
            batch, size = [], 0
    if batch:
        yield batch


def _record_patiently(run: _Run, batch: Sequence[Entry]) -> FileProgress:
    """Record a batch, again where it met a deadlock or the database was away a moment."""
    for pause in PAUSES:
        try:
            return _record(run, batch)
        except OperationalError:
            log.warning("a batch is tried again", line=batch[0].line)
            time.sleep(pause)
    return _record(run, batch)


def _record(run: _Run, batch: Sequence[Entry]) -> FileProgress:
    """Record a batch and move the checkpoint, in one transaction."""
    batch_id, last = new_parent_id(), batch[-1]
    counts = Counts()
    notes: list[Note] = []
    with transaction.atomic():
        named = [(entry, member_id(batch_id, index)) for index, entry in enumerate(batch)]
        fates = record_entries(run.job.kind, named, run.job.institution_code, now())
        for entry, fate in zip(batch, fates, strict=True):
            counts.add(fate.outcome)
            if fate.outcome in {"refused", "waiting"}:
                notes.append(_note(entry, fate))
        if run.job.check:
            transaction.set_rollback(True)
        else:
            return backfill.checkpoint(
                run.progress, batch_id, position=last.end, line=last.last_line, counts=counts, notes=notes
            )
    run.notes += notes
    return replace(
        run.progress, position=last.end, line=last.last_line, counts=run.progress.counts.plus(counts)
    )


def _note(entry: Entry, fate: Fate) -> Note:
    return Note(
        entry.line,
        entry.last_line,
        entry.position,
        len(entry.raw),
        entry.number[:128],
        fate.outcome,
        fate.code,
        fate.faults,
    )
