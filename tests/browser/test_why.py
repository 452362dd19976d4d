"""Why an answer is what it is: opened from the answer itself, and imagined for another moment or orderer."""

from collections.abc import Callable
from datetime import timedelta
from uuid import UUID

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.test import Client
from django.urls import reverse
from playwright.sync_api import Page, expect

from tests.browser.conftest import DESK, PHONE
from tests.browser.small_region import RECEIVER, SOURCE, SmallRegion
from tests.browser.test_journey import ask, find_patient, sign_in
from yijian.domains.recognition.models import MatchItem
from yijian.foundation.accounts.models import Role, User
from yijian.foundation.audit.models import AuditEntry
from yijian.kit.clock import CHINA, now

pytestmark = pytest.mark.django_db


def signed_in(username: str) -> Client:
    client = Client()
    client.force_login(User.objects.get(username=username))
    return client


@pytest.fixture
def match_id(region: SmallRegion) -> UUID:
    """Ask for potassium and a blood count as the clinician; return the match."""
    asked = {"item": ["K", "CBC"], "encounter": "outpatient", "purpose": "diagnosis"}
    signed_in("clinician").post(reverse("reuse", args=[region.person_id]), asked)
    return MatchItem.objects.values_list("match_id", flat=True).first() or UUID(int=0)


def test_the_answer_leads_to_its_reasons(region: SmallRegion) -> None:
    asked = {"item": ["HbA1c"], "encounter": "outpatient", "purpose": "diagnosis"}
    answer = signed_in("clinician").post(reverse("reuse", args=[region.person_id]), asked)

    match_id = MatchItem.objects.values_list("match_id", flat=True).get()
    assert reverse("why", args=[match_id]) in answer.content.decode()


def test_opens_the_evidence_of_every_rule(match_id: UUID) -> None:
    page = signed_in("clinician").get(reverse("why", args=[match_id])).content.decode()

    assert "与当时的回答相同" in page
    for rule in ("身份", "互认资格", "互认方向", "互认时限", "负面清单与暂停", "单位"):
        assert rule in page
    assert "湖北省检查检验结果互认" in page
    assert "鄂HR" in page
    assert "小时" in page


def test_shows_a_unit_conversion_as_arithmetic(region: SmallRegion) -> None:
    asked = {"item": ["Glu"], "encounter": "outpatient", "purpose": "diagnosis", "orderer": RECEIVER}
    page = signed_in("clinician").post(reverse("why-imagine", args=[region.person_id]), asked)

    assert "126 mg/dL = 6.99" in page.content.decode()


def test_an_imagined_moment_changes_the_window(region: SmallRegion) -> None:
    a_year_ahead = (now() + timedelta(days=365)).astimezone(CHINA).strftime("%Y-%m-%dT%H:%M")
    asked = {"item": ["HbA1c"], "encounter": "outpatient", "purpose": "diagnosis", "at": a_year_ahead}
    page = signed_in("clinician").post(reverse("why-imagine", args=[region.person_id]), asked)

    assert "已超过" in page.content.decode()
    assert not MatchItem.objects.exists()


def test_a_look_at_the_reasons_is_a_look_at_the_patient(match_id: UUID, region: SmallRegion) -> None:
    signed_in("clinician").get(reverse("why", args=[match_id]))

    entry = AuditEntry.objects.filter(action="web.why").get()
    assert (entry.person_id, entry.institution_code) == (region.person_id, RECEIVER)


def test_another_institutions_match_does_not_exist(match_id: UUID) -> None:
    stranger = User.objects.create_user("stranger", role=Role.CLINICIAN, institution_code=SOURCE)
    client = Client()
    client.force_login(stranger)

    assert client.get(reverse("why", args=[match_id])).status_code == 404


def test_hides_what_the_patient_did_not_allow(region: SmallRegion) -> None:
    asked = {"item": ["AntiHIV"], "encounter": "outpatient", "purpose": "diagnosis"}
    page = signed_in("clinician").post(reverse("why-imagine", args=[region.person_id]), asked)

    assert "没有可以比较的既往结果" in page.content.decode()


@pytest.mark.parametrize("wrong", [{"orderer": "NOBODY"}, {"at": "yesterday"}, {"item": []}])
def test_says_what_is_wrong_with_an_imagined_order(region: SmallRegion, wrong: dict[str, object]) -> None:
    asked: dict[str, object] = {"item": ["K"], "encounter": "outpatient", "purpose": "diagnosis"}
    answer = signed_in("clinician").post(reverse("why-imagine", args=[region.person_id]), asked | wrong)

    assert answer.status_code == 422


@pytest.mark.browser
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("size", [DESK, PHONE])
def test_a_clinician_follows_an_answer_to_its_reasons(
    open_page: Callable[..., Page], size: tuple[int, int]
) -> None:
    page = open_page(size)
    sign_in(page)
    find_patient(page)
    ask(page, "HbA1c", "Glu", "CBC")
    page.get_by_role("article", name="糖化血红蛋白").get_by_text("依据", exact=True).first.click()
    page.get_by_role("link", name="逐条规则与依据").first.click()

    expect(page.get_by_role("heading", name="糖化血红蛋白")).to_be_visible()
    expect(page.get_by_role("rowheader", name="互认时限").first).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    assert Axe().run(page).response["violations"] == []
