"""The rules of a region: drafted by one, signed by another, in a real browser; and who may do what."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta
from html import unescape
from uuid import UUID

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.http import QueryDict
from django.test import Client
from django.urls import reverse
from playwright.sync_api import Page, expect

from tests.browser.conftest import DESK, PHONE
from tests.browser.small_region import PASSWORD, PATIENT, RECEIVER, SOURCE, SmallRegion
from tests.browser.test_supervision import sign_in
from yijian.demo.drafts import AUTHOR, draft_rules
from yijian.domains.identity.values import EncounterType
from yijian.domains.institutions.models import Institution
from yijian.domains.recognition import api as recognition
from yijian.domains.recognition.services.previews import advance_previews
from yijian.domains.recognition.values import MatchRequest, RequestedItem
from yijian.domains.results.values import Encounter
from yijian.domains.sharing import api as sharing
from yijian.domains.sharing.models import Right, Suspension
from yijian.domains.sharing.values import Agreement, RegionOptions, Scope, ScopeKind, Window
from yijian.foundation.accounts.models import Role, User
from yijian.foundation.audit.models import AuditEntry
from yijian.kit.clock import CHINA, now
from yijian.web.rules.editor import Editor

COMMISSION = "HB-WJW"


def today() -> date:
    return now().astimezone(CHINA).date()


def appoint(username: str, institution: str, role: Role = Role.SUPERVISOR) -> User:
    return User.objects.create_user(
        username, password=PASSWORD, role=role, institution_code=institution, display_name=username
    )


def staff() -> None:
    """Give the province a commission with two supervisors."""
    Institution.objects.create(
        code=COMMISSION,
        name_zh="江汉省卫生健康委",
        region_id="42",
        level=0,
        kind="commission",
        ownership="public",
        active_from=date(2000, 1, 1),
    )
    appoint("fang", COMMISSION)
    appoint("wu", COMMISSION)


def ask(code: str = "K") -> str:
    """Have the receiving hospital ask for an item; return the outcome."""
    request = MatchRequest(
        patient=PATIENT,
        encounter=Encounter(type=EncounterType.OUTPATIENT, number="V1"),
        items=(RequestedItem(system="item", code=code),),
    )
    answer = recognition.match_order(
        RECEIVER, request, channel="web", actor="tester", at=now(), view=recognition.View()
    )
    return str(answer.document["items"][0]["outcome"])


def agreement() -> sharing.RuleVersion:
    return next(e for e in sharing.list_versions("agreement") if e.state == "signed")


def draft(author: str = "fang", **changes: object) -> sharing.VersionKey:
    value = replace(agreement().value, **{"effective_from": today()} | changes)  # type: ignore[arg-type]
    return sharing.draft_version(value, author=author, at=now())


def previewed() -> dict[str, object]:
    """Return a preview that found nothing."""
    return recognition.Preview(now() - timedelta(days=30), now()).as_document()


def address(name: str, key: sharing.VersionKey) -> str:
    return reverse(name, args=[key.kind, key.number])


@pytest.fixture
def province(region: SmallRegion) -> SmallRegion:
    staff()
    return region


def enter(username: str) -> Client:
    client = Client()
    client.force_login(User.objects.get(username=username))
    return client


@pytest.mark.browser
@pytest.mark.django_db(transaction=True)
def test_a_shorter_window_is_drafted_previewed_and_signed_by_another(
    open_page: Callable[[tuple[int, int]], Page], live_region: SmallRegion
) -> None:
    staff()
    before = ask()
    first, second = open_page(DESK), open_page(DESK)
    sign_in(first, "fang")
    first.get_by_role("link", name="互认规则").click()
    first.get_by_role("link", name="湖北省检查检验结果互认").click()
    first.get_by_role("button", name="以此起草新版").click()

    first.get_by_label("生效日期").fill(today().isoformat())
    first.get_by_role("button", name="加一条时限").click()
    first.get_by_label("项目名称或代码").fill("没有的项目")
    first.get_by_label("时限", exact=True).fill("12")
    first.get_by_role("button", name="保存草稿").click()
    expect(first.get_by_text("目录中没有：没有的项目")).to_be_visible()
    first.get_by_label("项目名称或代码").fill("钾")
    first.get_by_label("单位").select_option("hours")
    first.get_by_role("button", name="保存草稿").click()
    expect(first.get_by_text("钾：12 小时")).to_be_visible()

    first.get_by_label("起", exact=True).fill((today() - timedelta(days=30)).isoformat())
    first.get_by_label("止", exact=True).fill(today().isoformat())
    first.get_by_role("button", name="预演").click()
    expect(first.get_by_text("正在预演")).to_be_visible()
    assert advance_previews()
    expect(first.get_by_role("cell", name="不可互认").first).to_be_visible()
    expect(first.locator("#progress")).to_contain_text("临湖市中心医院")
    first.get_by_role("button", name="提交签署").click()
    expect(first.get_by_text("等待另一人签署；起草人")).to_be_visible()
    expect(first.get_by_role("button", name="签署", exact=True)).to_have_count(0)
    assert ask() == before

    sign_in(second, "wu")
    second.goto("/rules/")
    second.get_by_role("region", name="草稿与待签署").get_by_role("link").first.click()
    second.get_by_role("link", name="与前一版比较").click()
    expect(second.locator(".come")).to_have_text("加上：钾：12 小时")
    second.go_back()
    second.get_by_role("button", name="签署", exact=True).click()
    expect(second.get_by_text("执行中").first).to_be_visible()
    assert (before, ask()) == ("may_recognise", "not_recognisable")
    assert AuditEntry.objects.filter(action="web.rules_signed", actor="wu").exists()


@pytest.mark.browser
@pytest.mark.django_db(transaction=True)
def test_the_first_agreement_of_a_name_is_written_and_signed_on_the_screen(
    open_page: Callable[[tuple[int, int]], Page], live_region: SmallRegion
) -> None:
    staff()
    Right.objects.all().delete()
    first, second = open_page(DESK), open_page(DESK)
    sign_in(first, "fang")
    first.goto("/rules/")
    first.get_by_role("link", name="新的协议或选项").click()
    first.get_by_label("名称", exact=True).fill("武汉市医共体互认")
    first.get_by_label("英文名称").fill("Wuhan consortia")
    first.get_by_label("协议代码").fill("HB")
    first.get_by_label("生效日期").fill((today() - timedelta(days=1)).isoformat())
    first.get_by_label("适用范围").select_option(label="市 · 武汉市")
    first.get_by_role("button", name="加一个成员").click()
    first.get_by_label("代码（可按名称选择）").fill(SOURCE)
    first.get_by_role("button", name="加一个成员").click()
    members = first.get_by_label("代码（可按名称选择）")
    expect(members).to_have_count(2)
    members.last.fill(RECEIVER)
    first.get_by_text("下级认上级", exact=True).click()
    first.get_by_label("来源须有互认标识").uncheck()
    first.get_by_role("button", name="加一条时限").click()
    first.get_by_label("时限", exact=True).fill("3")
    first.get_by_label("来源", exact=True).fill("武卫通〔2026〕9号")
    first.get_by_role("button", name="保存草稿").click()
    expect(first.get_by_text("已有这个代码的协议")).to_be_visible()
    first.get_by_label("协议代码").fill("WH-YGT")
    first.get_by_role("button", name="保存草稿").click()
    expect(first.get_by_text("全部项目：3 天")).to_be_visible()
    first.get_by_role("button", name="预演").click()
    assert advance_previews()
    first.get_by_role("button", name="提交签署").click()
    assert ask("Na") != "recognise"

    sign_in(second, "wu")
    second.goto("/rules/")
    second.get_by_role("link", name="武汉市医共体互认").click()
    sign = second.get_by_role("button", name="签署", exact=True)
    sign.click()
    expect(sign).to_have_count(0)
    expect(second.get_by_text("执行中").first).to_be_visible()
    assert ask("Na") == "recognise"


@pytest.mark.browser
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("size", [DESK, PHONE])
def test_every_screen_of_the_rules_fits_its_window_and_is_accessible(
    open_page: Callable[[tuple[int, int]], Page], live_region: SmallRegion, size: tuple[int, int]
) -> None:
    staff()
    ask()
    key = draft(windows=(Window(12, "K"), Window(24, category="lab", care_setting="inpatient")))
    options = RegionOptions(Scope(ScopeKind.PROVINCE, "42"), 1, today(), source="测试")
    settled = sharing.draft_version(options, author="fang", at=now())
    run = recognition.begin_preview(key, now() - timedelta(days=30), now(), by="fang", at=now())
    advance_previews()
    page = open_page(size)
    sign_in(page, "fang")
    visited = [
        "/rules/",
        "/rules/?on=2021-05-01",
        "/rules/new/agreement?region=hubei&name=HB-HR",
        "/rules/new/options",
        "/rules/published/",
        "/rules/published/jiangsu/",
        address("rules-version", agreement().key),
        address("rules-version", key),
        address("rules-edit", key),
        f"{address('rules-compare', key)}?with={agreement().key.number}",
        reverse("rules-preview-run", args=[run]),
        address("rules-version", settled),
        address("rules-edit", settled),
        "/rules/facts/",
        "/rules/facts/raise",
    ]
    for place in visited:
        page.goto(place)
        wide = page.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth")
        assert not wide, place
        found = Axe().run(page, options={"runOnly": ["wcag2a", "wcag2aa"]})
        assert found.violations_count == 0, (place, found.generate_report())


@pytest.mark.django_db
def test_an_author_cannot_sign_and_an_unpreviewed_draft_is_not_submitted(province: SmallRegion) -> None:
    key, author = draft(), enter("fang")
    author.post(address("rules-submit", key))
    assert sharing.get_version(key).state == "draft"

    sharing.submit_version(key, previewed(), by="fang", at=now())
    author.post(address("rules-sign", key))
    assert sharing.get_version(key).state == "submitted"


@pytest.mark.django_db
def test_an_edit_after_the_preview_needs_another_one(province: SmallRegion) -> None:
    key = draft()
    recognition.begin_preview(key, now() - timedelta(days=30), now(), by="fang", at=now())
    advance_previews()
    sharing.edit_draft(key, replace(agreement().value, source="改过"), by="fang")

    preview = recognition.find_latest_preview(key)
    assert preview is not None
    assert not preview.current
    enter("fang").post(address("rules-submit", key))
    assert sharing.get_version(key).state == "draft"


@pytest.mark.django_db
def test_a_version_is_sent_back_with_a_reason_and_edited_again(province: SmallRegion) -> None:
    key, second = draft(), enter("wu")
    sharing.submit_version(key, previewed(), by="fang", at=now())
    second.post(address("rules-send-back", key), {"reason": " "})
    assert sharing.get_version(key).state == "submitted"

    second.post(address("rules-send-back", key), {"reason": "时限过短"})
    found = sharing.get_version(key)
    assert (found.state, found.returned_by, found.return_reason) == ("draft", "wu", "时限过短")
    shown = enter("fang").get(address("rules-version", key)).content.decode()
    assert "时限过短" in shown
    assert enter("fang").get(address("rules-edit", key)).status_code == 200


@pytest.mark.django_db
def test_a_citys_supervisor_reads_the_provinces_rules_and_writes_none(province: SmallRegion) -> None:
    key, city = draft(), enter("supervisor")
    signed = agreement().key

    assert city.get(address("rules-version", signed)).status_code == 200
    assert city.get(address("rules-version", key)).status_code == 404
    assert city.post(address("rules-draft", signed)).status_code == 403
    for act in ("edit", "preview", "submit", "sign", "send-back", "withdraw"):
        assert city.post(address(f"rules-{act}", key)).status_code == 404
    assert sharing.get_version(key).state == "draft"


@pytest.mark.django_db
@pytest.mark.parametrize(("institution", "status"), [(RECEIVER, 200), ("NOWHERE", 404)])
def test_a_clinician_reads_what_binds_the_own_institution(
    province: SmallRegion, institution: str, status: int
) -> None:
    appoint("doctor", institution, Role.CLINICIAN)
    assert enter("doctor").get(address("rules-version", agreement().key)).status_code == status
    assert enter("doctor").get(address("rules-version", draft())).status_code == 404


@pytest.mark.django_db
def test_what_held_on_a_day_is_listed_for_that_day(province: SmallRegion) -> None:
    client = enter("fang")
    assert client.get("/rules/?on=2022-02-28").context["holding"] == []
    (held,) = client.get("/rules/?on=2022-03-01").context["holding"]
    assert (held.version.value.code, held.state) == ("HB", "in_force")


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("entered", "fault"),
    [
        ({"effective_from": "2020-01-01"}, "不能早于今天"),
        ({"effective_until": "2020-01-01"}, "须晚于生效日期"),
        ({"directions": []}, "至少选一个方向"),
        ({"all_items": "listed"}, "请选择项目"),
        ({"source": ""}, "这个字段是必填项"),
        ({"parties-count": "1", "parties-0-kind": "city", "parties-0-code": "9999"}, "没有登记这个代码"),
        (
            {
                "windows-count": "2",
                **{f"windows-{n}-{k}": v for n in "01" for k, v in (("number", "3"), ("unit", "days"))},
            },
            "写了两次",
        ),
    ],
)
def test_says_at_the_field_what_is_wrong(province: SmallRegion, entered: dict[str, str], fault: str) -> None:
    key = draft()
    sound = {
        "name_zh": "湖北",
        "name_en": "Hubei",
        "directions": ["same"],
        "all_items": "all",
        "clock": "report",
        "effective_from": today().isoformat(),
        "source": "测试",
    }
    answer = enter("fang").post(address("rules-edit", key), sound | entered)
    assert answer.status_code == 422
    assert fault in answer.content.decode()
    assert enter("fang").post(address("rules-edit", key), sound).status_code == 302


@pytest.mark.django_db
@pytest.mark.parametrize("rules", sharing.list_published())
def test_saving_the_form_untouched_changes_nothing(province: SmallRegion, rules: str) -> None:
    published = sharing.get_published(rules)
    values: list[Agreement | RegionOptions] = [*published.agreements, *published.options]
    for value in values:
        here = replace(value, parties=()) if isinstance(value, Agreement) else value
        editor = Editor(here, as_sent(Editor(here)))
        assert editor.is_valid(), (editor.form.errors, [each.fault for each in editor.rows.values()])
        assert sharing.compare_versions(here, editor.edited()) == []


def as_sent(shown: Editor) -> QueryDict:
    """Return what a browser sends of a form nobody touched."""
    sent = QueryDict(mutable=True)
    for bound in shown.form:
        value = bound.value()
        if isinstance(value, bool):
            sent.update({bound.html_name: "on"} if value else {})
        elif bound.widget_type == "checkboxselectmultiple":
            sent.setlist(bound.html_name, [each.data["value"] for each in bound if each.data["selected"]])
        elif value is not None:
            sent[bound.html_name] = str(value)
    for field, rows in shown.rows.items():
        sent[f"{field}-count"] = str(len(rows.forms))
        for form in rows.forms:
            sent.update({bound.html_name: str(bound.value() or "") for bound in form})
    for field, chosen in shown.chosen.items():
        sent.setlist(field, [item.code for item in chosen])
    return sent


@pytest.mark.django_db
def test_a_published_rule_fills_the_form_once_and_is_offered_no_more(province: SmallRegion) -> None:
    client, address = enter("fang"), reverse("rules-new", args=["agreement"])
    (published,) = [e for e in sharing.get_published("hubei").agreements if e.code == "HB-HR"]
    filled = client.get(f"{address}?region=hubei&name=HB-HR").context["editor"]

    client.post(address, dict(as_sent(filled).lists()))

    (kept,) = [each for each in sharing.list_versions("agreement") if each.state == "draft"]
    assert sharing.compare_versions(published, kept.value) == []
    assert "HB-HR" not in {each.name for each in client.get(address).context["beginnings"]}
    assert client.get("/rules/new/nothing").status_code == 404


@pytest.mark.django_db
def test_a_reason_of_the_region_has_one_meaning(province: SmallRegion) -> None:
    editor = enter("fang").get(reverse("rules-new", args=["options"])).context["editor"]
    sent = as_sent(editor)
    sent.update({"source": "测试", "scope": "province:42", "decline_reasons-count": "2"})
    for place in "01":
        row = {"code": "N1", "name_zh": "重复", "situation": "6"}
        sent.update({f"decline_reasons-{place}-{name}": value for name, value in row.items()})

    answer = enter("fang").post(reverse("rules-new", args=["options"]), sent)

    assert answer.status_code == 422
    assert "这个代码写了两次：N1" in answer.content.decode()


@pytest.mark.django_db
def test_an_institution_is_suspended_by_its_own_region_from_a_moment_on(province: SmallRegion) -> None:
    entered = {
        "kind": "institution",
        "institution": SOURCE,
        "item": "钾",
        "starts_at": "2026-01-01T08:00",
        "reason": "室内质控失控",
        "source": "鄂卫通〔2026〕1号",
    }
    client = enter("fang")
    assert client.post(reverse("rules-raise"), entered | {"institution": "X"}).status_code == 422
    assert client.post(reverse("rules-raise"), entered).status_code == 302
    fact = Suspension.objects.get()
    assert (fact.institution_id, fact.item_id, fact.raised_by) == (SOURCE, "K", "fang")
    assert fact.starts_at.astimezone(CHINA).isoformat() == "2026-01-01T08:00:00+08:00"

    address = reverse("rules-fact-withdraw", args=[fact.pk])
    client.post(address, {"reason": ""})
    assert Suspension.objects.get().withdrawn_at is None
    client.post(address, {"reason": "已整改"})
    assert "已整改" in client.get("/rules/facts/?show=past").content.decode()


@pytest.mark.django_db
def test_a_region_suspends_an_item_for_itself(province: SmallRegion) -> None:
    entered = {
        "kind": "negative_list",
        "item": "钾",
        "region": "42",
        "starts_at": "2026-01-01T08:00",
        "reason": "变化快",
        "source": "鄂卫通〔2026〕2号",
    }
    client = enter("fang")
    assert enter("supervisor").post(reverse("rules-raise"), entered).status_code == 422
    assert client.post(reverse("rules-raise"), entered).status_code == 302
    fact = Suspension.objects.get()
    assert (fact.region_id, fact.item_id, fact.institution_id) == ("42", "K", None)
    listed = client.get(reverse("rules-facts")).content.decode()
    assert "湖北省" in listed
    assert reverse("rules-fact-withdraw", args=[fact.pk]) in listed


@pytest.mark.django_db
def test_a_city_suspends_nothing_outside_itself(province: SmallRegion) -> None:
    Institution.objects.filter(code=SOURCE).update(region_id="42")
    entered = {
        "kind": "institution",
        "institution": SOURCE,
        "starts_at": "2026-01-01T08:00",
        "reason": "测试",
        "source": "测试",
    }
    item = entered | {"kind": "item", "institution": "", "item": "K"}
    for each in (entered, item):
        assert enter("supervisor").post(reverse("rules-raise"), each).status_code == 422
    assert not Suspension.objects.exists()


@pytest.mark.django_db
def test_an_unknown_preview_does_not_exist(province: SmallRegion) -> None:
    assert enter("fang").get(reverse("rules-preview-run", args=[UUID(int=1)])).status_code == 404


@pytest.mark.django_db
def test_the_demo_leaves_one_version_to_sign_and_no_second(province: SmallRegion) -> None:
    draft_rules()
    draft_rules()
    (waiting,) = [each for each in sharing.list_versions("agreement") if each.state != "signed"]
    assert (waiting.state, waiting.drafted_by) == ("submitted", AUTHOR)
    assert waiting.preview is not None
    enter("wu").post(address("rules-sign", waiting.key))
    assert sharing.get_version(waiting.key).state == "signed"


PUBLISHED = {
    "xinjiang_corps": ("采样（检查）时间", "血细胞分析：6 小时", "12 小时", "医联体内部互认"),
    "inner_mongolia": ("患者或家属要求复查", "来源实验室室间质评不合格", "距今时间过久", "NM10"),
    "jiangsu": ("二级乙等", "须有患者授权", "苏卫医政〔2022〕18号"),
    "hubei": ("★ = 鄂HR", "仅限公立机构", "30 天", "60 天", "7 天"),
    "shenyang": ("影像须可联网调阅",),
}


@pytest.mark.django_db
@pytest.mark.parametrize("name", sharing.list_published())
def test_whoever_reads_rules_reads_what_regions_published(province: SmallRegion, name: str) -> None:
    client = enter("clinician")
    listed = client.get(reverse("rules-published")).content.decode()
    page = client.get(reverse("rules-published-region", args=[name]))
    told = page.content.decode()

    assert page.status_code == 200
    assert sharing.get_published(name).name_zh in listed
    assert [words for words in PUBLISHED.get(name, ()) if words not in told] == []
    assert all(line in unescape(told) for line in sharing.get_published(name).assumed)
    assert client.get(reverse("rules-published-region", args=["atlantis"])).status_code == 404
