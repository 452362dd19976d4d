"""How senders fare: counted by the hour, measured every minute, alarming or not.

No page counts messages: the worker does, hour by hour, over ids that carry their instant.
"""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import msgspec
from django.db import transaction
from django.db.models import Max, Q

from yijian.foundation.database.sync import execute
from yijian.foundation.inbox.events import SenderAlarmClosed, SenderAlarmOpened
from yijian.foundation.inbox.health import alarms_of
from yijian.foundation.inbox.models import Alarm, InboxMessage, SenderHealth, SenderHour
from yijian.foundation.inbox.values import Health, OpenAlarm, SenderKey, Thresholds
from yijian.foundation.outbox.api import publish
from yijian.kit.clock import HOUR
from yijian.kit.ids import first_id, instant_of, new_id
from yijian.kit.sql import read_sql

__all__ = [
    "acknowledge_alarm",
    "list_alarms",
    "list_sender_health",
    "set_thresholds",
    "watch_senders",
]

HOURS, MEASURE = (read_sql("yijian.foundation.inbox", name) for name in ("count_hours", "measure_senders"))
EARLIEST = datetime(2000, 1, 1, tzinfo=UTC)
MOST_HOURS = 24 * 31
"""Counted in one go, when a past is caught up with."""
KEY = ("institution_code", "protocol", "facility")
MEASURED = tuple(name for name in Health.__dataclass_fields__ if name not in {"sender", "thresholds"})
THRESHOLDS = tuple(Thresholds.__dataclass_fields__)
NOTHING_SENT: Mapping[str, Any] = {
    "day_messages": 0,
    "week_messages": 0,
    "day_faults": 0,
    "day_encoding_faults": 0,
    "report_seconds": None,
    "processing_seconds": None,
    "oldest_unprocessed_at": None,
}
CLOSED_SHOWN = timedelta(days=7)


def watch_senders(*, now: datetime) -> int:
    """Count, measure, open and close alarms; return how many alarms are open.

    While a long past is still being counted nobody is judged.
    """
    if not count_hours(now):
        return 0
    with transaction.atomic():
        execute(MEASURE, now)
        SenderHealth.objects.exclude(measured_at=now).update(measured_at=now, **NOTHING_SENT)
    return sum(_settle_alarms(health, now) for health in list_sender_health())


def count_hours(now: datetime) -> bool:
    """Count the hours since the last count; False if there are more than can be counted in one go.

    The newest two are counted again, for their messages still change state; so are those of the clock, which
    are older where it was put back.
    """
    newest = SenderHour.objects.aggregate(newest=Max("hour"))["newest"]
    begin = _hour_from(newest - HOUR if newest else EARLIEST)
    if newest and newest > now:
        _count(now.replace(minute=0, second=0, microsecond=0) - HOUR, hours=2)
    for _ in range(MOST_HOURS):
        if begin is None:
            return True
        _count(begin)
        begin = _hour_from(begin + HOUR)
    return begin is None


def _count(begin: datetime, hours: int = 1) -> None:
    execute(HOURS, first_id(begin), first_id(begin + hours * HOUR))


def _hour_from(at: datetime) -> datetime | None:
    """Return the first hour from an instant on in which a message's id was made."""
    messages = InboxMessage.objects.filter(message_id__gte=first_id(at)).order_by("message_id")
    message_id = messages.values_list("message_id", flat=True).first()
    return instant_of(message_id).replace(minute=0, second=0, microsecond=0) if message_id else None


def list_sender_health(
    institution_codes: Sequence[str] | None = None, *, after: SenderKey | None = None, most: int | None = None
) -> list[Health]:
    """Return how senders fare, in the order of their keys; `after` is the last one shown."""
    rows = SenderHealth.objects.all()
    if institution_codes is not None:
        rows = rows.filter(institution_code__in=institution_codes)
    if after is not None:
        same = Q(institution_code=after.institution_code)
        rows = rows.filter(
            Q(institution_code__gt=after.institution_code)
            | same & Q(protocol__gt=after.protocol)
            | same & Q(protocol=after.protocol, facility__gt=after.facility)
        )
    return [_health(row) for row in rows.order_by(*KEY)[:most]]


def _health(row: SenderHealth) -> Health:
    return Health(
        sender=SenderKey(row.institution_code, row.protocol, row.facility),
        thresholds=Thresholds(**{name: getattr(row, name) for name in THRESHOLDS}),
        **{name: getattr(row, name) for name in MEASURED},
    )


def set_thresholds(sender: SenderKey, thresholds: Thresholds) -> bool:
    """Set from where on a sender is alarming; False where there is no such sender."""
    values = {name: getattr(thresholds, name) for name in THRESHOLDS}
    return SenderHealth.objects.filter(**_named(sender)).update(**values) == 1


def list_alarms(institution_codes: Sequence[str] | None = None, *, now: datetime) -> list[OpenAlarm]:
    """Return open alarms, and those that closed lately after them."""
    rows = Alarm.objects.filter(Q(closed_at=None) | Q(closed_at__gte=now - CLOSED_SHOWN))
    if institution_codes is not None:
        rows = rows.filter(institution_code__in=institution_codes)
    alarms = [_alarm(row) for row in rows.order_by("-alarm_id")[:200]]
    return sorted(alarms, key=lambda alarm: alarm.closed_at is not None)


def _alarm(row: Alarm) -> OpenAlarm:
    return OpenAlarm(
        row.alarm_id,
        SenderKey(row.institution_code, row.protocol, row.facility),
        row.kind,
        row.measured,
        row.opened_at,
        row.acknowledged_at,
        row.acknowledged_by,
        row.closed_at,
    )


def acknowledge_alarm(
    alarm_id: UUID, *, institution_codes: Sequence[str] | None, by: str, at: datetime
) -> bool:
    """Note that a person has seen an open alarm; it stays open. False where somebody had, or it is closed."""
    alarms = Alarm.objects.filter(alarm_id=alarm_id, closed_at=None, acknowledged_at=None)
    if institution_codes is not None:
        alarms = alarms.filter(institution_code__in=institution_codes)
    return alarms.update(acknowledged_at=at, acknowledged_by=by) == 1


@transaction.atomic
def _settle_alarms(health: Health, now: datetime) -> int:
    """Open what is new, close what is over, keep the figures of what lasts; return how many are open."""
    alarming = alarms_of(health, now)
    open_alarms = {row.kind: row for row in Alarm.objects.filter(closed_at=None, **_named(health.sender))}
    for kind, measured in alarming.items():
        if kind in open_alarms:
            Alarm.objects.filter(alarm_id=open_alarms[kind].alarm_id).update(measured=measured)
        else:
            _open(health.sender, kind, measured, now)
    for kind in open_alarms.keys() - alarming.keys():
        _close(open_alarms[kind], now)
    return len(alarming)


def _open(sender: SenderKey, kind: str, measured: Mapping[str, Any], now: datetime) -> None:
    alarm_id = new_id()
    Alarm.objects.create(
        alarm_id=alarm_id, kind=kind, measured=dict(measured), opened_at=now, **_named(sender)
    )
    _publish(SenderAlarmOpened(alarm_id=alarm_id, kind=kind, opened_at=now, **_named(sender)))


def _close(alarm: Alarm, now: datetime) -> None:
    Alarm.objects.filter(alarm_id=alarm.alarm_id).update(closed_at=now)
    sender = SenderKey(alarm.institution_code, alarm.protocol, alarm.facility)
    _publish(SenderAlarmClosed(alarm_id=alarm.alarm_id, kind=alarm.kind, closed_at=now, **_named(sender)))


def _named(sender: SenderKey) -> dict[str, str]:
    return {name: getattr(sender, name) for name in KEY}


def _publish(event: msgspec.Struct) -> None:
    publish(type(event).__name__, msgspec.to_builtins(event))
