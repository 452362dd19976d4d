"""What happens to recorded reports: void, mapping, moving with their person, order facts."""

from datetime import timedelta
from decimal import Decimal
from typing import Any
from uuid import uuid4

import msgspec
import pytest
from uploads import AT, exam, lab, patient, row, upload

from yijian.domains.identity.api import list_open_reviews, settle_review
from yijian.domains.results.api import (
    fetch_candidates,
    get_report,
    get_report_state,
    list_timeline,
    move_person,
    on_code_mapped,
    on_person_moved,
    record_orders,
    remap,
    void_report,
)
from yijian.domains.results.models import OrderFact, OrderKey, Report, ReportKey, ReportVersion, Result
from yijian.domains.results.values import Order, OrderOutcome, ReportOutcome, ReportStatus
from yijian.domains.terminology.api import confirm_code
from yijian.domains.terminology.models import CatalogueItem
from yijian.foundation.inbox.models import InboxMessage, WorkItem
from yijian.foundation.outbox.models import OutboxEvent
from yijian.kit.errors import Problem

pytestmark = pytest.mark.django_db


def order(**more: Any) -> Order:
    document = {
        "order_no": "O1",
        "state": "executed",
        "occurred_at": AT - timedelta(hours=1),
        "patient": msgspec.to_builtins(patient()),
        "item": {"system": "item", "code": "K"},
        "price": "35.00",
    }
    return msgspec.convert(document | more, Order)


def keep_message() -> Any:
    message_id = uuid4()
    InboxMessage.objects.create(
        message_id=message_id,
        received_at=AT,
        protocol="json",
        institution_code="A",
        lane=-1,
        raw=b"",
        digest=b"",
        state="waiting",
    )
    return message_id


def test_void_is_idempotent_and_deletes_nothing() -> None:
    recorded = upload(lab())
    voided_at = AT - timedelta(hours=1)
    first = void_report("A", "R1", voided_at, "标本错误", at=AT)
    again = void_report("A", "R1", voided_at, "标本错误", at=AT)
    assert (first.outcome, again.outcome) == (ReportOutcome.RECORDED, ReportOutcome.DUPLICATE)
    assert Result.objects.count() == ReportVersion.objects.count() == 1
    state = get_report_state(Report.objects.get().person_id, recorded.report_id)
    assert (state.voided_at, state.void_reason) == (voided_at, "标本错误")
    assert list_timeline(Report.objects.get().person_id, shows_sensitive=True) == []
    assert [e.name for e in OutboxEvent.objects.order_by("event_id")] == ["ReportRecorded", "ReportVoided"]


def test_other_void_of_a_voided_report_is_a_conflict() -> None:
    upload(lab())
    void_report("A", "R1", AT, "标本错误", at=AT)
    with pytest.raises(Problem) as refused:
        void_report("A", "R1", AT, "别的原因", at=AT)
    assert refused.value.status == 409


def test_upload_of_a_voided_report_is_a_conflict() -> None:
    upload(lab())
    void_report("A", "R1", AT, "标本错误", at=AT)
    with pytest.raises(Problem) as refused:
        upload(lab(row(value="9.9")))
    assert (refused.value.code, refused.value.status) == ("report.voided", 409)


def test_repeated_upload_of_a_voided_report_is_that_report_and_stays_void() -> None:
    """A sender that missed the answer sends again, and the void may have overtaken it."""
    recorded = upload(lab())
    void_report("A", "R1", AT, "标本错误", at=AT)
    again = upload(lab())
    assert (again.outcome, again.report_id, again.version) == ("duplicate", recorded.report_id, 1)
    assert list_timeline(Report.objects.get().person_id, shows_sensitive=True) == []


def test_only_the_institution_itself_can_void() -> None:
    upload(lab())
    with pytest.raises(Problem) as refused:
        void_report("B", "R1", AT, "标本错误", at=AT)
    assert (refused.value.code, refused.value.status) == ("report.unknown", 404)


@pytest.mark.parametrize(
    ("hours", "reason", "path"), [(-3, "错", "voided_at"), (1, "错", "voided_at"), (0, " ", "reason")]
)
def test_refuses_absurd_void(hours: int, reason: str, path: str) -> None:
    upload(lab())
    with pytest.raises(Problem) as refused:
        void_report("A", "R1", AT + timedelta(hours=hours), reason, at=AT)
    assert [error.path for error in refused.value.errors] == [path]
    assert Report.objects.get().voided_at is None


def test_mapping_gives_waiting_rows_their_meaning() -> None:
    message_id = keep_message()
    upload(lab(row("LAB-77", "6400", "umol/L", system="local")), message_id=message_id)
    confirm_code("A", "LAB-77", "K", author="a")
    event = OutboxEvent.objects.get(name="CodeMapped")
    on_code_mapped(event.body, AT)
    stored = Result.objects.get()
    assert (stored.item_code, stored.unit_state) == ("K", "converted")
    assert stored.comparable_value == Decimal("6.4")
    assert (stored.value, stored.unit) == ("6400", "umol/L")
    assert WorkItem.objects.get().resolution == "mapped"
    assert InboxMessage.objects.get().state == "recorded"
    assert [r["item_code"] for r in fetch_candidates(stored.person_id, ["K"], AT)] == ["K"]


def test_mapping_for_one_specimen_leaves_the_others_waiting() -> None:
    upload(lab(row("GLU", system="local"), specimen={"type_name": "血清"}))
    upload(lab(row("GLU", system="local"), specimen={"type_name": "脑脊液"}, report_no="R2"))
    confirm_code("A", "GLU", "Glu", author="a", specimen="serum")
    assert remap("A", "local", "GLU", at=AT) == 1
    assert set(Result.objects.values_list("specimen", "item_code")) == {("serum", "Glu"), ("csf", "")}
    assert WorkItem.objects.filter(resolved_at=None).count() == 1


def test_mapping_asks_about_units_it_now_needs() -> None:
    upload(lab(row("LAB-77", unit="grunz", system="local")))
    confirm_code("A", "LAB-77", "K", author="a")
    remap("A", "local", "LAB-77", at=AT)
    assert WorkItem.objects.get(resolved_at=None).kind == "unmapped_unit"


def test_mapping_of_an_examination_keeps_its_impression() -> None:
    report = exam()
    unmapped = msgspec.structs.replace(report.exam.items[0], system="local", code="XR1")  # type: ignore[union-attr]
    upload(msgspec.structs.replace(report, exam=msgspec.structs.replace(report.exam, items=(unmapped,))))
    confirm_code("A", "XR1", "IMG-DX-CHEST-PA-LAT", author="a")
    remap("A", "local", "XR1", at=AT)
    stored = Result.objects.get()
    assert (stored.item_code, stored.value, stored.unit_state) == (
        "IMG-DX-CHEST-PA-LAT",
        "未见异常",
        "not_numeric",
    )


def test_moving_a_person_moves_everything_and_is_idempotent() -> None:
    upload(lab())
    upload(lab(row(value="9.9"), status="corrected"))
    record_orders([order()], "A", at=AT)
    from_id, to_id = Report.objects.get().person_id, uuid4()
    move_person(from_id, to_id)
    move_person(from_id, to_id)
    for table in (Report, ReportKey, ReportVersion, Result, OrderFact, OrderKey):
        assert set(table.objects.values_list("person_id", flat=True)) == {to_id}, table
    assert Result.objects.count() == 2


def test_united_persons_have_one_timeline() -> None:
    person_id = Report.objects.get(report_id=upload(lab()).report_id).person_id
    message_id = keep_message()
    other = lab(report_no="B1", patient=msgspec.to_builtins(patient(local="B7", name="李娜")))
    upload(other, "B", message_id)
    [review] = list_open_reviews("B")
    settle_review(review.review_id, "same", by="clerk", at=AT)
    on_person_moved(OutboxEvent.objects.get(name="PersonMoved").body, AT)
    assert {e.institution_code for e in list_timeline(person_id, shows_sensitive=False)} == {"A", "B"}
    assert InboxMessage.objects.get().state == "recorded"
    assert upload(other, "B").outcome is ReportOutcome.DUPLICATE


def test_version_that_arrives_between_verdict_and_move_finds_its_report() -> None:
    upload(lab())
    other = lab(report_no="B1", patient=msgspec.to_builtins(patient(local="B7", name="李娜")))
    first = upload(other, "B")
    [review] = list_open_reviews("B")
    settle_review(review.review_id, "same", by="clerk", at=AT)
    second = upload(msgspec.structs.replace(other, status=ReportStatus.CORRECTED), "B")
    assert (second.report_id, second.version, second.outcome) == (first.report_id, 2, ReportOutcome.RECORDED)
    assert len(set(Report.objects.values_list("person_id", flat=True))) == 1


def test_message_that_waited_for_its_person_runs_again() -> None:
    message_id = keep_message()
    upload(lab(patient=msgspec.to_builtins(patient(local="A1"))))
    upload(lab(report_no="B1"), "B")
    uncertain = lab(
        row(value="9.9"), report_no="B1", patient=msgspec.to_builtins(patient(local="B7", name="李娜"))
    )
    assert upload(uncertain, "B", message_id).work_items[-1].kind == "report_number_conflict"
    [review] = list_open_reviews("B")
    settle_review(review.review_id, "same", by="clerk", at=AT)
    assert InboxMessage.objects.get().state == "waiting"
    on_person_moved(OutboxEvent.objects.get(name="PersonMoved").body, AT)
    message = InboxMessage.objects.get()
    assert (message.state, message.lane >= 0) == ("received", True)
    assert upload(uncertain, "B", message_id).version == 2


def sensitive_code() -> str:
    return CatalogueItem.objects.filter(sensitive="hiv", kind="lab").values_list("code", flat=True)[0]


def test_sensitive_rows_leave_no_trace_without_authorisation() -> None:
    hiv = sensitive_code()
    mixed = upload(lab(row(), row(hiv, "阴性", ""), row("X", system="local")))
    alone = upload(lab(row(hiv, "阴性", ""), report_no="R2"))
    person_id = Report.objects.first().person_id  # type: ignore[union-attr]
    plain = list_timeline(person_id, shows_sensitive=False)
    assert [(e.report_id, [r.item_code for r in e.rows]) for e in plain] == [(mixed.report_id, ["K"])]
    full = list_timeline(person_id, shows_sensitive=True)
    assert {e.report_id for e in full} == {mixed.report_id, alone.report_id}
    shown = get_report(person_id, mixed.report_id, shows_sensitive=False)
    assert [r["item"]["code"] for r in shown["results"]] == ["K"]
    assert len(get_report(person_id, mixed.report_id, shows_sensitive=True)["results"]) == 3
    with pytest.raises(Problem) as refused:
        get_report(person_id, alone.report_id, shows_sensitive=False)
    assert refused.value.status == 404


def test_document_with_a_sensitive_row_is_not_shown() -> None:
    mixed = upload(lab(row(), row(sensitive_code(), "阴性", ""), pdf="JVBERi0xLjcK"))
    person_id = Report.objects.get().person_id
    assert not get_report(person_id, mixed.report_id, shows_sensitive=False)["has_document"]
    assert get_report(person_id, mixed.report_id, shows_sensitive=True)["has_document"]
    assert [e.has_document for e in list_timeline(person_id, shows_sensitive=False)] == [False]


def test_timeline_goes_back_page_by_page() -> None:
    for number in range(3):
        upload(lab(report_no=f"R{number}", hours=-10 + number))
    person_id = Report.objects.first().person_id  # type: ignore[union-attr]
    [newest] = list_timeline(person_id, limit=1, shows_sensitive=False)
    older = list_timeline(person_id, before=newest.effective_at, shows_sensitive=False)
    assert [newest.report_no, *[e.report_no for e in older]] == ["R2", "R1", "R0"]


def test_state_tells_which_version_stood_when() -> None:
    recorded = upload(lab(hours=-4))
    upload(lab(row(value="9.9"), status="corrected", hours=-2))
    state = get_report_state(Report.objects.get().person_id, recorded.report_id)
    moments = [AT - timedelta(hours=hours) for hours in (5, 3, 1)]
    assert [state.version_at(moment) for moment in moments] == [0, 1, 2]


def test_order_is_one_fact_per_number_and_state() -> None:
    outcomes = [
        record_orders([given], "A", at=AT)[0]
        for given in (order(), order(), order(state="charged"), order(price="36.00"))
    ]
    assert [o.outcome for o in outcomes] == [
        OrderOutcome.RECORDED,
        OrderOutcome.DUPLICATE,
        OrderOutcome.RECORDED,
        OrderOutcome.REFUSED,
    ]
    assert outcomes[-1].reason == "this number and state were recorded with other content"
    assert set(OrderFact.objects.values_list("state", "price", "item_code")) == {
        ("executed", Decimal("35.00"), "K"),
        ("charged", Decimal("35.00"), "K"),
    }
    assert record_orders([order()], "B", at=AT)[0].outcome is OrderOutcome.RECORDED


def test_refused_order_does_not_hold_up_the_others() -> None:
    future = order(order_no="O2", occurred_at=AT + timedelta(hours=1))
    nobody = order(order_no="O3", patient={})
    answers = record_orders([future, nobody, order()], "A", at=AT)
    assert [a.outcome.value for a in answers] == ["refused", "refused", "recorded"]
    assert "occurred_at" in str(answers[0].reason)
    assert "patient.identifiers" in str(answers[1].reason)


def test_intervention_is_marked() -> None:
    code = CatalogueItem.objects.filter(kind="intervention").values_list("code", flat=True)[0]
    record_orders([order(item={"system": "item", "code": code})], "A", at=AT)
    assert OrderFact.objects.get().intervention
    upload(lab())
    [found] = fetch_candidates(Report.objects.get().person_id, ["K"], AT)
    assert found["interventions"] == [AT - timedelta(hours=1)]


def test_refuses_no_orders() -> None:
    with pytest.raises(Problem) as refused:
        record_orders([], "A", at=AT)
    assert refused.value.code == "orders.count"
