"""Silent reminders on the real database: not counted, yet answered, decided and cited like any other."""

from typing import Any

import pytest

from tests.service.recognition.test_loop import decide, match, record
from tests.service.region import COUNTY, make_region
from tests.service.sharing.signing import settle
from yijian.domains.recognition.models import Decision, MatchItem

pytestmark = pytest.mark.django_db
ENCOUNTER = {"type": "inpatient", "number": "E1"}


@pytest.fixture(autouse=True)
def region(db: None) -> None:
    make_region()


def causes(document: dict[str, Any]) -> list[str]:
    reasons = document["items"][0]["reasons"]
    return [each["evidence"]["cause"] for each in reasons if each["code"] == "reminder.suppressed"]


def test_an_item_answered_in_the_encounter_is_not_asked_again() -> None:
    settle(suppress_answered_in_encounter=True)
    record()
    first = match(encounter=ENCOUNTER)
    decide(first)
    again, elsewhere = match(encounter=ENCOUNTER), match(encounter=ENCOUNTER | {"number": "E2"})
    assert (causes(first), causes(again), causes(elsewhere)) == ([], ["answered"], [])
    assert again["items"][0]["outcome"] == "recognise"
    assert sorted(MatchItem.objects.values_list("reminder", flat=True)) == [False, True, True]


def test_a_silent_reminder_is_decided_like_any_other() -> None:
    settle(same_institution_reminders=False)
    record(institution=COUNTY)
    document = match()
    assert causes(document) == ["own_result"]
    decide(document)
    assert Decision.objects.get().decision == "accept"
    assert not MatchItem.objects.get().reminder
