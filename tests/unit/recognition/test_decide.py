"""The contract's table, line by line (§5: how conditions decide)."""

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

import pytest
from msgspec import structs

from tests.unit.recognition.world import (
    CITY,
    COMMUNITY,
    ITEMS,
    LONG_AGO,
    NATION,
    NATIONAL,
    NOW,
    PROVINCE,
    PROVINCIAL,
    candidate,
    order,
    ordered,
    right,
    rulebook,
)
from yijian.domains.identity.values import Certainty, EncounterType
from yijian.domains.recognition.rules import decide
from yijian.domains.recognition.values import AnsweredItem, Candidate, Order, Outcome, Purpose
from yijian.domains.sharing.values import (
    ClockStart,
    Direction,
    Method,
    Rulebook,
    ScopeKind,
    Suspension,
    SuspensionKind,
    Window,
)

RECOGNISE, MAY, NOT, NONE, UNAVAILABLE = Outcome


def answer(
    *candidates: Candidate, question: Order | None = None, book: Rulebook | None = None
) -> AnsweredItem:
    return decide(book or rulebook(), question or order(), candidates).items[0]


def codes(answered: AnsweredItem, *, holds: bool | None = None) -> set[str]:
    return {reason.code for reason in answered.reasons if holds is None or reason.holds is holds}


def suspension(kind: SuspensionKind, **changes: object) -> Suspension:
    base = Suspension(
        kind, NOW - timedelta(days=30), NOW - timedelta(days=1), item_code="K", reason="室间质评不合格"
    )
    return replace(base, **changes)  # type: ignore[arg-type]


def test_recognises_when_every_condition_holds() -> None:
    found = answer(candidate())
    assert found.outcome is RECOGNISE
    assert codes(found) == {
        "identity.certain",
        "item.same",
        "status.final",
        "right.covers",
        "direction.accepted",
        "window.within",
    }
    assert found.best is not None
    assert found.best.mark == "42HR"
    assert found.best.valid_until == NOW - timedelta(hours=24) + timedelta(days=7)
    assert found.estimated_saving == Decimal("12.00")


@pytest.mark.parametrize(
    ("changes", "outcome", "code"),
    [
        ({"status": "preliminary"}, NOT, "status.preliminary"),
        ({"hours_ago": 7 * 24 + 0.1}, NOT, "window.expired"),
        ({"specimen": "urine"}, NOT, "specimen.differs"),
        ({"unit_state": "not_comparable", "unit": "谜"}, NOT, "unit.not_comparable"),
        ({"unit_state": "not_numeric", "value": "溶血"}, NOT, "unit.not_comparable"),
        ({"unit_state": "not_numeric", "value": "-"}, NOT, "unit.not_comparable"),
        ({"flag": "HH"}, MAY, "critical.recheck"),
        ({"critical": True}, MAY, "critical.recheck"),
        ({"comparable_value": Decimal("41")}, MAY, "critical.recheck"),
        ({"institution_code": "ELSEWHERE"}, MAY, "right.absent"),
    ],
)
def test_candidate_decides(changes: dict[str, object], outcome: Outcome, code: str) -> None:
    found = answer(candidate(**changes))  # type: ignore[arg-type]
    assert found.outcome is outcome
    assert code in codes(found, holds=False)


def test_window_ends_inclusive() -> None:
    assert answer(candidate(hours_ago=7 * 24)).outcome is RECOGNISE


@pytest.mark.parametrize("words", ["未检出", "阴性", " 阴性（-）", "Negative"])
def test_a_figure_printed_as_its_absence_is_a_result(words: str) -> None:
    found = answer(candidate(unit_state="not_numeric", value=words, comparable_value=None))
    assert found.outcome is RECOGNISE


def test_converted_unit_is_named_and_recognised() -> None:
    found = answer(candidate(unit_state="converted", unit="mg/dL"))
    assert found.outcome is RECOGNISE
    assert "unit.converted" in codes(found, holds=True)


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"encounter_type": EncounterType.EMERGENCY}, "encounter.emergency"),
        ({"purpose": Purpose.PREOPERATIVE}, "purpose.repeat_allowed"),
        ({"purpose": Purpose.TRANSFUSION}, "purpose.repeat_allowed"),
        ({"purpose": Purpose.FORENSIC}, "purpose.repeat_allowed"),
        ({"purpose": Purpose.DISABILITY}, "purpose.repeat_allowed"),
        ({"interventions": (NOW - timedelta(hours=3),)}, "fast_changing.intervention"),
    ],
)
def test_circumstances_leave_it_to_judgement(changes: dict[str, object], code: str) -> None:
    found = answer(candidate(), question=order(**changes))  # type: ignore[arg-type]
    assert found.outcome is MAY
    assert code in codes(found, holds=False)


def test_intervention_before_sampling_changes_nothing() -> None:
    assert (
        answer(candidate(), question=order(interventions=(NOW - timedelta(hours=30),))).outcome is RECOGNISE
    )


def test_mark_outside_its_area_is_excluded() -> None:
    book = rulebook(rights={("ELSEWHERE", "K"): (right(CITY),)}, agreements=(NATIONAL, PROVINCIAL))
    found = answer(
        candidate(institution_code="ELSEWHERE"), question=order(institution_code="ELSEWHERE"), book=book
    )
    assert found.outcome is RECOGNISE, "an institution shares with itself"
    neighbour = answer(
        candidate(institution_code="CITY"),
        question=order(institution_code="ELSEWHERE"),
        book=rulebook(rights={("CITY", "K"): (right(CITY),)}),
    )
    assert neighbour.outcome is MAY
    assert "scope.excluded" in codes(neighbour, holds=False)


def test_national_mark_travels_everywhere_and_upward() -> None:
    book = rulebook(rights={("COUNTY", "K"): (right(NATION),)})
    found = answer(
        candidate(institution_code="COUNTY"), question=order(institution_code="NEIGHBOUR"), book=book
    )
    assert found.outcome is RECOGNISE


def test_direction_excluded_by_level() -> None:
    book = rulebook(rights={("COUNTY", "K"): (right(PROVINCE),)})
    found = answer(candidate(institution_code="COUNTY"), question=order(institution_code="CITY"), book=book)
    assert found.outcome is MAY
    assert codes(found, holds=False) == {"direction.excluded"}


def test_upward_only_within_one_city() -> None:
    upward = replace(PROVINCIAL, directions=frozenset(Direction), upward_within=ScopeKind.CITY)
    book = rulebook(rights={("COUNTY", "K"): (right(PROVINCE),)}, agreements=(upward,))
    near = answer(candidate(institution_code="COUNTY"), question=order(institution_code="CITY"), book=book)
    far = answer(
        candidate(institution_code="COUNTY"), question=order(institution_code="ELSEWHERE"), book=book
    )
    assert (near.outcome, far.outcome) == (RECOGNISE, MAY)


def test_consortium_needs_no_mark() -> None:
    found = answer(candidate(institution_code="TOWN"))
    assert found.outcome is RECOGNISE
    assert found.best is not None
    assert found.best.mark is None


def test_lapse_is_a_fact_that_no_agreement_heals() -> None:
    ended = replace(right(PROVINCE), ended_on=date(2026, 11, 1))
    book = rulebook(rights={("TOWN", "K"): (ended,)})
    found = answer(candidate(institution_code="TOWN"), book=book)
    assert found.outcome is NOT
    assert "right.lapsed" in codes(found, holds=False)


def test_right_counts_on_the_date_of_the_examination() -> None:
    """Valid when the blood was drawn, ended since: still good; and the other way round."""
    ended_today = replace(right(PROVINCE), ended_on=date(2026, 11, 20))
    assert answer(candidate(), book=rulebook(rights={("CITY", "K"): (ended_today,)})).outcome is RECOGNISE
    since_today = right(PROVINCE, since=date(2026, 11, 20))
    later = answer(candidate(), book=rulebook(rights={("CITY", "K"): (since_today,)}))
    assert "right.absent" in codes(later, holds=False)


@pytest.mark.parametrize(
    ("kind", "changes", "code"),
    [
        (SuspensionKind.ITEM, {}, "item.suspended"),
        (SuspensionKind.NEGATIVE_LIST, {}, "item.negative_list"),
        (SuspensionKind.INSTITUTION, {"institution_code": "CITY"}, "right.lapsed"),
        (SuspensionKind.QUALITY, {"institution_code": "CITY"}, "quality.in_question"),
    ],
)
def test_facts_that_take_away(kind: SuspensionKind, changes: dict[str, object], code: str) -> None:
    found = answer(candidate(), book=rulebook(suspensions=(suspension(kind, **changes),)))
    assert found.outcome is NOT
    assert code in codes(found, holds=False)
    other = suspension(kind, institution_code="ELSEWHERE")
    assert answer(candidate(), book=rulebook(suspensions=(other,))).outcome is RECOGNISE


@pytest.mark.parametrize("kind", [SuspensionKind.ITEM, SuspensionKind.NEGATIVE_LIST])
@pytest.mark.parametrize(
    ("region", "receiver", "counts"),
    [
        ("42", "COUNTY", True),
        ("4201", "ELSEWHERE", True),
        ("4205", "ELSEWHERE", True),
        ("4205", "COUNTY", False),
        ("43", "COUNTY", False),
    ],
)
def test_an_item_is_taken_away_where_either_side_lies_in_the_region(
    kind: SuspensionKind, region: str, receiver: str, *, counts: bool
) -> None:
    book = rulebook(suspensions=(suspension(kind, region_code=region),))
    found = answer(candidate(), question=order(institution_code=receiver), book=book)
    code = "item.suspended" if kind is SuspensionKind.ITEM else "item.negative_list"
    assert (code in codes(found)) is counts
    assert (found.outcome is NOT) is counts


def test_withdrawn_doubt_no_longer_counts() -> None:
    doubt = suspension(SuspensionKind.QUALITY, institution_code="CITY", withdrawn_at=NOW - timedelta(hours=1))
    assert answer(candidate(), book=rulebook(suspensions=(doubt,))).outcome is RECOGNISE


def test_last_march_is_answered_by_last_march() -> None:
    """An older version of an agreement answers for its time, whatever holds today."""
    march = NOW.replace(month=3)
    old = replace(PROVINCIAL, effective_until=date(2026, 7, 1), windows=(Window(24, item_code="K"),))
    new = replace(PROVINCIAL, version=2, effective_from=date(2026, 7, 1))
    book = rulebook(agreements=(old, new))
    drawn = candidate(effective_at=march - timedelta(hours=48), reported_at=march - timedelta(hours=47))
    assert answer(drawn, question=order(at=march), book=book).outcome is NOT
    assert answer(candidate(hours_ago=48), book=book).outcome is RECOGNISE


def test_clock_may_start_with_the_report() -> None:
    by_report = replace(PROVINCIAL, clock=ClockStart.REPORT)
    drawn = candidate(hours_ago=7 * 24 + 1)
    assert answer(drawn, book=rulebook(agreements=(by_report,))).outcome is RECOGNISE


def test_care_setting_narrows_the_window() -> None:
    windows = (Window(7 * 24, item_code="K"), Window(12, item_code="K", care_setting="inpatient"))
    book = rulebook(agreements=(replace(PROVINCIAL, windows=windows),))
    assert answer(candidate(), book=book).outcome is RECOGNISE
    inpatient = order(encounter_type=EncounterType.INPATIENT)
    assert answer(candidate(), question=inpatient, book=book).outcome is NOT


def test_method_dependent_items_compare_inside_one_class() -> None:
    item = next(i for i in ITEMS.values() if i.comparability == "method" and i.result_type == "quantitative")
    rights = {("CITY", item.code): (right(PROVINCE),)}
    methods = {(code, item.code): (Method("CLIA-A", LONG_AGO),) for code in ("CITY", "COUNTY")}
    drawn = candidate(item.code, comparable_value=item.plausible_low)
    same = answer(drawn, question=order(item.code), book=rulebook(rights=rights, methods=methods))
    methods[("COUNTY", item.code)] = (Method("CLIA-B", LONG_AGO),)
    differing = answer(drawn, question=order(item.code), book=rulebook(rights=rights, methods=methods))
    unknown = answer(drawn, question=order(item.code), book=rulebook(rights=rights))
    assert (same.outcome, differing.outcome, unknown.outcome) == (RECOGNISE, NOT, NOT)
    assert "method.not_comparable" in codes(differing, holds=False)


@pytest.mark.parametrize(
    ("code", "image_status", "outcome", "reason"),
    [
        ("IMG-CT-CHEST-PLAIN", "available", RECOGNISE, "image.available"),
        ("IMG-CT-CHEST-PLAIN", "none", MAY, "image.unavailable"),
        ("IMG-CT-CHEST-PLAIN", "", MAY, "image.unavailable"),
        ("PA-HE", "available", MAY, "image.conclusion_only"),
    ],
)
def test_images_are_recognised_never_conclusions(
    code: str, image_status: str, outcome: Outcome, reason: str
) -> None:
    book = rulebook(rights={("CITY", code): (right(PROVINCE),)})
    seen = candidate(code, image_status=image_status, comparable_value=None)
    found = answer(seen, question=order(code), book=book)
    assert found.outcome is outcome
    assert reason in codes(found)


def test_other_contrast_of_the_same_family_differs() -> None:
    plain, enhanced = "IMG-CT-CHEST-PLAIN", "IMG-CT-CHEST-ENH"
    family = ITEMS[plain].family
    assert family
    assert ITEMS[enhanced].family == family
    book = rulebook(rights={("CITY", enhanced): (right(PROVINCE),)}, families={family: (plain, enhanced)})
    found = answer(candidate(enhanced, comparable_value=None), question=order(plain), book=book)
    assert found.outcome is NOT
    assert "contrast.differs" in codes(found, holds=False)


@pytest.mark.parametrize(
    ("body_site", "outcome"),
    [
        ("腹部", NOT),
        ("ABDOMEN", NOT),
        ("胸部", RECOGNISE),
        ("肺", RECOGNISE),
        ("", RECOGNISE),
        ("某处", RECOGNISE),
    ],
)
def test_printed_site_must_not_be_another(body_site: str, outcome: Outcome) -> None:
    chest = "IMG-CT-CHEST-PLAIN"
    book = rulebook(rights={("CITY", chest): (right(PROVINCE),)})
    seen = candidate(chest, body_site=body_site, comparable_value=None)
    found = answer(seen, question=order(chest), book=book)
    assert found.outcome is outcome
    assert ("site.differs" in codes(found, holds=False)) is (outcome is NOT)


def test_laterality_of_the_orderers_own_code_must_agree() -> None:
    knee = "IMG-DX-KNEE"
    book = rulebook(rights={("CITY", knee): (right(PROVINCE),)})
    left = candidate(knee, laterality="left", comparable_value=None)
    want_right = order(items=(structs.replace(ordered(knee), laterality="right"),))
    want_left = order(items=(structs.replace(ordered(knee), laterality="left"),))
    assert "laterality.differs" in codes(answer(left, question=want_right, book=book), holds=False)
    assert answer(left, question=want_left, book=book).outcome is RECOGNISE
    assert answer(left, question=order(knee), book=book).outcome is MAY
    unsaid = candidate(knee, laterality="", comparable_value=None)
    assert answer(unsaid, question=want_left, book=book).outcome is MAY


def test_default_negative_list() -> None:
    for code in ("pO2", "ABO", "XMATCH"):
        book = rulebook(rights={("CITY", code): (right(NATION),)})
        found = answer(candidate(code, hours_ago=0.5, comparable_value=None), question=order(code), book=book)
        assert found.outcome is NOT
        assert "item.negative_list" in codes(found, holds=False)


def test_reactive_hiv_screening_is_never_recognised() -> None:
    book = rulebook(rights={("CITY", "AntiHIV"): (right(NATION),)})
    question = order("AntiHIV", shows_sensitive=True)
    reactive = candidate("AntiHIV", value="阳性", flag="POS", comparable_value=None)
    negative = candidate("AntiHIV", value="阴性", flag="N", comparable_value=None)
    assert answer(reactive, question=question, book=book).outcome is MAY
    assert answer(negative, question=question, book=book).outcome is RECOGNISE


@pytest.mark.parametrize(
    ("value", "flag"),
    [("阴性", "POS"), ("阳性(+)", "N"), ("待复查", ""), ("0.05", ""), ("弱阳性", "NEG")],
)
def test_hiv_screening_is_negative_only_where_flag_and_words_agree(value: str, flag: str) -> None:
    book = rulebook(rights={("CITY", "AntiHIV"): (right(NATION),)})
    found = candidate("AntiHIV", value=value, flag=flag, comparable_value=None)
    assert answer(found, question=order("AntiHIV", shows_sensitive=True), book=book).outcome is MAY


def test_problems_of_code_and_identity_are_unavailable() -> None:
    unmapped = order(items=(structs.replace(ordered(), item=None, problem="item.unmapped"),))
    found = answer(candidate(), question=unmapped)
    assert (found.outcome, codes(found)) == (UNAVAILABLE, {"item.unmapped"})
    uncertain = answer(candidate(), question=order(identity=Certainty.UNCERTAIN))
    assert (uncertain.outcome, codes(uncertain)) == (UNAVAILABLE, {"identity.uncertain"})


def test_nothing_there_is_none_without_reasons() -> None:
    found = answer()
    assert (found.outcome, found.reasons, found.best) == (NONE, (), None)


def test_best_candidate_prefers_outcome_then_newest_then_own() -> None:
    expired = candidate(number=1, hours_ago=1, status="preliminary")
    older = candidate(number=2, hours_ago=48)
    newer = candidate(number=3, hours_ago=24)
    own = candidate(number=4, hours_ago=24, institution_code="COUNTY")
    best = answer(expired, older, newer, own).best
    assert best is not None
    assert best.candidate.report_id.int == 4


def panel_world() -> tuple[Rulebook, list[Candidate]]:
    members = rulebook().panels["RFT"]
    rights = {("CITY", code): (right(PROVINCE),) for code in members}
    found = [
        candidate(code, number=n, comparable_value=ITEMS[code].plausible_low)
        for n, code in enumerate(members, 1)
    ]
    return rulebook(rights=rights), found


def test_panel_is_recognised_when_every_member_is() -> None:
    book, found = panel_world()
    whole = answer(*found, question=order("RFT"), book=book)
    assert whole.outcome is RECOGNISE
    assert {member.estimated_saving for member in whole.members} == {None}
    assert [member.outcome for member in whole.members] == [RECOGNISE] * len(found)


def test_panel_with_a_member_missing_saves_nothing() -> None:
    book, found = panel_world()
    part = answer(*found[1:], question=order("RFT"), book=book)
    assert part.outcome is NOT
    assert codes(part) == {"panel.incomplete"}
    assert part.estimated_saving is None
    assert [member.outcome for member in part.members].count(RECOGNISE) == len(found) - 1


def test_panel_is_no_better_than_its_worst_member() -> None:
    book, found = panel_world()
    found[0] = structs.replace(found[0], critical=True)
    assert answer(*found, question=order("RFT"), book=book).outcome is MAY


def test_community_and_province_both_grant_the_better_road_counts() -> None:
    short = replace(PROVINCIAL, windows=(Window(1, item_code="K"),))
    book = rulebook(agreements=(short, COMMUNITY), rights={("TOWN", "K"): (right(PROVINCE),)})
    found = answer(candidate(institution_code="TOWN"), book=book)
    assert found.outcome is RECOGNISE
    assert found.best is not None
    assert found.best.agreement == "consortium-HP@1"
