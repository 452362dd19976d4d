"""Process what was kept: messages of a lane together, and by themselves where one of them cannot be."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from itertools import accumulate, groupby
from uuid import UUID

import structlog
from django.db import IntegrityError, InterfaceError, OperationalError, transaction
from django.db.models import F
from django.db.models.functions import Length

from yijian.foundation.inbox.models import InboxMessage, MessageState
from yijian.foundation.inbox.queries import sender_encodings
from yijian.foundation.inbox.reasons import refusal
from yijian.foundation.inbox.sealing import unseal
from yijian.foundation.inbox.services import settle, settle_all
from yijian.foundation.inbox.values import Fate, KeptMessage
from yijian.kit import clock
from yijian.kit.errors import Problem
from yijian.kit.ids import new_id

__all__ = ["Processor", "claim", "process"]

Processor = Callable[[Sequence[KeptMessage]], Sequence[Fate]]
"""Processes messages in their order, in the transaction it is called in, and returns the fate of each.

Raises Problem to refuse one: then it is called again with fewer, until that one stands alone.
"""

TRANSIENT = (OperationalError, InterfaceError, IntegrityError, OSError)
"""What may go well the next time: the database or a storage away, a deadlock, a race with another lane."""
DELAYS = tuple(timedelta(seconds=seconds) for seconds in (1, 10, 60, 300))
"""Between attempts. A lane waits with its first message, for the order of a patient's messages must hold."""
MOST_ATTEMPTS = len(DELAYS) + 1
BATCH = 64
BATCH_BYTES = 4 * 1024 * 1024
"""What is held in memory of a batch; a larger message is taken alone."""
SERVER_ERROR = 500
"""A problem of this status and above is ours and may pass."""

log = structlog.get_logger(__name__)


def claim(lane: int, *, now: datetime) -> list[UUID]:
    """Return the next messages of a lane, in order, their attempt counted; none while the first has to wait.

    An attempt is counted before it begins, so that a message that kills its worker is found out. What was
    attempted before is claimed alone: no other message is blamed for it.
    """
    to_do = InboxMessage.objects.filter(lane=lane, state=MessageState.RECEIVED).order_by("message_id")
    columns = ("message_id", "attempts", "next_attempt_at", Length("raw"))
    rows = list(to_do.values_list(*columns)[:BATCH])
    if not rows:
        return []
    first, attempts, next_attempt_at, _ = rows[0]
    if next_attempt_at and now < next_attempt_at <= now + DELAYS[-1]:  # else the clock was put back
        return []
    if attempts >= MOST_ATTEMPTS:
        settle(first, _given_up("processing.interrupted", "处理多次中断"), at=now)
        return claim(lane, now=now)
    claimed = [first] if attempts else _together(rows)
    InboxMessage.objects.filter(message_id__in=claimed).update(attempts=F("attempts") + 1)
    return claimed


def _together(rows: Sequence[tuple[UUID, int, datetime | None, int]]) -> list[UUID]:
    """Return the first of these messages that are new and not too large to be held at once."""
    sizes = accumulate(row[3] for row in rows)
    fit = [row[1] == 0 and size <= BATCH_BYTES for row, size in zip(rows, sizes, strict=True)]
    most = fit.index(False) if False in fit else len(fit)
    return [row[0] for row in rows[: max(most, 1)]]


def process(message_ids: Sequence[UUID], processors: Mapping[str, Processor]) -> bool:
    """Process claimed messages, effects and fates in one transaction; False if one is to be tried again.

    Where one cannot be processed everything is undone and each half is processed by itself: what a message
    wrote before it was refused or failed is gone, and no other message suffers for it.
    """
    try:
        with transaction.atomic():
            _process_together(message_ids, processors)
    except Exception as error:
        if len(message_ids) == 1:
            return _settle_failure(message_ids[0], error)
        middle = len(message_ids) // 2
        log.info("messages are processed in halves", number=len(message_ids), error=type(error).__name__)
        return process(message_ids[:middle], processors) and process(message_ids[middle:], processors)
    return True


def _process_together(message_ids: Sequence[UUID], processors: Mapping[str, Processor]) -> None:
    messages = _lock(message_ids)
    encodings = sender_encodings({message.facility for message in messages})
    fates: dict[UUID, Fate] = {}
    for protocol, run in groupby(messages, key=lambda message: message.protocol):
        kept = [_as_kept(message, encodings.get(message.facility)) for message in run]
        ids = [message.message_id for message in kept]
        fates |= zip(ids, processors[protocol](kept), strict=True)
    settle_all(fates, at=clock.now())


def _lock(message_ids: Sequence[UUID]) -> list[InboxMessage]:
    """Lock those of these messages that are still to be processed, in their order."""
    waiting = InboxMessage.objects.filter(message_id__in=message_ids, state=MessageState.RECEIVED)
    return list(waiting.defer("answer", "digest").select_for_update().order_by("message_id"))


def _as_kept(message: InboxMessage, encoding: str | None) -> KeptMessage:
    return KeptMessage(
        message.message_id,
        message.received_at,
        message.institution_code,
        message.facility,
        encoding,
        message.message_type,
        unseal(message.raw),
    )


def _settle_failure(message_id: UUID, error: Exception) -> bool:
    """Settle what cannot be processed, or have it wait for its next attempt; False in that case."""
    if isinstance(error, Problem) and error.status < SERVER_ERROR:
        settle(message_id, refusal(error), at=clock.now())
        return True
    if isinstance(error, Problem):
        return _postpone(message_id)
    if isinstance(error, TRANSIENT):
        log.error("a message could not be processed now", message_id=str(message_id), exc_info=error)
        return _postpone(message_id)
    trace_id = new_id().hex
    log.error(
        "a message could not be processed", message_id=str(message_id), trace_id=trace_id, exc_info=error
    )
    text = f"平台处理此消息时出错（跟踪号 {trace_id}），原文已保存：请联系平台管理员，修复后重新处理。"
    settle(message_id, Fate("failed", "processing.error", text, {"trace_id": trace_id}), at=clock.now())
    return True


def _postpone(message_id: UUID) -> bool:
    """Have a message wait for its next attempt; give it up after the last. Return whether it is given up."""
    attempts = InboxMessage.objects.values_list("attempts", flat=True).get(message_id=message_id)
    now = clock.now()
    if attempts >= MOST_ATTEMPTS:
        settle(message_id, _given_up("processing.unavailable", "所需的数据库或存储多次不可用"), at=now)
        return True
    delay = DELAYS[max(attempts, 1) - 1]
    InboxMessage.objects.filter(message_id=message_id).update(next_attempt_at=now + delay)
    return False


def _given_up(code: str, why: str) -> Fate:
    text = f"{why}，已尝试 {MOST_ATTEMPTS} 次，原文已保存：请联系平台管理员，排除故障后重新处理。"
    return Fate("failed", code, text, {"attempts": MOST_ATTEMPTS})
