"""The patient's will, from both sides of the desk, in a real browser."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta
from functools import partial
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from playwright.sync_api import Page, expect

from tests.browser.conftest import DESK, PHONE
from tests.browser.small_region import PASSWORD, RECEIVER, SOURCE, SmallRegion
from tests.browser.test_journey import find_patient, sign_in
from yijian.domains.consent import api as consent
from yijian.domains.consent.models import BreakGlass, Consent, PatientAccount
from yijian.domains.consent.values import Category, ObjectionKind, Relation, Way
from yijian.domains.identity.models import Person
from yijian.domains.sharing import models as sharing
from yijian.domains.sharing.rows import options_row
from yijian.domains.sharing.values import DEFAULT_OPTIONS, AuthorisationPolicy, Scope, ScopeKind
from yijian.foundation.accounts.models import Role, User
from yijian.foundation.audit.models import AuditEntry
from yijian.kit.clock import CHINA, now
from yijian.kit.errors import Problem


def need_consent(**settings: Any) -> None:
    """Let the province ask for the patient's authorisation."""
    scope = Scope(ScopeKind.PROVINCE, "42")
    value = replace(
        DEFAULT_OPTIONS,
        scope=scope,
        version=1,
        effective_from=date(2020, 1, 1),
        authorisation=AuthorisationPolicy.CONSENT,
        source="测试",
        **settings,
    )
    sharing.RegionOptions.objects.create(**options_row(value))


def let_patient_in(region: SmallRegion) -> User:
    user = User.objects.create_user("zhao", password=PASSWORD, role=Role.PATIENT, display_name="赵建国")
    PatientAccount.objects.create(user=user, person_id=region.person_id)
    return user


def desk(actor: str = "clinician") -> consent.Recorder:
    options = consent.options_of(RECEIVER, now())
    assert options is not None
    return consent.Recorder(actor, RECEIVER, options)


@pytest.fixture
def clinician(region: SmallRegion) -> Client:
    client = Client()
    client.force_login(User.objects.get(username="clinician"))
    return client


@pytest.fixture
def patient(region: SmallRegion) -> Client:
    client = Client()
    client.force_login(let_patient_in(region))
    return client


@pytest.mark.browser
@pytest.mark.django_db(transaction=True)
def test_a_code_opens_and_its_withdrawal_closes(
    open_page: Callable[[tuple[int, int]], Page], live_region: SmallRegion
) -> None:
    need_consent()
    let_patient_in(live_region)
    doctor, phone = open_page(DESK), open_page(PHONE)
    sign_in(doctor)
    find_patient(doctor)
    expect(doctor.locator(".timeline-row")).to_have_count(0)
    expect(doctor.get_by_text("本地区须有患者授权")).to_be_visible()

    sign_in(phone, "zhao")
    phone.get_by_text("含敏感项目", exact=True).click()
    phone.get_by_role("button", name="生成授权码").click()
    code = phone.locator(".consent-code").inner_text()
    expect(phone.locator(".consent-picture")).to_be_visible()

    doctor.get_by_role("link", name="去登记").click()
    doctor.get_by_label("患者出示的授权码").fill(code)
    doctor.get_by_role("button", name="核验").click()
    expect(doctor.locator(".timeline-row")).to_have_count(8)

    phone.get_by_role("link", name="谁看过").click()
    expect(phone.locator(".will-row").first).to_contain_text("临湖市中心医院")
    expect(phone.locator(".will-row").first).to_contain_text("查看报告列表")
    expect(phone.locator(".will-row").first).to_contain_text("本人同意")
    phone.get_by_role("link", name="我的授权").click()
    phone.get_by_role("button", name="撤回").click()
    expect(phone.get_by_text("已撤回，从现在起不再显示")).to_be_visible()

    doctor.reload()
    expect(doctor.locator(".timeline-row")).to_have_count(0)
    assert Consent.objects.get().withdrawn_by == "zhao"


@pytest.mark.browser
@pytest.mark.django_db(transaction=True)
def test_a_no_on_paper_counts_at_once_and_the_patient_reads_and_lifts_it(
    open_page: Callable[[tuple[int, int]], Page], live_region: SmallRegion
) -> None:
    let_patient_in(live_region)
    doctor, phone = open_page(DESK), open_page(PHONE)
    sign_in(doctor)
    find_patient(doctor)
    expect(doctor.locator(".timeline-row")).not_to_have_count(0)
    doctor.get_by_role("link", name="授权").first.click()
    doctor.locator("summary", has_text="登记书面拒绝").click()
    doctor.get_by_label("不向其他机构提供我的任何报告").check()
    doctor.get_by_label("签字文件编号").fill("病案室 2026-117")
    doctor.get_by_label("签字人").select_option("parent")
    doctor.get_by_role("button", name="登记拒绝").click()
    expect(doctor.get_by_text("监护人签字时，请填写姓名")).to_be_visible()
    doctor.get_by_label("签字人").select_option("")
    doctor.get_by_role("button", name="登记拒绝").click()
    expect(doctor.get_by_role("region", name="患者拒绝")).to_contain_text("病案室 2026-117")
    doctor.goto(f"/patients/{live_region.person_id}/")
    expect(doctor.locator(".timeline-row")).to_have_count(0)

    sign_in(phone, "zhao")
    phone.goto("/my/will")
    expect(phone.get_by_text("书面登记于临湖市中心医院，编号 病案室 2026-117")).to_be_visible()
    phone.get_by_role("button", name="取消拒绝").click()
    doctor.reload()
    expect(doctor.locator(".timeline-row")).not_to_have_count(0)


@pytest.mark.django_db
def test_only_the_desk_that_took_the_paper_lifts_the_no(clinician: Client, region: SmallRegion) -> None:
    person = region.person_id
    online = consent.record_objection(person, ObjectionKind.SENSITIVE, by="zhao", at=now())
    elsewhere = consent.record_objection(
        person, ObjectionKind.SENSITIVE, by="x", at=now(), paper=consent.Paper(SOURCE, "P-1")
    )
    here = consent.record_objection(
        person, ObjectionKind.SENSITIVE, by="x", at=now(), paper=consent.Paper(RECEIVER, "P-2")
    )

    found = [
        clinician.post(reverse("authorise-lift", args=[person, each])).status_code
        for each in (online, elsewhere, here)
    ]

    assert found == [404, 404, 302]
    assert {each.objection_id for each in consent.list_objections(person) if each.lifted_at} == {here}


@pytest.mark.django_db
def test_for_a_child_the_guardian_signs_the_no(region: SmallRegion) -> None:
    born = now().date() - timedelta(days=3650)
    Person.objects.filter(person_id=region.person_id).update(birth_date=born)
    no = partial(consent.record_objection, region.person_id, ObjectionKind.EVERYTHING, by="x", at=now())

    with pytest.raises(Problem, match=r"consent\.child"):
        no(paper=consent.Paper(RECEIVER, "P-1"))
    assert no(paper=consent.Paper(RECEIVER, "P-1", "赵大山", Relation.PARENT))


@pytest.mark.browser
@pytest.mark.django_db(transaction=True)
def test_an_emergency_is_seen_by_the_patient_and_judged_by_another(
    open_page: Callable[[tuple[int, int]], Page], live_region: SmallRegion
) -> None:
    need_consent()
    let_patient_in(live_region)
    doctor = open_page(DESK)
    sign_in(doctor)
    find_patient(doctor)
    doctor.get_by_role("link", name="授权").first.click()
    doctor.locator("summary", has_text="紧急调阅").click()
    doctor.get_by_text("昏迷，无法表达").click()
    doctor.get_by_label("具体原因").fill("车祸昏迷，家属未到")
    doctor.get_by_role("button", name="紧急调阅").click()
    expect(doctor.locator(".timeline-row")).to_have_count(8)

    phone = open_page(PHONE)
    sign_in(phone, "zhao")
    expect(phone.get_by_text("紧急调阅了您的病历")).to_be_visible()
    expect(phone.locator(".look-broken").first).to_be_visible()

    boss = open_page(DESK)
    sign_in(boss, "administrator")
    boss.goto("/openings/")
    boss.get_by_role("button", name="不合理").click()
    expect(boss.get_by_role("alert")).to_contain_text("处理措施")
    boss.get_by_label("处理措施").fill("约谈")
    boss.get_by_role("button", name="不合理").click()
    expect(boss.get_by_text("没有待复核的紧急调阅")).to_be_visible()

    doctor.reload()
    expect(doctor.locator(".timeline-row")).to_have_count(0)


@pytest.mark.browser
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("size", [DESK, PHONE])
def test_every_screen_of_the_will_fits_its_window_and_is_accessible(
    open_page: Callable[[tuple[int, int]], Page], live_region: SmallRegion, size: tuple[int, int]
) -> None:
    let_patient_in(live_region)
    person = live_region.person_id
    given = consent.Given(Way.SIGNED_FORM, "all", document=b"%PDF-1.7", institution_code=RECEIVER)
    consent.record_consent(person, date(1968, 3, 14), given, desk(), at=now())
    consent.record_objection(person, ObjectionKind.SENSITIVE, by="zhao", at=now())
    consent.break_glass(person, Category.RESCUE, "抢救中，家属未到场", desk(), at=now())
    page = open_page(size)
    visited = {
        "clinician": [f"/patients/{person}/authorisation"],
        "zhao": ["/my/", "/my/looks", "/my/reused", "/my/will"],
        "administrator": ["/openings/"],
    }
    for username, addresses in visited.items():
        page.context.clear_cookies()
        sign_in(page, username)
        for address in addresses:
            page.goto(address)
            wide = page.evaluate(
                "document.documentElement.scrollWidth > document.documentElement.clientWidth"
            )
            assert not wide, address
            found = Axe().run(page, options={"runOnly": ["wcag2a", "wcag2aa"]})
            assert found.violations_count == 0, (address, found.generate_report())


@pytest.mark.django_db
@pytest.mark.parametrize(("days", "lasts"), [(None, 30), (0, 1), (6, 7), (400, 30)])
def test_a_consent_ends_as_the_patient_wishes_within_the_regions_term(
    clinician: Client, region: SmallRegion, days: int | None, lasts: int
) -> None:
    need_consent()
    today = now().astimezone(CHINA).date()
    wished = "" if days is None else (today + timedelta(days=days)).isoformat()
    signed = SimpleUploadedFile("form.pdf", b"%PDF-1.7 signed")
    entered = {"way": "signed_form", "scope": "all", "last_day": wished, "document": signed}

    assert clinician.post(reverse("authorise", args=[region.person_id]), entered).status_code == 302

    ends = Consent.objects.get().expires_at.astimezone(CHINA).date()
    assert ends == today + timedelta(days=lasts)


@pytest.mark.django_db
def test_a_consent_that_has_ended_is_not_recorded(clinician: Client, region: SmallRegion) -> None:
    entered = {"way": "guardian", "last_day": "2020-01-01", "guardian_name": "王芳"}
    page = clinician.post(
        reverse("authorise", args=[region.person_id]),
        entered | {"relation": "parent", "document_no": "420106196803143518"},
    )
    assert (page.status_code, "不能早于今天" in page.content.decode()) == (422, True)
    assert not Consent.objects.exists()


@pytest.mark.django_db
def test_without_consent_a_report_of_elsewhere_looks_like_none(
    clinician: Client, region: SmallRegion
) -> None:
    need_consent()

    for name, arguments in (
        ("report", [region.blood_count]),
        ("report-document", [region.blood_count]),
        ("report-rows", [region.person_id, region.blood_count]),
    ):
        assert clinician.get(reverse(name, args=arguments)).status_code == 404
    assert "报告" in clinician.get(reverse("timeline", args=[region.person_id])).content.decode()
    assert not AuditEntry.objects.filter(action="web.report").exists()


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("kind", "hidden"), [("everything", True), ("institution", True), ("sensitive", False)]
)
def test_the_patients_no_closes_every_page_at_once(
    clinician: Client, patient: Client, region: SmallRegion, kind: str, hidden: bool
) -> None:
    entered = {"kind": kind, "institution": RECEIVER, "sensitivities": ["hiv"]}
    assert patient.post(reverse("my-object"), entered).status_code == 302

    shown = clinician.get(reverse("report", args=[region.blood_count]))
    assert (shown.status_code == 404) == hidden
    clinician.post(reverse("authorise", args=[region.person_id]), {"way": "spoken", "scope": "all"})
    assert clinician.get(reverse("report", args=[region.sensitive])).status_code == 404


@pytest.mark.django_db
def test_a_look_names_the_consent_it_rests_on(clinician: Client, region: SmallRegion) -> None:
    clinician.post(reverse("authorise", args=[region.person_id]), {"way": "spoken", "scope": "all"})
    clinician.get(reverse("report", args=[region.sensitive]))

    entry = AuditEntry.objects.get(action="web.report")
    assert entry.legal_basis == "patient_consent"
    assert entry.detail["consent_id"] == str(Consent.objects.get().consent_id)


@pytest.mark.django_db
def test_a_signed_form_is_checked_kept_and_handed_out_to_its_institution_alone(
    clinician: Client, region: SmallRegion
) -> None:
    address = reverse("authorise", args=[region.person_id])
    entered = {"way": "signed_form", "scope": "all", "receiver": "own"}
    program = SimpleUploadedFile("consent.pdf", b"MZ\x90", "application/pdf")
    assert clinician.post(address, entered | {"document": program}).status_code == 422
    scan = SimpleUploadedFile("consent.exe", b"%PDF-1.7 signed")
    assert clinician.post(address, entered | {"document": scan}).status_code == 302

    form = reverse("signed-form", args=[region.person_id, Consent.objects.get().consent_id])
    answer = clinician.get(form)
    assert (answer.content, answer["Content-Type"]) == (b"%PDF-1.7 signed", "application/pdf")
    stranger = Client()
    stranger.force_login(User.objects.create_user("other", role=Role.CLINICIAN, institution_code=SOURCE))
    assert stranger.get(form).status_code == 404


@pytest.mark.django_db
def test_a_patient_sees_and_changes_nobody_elses_will(patient: Client, region: SmallRegion) -> None:
    stranger = User.objects.create_user("nobody", role=Role.PATIENT)
    client = Client()
    client.force_login(stranger)
    given = consent.Given(Way.SPOKEN)
    consent_id = consent.record_consent(region.person_id, date(1968, 3, 14), given, desk(), at=now())

    assert client.get(reverse("my")).status_code == 404
    assert client.post(reverse("my-withdraw", args=[consent_id])).status_code == 404
    assert Consent.objects.get().withdrawn_at is None
    assert patient.post(reverse("my-withdraw", args=[consent_id])).status_code == 302
    assert Consent.objects.get().withdrawn_at is not None


@pytest.mark.django_db
def test_a_supervisor_judges_only_what_lies_in_its_region(region: SmallRegion) -> None:
    consent.break_glass(region.person_id, Category.RESCUE, "抢救中，家属未到场", desk(), at=now())
    elsewhere = Client()
    elsewhere.force_login(User.objects.create_user("far", role=Role.SUPERVISOR, institution_code="NOWHERE"))
    opening = BreakGlass.objects.get()
    address = reverse("opening-review", args=[region.person_id, opening.opening_id])

    assert "抢救中" not in elsewhere.get(reverse("openings")).content.decode()
    assert elsewhere.post(address, {"verdict": "justified"}).status_code == 404
    assert BreakGlass.objects.get().verdict == ""


@pytest.mark.django_db
def test_who_looked_is_paged_and_leaves_out_ones_own_doings(
    clinician: Client, patient: Client, region: SmallRegion
) -> None:
    for _ in range(25):
        clinician.get(reverse("report", args=[region.blood_count]))
    patient.post(reverse("my-code"), {"scope": "all"})

    first = patient.get(reverse("my-looks"))
    assert len(first.context["looks"]) == 20
    second = patient.get(reverse("my-looks") + first.context["earlier"])
    assert len(second.context["looks"]) == 5
