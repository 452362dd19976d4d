"""The rules that regions published, as their files say them: who takes what from whom, until when."""

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.recognition.world import ITEMS, LONG_AGO, NOW, candidate, order, rulebook
from yijian.domains.identity.values import EncounterType
from yijian.domains.institutions.values import InstitutionProfile, Membership
from yijian.domains.recognition.rules import decide
from yijian.domains.recognition.values import AnsweredItem
from yijian.domains.sharing.published import get_published, list_published
from yijian.domains.sharing.rules import options_for, standing_of, window_hours
from yijian.domains.sharing.values import Agreement, AuthorisationPolicy, Right, Scope, ScopeKind

LABELS = {
    ("nation", "CN"): "全国HR",
    ("province", "42"): "鄂HR",
    ("city", "4201"): "武汉HR",
    ("city", "4206"): "襄阳HR",
    ("province", "15"): "全区HR",
    ("province", "32"): "苏HR",
    ("province", "66"): "兵团HR",
    ("city", "3607"): "赣州HR",
    ("city", "2101"): "沈阳HR",
}


def institution(code: str, text: str, region: str) -> InstitutionProfile:
    """Return an institution of a standing such as `三级甲等`, optionally with ·民营 or ·医共体."""
    standing, _, remark = text.partition("·")
    regions = ("CN", *(region[:length] for length in (2, 4, 6) if len(region) >= length))
    return InstitutionProfile(
        code,
        code,
        code,
        standing_of(standing) // 10,
        "" if "未定" in standing else standing[2:],
        "hospital",
        regions,
        (Membership("YLT", LONG_AGO),) if remark == "医共体" else (),
        ownership="private" if remark == "民营" else "public",
    )


def answer(
    region: str,
    source: tuple[str, str],
    receiver: tuple[str, str],
    mark: tuple[str, str] | None,
    item: str = "K",
    encounter: EncounterType = EncounterType.OUTPATIENT,
    **changes: object,
) -> AnsweredItem:
    published = get_published(region)
    profiles = {
        "SOURCE": institution("SOURCE", *source),
        "RECEIVER": institution("RECEIVER", *receiver),
    }
    rights = {}
    if mark:
        held = Right(
            Scope(ScopeKind(mark[0]), mark[1]), LABELS[mark], LONG_AGO, NOW.date() + timedelta(days=99)
        )
        rights["SOURCE", item] = (held,)
    rules = rulebook(
        institutions=profiles,
        agreements=published.agreements,
        options=published.options,
        rights=rights,
    )
    found = candidate(item, institution_code="SOURCE", **changes)
    question = replace(
        order(item), institution_code="RECEIVER", encounter_type=encounter, shows_sensitive=True
    )
    return decide(rules, question, [found]).items[0]


RULES = """
hubei 三级甲等 420102 三级乙等 420602 province:42 recognise right.covers
hubei 三级甲等 420102 三级甲等 420106 city:4201 recognise right.covers
hubei 三级甲等 420102 三级甲等 420602 city:4201 may_recognise scope.excluded
hubei 三级甲等 420602 三级甲等 420102 city:4206 may_recognise scope.excluded
hubei 三级甲等 420102 二级甲等 420106 province:42 may_recognise direction.excluded
hubei 三级乙等·民营 420102 三级甲等 420106 province:42 may_recognise scope.excluded
inner_mongolia 二级甲等 150102 二级乙等 150402 province:15 recognise direction.accepted
inner_mongolia 三级甲等 150102 一级甲等 150402 province:15 recognise direction.accepted
inner_mongolia 二级甲等 150404 三级甲等 150402 province:15 recognise direction.accepted
inner_mongolia 二级甲等 150102 三级甲等 150402 province:15 may_recognise direction.excluded
jiangsu 二级乙等 320102 一级甲等 320202 province:32 recognise direction.accepted
jiangsu 二级甲等 320102 三级甲等 320202 province:32 recognise direction.accepted
jiangsu 三级甲等 320102 二级乙等 320202 province:32 recognise direction.accepted
jiangsu 二级乙等 320102 三级甲等 320202 province:32 may_recognise direction.conditional
jiangsu 二级乙等 320102 二级甲等 320202 province:32 may_recognise direction.excluded
jiangsu 一级乙等·医共体 320102 三级甲等·医共体 320202 unmarked recognise right.covers
jiangsu 一级乙等·医共体 320102 三级甲等 320202 unmarked may_recognise right.absent
xinjiang_corps 三级甲等 66 二级甲等 66 province:66 recognise direction.accepted
xinjiang_corps 二级甲等 66 三级甲等 66 province:66 may_recognise direction.excluded
xinjiang_corps 一级甲等·医共体 66 三级甲等·医共体 66 unmarked recognise right.covers
ganzhou 三级甲等 360702 三级乙等 360703 city:3607 recognise direction.accepted
ganzhou 三级乙等 360702 三级甲等 360703 city:3607 may_recognise direction.excluded
ganzhou 三级甲等·民营 360702 三级乙等 360703 city:3607 may_recognise scope.excluded
nation 一级甲等 150102 三级甲等 420102 nation:CN recognise right.covers
"""
"""Rules of, source and where, receiver and where, the source's mark, outcome, and a reason it must have."""


def _mark(text: str) -> tuple[str, str] | None:
    kind, _, code = text.partition(":")
    return (kind, code) if code else None


@pytest.mark.parametrize("rule", RULES.strip().splitlines())
def test_who_takes_what_from_whom(rule: str) -> None:
    region, source, there, receiver, here, mark, outcome, reason = rule.split()
    found = answer(region, (source, there), (receiver, here), _mark(mark), hours_ago=2)
    assert found.outcome.value == outcome
    assert reason in {each.code for each in found.reasons}


HUBEI, BT = ("province", "42"), ("province", "66")
WITHIN, OVER = ("recognise", "window.within"), ("not_recognisable", "window.expired")
CORPS = ("xinjiang_corps", ("三级甲等", "66"), BT)
PROVINCE = ("hubei", ("三级甲等", "420102"), HUBEI)


@pytest.mark.parametrize(
    ("where", "item", "hours", "expected"),
    [
        (CORPS, "WBC", 6, WITHIN),
        (CORPS, "WBC", 7, OVER),
        (CORPS, "UCre", 12, WITHIN),
        (CORPS, "UDPro", 13, OVER),
        (CORPS, "TSH", 7 * 24, WITHIN),
        (CORPS, "HBVDNA", 7 * 24 + 1, OVER),
        (PROVINCE, "TC", 30 * 24, WITHIN),
        (PROVINCE, "TC", 30 * 24 + 1, OVER),
        (PROVINCE, "HbA1c", 60 * 24, WITHIN),
        (PROVINCE, "K", 7 * 24, WITHIN),
        (PROVINCE, "K", 7 * 24 + 1, OVER),
    ],
)
def test_how_long_a_result_stands(
    where: tuple[str, tuple[str, str], tuple[str, str]], item: str, hours: int, expected: tuple[str, str]
) -> None:
    region, place, mark = where
    changes = {"specimen": specimen_of(item), "unit": ITEMS[item].unit}
    found = answer(region, place, place, mark, item, hours_ago=hours, **changes)
    codes = {each.code for each in found.reasons} - {"method.not_comparable"}
    assert expected[1] in codes
    if "method.not_comparable" not in {each.code for each in found.reasons}:
        assert found.outcome.value == expected[0]


ROADS = {
    "HB-HR": (("三级甲等", "420102"), ("三级甲等", "420602"), HUBEI),
    "BT": (("三级甲等", "66"), ("三级甲等", "66"), BT),
    "BT-YLT": (("一级甲等·医共体", "66"), ("三级甲等·医共体", "66"), None),
}
"""Source and receiver that one agreement alone binds, and the source's mark."""
WINDOWS = [
    (region, agreement, item, window_hours(agreement.windows, ITEMS[item], ""))
    for region in list_published()
    for agreement in get_published(region).agreements
    if agreement.windows
    for item in ITEMS
    if any(
        item == w.item_code or (w.category and ITEMS[item].section.startswith(w.category))
        for w in agreement.windows
    )
]


@given(st.sampled_from(WINDOWS), st.sampled_from(EncounterType))
def test_every_published_window_includes_its_last_moment_and_nothing_later(
    window: tuple[str, Agreement, str, int], encounter: EncounterType
) -> None:
    region, agreement, item, hours = window
    source, receiver, mark = ROADS[agreement.code]
    changes = {"specimen": specimen_of(item), "unit": ITEMS[item].unit}
    for late, expected in ((0.0, "window.within"), (1 / 3600, "window.expired")):
        found = answer(region, source, receiver, mark, item, encounter, hours_ago=hours + late, **changes)
        assert expected in {each.code for each in found.reasons}
        assert (found.outcome.value == "not_recognisable") or not late
        assert found.best is not None
        assert found.best.agreement == f"{agreement.code}@1"


def specimen_of(item: str) -> str:
    wanted = ITEMS[item].specimen
    return "serum" if wanted and wanted.startswith("serum") else str(wanted)


def test_corps_windows_start_with_collection() -> None:
    late = answer(
        *CORPS[:2], CORPS[1], BT, "WBC", hours_ago=7, specimen="blood", reported_at=NOW - timedelta(hours=1)
    )
    assert late.outcome.value == "not_recognisable"


def test_jiangsu_asks_for_the_patients_consent() -> None:
    rules = rulebook(options=get_published("jiangsu").options)
    on = NOW.date()
    assert (
        options_for(rules, institution("A", "二级甲等", "320102"), on).authorisation
        is AuthorisationPolicy.CONSENT
    )
    assert (
        options_for(rules, institution("B", "二级甲等", "420102"), on).authorisation
        is AuthorisationPolicy.NONE_NEEDED
    )


def test_inner_mongolia_names_ten_reasons_under_the_six_situations() -> None:
    (options,) = get_published("inner_mongolia").options
    assert len(options.decline_reasons) == 10
    assert {each.situation for each in options.decline_reasons} == set("123456")


@pytest.mark.parametrize(("url", "outcome"), [("https://pacs.example/1", "recognise"), ("", "may_recognise")])
def test_shenyang_asks_for_images_that_open_over_the_internet(url: str, outcome: str) -> None:
    (options,) = get_published("shenyang").options
    nation = get_published("nation")
    place, held = ("三级甲等", "210102"), ("nation", "CN")
    profiles = {code: institution(code, *place) for code in ("SOURCE", "RECEIVER")}
    item = "IMG-CT-CHEST-PLAIN"
    right = Right(Scope(ScopeKind(held[0]), held[1]), "全国HR", LONG_AGO, NOW.date())
    rules = rulebook(
        institutions=profiles,
        agreements=nation.agreements,
        options=(*nation.options, options),
        rights={("SOURCE", item): (right,)},
    )
    found = candidate(
        item, institution_code="SOURCE", specimen="", image_status="available", image_url=url, hours_ago=5
    )
    answered = decide(rules, replace(order(item), institution_code="RECEIVER"), [found]).items[0]
    assert answered.outcome.value == outcome
    assert ("image.no_access" in {each.code for each in answered.reasons}) is (not url)


@pytest.mark.parametrize("region", list_published())
def test_every_rule_names_its_source_and_known_items(region: str) -> None:
    published = get_published(region)
    assert published.assumed
    for each in (*published.agreements, *published.options):
        assert each.source
    for agreement in published.agreements:
        named = {window.item_code for window in agreement.windows if window.item_code} | (
            agreement.items or set()
        )
        assert named <= set(ITEMS)
