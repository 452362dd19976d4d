"""Messages that continue others: corrections in every dialect, cancellations in any order, orders."""

from datetime import UTC, datetime

import pytest
from django.template.loader import render_to_string

from tests.flow.messages import oru
from yijian.domains.results.api import get_report, remap
from yijian.domains.results.models import OrderFact, Report, ReportVersion, Result
from yijian.domains.terminology.api import confirm_code
from yijian.domains.terminology.services import load_catalogue
from yijian.foundation.inbox.models import WorkItem
from yijian.foundation.inbox.values import Fate, KeptMessage
from yijian.gateways.hl7v2.ingest import process
from yijian.kit.clock import CHINA
from yijian.kit.ids import new_id

AT = datetime(2026, 3, 2, 12, tzinfo=CHINA)
HEADER = "MSH|^~\\&|LIS|H001|YIJIAN|R|20260302{hour:02}0000||{kind}|{control}|P|2.5.1||||||UNICODE UTF-8"
PATIENT = "PID|1||P1^^^H001^MR||李雷^^^^^^L||19850316|M"


@pytest.fixture(autouse=True)
def _catalogue(db: None) -> None:
    load_catalogue()


def take(*lines: str, hour: int = 9, kind: str = "ORU^R01") -> Fate:
    control = new_id().hex
    header = HEADER.format(hour=hour, kind=kind, control=control)
    raw = "".join(f"{line}\r" for line in (header, PATIENT, *lines)).encode()
    return take_raw(raw, kind)


def take_raw(raw: bytes, kind: str = "ORU^R01") -> Fate:
    (fate,) = process([KeptMessage(new_id(), datetime.now(UTC), "H001", "H001", None, kind, raw)])
    return fate


def obr(
    status: str = "F", *, filler: str = "F1", hour: int = 9, parent: str = "", section: str = "CH"
) -> str:
    at = f"20260302{hour:02}0000"
    return (
        f"OBR|1|O1|{filler}|CHEM^生化^L|||20260302080000|||||||20260302081000||||||||{at}||{section}|{status}"
        f"||||{parent}"
    )


def row(number: int, code: str, value: str, status: str = "F") -> str:
    return f"OBX|{number}|NM|{code}^{code}^L||{value}|mmol/L|||||{status}"


def values(report_no: str = "F1") -> dict[str, tuple[str, str]]:
    """Return value and status of each row as the report stands."""
    report = Report.objects.get(report_no=report_no)
    rows = Result.objects.filter(report_id=report.report_id, version=report.current_version)
    return {row.code: (row.value, row.status) for row in rows}


def test_changed_rows_take_the_place_of_their_like() -> None:
    take(obr(), row(1, "K", "4.1"), row(2, "NA", "140"), row(3, "CL", "100"))
    take(obr("C", hour=10), row(1, "NA", "141", "C"), row(2, "CL", "", "D"), row(3, "CA", "2.3", "C"))
    assert values() == {
        "K": ("4.1", "final"),
        "NA": ("141", "corrected"),
        "CA": ("2.3", "corrected"),
    }
    assert Report.objects.get().current_version == 2


def test_some_results_add_to_those_before() -> None:
    take(obr("A"), row(1, "K", "4.1", "F"), row(2, "NA", "139", "P"))
    take(obr("A", hour=10), row(1, "NA", "140", "F"))
    assert values() == {"K": ("4.1", "final"), "NA": ("140", "final")}


def test_a_whole_report_replaces_every_row() -> None:
    take(obr("P"), row(1, "K", "4.1", "P"), row(2, "NA", "139", "P"))
    take(obr("F", hour=10), row(1, "K", "4.2"))
    assert values() == {"K": ("4.2", "final")}


def test_deleted_rows_leave_the_rest_and_the_last_one_voids_the_report() -> None:
    take(obr(), row(1, "K", "4.1"), row(2, "NA", "140"))
    take(obr("C", hour=10), row(1, "K", "", "D"))
    assert values() == {"NA": ("140", "final")}
    assert Report.objects.get().voided_at is None
    take(obr("C", hour=11), row(1, "NA", "", "W"))
    assert Report.objects.get().voided_at is not None


@pytest.mark.parametrize("old_first", [True, False])
def test_a_correction_under_a_new_number_stands_in_one_report(*, old_first: bool) -> None:
    old = (obr(), row(1, "K", "4.1"))
    new = (obr("C", filler="F2", hour=10, parent="O1^F1"), row(1, "K", "4.4", "C"), row(2, "NA", "140"))
    for lines in (old, new) if old_first else (new, old):
        take(*lines)
    report = Report.objects.get()
    current = ReportVersion.objects.get(report_id=report.report_id, version=report.current_version)
    assert (current.status, current.body["report_no"]) == ("corrected", "F2")
    assert ReportVersion.objects.count() == 2
    take(obr("X", filler="F1", hour=11))
    assert Report.objects.get().voided_at is not None


@pytest.mark.parametrize("hour", [9, 11])
def test_a_correction_that_names_no_report_means_the_only_one_of_its_order(hour: int) -> None:
    take(obr(), row(1, "K", "9.4"), row(2, "NA", "140"))
    take(obr("C", filler="F2", hour=hour), row(1, "K", "4.4", "C"))
    assert values() == {"K": ("4.4", "corrected"), "NA": ("140", "final")}
    take(obr("C", filler="F2", hour=12), row(1, "K", "4.5"), row(2, "NA", "141"))
    assert values() == {"K": ("4.5", "final"), "NA": ("141", "final")}
    assert Report.objects.count() == 1


def test_a_correction_stays_apart_where_several_reports_may_be_meant() -> None:
    for filler in ("F1", "F2"):
        take(obr(filler=filler), row(1, "K", "9.4"))
    take(obr("C", filler="F3", hour=10), row(1, "K", "4.4"))
    assert Report.objects.count() == 3


@pytest.mark.parametrize("change", ["|O2|", "|CBC^血常规^L|"])
def test_a_correction_of_another_order_or_item_stays_apart(change: str) -> None:
    take(obr(), row(1, "K", "9.4"))
    other = obr("C", filler="F2", hour=10).replace("|O1|" if "O2" in change else "|CHEM^生化^L|", change)
    take(other, row(1, "K", "4.4"))
    assert Report.objects.count() == 2


def test_corrected_rows_that_come_first_are_completed_by_their_report() -> None:
    take(obr("C", hour=10), row(1, "K", "4.4", "C"))
    take(obr("C", hour=11), row(1, "NA", "141", "C"))
    take(obr(hour=9), row(1, "K", "9.4"), row(2, "NA", "140"), row(3, "CL", "100"))
    assert values() == {"K": ("4.4", "corrected"), "NA": ("141", "corrected"), "CL": ("100", "final")}
    take(obr("P", hour=8), row(1, "K", "9.0", "P"), row(2, "LI", "1", "P"))
    assert set(values()) == {"K", "NA", "CL"}, "a whole report stands"


def test_a_whole_correction_is_not_completed_by_an_older_report() -> None:
    take(obr("C", hour=10), row(1, "K", "4.4", "C"), row(2, "NA", "140"))
    take(obr(hour=9), row(1, "K", "9.4"), row(2, "NA", "140"), row(3, "CL", "100"))
    assert set(values()) == {"K", "NA"}


def test_a_row_deleted_before_its_report_came_asks_a_person() -> None:
    early = (obr("C", hour=10), row(1, "K", "4.4", "C"), row(2, "CL", "", "D"))
    assert take(*early).state == "waiting"
    assert WorkItem.objects.filter(kind="report.early_change").count() == 1
    take(obr(hour=9), row(1, "K", "9.4"), row(2, "NA", "140"), row(3, "CL", "100"))
    assert set(values()) == {"K", "NA", "CL"}
    take(*early)
    assert values() == {"K": ("4.4", "corrected"), "NA": ("140", "final")}


def test_a_report_older_than_its_cancellation_never_counts() -> None:
    take(obr("X", hour=10))
    fate = take(obr("F", hour=9), row(1, "K", "4.1"))
    assert fate.state != "refused"
    report = Report.objects.get()
    assert report.voided_at == datetime(2026, 3, 2, 10, tzinfo=CHINA)
    assert (report.current_version, ReportVersion.objects.count()) == (0, 1)
    take(obr("F", hour=9), row(1, "K", "4.2"))
    assert ReportVersion.objects.count() == 2


def test_a_report_newer_than_its_cancellation_is_refused_as_after_any_void() -> None:
    from yijian.kit.errors import Problem  # noqa: PLC0415 - only here

    take(obr("X", hour=9))
    with pytest.raises(Problem) as refusal:
        take(obr("F", hour=10), row(1, "K", "4.1"))
    assert refusal.value.code == "report.voided"
    assert not ReportVersion.objects.exists()


def test_the_same_document_again_makes_no_version() -> None:
    lines = (obr(), row(1, "K", "4.1"), "OBX|2|ED|PDF^报告^L||^application^pdf^Base64^JVBERi0xLjQ=||||||F")
    take(*lines)
    take(*lines)
    version = ReportVersion.objects.get()
    assert version.document_key


def test_documents_continue_and_cancel_an_examination() -> None:
    txa = "TXA|1|DI|TX|20260302080000||20260302{hour:02}0000||||||{own}|{parent}|O1|{filler}||AU"
    exam = obr(section="CT")
    found = "OBX|1|TX|FIND^所见^L||{0}||||||F"
    take(
        txa.format(hour=9, own="D1", parent="", filler="F1"),
        exam,
        found.format("双肺清晰"),
        kind="MDM^T02",
    )
    take(
        txa.format(hour=10, own="D2", parent="D1", filler="F1"),
        obr(section="CT", hour=10),
        found.format("补充：右肺结节"),
        kind="MDM^T06",
        hour=10,
    )
    report = Report.objects.get()
    shown = get_report(report.person_id, report.report_id, shows_sensitive=True)
    assert (shown["exam"]["findings"], shown["status"]) == ("双肺清晰\n补充：右肺结节", "corrected")
    take(txa.format(hour=11, own="D2", parent="", filler=""), kind="MDM^T11", hour=11)
    assert Report.objects.get().voided_at == datetime(2026, 3, 2, 11, tzinfo=CHINA)


def test_organisms_are_shown_with_their_report() -> None:
    take(
        obr(section="MB"),
        "OBX|1|CE|ORG^细菌鉴定^L|1|eco^大肠埃希菌^L||||||F",
        "OBX|2|ST|AMK^阿米卡星^L|1.1|<=2|ug/ml||S|||F",
    )
    report = Report.objects.get()
    shown = get_report(report.person_id, report.report_id, shows_sensitive=True)
    (organism,) = shown["organisms"]
    assert organism["susceptibilities"][0]["mic"] == {"value": "2", "comparator": "<=", "unit": "ug/ml"}
    page = " ".join(render_to_string("reports/rows.html", {"report": shown}).split())
    assert "大肠埃希菌" in page
    assert "<td>阿米卡星</td> <td>S 敏感 </td>" in page
    assert "&lt;=2" in page


ORC = "ORC|{control}|{number}|||{status}||||20260302{hour:02}0000"
ASKED = "OBR|1|{number}||LABK^血钾^L"


def order(control: str, number: str = "A1", status: str = "", hour: int = 9, *, named: bool = True) -> Fate:
    lines = [ORC.format(control=control, number=number, status=status, hour=hour)]
    lines += [ASKED.format(number=number)] if named else []
    return take(*lines, kind="ORM^O01")


def test_orders_become_facts_and_ask_about_their_code_once() -> None:
    assert order("NW").state == "waiting"
    assert order("SC", status="CM", hour=10).state == "recorded"
    assert list(OrderFact.objects.order_by("occurred_at").values_list("state", "item_code")) == [
        ("placed", ""),
        ("executed", ""),
    ]
    item = WorkItem.objects.get(kind="unmapped_code")
    assert (item.subject, item.report_id) == ("local|LABK", None)
    confirm_code("H001", "LABK", "K", author="a")
    remap("H001", "local", "LABK", at=AT)
    assert set(OrderFact.objects.values_list("item_code", flat=True)) == {"K"}
    item.refresh_from_db()
    assert item.resolution == "mapped"


def test_a_cancellation_by_number_is_of_what_was_ordered() -> None:
    order("NW")
    order("CA", hour=10, named=False)
    cancelled = OrderFact.objects.get(state="cancelled")
    assert (cancelled.code, cancelled.order_no) == ("LABK", "A1")


def test_a_cancellation_of_what_was_never_ordered_is_asked_about() -> None:
    assert order("CA", named=False).state == "waiting"
    assert WorkItem.objects.get().kind == "order.unknown"


def test_items_told_under_one_number_go_on_under_their_own() -> None:
    potassium, sodium = ASKED.format(number="A1"), "OBR|2|A1||LABNA^血钠^L"
    head = "ORC|{0}|A1|||{1}||||20260302100000"
    take(head.format("NW", ""), potassium, sodium, kind="ORM^O01")
    take(head.format("SC", "CM"), potassium, kind="ORM^O01")
    take(head.format("CA", ""), kind="ORM^O01")
    facts = OrderFact.objects.order_by("order_no", "state").values_list("order_no", "state")
    assert list(facts) == [
        ("A1#LABK", "cancelled"),
        ("A1#LABK", "executed"),
        ("A1#LABK", "placed"),
        ("A1#LABNA", "cancelled"),
        ("A1#LABNA", "placed"),
    ]


def test_the_same_order_with_other_content_keeps_the_first() -> None:
    order("NW")
    fate = order("NW", hour=10)
    assert (fate.state, OrderFact.objects.count()) == ("recorded", 1)
    assert "首次登记" in fate.reason_text


def test_messages_of_an_undeclared_character_set_all_wait() -> None:
    raw = oru("E1", charset="GB 18030-2000").replace(b"GB 18030-2000", b"")
    second = raw.replace(b"|E1|", b"|E2|")
    assert [take_raw(one).reason_code for one in (raw, second)] == ["encoding.guessed"] * 2
