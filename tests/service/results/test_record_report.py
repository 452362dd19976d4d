"""Reports become immutable versions with rows that are understood by code alone."""

import base64
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID, uuid4

import psycopg
import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from uploads import AT, exam, lab, patient, row, upload

from yijian.domains.results.api import document_store, get_report, list_timeline
from yijian.domains.results.models import Report, ReportKey, ReportVersion, Result
from yijian.domains.results.values import ReportOutcome
from yijian.domains.terminology.api import confirm_code
from yijian.foundation.inbox.models import WorkItem
from yijian.foundation.outbox.models import OutboxEvent
from yijian.kit.errors import Problem

pytestmark = pytest.mark.django_db
PDF = base64.b64encode(b"%PDF-1.7 a report").decode()


def current(report_id: UUID) -> int:
    return Report.objects.values_list("current_version", flat=True).get(report_id=report_id)


def events() -> list[str]:
    return list(OutboxEvent.objects.order_by("event_id").values_list("name", flat=True))


def test_records_rows_as_printed_with_a_comparable_value() -> None:
    recorded = upload(lab(row("Glu", "99", "mg/dL", flag="偏高", reference_range="70-110")))
    assert (recorded.version, recorded.outcome, recorded.work_items) == (1, ReportOutcome.RECORDED, ())
    stored = Result.objects.get()
    assert (stored.value, stored.unit, stored.reference_range, stored.flag) == ("99", "mg/dL", "70-110", "H")
    assert (stored.comparable_unit, stored.unit_state) == ("mmol/L", "converted")
    assert stored.comparable_value is not None
    assert abs(stored.comparable_value - Decimal("5.495")) < Decimal("0.01")
    assert (stored.specimen, stored.item_code, stored.row_no) == ("serum", "Glu", 1)
    assert stored.effective_at == AT - timedelta(hours=3)
    assert events() == ["ReportRecorded"]


def test_same_content_again_is_a_duplicate() -> None:
    first, again = upload(lab()), upload(lab())
    assert (again.report_id, again.version, again.outcome) == (first.report_id, 1, ReportOutcome.DUPLICATE)
    assert ReportVersion.objects.count() == 1
    assert events() == ["ReportRecorded"]


def test_preliminary_final_corrected_are_versions_of_one_report() -> None:
    """Samples S04–S06 of the shared messages tell the same story over HL7."""
    states = [("preliminary", "4.0"), ("final", "4.1"), ("corrected", "4.2")]
    for hours, (status, value) in enumerate(states, start=-6):
        recorded = upload(lab(row(value=value), status=status, hours=hours))
    assert (recorded.version, current(recorded.report_id)) == (3, 3)
    assert list(Result.objects.order_by("version").values_list("status", "value")) == states
    assert events() == ["ReportRecorded", "ReportCorrected", "ReportCorrected"]
    corrected = OutboxEvent.objects.latest("event_id").body
    assert (corrected["old_version"], corrected["new_version"]) == (2, 3)


def test_late_preliminary_never_hides_the_final() -> None:
    recorded = upload(lab(hours=-2))
    late = upload(lab(row(value="9.9"), status="preliminary", hours=-3))
    assert (late.version, current(recorded.report_id)) == (2, 1)
    assert events() == ["ReportRecorded"]


def test_late_original_after_its_correction_is_a_duplicate_of_its_version() -> None:
    upload(lab(hours=-3))
    corrected = upload(lab(row(value="9.9"), status="corrected", hours=-2))
    late = upload(lab(hours=-3))
    assert (late.version, late.outcome, current(corrected.report_id)) == (1, ReportOutcome.DUPLICATE, 2)


def test_correction_that_keeps_the_report_time_replaces() -> None:
    upload(lab(hours=-2))
    corrected = upload(lab(row(value="9.9"), status="corrected", hours=-2.5))
    assert current(corrected.report_id) == 2


def test_correction_without_rows_is_refused() -> None:
    upload(lab())
    with pytest.raises(Problem) as refused:
        upload(lab(status="corrected", results=[]))
    assert refused.value.code == "results.empty"
    assert Result.objects.count() == 1


def test_same_number_of_another_institution_is_another_report() -> None:
    assert upload(lab()).report_id != upload(lab(), "B").report_id


def test_number_of_another_patient_waits_and_changes_nothing() -> None:
    first = upload(lab())
    message_id = uuid4()
    other = lab(row(value="9.9"), patient={"identifiers": [{"type": "local", "value": "A2"}], "name": "李娜"})
    conflicting = upload(other, message_id=message_id)
    assert (conflicting.outcome, conflicting.version) == (ReportOutcome.WAITING, 1)
    assert [note.kind for note in conflicting.work_items] == ["report_number_conflict"]
    assert WorkItem.objects.get().message_id == message_id
    assert Result.objects.get().value == "4.1"
    assert ReportKey.objects.get().person_id == Report.objects.get().person_id
    assert first.report_id == conflicting.report_id


def test_uncertain_patient_waits_on_a_stand_in() -> None:
    person_id = Report.objects.get(report_id=upload(lab()).report_id).person_id
    waiting = upload(lab(report_no="B1", patient=patient(local="B7", name="李娜")), "B")
    assert waiting.outcome is ReportOutcome.WAITING
    assert [note.kind for note in waiting.work_items] == ["identity_uncertain"]
    assert Report.objects.get(report_id=waiting.report_id).person_id != person_id
    assert WorkItem.objects.get().report_id == waiting.report_id


def test_resent_with_its_number_leaves_the_nameless_stand_in() -> None:
    bad = upload(lab(patient={"identifiers": [{"type": "resident_id", "value": "000000000000000000"}]}))
    assert bad.outcome is ReportOutcome.WAITING
    mended = upload(lab(row(value="9.9")))
    assert (mended.version, mended.outcome) == (2, ReportOutcome.RECORDED)
    assert set(Result.objects.values_list("person_id", flat=True)) == {ReportKey.objects.get().person_id}


def test_unmapped_code_waits_for_its_mapping() -> None:
    recorded = upload(lab(row("LAB-77", system="local", name="血钾"), row("LAB-77", system="local"), row()))
    assert recorded.outcome is ReportOutcome.WAITING
    assert [note.kind for note in recorded.work_items] == ["unmapped_code"]
    item = WorkItem.objects.get()
    assert (item.subject, item.detail) == ("local|LAB-77", {"name": "血钾", "unit": "mmol/L"})
    assert sorted(Result.objects.values_list("item_code", flat=True)) == ["", "", "K"]


def test_never_maps_by_a_name() -> None:
    upload(lab(row("77", system="local", name="K")))
    assert Result.objects.get().item_code == ""


def test_local_code_is_its_own_institutions() -> None:
    confirm_code("A", "LAB-77", "K", author="a")
    assert upload(lab(row("LAB-77", system="local"))).outcome is ReportOutcome.RECORDED
    other = lab(row("LAB-77", system="local"), patient=patient(local="B7"))
    assert upload(other, "B").outcome is ReportOutcome.WAITING


def test_local_code_may_split_by_specimen() -> None:
    confirm_code("A", "GLU", "Glu", author="a", specimen="serum")
    confirm_code("A", "GLU", "K", author="a", specimen="csf")
    upload(lab(row("GLU", system="local"), specimen={"type_name": "血清"}))
    upload(lab(row("GLU", system="local"), specimen={"type_name": "脑脊液"}, report_no="R2"))
    upload(lab(row("GLU", system="local"), specimen=None, report_no="R3"))
    assert list(Result.objects.order_by("report_id").values_list("item_code", flat=True)) == ["Glu", "K", ""]


def test_unknown_unit_is_a_work_item_and_not_comparable() -> None:
    recorded = upload(lab(row(unit="grunz/dL")))
    assert [note.kind for note in recorded.work_items] == ["unmapped_unit"]
    assert WorkItem.objects.get().subject == "grunz/dL"
    assert Result.objects.get().unit_state == "not_comparable"


def test_known_unit_of_another_dimension_is_only_not_comparable() -> None:
    assert upload(lab(row(unit="s"))).outcome is ReportOutcome.RECORDED
    assert Result.objects.get().unit_state == "not_comparable"


def test_figure_on_a_critical_limit_is_critical() -> None:
    upload(lab(row(value="6.5"), row(value="4.1"), row(value="4.1", flag="HH")))
    assert list(Result.objects.order_by("row_no").values_list("critical", flat=True))[1:] == [False, True]


def test_examination_keeps_findings_impression_and_images() -> None:
    upload(exam())
    stored = Result.objects.get()
    assert (stored.item_code, stored.value, stored.comment) == (
        "IMG-DX-CHEST-PA-LAT",
        "未见异常",
        "双肺纹理清晰",
    )
    assert (stored.image_status, stored.image_url) == ("available", "https://pacs.example/1")


def test_body_holds_no_patient() -> None:
    upload(lab())
    body = ReportVersion.objects.get().body
    assert "patient" not in body
    assert "王芳" not in str(body)


def test_document_is_kept_beside_the_database() -> None:
    upload(lab(pdf=PDF))
    version = ReportVersion.objects.get()
    assert document_store().get(version.document_key) == b"%PDF-1.7 a report"
    assert upload(lab(pdf=PDF)).outcome is ReportOutcome.DUPLICATE
    changed = base64.b64encode(b"%PDF-1.7 another").decode()
    assert upload(lab(pdf=changed)).version == 2


@pytest.mark.parametrize(
    ("changed", "path"),
    [
        ({"report_no": " "}, "report_no"),
        ({"patient": {}}, "patient.identifiers"),
        ({"collected_at": None}, "collected_at"),
        ({"collected_at": AT + timedelta(hours=1)}, "collected_at"),
        ({"collected_at": AT - timedelta(hours=1)}, "collected_at"),
        ({"reported_at": AT + timedelta(minutes=11)}, "reported_at"),
        ({"ordered_at": AT.replace(year=1899)}, "ordered_at"),
        ({"results": [row(code="")]}, "results[0].item.code"),
        ({"results": [row(value="4\x00")]}, "results[0].value"),
        ({"pdf": "JVBERi0x"}, None),
        ({"pdf": "AAAA"}, "pdf"),
        ({"pdf": "no base64!"}, "pdf"),
        ({"exam": {"items": []}}, "exam"),
        ({"kind": "exam"}, "examined_at"),
    ],
)
def test_refuses_naming_the_field(changed: dict[str, object], path: str | None) -> None:
    if path is None:
        assert upload(lab(**changed)).outcome is ReportOutcome.RECORDED
        return
    with pytest.raises(Problem) as refused:
        upload(lab(**changed))
    assert refused.value.status == 422
    assert path in [error.path for error in refused.value.errors]
    assert not Report.objects.exists()


def test_twenty_rows_take_a_bounded_number_of_statements(monkeypatch: pytest.MonkeyPatch) -> None:
    upload(lab(report_no="R0"))
    raw: list[str] = []
    execute = psycopg.RawCursor.execute

    def counted(cursor: Any, query: str, *arguments: Any) -> Any:
        raw.append(query)
        return execute(cursor, query, *arguments)

    monkeypatch.setattr(psycopg.RawCursor, "execute", counted)
    with CaptureQueriesContext(connection) as captured:
        upload(lab(*[row() for _ in range(20)]))
    assert Result.objects.count() == 21
    assert len(captured) + len(raw) <= 15, [*raw, *(query["sql"][:80] for query in captured)]


def test_timeline_and_report_show_what_was_recorded() -> None:
    recorded = upload(lab(category={"name": "生化"}))
    person_id = Report.objects.get().person_id
    [entry] = list_timeline(person_id, shows_sensitive=False)
    assert (entry.report_id, entry.category_name, entry.rows[0].value) == (recorded.report_id, "生化", "4.1")
    document = get_report(person_id, recorded.report_id, shows_sensitive=False)
    assert document["results"] == [
        {"item": {"system": "item", "code": "K"}, "value": "4.1", "kind": "number", "unit": "mmol/L"}
    ]
    assert (document["version"], document["institution_code"], document["status"]) == (1, "A", "final")


@pytest.mark.django_db(transaction=True)
def test_a_new_report_from_many_threads_is_one_version() -> None:
    def arrive(_: int) -> UUID:
        try:
            return upload(lab()).report_id
        finally:
            connection.close()

    with ThreadPoolExecutor(8) as threads:
        reports = set(threads.map(arrive, range(8)))
    assert len(reports) == 1
    assert ReportVersion.objects.count() == Result.objects.count() == 1
