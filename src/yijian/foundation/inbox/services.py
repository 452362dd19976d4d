"""Keep what came, process it, settle its fate, replay it."""

from collections.abc import Iterable, Mapping
from dataclasses import asdict
from datetime import datetime, timedelta
from hashlib import sha256
from uuid import UUID

import msgspec
import structlog
from django.db import transaction
from django.db.models import Q
from psycopg.types.json import Jsonb

from yijian.foundation.database.sync import execute
from yijian.foundation.inbox.models import InboxMessage, MessageState, Sender
from yijian.foundation.inbox.retention import restore
from yijian.foundation.inbox.sealing import seal
from yijian.foundation.inbox.values import LANES, NO_LANE, Fate
from yijian.kit.errors import Problem
from yijian.kit.ids import new_id
from yijian.kit.sql import read_sql

__all__ = ["keep", "replay", "replay_cause", "settle", "settle_all", "take_over_abandoned"]

REPLAYABLE = (MessageState.FAILED, MessageState.WAITING, MessageState.REFUSED)
REPLAYED = [
    "institution_code",
    "lane",
    "answer",
    "state",
    "attempts",
    "next_attempt_at",
    "processed_at",
    "replay_id",
    "raw",
    "archive_key",
    "archive_offset",
    "archive_size",
]
FRAGMENT = "frame."
"""Reasons of what was no whole message; there is nothing to replay."""
SETTLE = read_sql("yijian.foundation.inbox", "settle")
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
    settle_all({message_id: fate}, at=at)


def settle_all(fates: Mapping[UUID, Fate], *, at: datetime) -> None:
    """Write what became of several messages by one statement."""
    rows = [{"message_id": message_id, **asdict(fate)} for message_id, fate in fates.items()]
    execute(SETTLE, Jsonb(rows, dumps=msgspec.json.encode), at)


@transaction.atomic
def replay(message_id: UUID, *, replay_id: UUID | None = None) -> None:
    """Have a message processed again after mending; Problem where there is nothing to process.

    `replay_id` names the run it belongs to, where a cause is replayed as a whole.
    """
    message = InboxMessage.objects.select_for_update().filter(message_id=message_id).first()
    if message is None:
        raise Problem("message.unknown", "没有这条消息，请核对编号。", 404)
    if message.state not in REPLAYABLE:
        raise Problem("message.not_replayable", "消息正在处理或已入库，不需要重新处理。", 409)
    if message.reason_code.startswith(FRAGMENT):
        raise Problem("message.incomplete", "只收到消息的一部分，无法重新处理：请发送方重发。", 409)
    _adopt(message)
    restore(message)
    message.replay_id = replay_id
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
    """Give a lane what a process died over while its sender waited; return how many messages.

    What came at a time to come did so before the clock was put back.
    """
    old = Q(received_at__lt=now - ABANDONED_AFTER) | Q(received_at__gt=now + ABANDONED_AFTER)
    abandoned = InboxMessage.objects.filter(
        old, lane=NO_LANE, state=MessageState.RECEIVED, protocol__in=list(protocols)
    )
    return abandoned.update(lane=0)
