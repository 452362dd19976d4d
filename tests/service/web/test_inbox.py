"""Messages, their causes and senders: what those who run the exchange see and do."""

import re
from datetime import timedelta

import pytest

from tests.service.region import CITY, COUNTY
from tests.service.web.desk import actions, page, receive, record, signed_in_as
from yijian.foundation.accounts.models import Role
from yijian.foundation.audit.models import AuditEntry
from yijian.foundation.inbox.models import Alarm, InboxMessage, Sender, SenderHealth
from yijian.foundation.inbox.replays import advance_replays
from yijian.foundation.inbox.senders import watch_senders
from yijian.foundation.inbox.work_items import open_work_item
from yijian.kit.clock import now
from yijian.kit.ids import new_id

pytestmark = pytest.mark.django_db


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
    ("kind", "detail", "said"),
    [
        ("unmapped_code", {"name": "糖", "unit": "mmol/L"}, "为院内代码选定目录项目"),
        ("identity_uncertain", {}, "核对两边是否同一人"),
        ("of_a_later_version", {"detail": "OBR[1]：请核对"}, "OBR[1]：请核对"),
        ("of_a_later_version", {}, "of_a_later_version"),
    ],
)
def test_message_names_what_a_person_has_to_mend(kind: str, detail: dict[str, str], said: str) -> None:
    message_id = receive(state="waiting", reason_code="work_item.open")
    open_work_item(COUNTY, kind, "local|GLU", at=now(), detail=detail, message_id=message_id)

    assert said in page(signed_in_as(Role.INTEGRATOR), f"/inbox/{message_id}/")


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
