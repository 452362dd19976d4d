"""A clinician's three minutes, in a real browser, on the real database."""

from collections.abc import Callable

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Locator, Page, expect

from tests.browser.conftest import DESK, PHONE
from tests.browser.small_region import PASSWORD, RECEIVER, RESIDENT_ID, SmallRegion
from tests.service.sharing.signing import settle
from yijian.domains.recognition.models import Citation, Decision, MatchView
from yijian.domains.sharing.values import RegionalReason
from yijian.foundation.audit.models import AuditEntry

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def sign_in(page: Page, username: str = "clinician") -> None:
    page.goto("/sign-in")
    page.get_by_label("用户名").fill(username)
    page.get_by_label("密码").fill(PASSWORD)
    page.get_by_role("button", name="登录").click()


def find_patient(page: Page, query: str = RESIDENT_ID) -> None:
    page.get_by_label("身份证号、院内号或姓名").fill(query)
    page.get_by_role("button", name="查询").click()
    page.get_by_role("link", name="赵建国").click()


def ask(page: Page, *words: str) -> None:
    """Order by typing a word and Enter, then ask what is usable."""
    page.get_by_role("link", name="我能用什么").click()
    box = page.get_by_label("项目代码或名称")
    for count, word in enumerate(words, start=1):
        box.fill(word)
        box.press("Enter")
        expect(page.locator("#basket .order-chip")).to_have_count(count)
    page.get_by_role("button", name="查询可用结果").click()


def test_clinician_finds_reads_accepts_and_cites(page: Page) -> None:
    sign_in(page)
    find_patient(page)
    assert RESIDENT_ID not in page.url

    rows = page.locator(".timeline-row")
    expect(rows).to_have_count(7)
    potassium = rows.filter(has_text="电解质")
    expect(potassium).to_contain_text("6.8")
    expect(potassium).to_contain_text("危急值")
    potassium.locator("summary").click()
    expect(potassium.get_by_role("row", name="钠")).to_contain_text("137-147")

    ask(page, "HbA1c")
    answer = page.get_by_role("article", name="糖化血红蛋白")
    expect(answer).to_contain_text("可互认")
    expect(answer).to_contain_text("鄂HR")
    answer.get_by_text("依据", exact=True).first.click()
    answer.get_by_role("button", name="采纳", exact=True).click()
    expect(answer).to_contain_text("节省 45.00 元")
    answer.get_by_role("button", name="引用到病历").click()
    expect(answer.locator(".citable")).to_contain_text("糖化血红蛋白 7.1 %")

    decision = Decision.objects.get()
    assert (decision.decision, decision.institution_code, decision.actor) == ("accept", RECEIVER, "clinician")
    assert Citation.objects.count() == 1
    assert MatchView.objects.get().viewer == "clinician"
    assert {"web.patient_found", "web.timeline", "web.report", "recognition.match"} <= set(
        AuditEntry.objects.values_list("action", flat=True)
    )


def test_declines_with_the_situation_an_emergency_suggests(page: Page) -> None:
    sign_in(page)
    find_patient(page)
    page.get_by_role("link", name="我能用什么").click()
    page.get_by_role("button", name="血细胞分析").click()
    expect(page.locator("#basket .order-chip")).to_have_count(1)
    page.get_by_text("急诊", exact=True).click()
    page.get_by_role("button", name="查询可用结果").click()

    answer = page.get_by_role("article", name="血细胞分析")
    expect(answer).to_contain_text("可参考")
    answer.get_by_text("不采纳", exact=True).click()
    expect(answer.get_by_label("患者处于急诊、急救状态")).to_be_checked()
    answer.get_by_role("button", name="确认不采纳").click()
    expect(answer).to_contain_text("未采纳")

    decision = Decision.objects.get()
    assert (decision.decision, decision.reason_code) == ("decline", "4")


def begin_to_decline(page: Page) -> Locator:
    """Ask for a glycated haemoglobin that is there already; open the form of a no, and return the answer."""
    sign_in(page)
    find_patient(page)
    ask(page, "HbA1c")
    answer = page.get_by_role("article", name="糖化血红蛋白")
    answer.get_by_text("不采纳", exact=True).click()
    return answer


def test_other_situation_must_be_explained(page: Page) -> None:
    answer = begin_to_decline(page)
    answer.get_by_label("其他情形").check()
    answer.get_by_role("button", name="确认不采纳").click()
    expect(answer.get_by_role("alert")).to_contain_text("写明原因")
    assert not Decision.objects.exists()

    answer.get_by_label("技术原因").select_option("method")
    answer.get_by_role("button", name="确认不采纳").click()
    expect(answer).to_contain_text("未采纳")
    assert Decision.objects.get().technical_code == "method"


def test_a_reason_of_the_region_is_one_click_under_its_situation(page: Page) -> None:
    settle(decline_reasons=(RegionalReason("NM07", "6", "患者或家属要求复查"),))
    answer = begin_to_decline(page)
    answer.get_by_label("患者或家属要求复查").check()
    answer.get_by_role("button", name="确认不采纳").click()
    expect(answer).to_contain_text("未采纳")
    decision = Decision.objects.get()
    assert (decision.reason_code, decision.regional_code) == ("6", "NM07")


def test_accepts_everything_recognised_at_once(page: Page) -> None:
    sign_in(page)
    find_patient(page)
    ask(page, "血常规", "HbA1c", "胸部CT平扫", "血脂")

    page.get_by_role("button", name="采纳全部可互认").click()

    expect(page.get_by_text("已采纳", exact=True)).to_have_count(3)
    assert sorted(Decision.objects.values_list("item_code", flat=True)) == [
        "CBC",
        "HbA1c",
        "IMG-CT-CHEST-PLAIN",
    ]


def test_sensitive_reports_show_with_consent_alone(page: Page) -> None:
    sign_in(page)
    find_patient(page)
    expect(page.get_by_text("感染筛查")).to_have_count(0)

    page.get_by_role("link", name="授权").click()
    page.get_by_text("当面同意", exact=True).click()
    page.locator(".record-consent").get_by_text("含敏感项目", exact=True).click()
    page.get_by_role("button", name="登记").click()
    page.get_by_role("link", name="时间轴").click()

    expect(page.get_by_text("感染筛查")).to_have_count(1)


def test_speaks_english_throughout(page: Page) -> None:
    page.goto("/sign-in")
    page.get_by_role("button", name="English").click()
    page.get_by_label("User name").fill("clinician")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()

    expect(page.get_by_role("heading", name="Find a patient")).to_be_visible()
    chrome = page.locator("main, .masthead nav").all_inner_texts()
    assert not any("\u4e00" <= letter <= "\u9fff" for text in chrome for letter in text)


@pytest.mark.parametrize("size", [DESK, PHONE])
def test_every_screen_fits_its_window_and_is_accessible(
    open_page: Callable[[tuple[int, int]], Page], live_region: SmallRegion, size: tuple[int, int]
) -> None:
    page = open_page(size)
    page.goto("/sign-in")
    check(page)
    sign_in(page)
    check(page)
    find_patient(page)
    page.locator(".timeline-row summary").first.click()
    expect(page.locator(".timeline-rows table")).to_have_count(1)
    check(page)
    ask(page, "血常规", "钾", "葡萄糖", "血脂", "CEA")
    expect(page.locator("article.answer")).to_have_count(5)
    check(page)
    for address in (f"/reports/{live_region.blood_count}", f"/reports/{live_region.chest}", "/follow-ups/"):
        page.goto(address)
        check(page)


def check(page: Page) -> None:
    """Refuse sideways scrolling and what a screen reader or a weak eye would stumble over."""
    overflow = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    assert overflow <= 0, page.url
    found = Axe().run(page)
    assert found.violations_count == 0, f"{page.url}\n{found.generate_report()}"
