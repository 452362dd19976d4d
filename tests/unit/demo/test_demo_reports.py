"""The year's reports could have come from real laboratories: plausible, consistent, acceptable to us."""

from collections.abc import Iterator
from decimal import Decimal
from itertools import groupby
from random import Random

import pytest

from yijian.demo.calendar import Calendar
from yijian.demo.events import Sent, Voided, Year
from yijian.demo.laboratory import PACKAGES, laboratory_rows
from yijian.demo.people import Resident, make_residents
from yijian.demo.reports import make_year
from yijian.demo.tables import find_institution
from yijian.domains.results.rules import check_report
from yijian.domains.results.values import LabResult, ReportStatus
from yijian.domains.terminology.catalogue import load_items
from yijian.domains.terminology.units import comparable
from yijian.domains.terminology.values import ComparableState
from yijian.kit.clock import now

CALENDAR = Calendar(now().replace(microsecond=0))
ITEMS = {item.code: item for item in load_items()}


@pytest.fixture(scope="module")
def residents() -> list[Resident]:
    return make_residents(CALENDAR.today, 500, Random(42))  # noqa: S311


@pytest.fixture(scope="module")
def year(residents: list[Resident]) -> Year:
    return make_year(CALENDAR, residents, Random(42))  # noqa: S311


def sent_of(year: Year) -> Iterator[Sent]:
    return (event for event in year.events if isinstance(event, Sent))


def measured(resident: Resident, package: str, institution: str) -> dict[str, LabResult]:
    rows = laboratory_rows(
        find_institution(institution),
        resident,
        PACKAGES[package],
        CALENDAR.today,
        0.0,
        Random(5),  # noqa: S311
    )
    return dict(zip(PACKAGES[package].items, rows, strict=True))


def test_year_has_about_fifteen_reports_a_resident(year: Year) -> None:
    people = {event.report.patient.identifiers[0] for event in sent_of(year)}
    assert 6500 < len({(e.institution.code, e.report.report_no) for e in sent_of(year)}) < 8500
    assert len(people) > 480
    assert len(year.checks) > 70
    assert any(isinstance(event, Voided) for event in year.events)


def test_every_report_may_be_recorded(year: Year) -> None:
    for event in sent_of(year):
        check_report(event.report, CALENDAR.now)
        assert event.report.reported_at > CALENDAR.start


def test_versions_come_in_their_order(year: Year) -> None:
    def key(event: Sent) -> tuple[str, str]:
        return event.institution.code, event.report.report_no

    order = [ReportStatus.PRELIMINARY, ReportStatus.FINAL, ReportStatus.CORRECTED]
    for _, versions in groupby(sorted(sent_of(year), key=key), key):
        statuses = [order.index(event.report.status) for event in versions]
        assert statuses == sorted(set(statuses))


@pytest.mark.parametrize("institution", ["42010601", "42010203"])
@pytest.mark.parametrize("package", sorted(PACKAGES))
def test_printed_values_are_understood_and_plausible(
    residents: list[Resident], package: str, institution: str
) -> None:
    for resident in residents[::20]:
        for code, row in measured(resident, package, institution).items():
            read = comparable(row.value, row.unit, ITEMS[code])
            assert (read.state in (ComparableState.SAME, ComparableState.CONVERTED)) == (row.kind == "number")
            if read.value is not None:
                low, high = ITEMS[code].plausible_low, ITEMS[code].plausible_high
                assert low is None or read.value >= low
                assert high is None or read.value <= high


def test_blood_count_agrees_with_itself(residents: list[Resident]) -> None:
    for resident in residents[::25]:
        rows = {code: Decimal(row.value) for code, row in measured(resident, "CBC", "42010601").items()}
        assert abs(rows["Hct"] - rows["RBC"] * rows["MCV"] / 10) < 1
        assert abs(rows["MCH"] - rows["Hb"] / rows["RBC"]) < 1


def test_lipids_agree_with_themselves(residents: list[Resident]) -> None:
    for resident in residents[::25]:
        rows = {code: Decimal(row.value) for code, row in measured(resident, "LIPID", "42010601").items()}
        assert rows["TC"] > rows["HDL"] + rows["LDL"]


def test_diabetics_show_it(residents: list[Resident]) -> None:
    def mean(people: list[Resident]) -> Decimal:
        values = [Decimal(measured(each, "HBA1C", "42010601")["HbA1c"].value) for each in people]
        return sum(values, Decimal(0)) / len(values)

    ill = [each for each in residents if "diabetes" in each.conditions]
    well = [each for each in residents if "diabetes" not in each.conditions]
    assert mean(ill) > mean(well) + 2


def test_flag_agrees_with_the_printed_range(year: Year) -> None:
    for event in sent_of(year):
        for row in event.report.results:
            low, dash, high = (row.reference_range or "").partition("-")
            if row.kind == "number" and dash:
                value = Decimal(row.value)
                outside = "H" if value > Decimal(high) else "L" if value < Decimal(low) else "N"
                assert (row.flag or "")[:1] == outside
