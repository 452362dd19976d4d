"""Facts that take away: raised with a reason, withdrawn with one, by whom."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest

from tests.service.region import CITY, make_region
from yijian.domains.institutions.models import Region
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
        lambda: fact(region_code="42", institution_code=CITY),
        lambda: fact(SuspensionKind.QUALITY, region_code="42"),
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


@pytest.mark.parametrize(("place", "holding"), [("42", True), ("4201", True), ("4205", False)])
def test_an_item_is_taken_away_in_its_region_alone(place: str, *, holding: bool) -> None:
    Region.objects.get_or_create(
        code="4205", defaults={"name_zh": "宜昌市", "kind": "city", "parent_id": "42"}
    )
    api.raise_suspension(fact(region_code=place), source="通知", by="张某")
    assert holds(SuspensionKind.ITEM) is holding
    assert api.list_suspensions()[0].region_code == place


@pytest.mark.parametrize(("kind", "standing"), [(SuspensionKind.ITEM, 0), (SuspensionKind.QUALITY, 1)])
def test_doubt_about_a_stretch_of_time_stands_until_it_is_withdrawn(
    kind: SuspensionKind, standing: int
) -> None:
    began, ended = now() - timedelta(days=9), now() - timedelta(days=2)
    over = replace(fact(kind, institution_code=CITY), starts_at=began, ends_at=ended)
    api.raise_suspension(over, source="通知", by="张某")
    assert len(api.list_suspensions(standing_at=now())) == standing
