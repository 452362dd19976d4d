"""Keep what came, process it, settle its fate, replay it."""

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime, timedelta
from hashlib import sha256
from uuid import UUID

import structlog
from django.db import IntegrityError, InterfaceError, OperationalError, transaction
from django.db.models import F

from yijian.foundation.inbox.models import InboxMessage, MessageState, Sender
from yijian.foundation.inbox.queries import sender_encoding
from yijian.foundation.inbox.sealing import seal, unseal
from yijian.foundation.inbox.values import LANES, NO_LANE, Fate, KeptMessage
from yijian.kit import clock
from yijian.kit.errors import Problem
from yijian.kit.ids import new_id

__all__ = ["Processor", "claim", "keep", "process", "replay", "replay_cause", "settle", "take_over_abandoned"]

Processor = Callable[[KeptMessage], Fate]
"""Processes one message in the transaction it is called in; raises Problem to refuse it."""

TRANSIENT = (OperationalError, InterfaceError, IntegrityError, OSError)
"""What may go well the next time: the database or a storage away, a deadlock, a race with another lane."""
DELAYS = tuple(timedelta(seconds=seconds) for seconds in (1, 10, 60, 300))
"""Between attempts. A lane waits with its first message, for the order of a patient's messages must hold."""
MOST_ATTEMPTS = len(DELAYS) + 1
BATCH = 64
REPLAYABLE = (MessageState.FAILED, MessageState.WAITING, MessageState.REFUSED)
REPLAYED = ["institution_code", "lane", "answer", "state", "attempts", "next_attempt_at", "processed_at"]
SERVER_ERROR = 500
"""A problem of this status and above is ours and may pass."""
FRAGMENT = "frame."
"""Reasons of what was no whole message; there is nothing to replay."""
ABANDONED_AFTER = timedelta(minutes=15)

log = structlog.get_logger(__name__)


def keep(
    protocol: str,
    institution_code: str,
    raw: bytes,
    message_type: str,
    *,
    at: datetime,
    state: MessageState = MessageState.RECEIVED,
) -> UUID:
    """Keep what is processed while its sender waits; it is on disk when this returns."""
    message_id = new_id()
    with transaction.atomic(durable=True):
        InboxMessage.objects.create(
            message_id=message_id,
            received_at=at,
            protocol=protocol,
            institution_code=institution_code,
            message_type=message_type,
            lane=NO_LANE,
            raw=seal(raw),
            digest=sha256(raw).digest(),
            state=state,
        )
    return message_id


def settle(message_id: UUID, fate: Fate, *, at: datetime) -> None:
    """Write what became of a message, in the transaction that made it so."""
    InboxMessage.objects.filter(message_id=message_id).update(
        state=fate.state,
        reason_code=fate.reason_code,
        reason_text=fate.reason_text,
        next_attempt_at=None,
        processed_at=at,
    )


def claim(lane: int, *, now: datetime) -> list[UUID]:
    """Return the next messages of a lane, in order, their attempt counted; none while the first has to wait.

    An attempt is counted before it begins, so that a message that kills its worker is found out. What was
    attempted before is claimed alone: no other message is blamed for it.
    """
    to_do = InboxMessage.objects.filter(lane=lane, state=MessageState.RECEIVED).order_by("message_id")
    rows = list(to_do.values_list("message_id", "attempts", "next_attempt_at")[:BATCH])
    fresh = [message_id for message_id, attempts, _ in rows if attempts == 0]
    if rows and rows[0][1] > 0:
        first, attempts, next_attempt_at = rows[0]
        if next_attempt_at and next_attempt_at > now:
            return []
        if attempts >= MOST_ATTEMPTS:
            settle(first, _given_up("processing.interrupted", "处理多次中断"), at=now)
            return claim(lane, now=now)
        fresh = [first]
    elif len(fresh) < len(rows):
        fresh = fresh[: next(i for i, row in enumerate(rows) if row[1] > 0)]
    InboxMessage.objects.filter(message_id__in=fresh).update(attempts=F("attempts") + 1)
    return fresh


def process(message_id: UUID, processors: Mapping[str, Processor]) -> bool:
    """Process one claimed message, effects and fate in one transaction; False if it is to be tried again.

    What a message wrote before it was refused or failed is undone.
    """
    try:
        with transaction.atomic():
            message = _locked(message_id)
            if message is not None:
                settle(message_id, processors[message.protocol](_as_kept(message)), at=clock.now())
    except Problem as problem:
        if problem.status >= SERVER_ERROR:
            return _postpone(message_id)
        settle(message_id, Fate("refused", problem.code, _text_of(problem)), at=clock.now())
    except TRANSIENT:
        log.exception("a message could not be processed now", message_id=str(message_id))
        return _postpone(message_id)
    except Exception:
        trace_id = new_id().hex
        log.exception("a message could not be processed", message_id=str(message_id), trace_id=trace_id)
        text = f"平台处理此消息时出错（跟踪号 {trace_id}），原文已保存：请联系平台管理员，修复后重新处理。"
        settle(message_id, Fate("failed", "processing.error", text), at=clock.now())
    return True


def _locked(message_id: UUID) -> InboxMessage | None:
    waiting = InboxMessage.objects.filter(message_id=message_id, state=MessageState.RECEIVED)
    return waiting.select_for_update().first()


def _text_of(problem: Problem) -> str:
    """Return what is wrong, and field by field what to do."""
    return " ".join([problem.detail, *(f"{error.path}: {error.message}" for error in problem.errors)])


def _as_kept(message: InboxMessage) -> KeptMessage:
    return KeptMessage(
        message.message_id,
        message.received_at,
        message.institution_code,
        message.facility,
        sender_encoding(message.facility),
        message.message_type,
        unseal(message.raw),
    )


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
    return Fate("failed", code, text)


@transaction.atomic
def replay(message_id: UUID) -> None:
    """Have a message processed again after mending; Problem where there is nothing to process."""
    message = InboxMessage.objects.select_for_update().filter(message_id=message_id).first()
    if message is None:
        raise Problem("message.unknown", "没有这条消息，请核对编号。", 404)
    if message.state not in REPLAYABLE:
        raise Problem("message.not_replayable", "消息正在处理或已入库，不需要重新处理。", 409)
    if message.reason_code.startswith(FRAGMENT):
        raise Problem("message.incomplete", "只收到消息的一部分，无法重新处理：请发送方重发。", 409)
    _adopt(message)
    if message.lane == NO_LANE:
        message.lane = message.message_id.int % LANES
    if message.state == MessageState.REFUSED:
        message.answer = None
    message.state = MessageState.RECEIVED
    message.attempts, message.next_attempt_at, message.processed_at = 0, None, None
    message.save(update_fields=REPLAYED)


def _adopt(message: InboxMessage) -> None:
    """Give nobody's message to its sender, if that has been registered since."""
    if message.institution_code:
        return
    sender = Sender.objects.filter(facility=message.facility, active=True).first()
    if sender is None:
        raise Problem("sender.unknown", "MSH-4 的发送机构仍未登记：请先登记发送方，再重新处理。", 409)
    message.institution_code = sender.institution_code


def replay_cause(reason_code: str, *, institution_code: str | None = None) -> int:
    """Replay every message left for this reason; return how many could be."""
    found = InboxMessage.objects.filter(reason_code=reason_code, state__in=REPLAYABLE)
    if institution_code is not None:
        found = found.filter(institution_code=institution_code)
    count = 0
    for message_id in list(found.order_by("message_id").values_list("message_id", flat=True)):
        try:
            replay(message_id)
        except Problem as problem:
            log.warning("a message is not replayed", message_id=str(message_id), reason=problem.code)
        else:
            count += 1
    return count


def take_over_abandoned(protocols: Iterable[str], *, now: datetime) -> int:
    """Give a lane what a process died over while its sender waited; return how many messages."""
    abandoned = InboxMessage.objects.filter(
        lane=NO_LANE,
        state=MessageState.RECEIVED,
        protocol__in=list(protocols),
        received_at__lt=now - ABANDONED_AFTER,
    )
    return abandoned.update(lane=0)
