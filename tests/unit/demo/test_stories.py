"""The stories cover every way a question can end, and stay what they are when they are told again."""

from datetime import timedelta

import pytest

from yijian.demo.calendar import Calendar
from yijian.demo.events import Sent
from yijian.demo.handover import patients_of
from yijian.demo.stories import Story, make_stories
from yijian.demo.tables import list_providers
from yijian.domains.results.rules import check_report
from yijian.kit.clock import now

CALENDAR = Calendar(now().replace(microsecond=0))
CODES = {
    "recognised",
    "expired",
    "right_lapsed",
    "direction",
    "specimen",
    "unit_converted",
    "unit_not_comparable",
    "preliminary",
    "corrected",
    "emergency",
    "identity_uncertain",
    "sensitive",
    "critical",
    "nothing",
}


@pytest.fixture(scope="module")
def stories() -> list[Story]:
    return make_stories(CALENDAR)


def test_every_code_of_the_contract_has_a_patient(stories: list[Story]) -> None:
    assert {story.code for story in stories} == CODES
    assert {story.trial.expect for story in stories if story.code == "sensitive"} == {"none", "recognise"}


def test_every_trial_is_asked_by_an_institution_that_can_sign_in(stories: list[Story]) -> None:
    assert {story.trial.institution_code for story in stories} <= {each.code for each in list_providers()}


def test_no_two_stories_share_a_person(stories: list[Story]) -> None:
    assert len({story.resident.resident_id for story in stories}) == len(stories)


def test_told_later_the_people_are_the_same_and_the_reports_are_new(stories: list[Story]) -> None:
    later = make_stories(Calendar(CALENDAR.now + timedelta(days=30)))
    assert patients_of(later) == patients_of(stories)
    numbers = [
        {e.report.report_no for story in told for e in story.events if isinstance(e, Sent)}
        for told in (stories, later)
    ]
    assert not numbers[0] & numbers[1]


def test_every_report_of_a_story_may_be_recorded(stories: list[Story]) -> None:
    for story in stories:
        for event in (*story.groundwork, *story.events):
            assert isinstance(event, Sent)
            check_report(event.report, CALENDAR.now)
