"""When a sender is alarming: pure decisions on what the worker has measured."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

from yijian.foundation.inbox.values import Health
from yijian.kit.clock import HOUR

__all__ = ["ALARMS", "FAULT_PERCENT", "QUEUE_MINUTES", "alarms_of", "silent_after"]

SILENT, FAULTS, ENCODING, QUEUE = ALARMS = ("silent", "faults", "encoding", "queue")
FAULT_PERCENT = 10
QUEUE_MINUTES = 15
ENOUGH_MESSAGES = 20
"""Of fewer in a day a share says nothing."""
PATIENCE = 1.25


def silent_after(health: Health) -> timedelta | None:
    """Return after which silence a sender is missed; None while its habit is unknown.

    Its usual gap is the pause it makes about once a week, a night or a weekend, reckoned in whole hours.
    """
    if health.thresholds.silent_minutes is not None:
        return timedelta(minutes=health.thresholds.silent_minutes)
    if health.usual_gap_seconds is None:
        return None
    return timedelta(seconds=health.usual_gap_seconds * PATIENCE) + HOUR


def alarms_of(health: Health, now: datetime) -> dict[str, dict[str, Any]]:
    """Return what is alarming about a sender, and the figures that say so."""
    return dict(_alarms(health, now)) if health.thresholds.watched else {}


def _alarms(health: Health, now: datetime) -> Iterator[tuple[str, dict[str, Any]]]:
    limit, silence = silent_after(health), now - health.last_at
    if limit is not None and silence > limit:
        yield SILENT, {"minutes": _minutes(silence), "limit": _minutes(limit)}
    percent = health.thresholds.fault_percent
    percent = FAULT_PERCENT if percent is None else percent
    for kind, number in ((FAULTS, health.day_faults), (ENCODING, health.day_encoding_faults)):
        if health.day_messages >= ENOUGH_MESSAGES and number * 100 > percent * health.day_messages:
            yield kind, {"number": number, "messages": health.day_messages, "limit": percent}
    queue = health.thresholds.queue_minutes
    queue = QUEUE_MINUTES if queue is None else queue
    waiting = now - health.oldest_unprocessed_at if health.oldest_unprocessed_at else timedelta()
    if waiting > timedelta(minutes=queue):
        yield QUEUE, {"minutes": _minutes(waiting), "limit": queue}


def _minutes(span: timedelta) -> int:
    return int(span.total_seconds() // 60)
