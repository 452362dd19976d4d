"""A match is explained from what stood then, by today's rules, and nobody sees more than they may."""

from datetime import timedelta
from uuid import UUID

import msgspec
import pytest

from tests.service.recognition.test_loop import match, record
from tests.service.region import CITY, COUNTY, make_region, order_check
from yijian.domains.recognition import api
from yijian.domains.recognition.models import MatchItem
from yijian.domains.recognition.values import MatchRequest
from yijian.domains.sharing.models import Suspension
from yijian.kit.clock import now
from yijian.kit.errors import Problem

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def region(db: None) -> None:
    make_region()


def explained(viewer: str = COUNTY) -> api.Explanation:
    record()
    document = match()
    return api.explain_match(UUID(document["match_id"]), viewer)


def test_explains_a_recorded_match_as_it_was_answered() -> None:
    explanation = explained()
    (item,) = explanation.items
    recorded = explanation.recorded

    assert recorded is not None
    assert [each.item_code for each in recorded.answers] == [item.answered.ordered.code]
    assert recorded.answers[0].outcome == item.answered.outcome.value
    assert set(recorded.answers[0].reasons) == {reason.code for reason in item.answered.reasons}
    assert item.weighed[0].candidate.institution_code == CITY
    assert item.weighed[0].chosen


def test_rules_that_changed_since_answer_otherwise_and_leave_the_record_alone() -> None:
    record()
    match_id = UUID(match()["match_id"])
    raised_at = now() - timedelta(hours=1)
    Suspension.objects.create(
        kind="item", item_id="K", starts_at=raised_at, raised_at=raised_at, reason="试剂召回"
    )
    explanation = api.explain_match(match_id, COUNTY)
    (item,) = explanation.items

    assert explanation.recorded is not None
    assert explanation.policy_version != explanation.recorded.policy_version
    assert explanation.recorded.answers[0].outcome == "recognise"
    assert MatchItem.objects.get().outcome == "recognise"
    assert item.answered.outcome.value == "not_recognisable"
    assert [each.reason for each in item.weighed[0].suspensions] == ["试剂召回"]


def test_an_imagined_order_of_another_institution_leaves_no_match() -> None:
    person_id = explained().person_id
    before = MatchItem.objects.count()
    request = msgspec.convert(order_check("K"), MatchRequest)
    explanation = api.explain_order(CITY, COUNTY, person_id, request, now())

    assert explanation.order.institution_code == CITY
    assert explanation.recorded is None
    assert MatchItem.objects.count() == before


def test_an_unknown_match_is_unknown() -> None:
    with pytest.raises(Problem, match="No match"):
        api.explain_match(UUID(int=1), COUNTY)
