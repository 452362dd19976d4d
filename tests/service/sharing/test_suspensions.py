"""Facts that take away: raised with a reason, withdrawn with one, by whom."""

from collections.abc import Callable
from datetime import timedelta

import pytest

from tests.service.region import CITY, make_region
from yijian.domains.sharing import api
from yijian.domains.sharing.rules import find_suspension
from yijian.domains.sharing.values import Suspension, SuspensionKind
from yijian.kit.clock import now
from yijian.kit.errors import Problem

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def region(db: None) -> None:
    make_region()


def fact(kind: SuspensionKind = SuspensionKind.ITEM, **changes: object) -> Suspension:
    details: dict[str, object] = {"item_code": "K", "reason": "更换试剂"} | changes
    return Suspension(kind, now(), now(), **details)  # type: ignore[arg-type]


def holds(kind: SuspensionKind) -> bool:
    at = now()
    return find_suspension(api.get_rulebook(), kind, CITY, "K", at=at, spanning=at) is not None


@pytest.mark.parametrize("kind", list(SuspensionKind))
def test_takes_away_until_withdrawn(kind: SuspensionKind) -> None:
    raised = api.raise_suspension(fact(kind, institution_code=CITY), source="质控中心通知", by="张某")
    assert holds(kind)
    api.withdraw_suspension(raised, reason="已整改", by="李某", at=now())
    assert not holds(kind)
    (listed,) = api.list_suspensions()
    assert (listed.raised_by, listed.withdrawn_by, listed.withdraw_reason) == ("张某", "李某", "已整改")
    assert api.list_suspensions(standing_at=now()) == []


@pytest.mark.parametrize(
    "incomplete",
    [
        lambda: fact(reason=" "),
        lambda: fact(item_code=""),
        lambda: fact(SuspensionKind.INSTITUTION),
        lambda: fact(ends_at=now() - timedelta(days=1)),
    ],
)
def test_refuses_a_suspension_that_says_too_little(incomplete: Callable[[], Suspension]) -> None:
    with pytest.raises(Problem) as refused:
        api.raise_suspension(incomplete(), source="通知", by="张某")
    assert refused.value.code == "suspension.incomplete"


def test_withdrawing_twice_keeps_the_first_word() -> None:
    raised = api.raise_suspension(fact(), source="通知", by="张某")
    api.withdraw_suspension(raised, reason="已整改", by="李某", at=now())
    api.withdraw_suspension(raised, reason="再次", by="王某", at=now())
    assert api.list_suspensions()[0].withdraw_reason == "已整改"
