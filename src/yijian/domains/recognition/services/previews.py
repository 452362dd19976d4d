"""Previews of drafts in the background: begun on a page, made by the worker, kept with what they found."""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Any
from uuid import UUID

import msgspec
import structlog
from django.db import DatabaseError, InterfaceError, transaction

from yijian.domains.recognition.models import PreviewRun
from yijian.domains.recognition.preview import preview_version
from yijian.domains.sharing.api import VersionKey, get_version
from yijian.domains.sharing.values import Agreement, RegionOptions
from yijian.foundation.database.locked_loop import LockedLoop
from yijian.kit.clock import now
from yijian.kit.ids import new_id

__all__ = [
    "MadePreview",
    "advance_previews",
    "begin_preview",
    "find_latest_preview",
    "find_preview",
    "preview_loop",
]

LOCK = 0x59494A_0500
TOLD_SECONDS = 0.5
"""Between two notes of how far a run is."""

log = structlog.get_logger(__name__)


class Interrupted(Exception):
    """The worker is told to stop: the run begins anew in the next one."""


@dataclass(frozen=True, slots=True)
class MadePreview:
    """A run as a page shows it; `document` is None until it ended, and afterwards where it failed."""

    preview_id: UUID
    key: VersionKey
    since: datetime
    until: datetime
    begun_by: str
    done: int
    total: int | None
    ended_at: datetime | None
    document: dict[str, Any] | None
    current: bool
    """Whether the draft still says what was previewed."""


@transaction.atomic
def begin_preview(key: VersionKey, since: datetime, until: datetime, *, by: str, at: datetime) -> UUID:
    """Have the worker decide a period's matches again with a draft put in."""
    digest = _digest(get_version(key).value)
    period = {"kind": key.kind, "number": key.number, "since": since, "until": until}
    running = PreviewRun.objects.filter(**period, digest=digest, ended_at=None).first()
    if running is not None:
        return running.preview_id
    run = PreviewRun.objects.create(preview_id=new_id(), **period, digest=digest, begun_by=by, begun_at=at)
    return run.preview_id


def find_preview(preview_id: UUID) -> MadePreview | None:
    """Return how far a run is."""
    return _made(PreviewRun.objects.filter(preview_id=preview_id).first())


def find_latest_preview(key: VersionKey) -> MadePreview | None:
    """Return a version's last run."""
    runs = PreviewRun.objects.filter(kind=key.kind, number=key.number)
    return _made(runs.order_by("-begun_at").first())


def preview_loop(stop: threading.Event) -> LockedLoop:
    """Return the loop that makes what was begun; give it a thread of its own."""
    return LockedLoop(LOCK, lambda: advance_previews(stop.is_set), stop)


def advance_previews(stopped: Callable[[], bool] = lambda: False) -> bool:
    """Make the oldest preview under way, from its beginning; tell whether there was one."""
    run = PreviewRun.objects.filter(ended_at=None).order_by("begun_at").first()
    if run is None:
        return False
    try:
        run.document = _make(run, stopped)
    except Interrupted:
        return False
    except (DatabaseError, InterfaceError):
        raise
    except Exception:
        log.exception("a preview failed", preview_id=str(run.preview_id))
    run.ended_at = now()
    run.save(update_fields=["document", "ended_at"])
    return True


def _make(run: PreviewRun, stopped: Callable[[], bool]) -> dict[str, Any]:
    draft = get_version(VersionKey(run.kind, run.number)).value
    run.digest = _digest(draft)
    told_at = 0.0

    def tell(done: int, total: int) -> None:
        nonlocal told_at
        if stopped():
            raise Interrupted
        if time.monotonic() - told_at >= TOLD_SECONDS or done == total:
            PreviewRun.objects.filter(pk=run.pk).update(done=done, total=total, digest=run.digest)
            told_at = time.monotonic()

    return preview_version(draft, run.since, run.until, by=run.begun_by, progress=tell).as_document()


def _made(run: PreviewRun | None) -> MadePreview | None:
    if run is None:
        return None
    key = VersionKey(run.kind, run.number)
    return MadePreview(
        run.preview_id,
        key,
        run.since,
        run.until,
        run.begun_by,
        run.done,
        run.total,
        run.ended_at,
        run.document,
        bytes(run.digest) == _digest(get_version(key).value),
    )


def _digest(value: Agreement | RegionOptions) -> bytes:
    return sha256(msgspec.json.encode(value, order="deterministic")).digest()
