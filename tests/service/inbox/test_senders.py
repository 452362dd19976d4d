"""How senders fare: counted by the hour, measured, alarming, and well again."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.service.inbox.test_message_fate import receive
from yijian.foundation.inbox import api, senders
from yijian.foundation.inbox.models import SenderHour
from yijian.foundation.inbox.values import Health, OpenAlarm, SenderKey, Thresholds
from yijian.foundation.outbox.models import OutboxEvent

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 11, 20, 9, 30, tzinfo=UTC)
HOUR = timedelta(hours=1)
FINE: dict[str, Any] = {"state": "recorded", "reason_code": "", "reason_data": {}}


def health() -> Health:
    (found,) = api.list_sender_health(["H1"])
    return found


def open_alarms() -> list[OpenAlarm]:
    return [alarm for alarm in api.list_alarms(["H1"], now=NOW) if alarm.closed_at is None]


def send_hourly(first: datetime, last: datetime, number: int = 1, **more: Any) -> None:
    at = first
    while at <= last:
        for _ in range(number):
            receive(at=at, **FINE | more)
        at += HOUR


def test_counts_messages_faults_and_delays_of_each_hour() -> None:
    at = NOW - timedelta(minutes=10)
    receive(at=at, **FINE, reported_at=at - timedelta(seconds=60), processed_at=at + timedelta(seconds=2))
    receive(at=at, **FINE, reported_at=at - timedelta(seconds=120), processed_at=at + timedelta(seconds=4))
    receive(at=at, reason_data={"place": "MSH-18"})
    receive(at=at, **FINE | {"reason_data": {"notes": [["encoding.guessed", "MSH-18"]]}})

    senders.watch_senders(now=NOW)

    found = health()
    assert (found.day_messages, found.day_faults, found.day_encoding_faults) == (4, 1, 2)
    assert (found.report_seconds, found.processing_seconds) == (90.0, 3.0)
    assert found.last_at == at


def test_counts_the_newest_hours_anew_and_adds_nothing_twice() -> None:
    receive(at=NOW - HOUR, **FINE)
    senders.watch_senders(now=NOW)
    receive(at=NOW - HOUR, **FINE)

    senders.watch_senders(now=NOW)
    senders.watch_senders(now=NOW)

    assert health().day_messages == 2
    assert api.count_by_state(["H1"]) == {"recorded": 2}


def test_counts_by_state_from_counted_hours_and_what_came_since() -> None:
    send_hourly(NOW - timedelta(hours=30), NOW - HOUR)
    receive(at=NOW - HOUR * 5)
    senders.watch_senders(now=NOW - HOUR)
    receive(at=NOW, **FINE)

    assert api.count_by_state(["H1"]) == {"recorded": 31, "refused": 1}
    since = (NOW - HOUR * 10).replace(minute=0)
    assert api.count_by_state(["H1"], since=since) == {"recorded": 11, "refused": 1}
    assert api.count_by_state(["H2"]) == {}


def test_alarms_when_a_sender_is_silent_longer_than_is_usual_for_it_and_closes_by_itself() -> None:
    send_hourly(NOW - timedelta(days=3), NOW)
    senders.watch_senders(now=NOW)
    assert open_alarms() == []

    silent = NOW + timedelta(hours=3)
    assert senders.watch_senders(now=silent) == 1
    (alarm,) = open_alarms()
    assert (alarm.kind, alarm.measured["minutes"]) == ("silent", 180)
    assert senders.watch_senders(now=silent) == 1, "one alarm lasts, it is not opened again"

    receive(at=silent, **FINE)
    assert senders.watch_senders(now=silent) == 0
    assert open_alarms() == []
    assert list(OutboxEvent.objects.order_by("event_id").values_list("name", flat=True)) == [
        "SenderAlarmOpened",
        "SenderAlarmClosed",
    ]
    body = OutboxEvent.objects.order_by("event_id").values_list("body", flat=True)[0]
    assert set(body) == {"alarm_id", "institution_code", "protocol", "facility", "kind", "opened_at"}


def test_a_night_is_no_silence_for_a_sender_that_sleeps() -> None:
    for day in range(14, 0, -1):
        morning = (NOW - timedelta(days=day)).replace(hour=0)
        send_hourly(morning, morning + HOUR * 9)

    senders.watch_senders(now=(NOW - timedelta(days=1)).replace(hour=22))

    assert open_alarms() == []


def test_alarms_when_too_much_is_refused_or_garbled() -> None:
    for number in range(30):
        receive(at=NOW - HOUR, **({} if number < 4 else FINE))

    senders.watch_senders(now=NOW)

    (alarm,) = open_alarms()
    assert (alarm.kind, alarm.measured) == ("faults", {"number": 4, "messages": 30, "limit": 10})


def test_a_share_of_few_messages_says_nothing() -> None:
    receive(at=NOW - HOUR)

    assert senders.watch_senders(now=NOW) == 0


def test_alarms_when_messages_wait_to_be_processed() -> None:
    receive(at=NOW - timedelta(minutes=20), **FINE | {"state": "received"})

    senders.watch_senders(now=NOW)

    assert [(alarm.kind, alarm.measured) for alarm in open_alarms()] == [
        ("queue", {"minutes": 20, "limit": 15})
    ]


def test_thresholds_of_a_sender_replace_the_usual_and_may_end_the_watch() -> None:
    receive(at=NOW - timedelta(minutes=40), **FINE)
    senders.watch_senders(now=NOW)
    sender = SenderKey("H1", "hl7", "H1")
    assert open_alarms() == [], "a sender whose habit is unknown is not missed"

    assert api.set_thresholds(sender, Thresholds(silent_minutes=30))
    assert senders.watch_senders(now=NOW) == 1
    assert api.set_thresholds(sender, Thresholds(watched=False, silent_minutes=30))
    assert senders.watch_senders(now=NOW) == 0
    assert health().thresholds == Thresholds(watched=False, silent_minutes=30)
    assert not api.set_thresholds(SenderKey("H7", "hl7", "H7"), Thresholds())


def test_an_alarm_is_acknowledged_once_and_only_by_its_own_institution() -> None:
    receive(at=NOW - timedelta(minutes=20), **FINE | {"state": "received"})
    senders.watch_senders(now=NOW)
    (alarm,) = open_alarms()

    assert not api.acknowledge_alarm(alarm.alarm_id, institution_codes=["H2"], by="li", at=NOW)
    assert api.acknowledge_alarm(alarm.alarm_id, institution_codes=["H1"], by="wang", at=NOW)
    assert not api.acknowledge_alarm(alarm.alarm_id, institution_codes=None, by="zhao", at=NOW)

    (seen,) = open_alarms()
    assert (seen.acknowledged_by, seen.closed_at) == ("wang", None)


def test_a_sender_that_stopped_long_ago_has_sent_nothing() -> None:
    send_hourly(NOW - timedelta(days=1), NOW)
    senders.watch_senders(now=NOW)

    senders.watch_senders(now=NOW + timedelta(days=60))

    found = health()
    assert (found.day_messages, found.week_messages, found.last_at) == (0, 0, NOW)
    assert [alarm.kind for alarm in open_alarms()] == ["silent"]


def test_hours_are_kept_apart_by_sender() -> None:
    receive(at=NOW, **FINE)
    receive(at=NOW, institution="H2", **FINE)
    senders.watch_senders(now=NOW)

    assert SenderHour.objects.count() == 2
    assert [each.sender.institution_code for each in api.list_sender_health(most=1)] == ["H1"]
    assert [
        each.sender.institution_code
        for each in api.list_sender_health(after=SenderKey("H1", "hl7", "H1"), most=1)
    ] == ["H2"]
