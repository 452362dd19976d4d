"""The pages of those who run the exchange, on the real database: what they show, change and refuse."""

import html
import re
from datetime import date, timedelta
from hashlib import sha256
from typing import Any
from uuid import UUID

import msgspec
import pytest
from django.test import Client

from tests.service.region import (
    CITY,
    COUNTY,
    TOWN,
    lab_report,
    make_region,
    order_check,
    patient,
    resident_id,
    upload,
)
from yijian.domains.identity.models import IdentityReview, Person
from yijian.domains.recognition import api as recognition
from yijian.domains.recognition.values import CitationSubmission, DecisionSubmission, MatchRequest
from yijian.domains.results import api as results
from yijian.domains.results.models import Result
from yijian.foundation.accounts.models import Role, User
from yijian.foundation.audit.models import AuditEntry
from yijian.foundation.inbox.models import Alarm, InboxMessage, Sender, SenderHealth, WorkItem
from yijian.foundation.inbox.replays import advance_replays
from yijian.foundation.inbox.sealing import seal
from yijian.foundation.inbox.senders import watch_senders
from yijian.foundation.inbox.work_items import open_work_item
from yijian.kit.clock import now
from yijian.kit.ids import new_id
from yijian.web.periods import read_period
from yijian.web.spreadsheets import write_csv
from yijian.web.views.mapping import PAGE

pytestmark = pytest.mark.django_db

TODAY = date(2026, 3, 31)


@pytest.fixture(autouse=True)
def region(db: None) -> None:
    make_region()


def signed_in_as(role: Role, institution: str = COUNTY) -> Client:
    client = Client()
    user = User.objects.create_user(f"{role}-{institution}", role=role, institution_code=institution)
    client.force_login(user)
    return client


def page(client: Client, address: str) -> str:
    answer = client.get(address)
    assert answer.status_code == 200, address
    return answer.content.decode()


def receive(raw: bytes = b"MSH|^~\\&\rPID|1\r", institution: str = COUNTY, **more: object) -> UUID:
    message_id = new_id()
    row = {
        "received_at": now(),
        "control_id": message_id.hex,
        "state": "refused",
        "reason_code": "100",
        "reason_text": "缺少 PID 段",
    } | more
    InboxMessage.objects.create(
        message_id=message_id,
        protocol="hl7",
        institution_code=institution,
        facility=institution,
        message_type="ORU^R01",
        lane=0,
        raw=seal(raw),
        digest=sha256(raw).digest(),
        **row,
    )
    return message_id


def record(institution: str = COUNTY, message_id: UUID | None = None, **changes: object) -> None:
    results.record_report(
        upload(lab_report(**changes)),
        institution_code=institution,
        source="hl7",
        message_id=message_id,
        at=now(),
    )


def local_row(code: str, name: str, value: str = "5.6", unit: str = "mmol/L") -> dict[str, Any]:
    item = {"system": "local", "code": code, "name": name}
    return {"item": item, "kind": "number", "value": value, "unit": unit}


def actions() -> set[str]:
    return set(AuditEntry.objects.values_list("action", flat=True))


# Supervision


def go_through_the_loop(*, times: int = 1, decision: str = "accept", **reason: str) -> None:
    """Remind COUNTY of CITY's potassium, decide, and cite what was accepted."""
    for _ in range(times):
        request = msgspec.convert(order_check(), MatchRequest)
        answer = recognition.match_order(
            COUNTY, request, channel="web", actor="tester", at=now(), view=recognition.View()
        ).document
        item = {"match_item_id": answer["items"][0]["candidate"]["match_item_id"], "decision": decision}
        submission = {
            "match_id": answer["match_id"],
            "decided_at": now(),
            "items": [item | ({"reason": reason} if reason else {})],
        }
        decided = msgspec.convert(submission, DecisionSubmission)
        recognition.record_decisions(COUNTY, decided, channel="json", actor="tester", at=now())
        if decision == "accept":
            citation = CitationSubmission(match_item_id=decided.items[0].match_item_id, cited_at=now())
            recognition.record_citation(COUNTY, citation, at=now())


def test_supervisor_sees_each_rate_under_its_own_name() -> None:
    record(CITY)
    go_through_the_loop(times=2)
    go_through_the_loop(decision="decline", code="6", technical="window")

    shown = page(signed_in_as(Role.SUPERVISOR, CITY), "/supervision/")

    for name, formula, value in (
        ("同期互认率", "采纳数 ÷ 提醒数", "66.67%"),
        ("已决互认率", "采纳数 ÷（采纳数 + 不采纳数）", "66.67%"),
        ("应答率", "（采纳数 + 不采纳数）÷ 提醒数", "100.00%"),
        ("查看率", "查看数 ÷ 提醒数", "0.00%"),
        ("引用率", "引用数 ÷ 采纳数", "100.00%"),
    ):
        block = shown[shown.index(f"<dt>{name}</dt>") :]
        assert value in block[: block.index("</div>")]
        assert formula in block[: block.index("</div>")]
    assert "区人民医院" in shown
    assert "¥24.00" in shown
    assert "其中：超过时限" in shown


def test_supervisor_sees_nothing_beyond_the_region_of_the_own_body() -> None:
    record(CITY)
    go_through_the_loop()

    assert "区人民医院" in page(signed_in_as(Role.SUPERVISOR, TOWN), "/supervision/")
    assert "区人民医院" not in page(signed_in_as(Role.SUPERVISOR, "ELSEWHERE"), "/supervision/")
    assert "区人民医院" in page(signed_in_as(Role.ADMINISTRATOR, ""), "/supervision/")


def test_period_without_data_says_so() -> None:
    shown = page(signed_in_as(Role.SUPERVISOR, CITY), "/supervision/?period=last-month")

    assert "这段时间没有互认提醒" in shown


def test_export_opens_in_excel_and_says_what_the_page_says() -> None:
    record(CITY)
    go_through_the_loop(times=2)
    go_through_the_loop(decision="decline", code="4")
    supervisor = signed_in_as(Role.SUPERVISOR, CITY)

    answer = supervisor.get("/supervision/institutions.csv")

    assert answer["Content-Type"] == "text/csv; charset=utf-8"
    assert answer["Content-Disposition"].startswith("attachment; filename*=utf-8''")
    assert answer.content.startswith(b"\xef\xbb\xbf")
    assert "COUNTY,区人民医院,二级,3,0,2,1,2,24.00,66.67%" in answer.content.decode()
    assert "K,钾,3,0,2,1,2,24.00,66.67%" in supervisor.get("/supervision/items.csv").content.decode()
    assert "患者处于急诊、急救状态" in supervisor.get("/supervision/declines.csv").content.decode()
    assert "同期互认率,66.67%" in supervisor.get("/supervision/summary.csv").content.decode()
    assert supervisor.get("/supervision/anything.csv").status_code == 404


def test_export_never_hands_a_spreadsheet_something_to_compute() -> None:
    assert write_csv(iter([("=1+1", "@x", 5, "钾")])) == "\ufeff'=1+1,'@x,5,钾\r\n"


@pytest.mark.parametrize(
    ("code", "first", "last"),
    [
        ("this-month", date(2026, 3, 1), date(2026, 3, 31)),
        ("last-month", date(2026, 2, 1), date(2026, 2, 28)),
        ("30-days", date(2026, 3, 2), date(2026, 3, 31)),
        ("365-days", date(2025, 4, 1), date(2026, 3, 31)),
        ("no such period", date(2026, 3, 2), date(2026, 3, 31)),
    ],
)
def test_period_is_read_from_the_address(code: str, first: date, last: date) -> None:
    period, _form = read_period({"period": code}, TODAY)

    assert (period.first, period.last) == (first, last)
    assert period.until - period.since == timedelta(days=(last - first).days + 1)
    assert read_period(dict([part.split("=") for part in period.query.split("&")]), TODAY)[0] == period


def test_period_of_ones_own_is_kept_in_the_address() -> None:
    asked = {"period": "custom", "first": "2025-12-31", "last": "2026-01-01"}

    period, form = read_period(asked, TODAY)

    assert form.is_valid()
    assert period.query == "period=custom&first=2025-12-31&last=2026-01-01"
    assert period.since.isoformat() == "2025-12-31T00:00:00+08:00"


@pytest.mark.parametrize(
    ("first", "last"),
    [("2026-02-02", "2026-02-01"), ("nonsense", "2026-02-01"), ("2026-02-01", "9999-12-31")],
)
def test_nonsensical_dates_are_told_and_the_default_is_shown(first: str, last: str) -> None:
    period, form = read_period({"period": "custom", "first": first, "last": last}, TODAY)

    assert form.errors
    assert period.code == "30-days"


# Inbox


def test_integrator_sees_messages_of_the_own_institution_alone() -> None:
    own, other, nobodys = receive(), receive(institution=CITY), receive(institution="")
    integrator = signed_in_as(Role.INTEGRATOR)

    listed = page(integrator, "/inbox/")

    assert str(own) in listed
    assert str(other) not in listed
    assert str(nobodys) not in listed
    for hidden in (other, nobodys):
        assert integrator.get(f"/inbox/{hidden}/").status_code == 404
        assert integrator.post(f"/inbox/{hidden}/replay").status_code == 404
    assert str(other) not in page(integrator, f"/inbox/?institution={CITY}")


def test_administrator_sees_every_message_also_nobodys() -> None:
    messages = [receive(), receive(institution=CITY), receive(institution="")]
    administrator = signed_in_as(Role.ADMINISTRATOR, "")

    listed = page(administrator, "/inbox/")

    assert all(str(message_id) in listed for message_id in messages)
    assert str(messages[0]) not in page(administrator, f"/inbox/?institution={CITY}")
    assert "未登记的发送方" in page(administrator, f"/inbox/{messages[2]}/")


def test_inbox_shows_one_state_where_the_address_asks_for_it() -> None:
    refused, recorded = receive(), receive(state="recorded", reason_code="", reason_text="")
    integrator = signed_in_as(Role.INTEGRATOR)

    listed = page(integrator, "/inbox/?state=recorded")

    assert str(recorded) in listed
    assert str(refused) not in listed
    assert "缺少 PID 段" in page(integrator, "/inbox/?state=nonsense")


def test_inbox_is_paged() -> None:
    messages = [receive() for _ in range(51)]
    integrator = signed_in_as(Role.INTEGRATOR)

    first = page(integrator, "/inbox/")
    second = page(integrator, f"/inbox/?before={messages[1]}")

    assert f"?before={messages[1]}" in first
    assert str(messages[0]) not in first
    assert str(messages[0]) in second
    assert page(integrator, "/inbox/?before=nonsense")


def test_message_shows_control_characters_and_its_reading_is_audited() -> None:
    raw = "\x0bMSH|^~\\&|LIS|COUNTY\rPID|1||||欧阳娜\r\x1c\r".encode("gb18030")
    message_id = receive(raw)

    shown = page(signed_in_as(Role.INTEGRATOR), f"/inbox/{message_id}/")

    assert "欧阳娜" in shown
    assert '<abbr title="VT">␋</abbr>' in shown
    plain = re.sub(r"<(?!abbr|/abbr)[^>]*>", "", shown)
    assert 'PID|1||||欧阳娜<abbr title="CR">␍</abbr>' in plain
    assert 'title="PID-5 姓名">欧阳娜</span>' in shown
    assert '<abbr title="FS">␜</abbr><abbr title="CR">␍</abbr>' in shown
    assert "GB18030（推定）" in shown
    entry = AuditEntry.objects.get(action="web.inbox_message")
    assert (entry.actor, entry.detail) == (f"integrator-{COUNTY}", {"message_id": str(message_id)})


def test_the_field_a_reason_points_to_stands_out_and_the_reason_speaks_the_readers_language() -> None:
    raw = b"MSH|^~\\&|LIS|COUNTY\rPID|1||7^^^A~8\\T\\9|||\rOBR|1\rOBX|1\rOBX|2|NM\r"
    data = {"place": "OBX[2]-3", "zh": "缺少必填内容 OBX-3。", "en": "OBX-3 is required."}
    message_id = receive(raw, reason_code="101", reason_text="缺少必填内容 OBX-3。", reason_data=data)
    integrator = signed_in_as(Role.INTEGRATOR)

    chinese = page(integrator, f"/inbox/{message_id}/")
    integrator.cookies["django_language"] = "en"
    english = page(integrator, f"/inbox/{message_id}/")

    assert "缺少必填内容 OBX-3。" in chinese
    assert "OBX-3 is required." in english
    assert '<i class="escape">\\T\\</i>' in chinese
    assert 'title="PID-3 患者标识列表"' in chinese
    assert 'title="PID-3 Patient identifier list"' in english


def test_shows_the_answer_and_what_became_of_a_message() -> None:
    answer = b"MSH|^~\\&|YJ|P\rMSA|AE|7\r"
    made = [{"kind": "report", "id": str(new_id()), "version": 2}]
    message_id = receive(answer=answer, made=made, state="recorded", reason_code="", reason_text="")

    shown = page(signed_in_as(Role.INTEGRATOR), f"/inbox/{message_id}/")

    assert "平台的应答" in shown
    assert 'title="MSA-1 应答代码">AE</span>' in shown
    assert "报告第 2 版" in shown


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("control_id=C-1", True),
        ("control_id=C-2", False),
        ("message_type=oru", True),
        ("message_type=ADT", False),
        ("reason=100", True),
        ("reason=101", False),
        ("first=2020-01-01&last=2020-12-31", False),
        ("report_no=nothing", False),
        (f"facility={COUNTY}", True),
    ],
)
def test_searches_the_inbox(query: str, found: bool) -> None:
    Sender.objects.create(facility=COUNTY, institution_code=COUNTY)
    message_id = receive(control_id="C-1")

    assert (str(message_id) in page(signed_in_as(Role.INTEGRATOR), f"/inbox/?{query}")) is found


def test_finds_the_messages_of_a_report_by_its_number() -> None:
    message_id, other = receive(state="recorded"), receive(state="recorded")
    record(message_id=message_id, report_no="R-77")

    shown = page(signed_in_as(Role.INTEGRATOR), "/inbox/?report_no=R-77")

    assert str(message_id) in shown
    assert str(other) not in shown
    assert str(message_id) not in page(signed_in_as(Role.INTEGRATOR, CITY), "/inbox/?report_no=R-77")


def test_replays_a_cause_after_a_preview_with_progress() -> None:
    receive(reason_data={"place": "PID-3"})
    receive(reason_data={"place": "PID-3"})
    receive(reason_data={"place": "PID-3"}, institution=CITY)
    integrator = signed_in_as(Role.INTEGRATOR)

    assert "2 条报文" in page(integrator, "/inbox/causes/replay?reason=100&place=PID-3")
    begun = integrator.post("/inbox/causes/begin", {"reason": "100", "place": "PID-3"})
    assert "正在交回" in page(integrator, begun["Location"])
    advance_replays(now=now())

    shown = page(integrator, begun["Location"])
    assert "2/2" in shown
    assert signed_in_as(Role.INTEGRATOR, CITY).get(begun["Location"]).status_code == 404
    assert InboxMessage.objects.filter(state="refused").count() == 1


def test_mended_character_set_has_all_messages_of_the_sender_processed_again() -> None:
    first, other = (receive(state="waiting", reason_code="encoding.guessed") for _ in range(2))
    open_work_item(COUNTY, "encoding.guessed", COUNTY, at=now(), message_id=first)
    matter = {"institution": COUNTY, "kind": "encoding.guessed", "subject": COUNTY}

    signed_in_as(Role.INTEGRATOR).post("/work-items/handled", matter)
    advance_replays(now=now())

    again = InboxMessage.objects.filter(state="received").values_list("message_id", flat=True)
    assert set(again) == {first, other}


def test_a_matter_is_assigned_to_a_colleague_of_ones_institution_only() -> None:
    record(message_id=receive(state="waiting"), results=[local_row("XK", "钾")])
    technician = signed_in_as(Role.TECHNICIAN)
    User.objects.create_user("wang", role=Role.TECHNICIAN, institution_code=COUNTY, display_name="王敏")
    User.objects.create_user("far", role=Role.TECHNICIAN, institution_code=CITY)
    matter = {"institution": COUNTY, "kind": "unmapped_code", "subject": "local|XK"}

    technician.post("/work-items/assign", matter | {"owner": "wang"})

    assert "王敏</summary>" in page(technician, "/work-items/")
    assert "XK" not in page(technician, "/work-items/?whose=mine")
    assert "XK" not in page(technician, "/work-items/?whose=nobody")
    assert technician.post("/work-items/assign", matter | {"owner": "far"}).status_code == 403
    assert signed_in_as(Role.TECHNICIAN, CITY).post("/work-items/assign", matter).status_code == 403
    technician.post("/work-items/assign", matter | {"owner": ""})
    assert "XK" in page(technician, "/work-items/?whose=nobody")


def test_queues_are_paged_by_place() -> None:
    for number in range(PAGE + 2):
        open_work_item(COUNTY, "unmapped_unit", f"unit{number:03}", at=now())
    technician = signed_in_as(Role.TECHNICIAN)

    first = page(technician, "/work-items/?kind=unmapped_unit")
    further = html.unescape(re.findall(r'href="(\?kind=unmapped_unit[^"]*after=[^"]*)"', first)[0])
    second = page(technician, f"/work-items/{further}")

    assert "unit049" in first
    assert "unit050" not in first
    assert "unit051" in second
    assert "unit049" not in second


def test_sender_is_shown_with_its_alarm_which_a_person_acknowledges() -> None:
    receive(received_at=now() - timedelta(minutes=40), state="received", reason_code="", reason_text="")
    watch_senders(now=now())
    integrator = signed_in_as(Role.INTEGRATOR)

    assert "最早的报文已等待" in page(integrator, "/senders/")
    assert "处理积压" not in page(signed_in_as(Role.INTEGRATOR, CITY), "/senders/")
    alarm_id = Alarm.objects.get().alarm_id
    assert (
        "已确认" in integrator.post(f"/senders/alarms/{alarm_id}/acknowledge", follow=True).content.decode()
    )


def test_thresholds_of_a_sender_are_set_by_its_own_institution() -> None:
    receive(state="recorded", reason_code="", reason_text="")
    watch_senders(now=now())
    address = f"/senders/thresholds?institution_code={COUNTY}&protocol=hl7&facility={COUNTY}"

    assert signed_in_as(Role.INTEGRATOR, CITY).get(address).status_code == 404
    integrator = signed_in_as(Role.INTEGRATOR)
    assert "告警阈值" in page(integrator, address)
    assert integrator.post(address, {"silent_minutes": "0"}).status_code == 200
    integrator.post(address, {"silent_minutes": "45", "watched": "on"})

    row = SenderHealth.objects.get()
    assert (row.silent_minutes, row.fault_percent, row.watched) == (45, None, True)


def test_markup_in_a_message_is_shown_as_text() -> None:
    message_id = receive(b"MSH|^~\\&\rPID|1|<script>alert(1)</script>\r")

    shown = page(signed_in_as(Role.INTEGRATOR), f"/inbox/{message_id}/")

    assert "<script>alert" not in shown


def test_replay_gives_a_refused_message_back_to_its_lane() -> None:
    message_id = receive()
    integrator = signed_in_as(Role.INTEGRATOR)

    answer = integrator.post(f"/inbox/{message_id}/replay", follow=True)

    assert "已交回处理" in answer.content.decode()
    assert InboxMessage.objects.get(message_id=message_id).state == "received"
    assert "web.inbox_replay" in actions()


def test_recorded_message_is_not_replayed() -> None:
    message_id = receive(state="recorded", reason_code="", reason_text="")
    integrator = signed_in_as(Role.INTEGRATOR)

    assert "重新处理" not in page(integrator, f"/inbox/{message_id}/")
    answer = integrator.post(f"/inbox/{message_id}/replay", follow=True)
    assert "不需要重新处理" in answer.content.decode()
    assert InboxMessage.objects.get(message_id=message_id).state == "recorded"


# Codes, units and other matters


def keep_waiting(row: dict[str, Any], institution: str = COUNTY, **changes: object) -> UUID:
    message_id = receive(
        institution=institution, state="waiting", reason_code="work_item.open", reason_text="有待办"
    )
    record(institution, message_id, results=[row], **changes)
    return message_id


def test_confirmed_code_makes_waiting_results_usable_and_disappears() -> None:
    waiting = keep_waiting(local_row("XGLU", "葡萄糖(GLU)"))
    technician = signed_in_as(Role.TECHNICIAN)
    assert "XGLU" in page(technician, "/work-items/")
    choosing = page(technician, f"/work-items/code?institution={COUNTY}&code=XGLU")
    assert "5.6" in choosing
    assert "item=Glu" in choosing
    chosen = page(technician, f"/work-items/code?institution={COUNTY}&code=XGLU&item=Glu")
    assert "对照为" in chosen

    answer = technician.post(
        "/work-items/confirm", {"institution": COUNTY, "code": "XGLU", "item": "Glu"}, follow=True
    )

    assert "XGLU 已对照为 葡萄糖，1 条结果随即可用。" in answer.content.decode()
    row = Result.objects.get(code="XGLU")
    assert (row.item_code, str(row.comparable_value.normalize())) == ("Glu", "5.6")
    assert InboxMessage.objects.get(message_id=waiting).state == "recorded"
    assert "没有要处理的事" in page(technician, "/work-items/")
    assert "web.code_confirmed" in actions()


def test_code_of_several_specimens_may_mean_an_item_in_one_alone() -> None:
    keep_waiting(local_row("PROT", "蛋白"))
    urine = {"specimen": {"type_code": "UR", "type_name": "尿液"}, "report_no": "L2"}
    keep_waiting(local_row("PROT", "蛋白"), **urine)
    technician = signed_in_as(Role.TECHNICIAN)
    chosen = page(technician, f"/work-items/code?institution={COUNTY}&code=PROT&item=TP")
    assert 'value="serum"' in chosen
    assert 'value="urine"' in chosen

    meaning = {"institution": COUNTY, "code": "PROT", "item": "TP", "specimen": "serum"}
    technician.post("/work-items/confirm", meaning)

    assert dict(Result.objects.values_list("specimen", "item_code")) == {"serum": "TP", "urine": ""}
    assert "PROT" in page(technician, "/work-items/")


@pytest.mark.parametrize("role", [Role.TECHNICIAN, Role.INTEGRATOR])
def test_nobody_gives_another_institutions_code_a_meaning(role: Role) -> None:
    keep_waiting(local_row("XGLU", "葡萄糖"), institution=CITY)
    outsider = signed_in_as(role)

    assert "XGLU" not in page(outsider, "/work-items/")
    for address in ("code", "items"):
        answer = outsider.get(f"/work-items/{address}", {"institution": CITY, "code": "XGLU", "word": "钾"})
        assert answer.status_code == 403
    for address in ("confirm", "handled"):
        asked = {"institution": CITY, "code": "XGLU", "item": "Glu", "kind": "unmapped_unit", "subject": "x"}
        assert outsider.post(f"/work-items/{address}", asked).status_code == 403
    assert Result.objects.get(code="XGLU").item_code == ""


@pytest.mark.parametrize("asked", [{"item": "NO-SUCH"}, {"item": ""}, {"code": ""}])
def test_meaning_that_names_nothing_is_refused(asked: dict[str, str]) -> None:
    keep_waiting(local_row("XGLU", "葡萄糖"))

    meaning = {"institution": COUNTY, "code": "XGLU", "item": "Glu"} | asked
    answer = signed_in_as(Role.INTEGRATOR).post("/work-items/confirm", meaning)

    assert answer.status_code == 404
    assert Result.objects.get(code="XGLU").item_code == ""


@pytest.mark.parametrize(("word", "code"), [("钾(K)", "K"), ("potassium", "K"), ("葡萄糖[GLU]", "Glu")])
def test_items_are_suggested_under_the_names_laboratories_print(word: str, code: str) -> None:
    asked = {"institution": COUNTY, "code": "X", "word": word}

    answer = signed_in_as(Role.TECHNICIAN).get("/work-items/items", asked)

    assert f"item={code}" in answer.content.decode()


def test_unknown_unit_may_be_confirmed_as_not_comparable() -> None:
    item = {"system": "item", "code": "K", "name": "钾"}
    waiting = keep_waiting(local_row("K", "钾", unit="meq每升") | {"item": item})
    integrator = signed_in_as(Role.INTEGRATOR)
    assert "meq每升" in page(integrator, "/work-items/?kind=unmapped_unit")

    matter = {"institution": COUNTY, "kind": "unmapped_unit", "subject": "meq每升"}
    integrator.post("/work-items/handled", matter)

    assert not WorkItem.objects.filter(resolved_at=None).exists()
    assert InboxMessage.objects.get(message_id=waiting).state == "recorded"


def test_unmapped_code_is_never_closed_by_hand() -> None:
    keep_waiting(local_row("XGLU", "葡萄糖"))

    matter = {"institution": COUNTY, "kind": "unmapped_code", "subject": "local|XGLU"}
    assert signed_in_as(Role.INTEGRATOR).post("/work-items/handled", matter).status_code == 404
    assert WorkItem.objects.filter(resolved_at=None).exists()


# Who is who


def raise_a_doubt(institution: str = COUNTY) -> IdentityReview:
    """Let an institution describe somebody else under a number that CITY knows."""
    record(CITY)
    record(institution, report_no="L9", patient=patient(name="李伟", birth_date="1985-03-17"))
    return IdentityReview.objects.get()


def test_review_shows_both_sides_with_masked_numbers_and_is_audited() -> None:
    review = raise_a_doubt()

    shown = page(signed_in_as(Role.INTEGRATOR), "/identity/reviews/")

    assert ">李伟<" in shown
    assert ">张伟<" in shown
    assert "市第一医院" in shown
    assert resident_id() not in shown
    assert f"{resident_id()[:6]}********{resident_id()[-4:]}" in shown
    assert shown.count('class="differs"') == len(review.disagreement) > 0
    entry = AuditEntry.objects.get(action="web.identity_review")
    assert entry.person_id == review.holder_id


@pytest.mark.parametrize(("verdict", "united"), [("same", True), ("different", False)])
def test_verdict_unites_or_parts(verdict: str, united: bool) -> None:
    review = raise_a_doubt()
    integrator = signed_in_as(Role.INTEGRATOR)

    integrator.post(f"/identity/reviews/{review.review_id}/settle", {"verdict": verdict})

    stand_in = Person.objects.get(person_id=review.provisional_id)
    assert (stand_in.moved_to == review.holder_id) is united
    assert not stand_in.provisional
    assert "没有待核对的身份" in page(integrator, "/identity/reviews/")
    assert AuditEntry.objects.get(action="web.identity_settled").detail["verdict"] == verdict


def test_nobody_settles_another_institutions_doubt() -> None:
    review = raise_a_doubt()
    outsider = signed_in_as(Role.INTEGRATOR, TOWN)

    assert "李伟" not in page(outsider, "/identity/reviews/")
    outsider.post(f"/identity/reviews/{review.review_id}/settle", {"verdict": "same"})

    assert IdentityReview.objects.get().state == "open"


def test_number_that_contradicts_its_own_description_is_read_aloud() -> None:
    record(COUNTY, patient=patient(sex="female"))

    shown = page(signed_in_as(Role.INTEGRATOR), "/identity/reviews/")

    assert "身份证号与本人信息不符" in shown
    assert "号码是本人的" in shown


# Both languages


def in_chinese(text: str) -> set[str]:
    main = text[text.index("<main") : text.index("</main>")]
    return {letter for letter in main if "\u4e00" <= letter <= "\u9fff"}


@pytest.mark.parametrize(
    "address",
    ["/supervision/", "/inbox/", "/work-items/", "/work-items/?kind=unmapped_unit", "/identity/reviews/"],
)
def test_pages_speak_english(address: str) -> None:
    administrator = signed_in_as(Role.ADMINISTRATOR, "")
    administrator.cookies["django_language"] = "en"

    assert in_chinese(page(administrator, address)) == set()
