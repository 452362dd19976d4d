"""The pages of supervisors and of those who run the exchange, in a real browser."""

from collections.abc import Callable
from datetime import date
from pathlib import Path
from uuid import UUID

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from tests.browser.conftest import DESK, PHONE
from tests.browser.small_region import PASSWORD, PATIENT, RECEIVER
from yijian.domains.identity.values import EncounterType, PatientDescription
from yijian.domains.recognition import api as recognition
from yijian.domains.recognition.values import (
    DecisionKind,
    DecisionSubmission,
    DeclineReason,
    MatchRequest,
    RequestedItem,
    SubmittedDecision,
)
from yijian.domains.results import api as results
from yijian.domains.results.models import Result
from yijian.domains.results.values import (
    Encounter,
    ItemCode,
    LabResult,
    ReportKind,
    ReportStatus,
    UploadedReport,
)
from yijian.foundation.inbox import api as inbox
from yijian.kit.clock import now

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def sign_in(page: Page, username: str) -> None:
    page.goto("/sign-in")
    page.get_by_label("用户名").fill(username)
    page.get_by_label("密码").fill(PASSWORD)
    page.get_by_role("button", name="登录").click()
    page.wait_for_url(lambda address: "sign-in" not in address)


def decide(item_code: str, decision: DecisionKind, reason: DeclineReason | None = None) -> None:
    """Have RECEIVER reminded of an item of the patient, and decide on it."""
    request = MatchRequest(
        patient=PATIENT,
        encounter=Encounter(type=EncounterType.OUTPATIENT, number="V1"),
        items=(RequestedItem(system="item", code=item_code),),
    )
    answer = recognition.match_order(
        RECEIVER, request, channel="web", actor="tester", at=now(), view=recognition.View()
    ).document
    match_item_id = UUID(answer["items"][0]["candidate"]["match_item_id"])
    item = SubmittedDecision(match_item_id=match_item_id, decision=decision, reason=reason)
    submission = DecisionSubmission(match_id=UUID(answer["match_id"]), decided_at=now(), items=(item,))
    recognition.record_decisions(RECEIVER, submission, channel="web", actor="tester", at=now())


@pytest.fixture
def figures(live_region: object) -> None:
    decide("HbA1c", DecisionKind.ACCEPT)
    decide("CBC", DecisionKind.ACCEPT)
    decide("CBC", DecisionKind.DECLINE, DeclineReason(code="6", technical="window"))
    decide("K", DecisionKind.DECLINE, DeclineReason(code="2"))


def upload(
    report_no: str, patient: PatientDescription, *rows: LabResult, institution: str = RECEIVER
) -> None:
    """Record a report of a patient, and keep the message it came with."""
    moment = now()
    report = UploadedReport(
        report_no=report_no,
        kind=ReportKind.LAB,
        status=ReportStatus.FINAL,
        patient=patient,
        collected_at=moment,
        reported_at=moment,
        results=rows,
    )
    raw = f'{{"report_no": "{report_no}"}}'.encode()
    message_id = inbox.keep_json(institution, raw, "report", at=moment)
    results.record_report(
        report, institution_code=institution, source="json", message_id=message_id, at=moment
    )
    inbox.settle_recorded(message_id, waiting=inbox.has_open_work_items(message_id), at=moment)


def local(code: str, name: str) -> LabResult:
    item = ItemCode(system="local", code=code, name=name)
    return LabResult(item=item, kind="number", value="5.6", unit="mmol/L", reference_range="3.9-6.1")


@pytest.fixture
def matters(live_region: object, live_server: object) -> None:
    """Leave a code without meaning, and a doubt about who the patient is."""
    upload("M-1", PATIENT, local("XGLU", "葡萄糖(GLU)"))
    other = PatientDescription(
        identifiers=PATIENT.identifiers, name="赵建军", sex=PATIENT.sex, birth_date=date(1968, 3, 15)
    )
    upload("M-2", other, local("XGLU", "葡萄糖(GLU)"))


@pytest.mark.usefixtures("figures")
def test_charts_are_drawn_beside_their_tables(page: Page) -> None:
    sign_in(page, "supervisor")

    expect(page.get_by_role("heading", name="互认监管")).to_be_visible()
    expect(page.locator("[data-chart] canvas")).to_have_count(2)
    reminders = page.locator("#funnel-table").get_by_role("row", name="提醒 4")
    expect(reminders).to_contain_text("100.00%")
    expect(page.locator("#declines-table")).to_contain_text("其中：超过时限")


@pytest.mark.usefixtures("figures")
def test_period_is_chosen_and_kept_in_the_address(page: Page) -> None:
    sign_in(page, "supervisor")

    page.get_by_role("link", name="上月").click()
    assert page.url.endswith("?period=last-month")
    expect(page.get_by_text("这段时间没有互认提醒")).to_be_visible()

    page.get_by_text("自选").click()
    page.get_by_label("起").fill("2020-01-01")
    page.get_by_label("止").fill("2099-12-31")
    page.get_by_role("button", name="查看").click()
    assert page.url.endswith("?period=custom&first=2020-01-01&last=2099-12-31")
    expect(page.locator("[data-chart] canvas")).to_have_count(2)


@pytest.mark.usefixtures("figures")
def test_table_is_taken_away_as_a_file(page: Page) -> None:
    sign_in(page, "supervisor")

    with page.expect_download() as download:
        page.locator("a[href*='institutions.csv']").click()

    assert download.value.suggested_filename.endswith(".csv")
    assert "临湖市中心医院" in Path(download.value.path()).read_text(encoding="utf-8-sig")


@pytest.mark.usefixtures("matters")
def test_code_is_mapped_from_the_list_to_a_usable_result(page: Page) -> None:
    sign_in(page, "technician")
    page.get_by_role("link", name="待办").click()
    page.get_by_role("row", name="XGLU").get_by_role("link", name="对照").click()
    page.get_by_label("选择目录项目").fill("血红蛋白")
    expect(page.locator("#items")).to_contain_text("Hb")
    page.get_by_label("选择目录项目").fill("葡萄糖")
    page.locator("#items").get_by_role("link", name="Glu ·").first.click()
    expect(page.get_by_role("heading", name="葡萄糖 Glu")).to_be_visible()
    page.get_by_role("button", name="确认对照").click()

    expect(page.get_by_text("2 条结果随即可用")).to_be_visible()
    expect(page.get_by_role("row", name="XGLU")).to_have_count(0)
    assert set(Result.objects.filter(code="XGLU").values_list("item_code", flat=True)) == {"Glu"}


@pytest.mark.usefixtures("matters")
def test_doubt_is_settled_with_both_sides_in_view(page: Page) -> None:
    sign_in(page, "integrator")
    page.get_by_role("link", name="身份核对").click()
    doubt = page.get_by_role("article", name="是否同一人")
    expect(doubt.get_by_role("row", name="姓名")).to_contain_text("赵建军")
    expect(doubt.get_by_role("row", name="姓名")).to_contain_text("赵建国")

    doubt.get_by_role("button", name="不同人").click()

    expect(page.get_by_text("已确认为不同人")).to_be_visible()
    expect(page.get_by_text("没有待核对的身份")).to_be_visible()


@pytest.mark.usefixtures("figures", "matters")
@pytest.mark.parametrize("size", [DESK, PHONE])
def test_every_screen_fits_its_window_and_is_accessible(
    open_page: Callable[[tuple[int, int]], Page], size: tuple[int, int]
) -> None:
    page = open_page(size)
    sign_in(page, "administrator")
    message = inbox.list_messages(most=1)[0]
    for address in (
        "/supervision/",
        "/supervision/?period=last-month",
        "/inbox/",
        f"/inbox/{message.message_id}/",
        "/work-items/",
        "/work-items/?kind=identity_uncertain",
        f"/work-items/code?institution={RECEIVER}&code=XGLU",
        f"/work-items/code?institution={RECEIVER}&code=XGLU&item=Glu",
        "/identity/reviews/",
    ):
        page.goto(address)
        expect(page.get_by_role("heading", level=1)).to_be_visible()
        check(page)


def check(page: Page) -> None:
    """Refuse sideways scrolling and what a screen reader or a weak eye would stumble over."""
    overflow = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    assert overflow <= 0, page.url
    found = Axe().run(page)
    assert found.violations_count == 0, f"{page.url}\n{found.generate_report()}"
