"""A message as we take it: instants in order, and what results would refuse is refused at the door."""

import pytest
from hl7v2_messages import NOW, ORDER, ROW, result, with_field

from yijian.gateways.hl7v2.codec import MessageRefused
from yijian.gateways.hl7v2.hot import find_fault
from yijian.gateways.hl7v2.reading import read_message


@pytest.mark.parametrize(("field", "name"), [(7, "collected_at"), (14, "received_at")])
def test_instant_after_the_report_counts_as_the_report_s(field: int, name: str) -> None:
    parsed = read_message(result(ROW, order=with_field(ORDER, field, "20261102080000")), None, NOW)
    (report,) = parsed.reports
    assert getattr(report, name) == report.reported_at
    assert "time.after_report" in [note.kind for note in parsed.notes]


def test_ordered_instants_stay_as_they_are() -> None:
    parsed = read_message(result(ROW), None, NOW)
    (report,) = parsed.reports
    assert report.collected_at is not None
    assert report.collected_at < report.reported_at
    assert parsed.notes == ()


def test_report_that_results_would_refuse_is_refused_with_its_field() -> None:
    raw = result(ROW, order=with_field(ORDER, 3, "F" * 200))
    with pytest.raises(MessageRefused) as refusal:
        read_message(raw, None, NOW)
    assert (refusal.value.ack_code, refusal.value.error_code) == ("AE", 102)
    assert refusal.value.location == "OBR-3"
    assert refusal.value.message.startswith("OBR-3 报告单号")
    assert "report_no" in refusal.value.message_en
    fault = find_fault(raw, None, NOW)
    assert fault
    assert fault.code == "102"
