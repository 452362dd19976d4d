"""The fate of messages in a real browser: found, understood, mended, replayed; and their senders watched."""

from collections.abc import Callable
from datetime import timedelta
from hashlib import sha256
from typing import Any
from uuid import UUID

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import DESK, PHONE
from tests.browser.small_region import PATIENT, RECEIVER
from tests.browser.test_supervision import check, local, sign_in, upload
from yijian.config.worker import PROCESSORS
from yijian.domains.results.values import ItemCode, LabResult
from yijian.foundation.inbox import api as inbox
from yijian.foundation.inbox.lane import drain
from yijian.foundation.inbox.models import InboxMessage, Sender
from yijian.foundation.inbox.replays import advance_replays
from yijian.foundation.inbox.sealing import seal
from yijian.foundation.inbox.senders import watch_senders
from yijian.foundation.inbox.work_items import open_work_item
from yijian.kit.clock import now
from yijian.kit.ids import first_id, new_id

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

REFUSED = {
    "place": "OBX[2]-3",
    "zh": "缺少必填内容 OBX-3：请填写项目代码后重发。",
    "en": "OBX-3 is required: fill in the item code and send again.",
}
MESSAGE = (
    "MSH|^~\\&|LIS|HB-ZX|YJ|HBJC|20261120083000+0800||ORU^R01|{control}|P|2.5.1|||||CHN|UNICODE UTF-8\r"
    "PID|1||420106196803143515^^^CN^NNCHN~0098721^^^HB-ZX^MR||赵建国||19680314|M|||湖北省\\T\\临湖市\r"
    "PV1|1|O|检验科^^^HB-ZX||||1203^刘敏\r"
    "OBR|1|O-2211|R-{control}|CBC^血常规^L|||20261120080000|||||||||1203^刘敏||||||20261120082500||LAB|F\r"
    "OBX|1|NM|WBC^白细胞计数^L||6.4|10*9/L|3.5-9.5|N|||F\r"
    "OBX|2|NM|{code}||112|g/L|130-175|L|||F\r"
    "NTE|1||标本轻度溶血\r"
)
ANSWER = "MSH|^~\\&|YJ|HBJC|LIS|HB-ZX|20261120083001+0800||ACK^R01^ACK|A1|P|2.5.1\rMSA|AE|{control}\r"


def receive(control: str, code: str = "", **more: Any) -> UUID:
    raw = MESSAGE.format(control=control, code=code).encode()
    at = more.pop("at", now())
    message_id = UUID(int=first_id(at).int | new_id().int & (1 << 62) - 1)
    row: dict[str, Any] = {
        "state": "refused",
        "reason_code": "101",
        "reason_text": REFUSED["zh"],
        "reason_data": REFUSED,
        "answer": ANSWER.format(control=control).encode(),
    }
    InboxMessage.objects.create(
        message_id=message_id,
        received_at=at,
        protocol="hl7",
        institution_code=RECEIVER,
        facility=RECEIVER,
        control_id=control,
        message_type="ORU^R01",
        lane=0,
        raw=seal(raw),
        digest=sha256(raw).digest(),
        **row | more,
    )
    return message_id


@pytest.fixture
def messages(live_region: object, live_server: object) -> UUID:
    """Leave refused messages of one cause, one of another, and one that waits; return a refused one."""
    Sender.objects.create(facility=RECEIVER, institution_code=RECEIVER)
    for number in range(3):
        receive(f"LIS-{number}", "Hb^血红蛋白^L")
    receive("LIS-9", reason_code="sender.address", reason_data={"place": "MSH-4"}, reason_text="未登记")
    return receive("LIS-77")


@pytest.fixture
def unknown_unit(live_region: object, live_server: object) -> None:
    item = ItemCode(system="item", code="Glu", name="葡萄糖")
    upload("U-1", PATIENT, LabResult(item=item, kind="number", value="5.6", unit="furlong"))


@pytest.fixture
def silent(live_region: object, live_server: object) -> None:
    """Have a sender that used to send every hour, and has been silent for half a day."""
    done: dict[str, Any] = {"state": "recorded", "reason_code": "", "reason_text": "", "reason_data": {}}
    for hour in range(12, 48):
        receive(f"H-{hour}", at=now() - timedelta(hours=hour), **done)
    watch_senders(now=now())


def test_message_is_found_and_its_fault_is_shown_in_place(page: Page, messages: UUID) -> None:
    sign_in(page, "integrator")
    page.locator("summary", has_text="查找").click()
    page.get_by_label("控制号").fill("LIS-77")
    page.get_by_role("button", name="查找").click()
    expect(page.locator("tbody tr")).to_have_count(1)
    page.locator("tbody tr a").first.click()

    expect(page.get_by_role("region", name="原因")).to_contain_text("请填写项目代码后重发")
    raw = page.get_by_role("list", name="原文")
    fault = raw.locator("span.at-fault")
    expect(fault).to_have_text("OBX-3")
    raw.get_by_text("赵建国").first.click()
    expect(raw.get_by_role("row", name="PID-5 姓名")).to_be_visible()
    expect(page.get_by_role("list", name="平台的应答")).to_contain_text("AE")


@pytest.mark.usefixtures("messages")
def test_all_messages_of_a_cause_are_replayed_and_their_outcome_is_told(page: Page) -> None:
    sign_in(page, "integrator")
    page.get_by_role("link", name="按原因重新处理").click()
    page.get_by_role("row", name="缺少必填内容").get_by_role("link", name="重新处理").click()
    expect(page.get_by_text("4 条报文")).to_be_visible()
    page.get_by_role("button", name="全部重新处理").click()
    expect(page.get_by_text("正在交回")).to_be_visible()

    advance_replays(now=now())
    while drain(0, PROCESSORS):
        pass

    expect(page.get_by_text("已完成")).to_be_visible()
    expect(page.locator("#progress")).to_contain_text("4/4")
    expect(page.locator("#progress dl")).to_contain_text("待人工3")
    expect(page.locator("#progress dl")).to_contain_text("已拒收1")


@pytest.mark.usefixtures("unknown_unit")
def test_unknown_unit_is_resolved_and_the_waiting_message_is_recorded(page: Page) -> None:
    assert inbox.count_by_state([RECEIVER]) == {"waiting": 1}
    sign_in(page, "technician")
    page.get_by_role("link", name="待办").click()
    page.get_by_role("link", name="未知单位").click()
    row = page.get_by_role("row", name="furlong")
    row.locator("summary").click()
    row.get_by_role("button", name="由我负责").click()
    expect(page.get_by_role("row", name="furlong").locator("summary")).not_to_have_text("无人负责")
    page.get_by_role("button", name="确认不可比").click()

    expect(page.get_by_text("没有要处理的事")).to_be_visible()
    assert inbox.count_by_state([RECEIVER]) == {"recorded": 1}


@pytest.mark.usefixtures("silent")
def test_alarm_appears_for_a_silent_sender_is_acknowledged_and_closes_by_itself(page: Page) -> None:
    sign_in(page, "integrator")
    page.get_by_role("link", name="1 个告警").click()
    alarms = page.get_by_role("region", name="告警")
    expect(alarms).to_contain_text("长时间没有报文")
    alarms.get_by_role("button", name="确认").click()
    expect(page.get_by_role("region", name="告警")).to_contain_text("已确认")

    receive("BACK", state="recorded", reason_code="", reason_data={})
    watch_senders(now=now())
    page.reload()

    expect(page.get_by_role("region", name="告警")).to_contain_text("已关闭")
    page.get_by_role("link", name="收件箱").click()
    expect(page.get_by_role("link", name="个告警")).to_have_count(0)


@pytest.mark.usefixtures("unknown_unit", "silent")
@pytest.mark.parametrize("size", [DESK, PHONE])
def test_every_screen_fits_its_window_and_is_accessible(
    open_page: Callable[[tuple[int, int]], Page], messages: UUID, size: tuple[int, int]
) -> None:
    upload("M-1", PATIENT, local("XGLU", "葡萄糖(GLU)"))
    detail = {"name": "胸部 CT 平扫", "executed_at": now().isoformat()}
    open_work_item(RECEIVER, "image_without_report", "E-20261120-0031", at=now(), detail=detail)
    waiting = receive("WAITS", state="received", reason_code="", at=now() - timedelta(hours=1))
    watch_senders(now=now())
    run = inbox.begin_replay("sender.address", place="MSH-4", by="administrator", at=now())
    page = open_page(size)
    sign_in(page, "administrator")
    for address in (
        "/inbox/",
        "/inbox/?state=refused&reason=101&first=2020-01-01",
        "/inbox/?control_id=nothing",
        f"/inbox/{messages}/",
        f"/inbox/{waiting}/",
        "/inbox/causes/",
        "/inbox/causes/replay?reason=101&place=OBX%5B2%5D-3",
        f"/inbox/replays/{run}/",
        "/senders/",
        f"/senders/thresholds?institution_code={RECEIVER}&protocol=hl7&facility={RECEIVER}",
        "/work-items/",
        "/work-items/?kind=unmapped_unit",
        "/work-items/?kind=image_without_report",
        "/work-items/?kind=order_without_report&whose=mine",
    ):
        page.goto(address)
        expect(page.get_by_role("heading", level=1)).to_be_visible()
        check(page)
