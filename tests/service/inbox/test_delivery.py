"""Events reach those who listen: in order, at least once, and none is forgotten."""

from datetime import datetime
from typing import Any

import pytest

from yijian.foundation.outbox import delivery as outbox
from yijian.foundation.outbox.api import publish
from yijian.foundation.outbox.delivery import Delivery
from yijian.foundation.outbox.models import OutboxEvent

pytestmark = pytest.mark.django_db


class Listener:
    def __init__(self) -> None:
        self.heard: list[int] = []
        self.deaf_to: set[int] = set()

    def hear(self, body: dict[str, Any], _at: datetime) -> None:
        if body["n"] in self.deaf_to:
            OutboxEvent.objects.filter(body__n=body["n"]).update(name="Undone")
            raise ValueError("张三 is not to be logged")
        self.heard.append(body["n"])


def tell(*numbers: int) -> None:
    for number in numbers:
        publish("Told", {"n": number})


def open_events() -> list[tuple[int, int]]:
    rows = OutboxEvent.objects.filter(delivered_at=None).order_by("event_id").values_list("body", "attempts")
    return [(body["n"], attempts) for body, attempts in rows]


def test_delivers_in_order_and_once() -> None:
    listener = Listener()
    delivery = Delivery({"Told": [listener.hear]})
    tell(*range(30))
    publish("Unheard", {"n": 99})
    assert delivery.deliver_batch() == 31
    assert delivery.deliver_batch() == 0
    assert listener.heard == list(range(30))


def test_later_events_wait_for_one_that_fails() -> None:
    listener = Listener()
    listener.deaf_to = {1}
    delivery = Delivery({"Told": [listener.hear]})
    tell(0, 1, 2)
    delivery.deliver_batch()
    assert listener.heard == [0]
    assert open_events() == [(1, 1), (2, 0)]
    failed = OutboxEvent.objects.get(body__n=1)
    assert failed.name == "Told", "what a failed handler wrote is undone"
    assert failed.last_error.startswith("builtins.ValueError at hear:")


def test_waits_before_it_tries_again(monkeypatch: pytest.MonkeyPatch) -> None:
    listener = Listener()
    listener.deaf_to = {1}
    delivery = Delivery({"Told": [listener.hear]})
    tell(1)
    for _ in range(3):
        delivery.deliver_batch()
    assert open_events() == [(1, 1)]
    pass_time(monkeypatch)
    listener.deaf_to = set()
    assert delivery.deliver_batch() == 1
    assert listener.heard == [1]


def test_event_that_keeps_failing_steps_aside_and_stays(monkeypatch: pytest.MonkeyPatch) -> None:
    listener = Listener()
    listener.deaf_to = {1}
    delivery = Delivery({"Told": [listener.hear]})
    tell(1, 2)
    for _ in range(outbox.PATIENCE):
        delivery.deliver_batch()
        pass_time(monkeypatch)
    delivery.deliver_batch()
    assert listener.heard == [2]
    listener.deaf_to = set()
    pass_time(monkeypatch)
    delivery.deliver_batch()
    assert listener.heard == [2, 1]
    assert open_events() == []


def pass_time(monkeypatch: pytest.MonkeyPatch) -> None:
    later = outbox.time.monotonic() + 2 * outbox.LONGEST_PAUSE
    monkeypatch.setattr(outbox.time, "monotonic", lambda: later)
