"""Which version stands, and which flag a printed one is."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from yijian.domains.results.flags import TABLE_0078, flag_of
from yijian.domains.results.rules import supersedes
from yijian.domains.results.values import ReportStatus

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
STATUS = st.sampled_from(ReportStatus)
MINUTES = st.integers(1, 10_000).map(lambda minutes: timedelta(minutes=minutes))


@given(st.sampled_from([ReportStatus.FINAL, ReportStatus.CORRECTED]), MINUTES)
def test_late_preliminary_never_takes_the_place_of_what_followed_it(
    status: ReportStatus, late: timedelta
) -> None:
    assert not supersedes(ReportStatus.PRELIMINARY, NOON - late, (status, NOON))


@given(STATUS, STATUS, MINUTES)
def test_newer_report_always_stands(status: ReportStatus, standing: ReportStatus, newer: timedelta) -> None:
    assert supersedes(status, NOON + newer, (standing, NOON))


@given(STATUS, MINUTES)
def test_older_report_of_the_same_status_never_stands(status: ReportStatus, older: timedelta) -> None:
    assert not supersedes(status, NOON - older, (status, NOON))


PRINTED = {
    "H": ("↑", "偏高", "Ｈ", "h"),
    "L": ("偏低", "↓"),
    "HH": ("hh", "↑↑"),
    "AA": ("危急值",),
    "N": ("正常",),
    "R": ("耐药",),
    "POS": ("阳性", "+"),
    "": ("-", "见备注", "", None),
}


@pytest.mark.parametrize(
    ("printed", "flag"), [(text, flag) for flag, texts in PRINTED.items() for text in texts]
)
def test_reads_printed_flags(printed: str | None, flag: str) -> None:
    assert flag_of(printed) == flag


def test_codes_of_the_table_stay_as_they_are() -> None:
    assert {flag_of(code) for code in TABLE_0078} == TABLE_0078
