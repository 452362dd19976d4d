"""The mishaps are what they are meant to be: our own codec answers each as it says."""

from collections.abc import Iterator
from random import Random

import pytest

from yijian.demo.calendar import Calendar
from yijian.demo.events import Mishap, Sent, Voided, Year
from yijian.demo.hl7 import control_id_of
from yijian.demo.mess import expected_refusals, make_mess
from yijian.demo.people import make_residents
from yijian.demo.reports import make_year
from yijian.gateways.hl7v2.codec import decode_message, peek
from yijian.gateways.hl7v2.hot import find_fault
from yijian.kit.clock import now

CALENDAR = Calendar(now().replace(microsecond=0))


@pytest.fixture(scope="module")
def year() -> Year:
    residents = make_residents(CALENDAR.today, 500, Random(42))  # noqa: S311
    return make_year(CALENDAR, residents, Random(42))  # noqa: S311


@pytest.fixture(scope="module")
def mess(year: Year) -> list[Sent | Voided | Mishap]:
    return make_mess(year.events, Random(7))  # noqa: S311


def mishaps(mess: list[Sent | Voided | Mishap]) -> Iterator[Mishap]:
    return (each for each in mess if isinstance(each, Mishap))


def test_something_goes_wrong_in_every_hundred_messages(
    year: Year, mess: list[Sent | Voided | Mishap]
) -> None:
    assert 0.005 < len(mess) / len(year.events) < 0.02
    assert {each.answer for each in mishaps(mess)} == {"AA", "AE", "AR"}


def test_the_codec_refuses_what_must_be_refused(mess: list[Sent | Voided | Mishap], year: Year) -> None:
    sent = {control_id_of(each) for each in year.events if isinstance(each, Sent)}
    for each in mishaps(mess):
        known_sender = peek(each.raw, None).sender_code == each.institution.code
        refused = find_fault(each.raw, None, CALENDAR.now) is not None
        used_before = each.control_id in sent
        assert (refused or used_before or not known_sender) == (each.answer != "AA")


def test_what_no_charset_declares_is_read_and_doubted(mess: list[Sent | Voided | Mishap]) -> None:
    taken = [each for each in mishaps(mess) if each.answer == "AA"]
    assert taken
    for each in taken:
        notes = {note.kind for note in decode_message(each.raw, None, CALENDAR.now).notes}
        assert "encoding.guessed" in notes


def test_expected_refusals_are_those_of_the_door(mess: list[Sent | Voided | Mishap]) -> None:
    expected = set(expected_refusals(mess))
    assert expected == {each.control_id for each in mishaps(mess) if each.answer in {"AE", "AR"}}


def test_doubtful_reports_are_reports_of_their_own(mess: list[Sent | Voided | Mishap], year: Year) -> None:
    numbers = {(e.institution.code, e.report.report_no) for e in year.events if isinstance(e, Sent)}
    doubtful = [each for each in mess if isinstance(each, Sent)]
    assert doubtful
    assert all((each.institution.code, each.report.report_no) not in numbers for each in doubtful)
