"""The demo's messages say what the demo's reports say: what our codec reads back is what was issued."""

from collections.abc import Iterator
from random import Random

import msgspec
import pytest

from yijian.demo.calendar import Calendar
from yijian.demo.events import Event, Mishap, Sent, Voided
from yijian.demo.hl7 import write_message
from yijian.demo.people import make_residents
from yijian.demo.reports import make_year
from yijian.domains.identity.values import EncounterType
from yijian.domains.results.values import ReportKind, UploadedReport
from yijian.gateways.hl7v2.codec import ParsedMessage, decode_message
from yijian.kit.clock import now


@pytest.fixture(scope="module")
def calendar() -> Calendar:
    return Calendar(now().replace(microsecond=0))


@pytest.fixture(scope="module")
def events(calendar: Calendar) -> list[Event]:
    residents = make_residents(calendar.today, 60, Random(7))  # noqa: S311
    year = make_year(calendar, residents, Random(8))  # noqa: S311
    told = (event for event in year.events if not isinstance(event, Mishap))
    return [event for event in told if event.institution.route == "mllp"]


def read(event: Event, calendar: Calendar) -> ParsedMessage:
    encoding = "GBK" if event.institution.charset == "GBK" else None
    return decode_message(write_message(event, "1"), encoding, calendar.now)


def laboratory(events: list[Event]) -> Iterator[Sent]:
    return (e for e in events if isinstance(e, Sent) and e.report.kind is ReportKind.LAB)


def comparable(report: UploadedReport) -> UploadedReport:
    """Return a report without what HL7 carries elsewhere or in another form."""
    rows = tuple(msgspec.structs.replace(row, row_id=None) for row in report.results)
    return msgspec.structs.replace(report, results=rows, performed_by=None, requested_by=None)


def test_laboratory_reports_are_read_back_as_issued(events: list[Event], calendar: Calendar) -> None:
    sent = list(laboratory(events))
    assert {e.institution.charset for e in sent} == {"UTF-8", "GB18030", "GBK"}
    for event in sent:
        (read_back,) = read(event, calendar).reports
        issued = event.report
        numbers = {(i.type, i.value) for i in issued.patient.identifiers}
        assert {(i.type, i.value) for i in read_back.patient.identifiers} == numbers
        patient = msgspec.structs.replace(read_back.patient, identifiers=issued.patient.identifiers)
        assert comparable(msgspec.structs.replace(read_back, patient=patient)) == comparable(issued)


def test_examinations_keep_text_images_and_side(events: list[Event], calendar: Calendar) -> None:
    exams = [e for e in events if isinstance(e, Sent) and e.report.exam]
    assert exams
    for event in exams:
        (read_back,) = read(event, calendar).reports
        issued = event.report.exam
        assert issued is not None
        assert read_back.exam is not None
        assert read_back.exam.findings == issued.findings
        assert read_back.exam.impression == issued.impression
        assert read_back.exam.items[0].laterality == issued.items[0].laterality
        assert read_back.exam.image.viewer_url == issued.image.viewer_url
        assert read_back.examined_at == event.report.examined_at


def test_a_withdrawn_report_is_a_cancellation(events: list[Event], calendar: Calendar) -> None:
    sent = next(laboratory(events))
    voided = Voided(sent.institution, sent.report.patient, sent.report.report_no, sent.at, "标本采集错误")
    parsed = read(voided, calendar)
    assert parsed.reports == ()
    assert [c.report_no for c in parsed.cancellations] == [sent.report.report_no]


def test_a_check_up_is_told_as_one(events: list[Event], calendar: Calendar) -> None:
    sent = next(e for e in laboratory(events) if e.report.encounter.type is EncounterType.CHECKUP)  # type: ignore[union-attr]
    (report,) = read(sent, calendar).reports
    assert report.encounter is not None
    assert report.encounter.type is EncounterType.CHECKUP
