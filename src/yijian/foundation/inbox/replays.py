"""Process again all messages of one cause: counted first, handed over in portions, their outcome told."""

from dataclasses import replace
from datetime import datetime
from uuid import UUID

import structlog
from django.db import transaction
from django.db.models import Count, QuerySet

from yijian.foundation.inbox.models import InboxMessage, ReplayRun
from yijian.foundation.inbox.queries import unsettled
from yijian.foundation.inbox.services import replay
from yijian.foundation.inbox.values import Replay
from yijian.kit.errors import Problem
from yijian.kit.ids import new_id

__all__ = ["advance_replays", "begin_replay", "find_replay", "list_replays"]

PORTION = 200
FIELDS = tuple(name for name in Replay.__dataclass_fields__ if name != "outcomes")
LOWEST = UUID(int=0)

log = structlog.get_logger(__name__)


@transaction.atomic
def begin_replay(
    reason_code: str, *, place: str = "", institution_code: str = "", by: str, at: datetime
) -> UUID:
    """Begin to replay every message of a cause; the worker does it. An empty institution means every one."""
    running = ReplayRun.objects.filter(
        reason_code=reason_code, place=place, institution_code=institution_code, ended_at=None
    ).first()
    if running is not None:
        return running.replay_id
    total = _of_cause(reason_code, place, institution_code).count()
    if not total:
        raise Problem("replay.nothing", "没有这样的报文，可能已经重新处理。", 409)
    run = ReplayRun.objects.create(
        replay_id=new_id(),
        institution_code=institution_code,
        reason_code=reason_code,
        place=place,
        begun_by=by,
        begun_at=at,
        last_id=LOWEST,
        total=total,
    )
    return run.replay_id


def _of_cause(reason_code: str, place: str, institution_code: str) -> QuerySet[InboxMessage]:
    codes = [institution_code] if institution_code else None
    return unsettled(reason_code, place=place, institution_codes=codes)


def advance_replays(*, now: datetime) -> bool:
    """Hand over the next portion of each run under way; tell whether there was any."""
    runs = list(ReplayRun.objects.filter(ended_at=None).order_by("replay_id"))
    for run in runs:
        _advance(run, now)
    return bool(runs)


def _advance(run: ReplayRun, now: datetime) -> None:
    """Replay what came before the run began, oldest first; what fails again is not taken up twice."""
    found = _of_cause(run.reason_code, run.place, run.institution_code).filter(
        message_id__gt=run.last_id, message_id__lt=run.replay_id
    )
    portion = list(found.order_by("message_id").values_list("message_id", flat=True)[:PORTION])
    for message_id in portion:
        try:
            replay(message_id, replay_id=run.replay_id)
        except Problem as problem:
            log.warning("a message is not replayed", message_id=str(message_id), reason=problem.code)
            run.skipped += 1
        else:
            run.replayed += 1
        run.last_id = message_id
    if len(portion) < PORTION:
        run.ended_at = now
    run.save(update_fields=["skipped", "replayed", "last_id", "ended_at"])


def find_replay(replay_id: UUID) -> Replay | None:
    """Return how far a run is, and what became of its messages so far."""
    row = ReplayRun.objects.filter(replay_id=replay_id).values_list(*FIELDS).first()
    if row is None:
        return None
    states = InboxMessage.objects.filter(replay_id=replay_id).values_list("state")
    outcomes = dict(states.annotate(Count("message_id")).order_by())
    return replace(Replay(*row), outcomes=outcomes)


def list_replays(institution_code: str | None = None, *, most: int = 5) -> list[Replay]:
    """Return the last runs; None means those of every institution."""
    runs = ReplayRun.objects.all()
    if institution_code is not None:
        runs = runs.filter(institution_code=institution_code)
    return [Replay(*row) for row in runs.order_by("-replay_id").values_list(*FIELDS)[:most]]
