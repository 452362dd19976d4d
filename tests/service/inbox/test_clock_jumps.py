"""The clock is put forwards or back by a year: nothing waits for it to come round, nothing is given up."""

from datetime import UTC, datetime, timedelta

import pytest

from tests.service.inbox.test_message_fate import receive
from tests.service.inbox.test_senders import FINE, health
from yijian.foundation.inbox import api, processing, retention, senders, services
from yijian.foundation.inbox.models import Archive, InboxMessage, SenderHealth
from yijian.foundation.inbox.values import Thresholds
from yijian.kit.clock import now

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 11, 20, 9, 30, tzinfo=UTC)
HOUR, YEAR = timedelta(hours=1), timedelta(days=365)


@pytest.mark.parametrize("jump", [YEAR, -YEAR])
def test_lane_goes_on_with_a_message_whose_next_attempt_was_planned(jump: timedelta) -> None:
    message_id = receive(state="received", attempts=1, next_attempt_at=NOW + timedelta(seconds=60))

    assert processing.claim(0, now=NOW) == []
    assert processing.claim(0, now=NOW + jump) == [message_id]


@pytest.mark.parametrize("jump", [YEAR, -YEAR])
def test_upload_whose_process_died_is_taken_over(jump: timedelta) -> None:
    message_id = api.keep_json("H1", b"{}", "report", at=NOW)

    assert services.take_over_abandoned(["json"], now=NOW) == 0
    assert services.take_over_abandoned(["json"], now=NOW + jump) == 1
    assert InboxMessage.objects.get(message_id=message_id).lane == 0


def test_messages_that_came_in_the_past_of_a_clock_are_not_erased_with_it() -> None:
    receive(b"MSH|kept", at=datetime(1970, 1, 1, tzinfo=UTC), state="recorded")
    retention.archive_messages(now=now(), days=90)

    assert Archive.objects.count() == 1
    assert retention.erase_archives(now=now(), years=30) == 0


@pytest.mark.parametrize("drifting", [True, False])
def test_senders_are_counted_and_missed_after_a_clock_was_put_back(drifting: bool) -> None:
    """A process whose clock is put back goes on making ids of before; one started since makes new ones."""
    receive(at=NOW + YEAR, **FINE)
    senders.watch_senders(now=NOW + YEAR)
    message_id = receive(at=NOW + YEAR + HOUR if drifting else NOW, **FINE)
    InboxMessage.objects.filter(message_id=message_id).update(received_at=NOW)

    senders.watch_senders(now=NOW)

    found = health()
    assert (found.measured_at, found.last_at, found.day_messages) == (NOW, NOW, 1)
    senders.set_thresholds(found.sender, Thresholds(silent_minutes=60))
    senders.watch_senders(now=NOW + 2 * HOUR)
    assert [alarm.kind for alarm in api.list_alarms(["H1"], now=NOW)] == ["silent"]


def test_alarm_of_a_clock_put_forwards_ends_with_it() -> None:
    receive(at=NOW, **FINE)
    senders.watch_senders(now=NOW)
    SenderHealth.objects.update(silent_minutes=60)
    senders.watch_senders(now=NOW + YEAR)
    assert [alarm.closed_at for alarm in api.list_alarms(["H1"], now=NOW)] == [None]

    senders.watch_senders(now=NOW)

    assert [alarm.closed_at for alarm in api.list_alarms(["H1"], now=NOW)] == [NOW]
