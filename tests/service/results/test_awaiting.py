"""Orders that were executed and want a report."""

from datetime import datetime, timedelta
from typing import Any

import msgspec
import pytest

from tests.service.region import COUNTY, lab_report, make_region, patient, upload
from yijian.domains.results import api as results
from yijian.domains.results import awaiting
from yijian.domains.results.values import Order
from yijian.foundation.inbox.api import list_open_matters
from yijian.foundation.inbox.models import Awaited, WorkItem
from yijian.foundation.inbox.work_items import resolve_work_items
from yijian.kit.clock import now

pytestmark = pytest.mark.django_db

LATER = timedelta(hours=49)


@pytest.fixture(autouse=True)
def region(db: None) -> None:
    make_region()


def order(order_no: str = "O-1", state: str = "executed", item: str = "K", **more: Any) -> None:
    body = {
        "order_no": order_no,
        "state": state,
        "occurred_at": now().isoformat(),
        "patient": patient(),
        "item": {"system": "item", "code": item},
    } | more
    (answer,) = results.record_orders([msgspec.convert(body, Order, strict=False)], COUNTY, at=now())
    assert answer.outcome == "recorded", answer.reason


def asked(kind: str = results.ORDER_WITHOUT_REPORT) -> list[str]:
    return [matter.subject for matter in list_open_matters([COUNTY], kind=kind)]


def watch(at: datetime | None = None) -> tuple[int, int]:
    return results.watch_awaited(now=at or now() + LATER)


def report(order_no: str) -> None:
    results.record_report(
        upload(lab_report(order_no=order_no)),
        institution_code=COUNTY,
        source="json",
        message_id=None,
        at=now(),
    )


def test_asks_about_an_executed_order_whose_report_is_overdue() -> None:
    order()

    assert watch(now() + timedelta(hours=47)) == (0, 0)
    assert watch() == (1, 0)
    assert watch() == (0, 0), "an order is asked about once"

    assert asked() == ["O-1"]
    detail = WorkItem.objects.get().detail
    assert detail["code"] == "K"
    assert datetime.fromisoformat(detail["executed_at"]).tzinfo is not None


@pytest.mark.parametrize("state", ["placed", "cancelled", "charged"])
def test_only_executed_orders_want_a_report(state: str) -> None:
    order(state=state)

    assert watch() == (0, 0)


def test_an_examination_without_report_has_its_own_queue() -> None:
    order(item="IMG-DX-CHEST")

    watch()

    assert (asked(), asked(results.IMAGE_WITHOUT_REPORT)) == ([], ["O-1"])


def test_a_report_in_time_leaves_nothing_to_ask() -> None:
    order()
    report("O-1")

    assert watch() == (0, 0)
    assert not Awaited.objects.exists()


def test_the_matter_closes_by_itself_when_the_report_comes() -> None:
    order()
    order("O-2")
    watch()
    report("O-1")

    assert watch() == (0, 1)

    assert asked() == ["O-2"]
    item = WorkItem.objects.get(subject="O-1")
    assert (item.resolution, item.resolved_by) == ("answered", "results")


def test_an_order_cancelled_afterwards_is_asked_about_no_longer() -> None:
    order()
    watch()
    order(state="cancelled")

    assert watch() == (0, 1)


def test_what_a_person_closed_is_not_opened_again() -> None:
    order()
    watch()
    resolve_work_items(
        results.ORDER_WITHOUT_REPORT, subjects=["O-1"], by="li", resolution="handled", at=now()
    )

    assert watch() == (0, 0)
    assert (asked(), Awaited.objects.count()) == ([], 0)


def test_history_being_told_is_not_asked_about() -> None:
    order(occurred_at=(now() - timedelta(days=200)).isoformat())

    assert watch() == (0, 0)


def test_many_are_asked_about_and_closed_in_turn(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(awaiting, "BATCH", 3)
    for number in range(7):
        order(f"O-{number}")

    assert watch() == (7, 0)
    for number in range(7):
        order(f"O-{number}", state="cancelled")
    assert watch() == (0, 7)
