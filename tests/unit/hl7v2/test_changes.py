"""Corrections in their dialects: changed rows only, deletions, new numbers that name the old one."""

import pytest
from hl7v2_messages import ORDER, PATIENT, ROW, decode, message, result, with_field

CORRECTED = with_field(ORDER, 25, "C")


def row(number: int, status: str, code: str = "WBC") -> str:
    return f"OBX|{number}|NM|{code}^项目^L||1|g/L|||||{status}"


def test_rows_that_are_all_changes_leave_the_others_standing() -> None:
    parsed = decode(result(row(1, "C"), row(2, "D", "PLT"), order=CORRECTED))
    assert [r.item.code for r in parsed.reports[0].results] == ["WBC"]
    assert parsed.changes["F1"].removed == (("PLT", ""),)


@pytest.mark.parametrize("status", ["F", "P", ""])
def test_a_report_with_other_rows_is_whole(status: str) -> None:
    assert decode(result(row(1, "C"), row(2, status, "PLT"), order=CORRECTED)).changes == {}


def test_some_results_only_leave_the_others_standing() -> None:
    assert "F1" in decode(result(ROW, order=with_field(ORDER, 25, "A"))).changes


@pytest.mark.parametrize("status", ["D", "W"])
def test_deleted_rows_alone_are_a_cancellation_of_these_rows(status: str) -> None:
    (cancelled,) = decode(result(row(1, status), order=CORRECTED)).cancellations
    assert (cancelled.report_no, cancelled.rows) == ("F1", (("WBC", ""),))


def test_a_cancelled_order_is_a_cancellation_of_everything() -> None:
    (cancelled,) = decode(result(row(1, "F"), order=with_field(ORDER, 25, "X"))).cancellations
    assert cancelled.rows == ()


@pytest.mark.parametrize(
    "lines",
    [
        (with_field(with_field(CORRECTED, 3, "F2"), 29, "O1^F1"),),
        ("ORC|RU|O1|F2|||||O1^F1", with_field(CORRECTED, 3, "F2")),
    ],
)
def test_a_correction_under_a_new_number_names_the_old(lines: tuple[str, ...]) -> None:
    assert decode(message(PATIENT, *lines, ROW)).other_numbers == {"F2": ("F1",)}


def test_a_further_test_on_a_result_replaces_nothing() -> None:
    child = with_field(with_field(with_field(CORRECTED, 3, "F2"), 29, "O1^F1"), 26, "WBC^1")
    assert decode(message(PATIENT, child, ROW)).other_numbers == {}
