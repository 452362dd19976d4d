"""The explanation says of every candidate what the decision knew, and never another outcome."""

from hypothesis import given
from hypothesis import strategies as st

from tests.unit.recognition.world import CITY, ITEMS, candidate, order, right, rulebook
from yijian.domains.recognition.rules import decide
from yijian.domains.recognition.rules.explain import RULES, explain
from yijian.domains.recognition.texts import REASONS
from yijian.domains.recognition.values import Outcome

NOT_OF_A_CANDIDATE = {
    "identity.uncertain",
    "item.unmapped",
    "item.unknown",
    "panel.incomplete",
    "reminder.suppressed",
    "service.unavailable",
}


def test_every_reason_belongs_to_exactly_one_rule() -> None:
    ruled = [code for codes in RULES.values() for code in codes]
    assert len(ruled) == len(set(ruled))
    assert set(ruled) | NOT_OF_A_CANDIDATE == set(REASONS)


@given(st.lists(st.tuples(st.sampled_from(["CITY", "TOWN", "ELSEWHERE"]), st.integers(1, 2000)), max_size=6))
def test_explains_the_very_answer_and_weighs_every_candidate(found: list[tuple[str, int]]) -> None:
    candidates = [
        candidate(number=number, institution_code=code, hours_ago=hours)
        for number, (code, hours) in enumerate(found, start=1)
    ]
    (explained,) = explain(rulebook(), order(), candidates)

    assert explained.answered == decide(rulebook(), order(), candidates).items[0]
    assert {each.candidate.key for each in explained.weighed} == {each.key for each in candidates}
    assert [each.chosen for each in explained.weighed].count(True) == (1 if candidates else 0)
    for each in explained.weighed:
        shown = {reason.code for check in each.checks for reason in check.reasons}
        assert shown == {reason.code for reason in each.assessment.reasons}


def test_the_first_way_is_the_one_taken() -> None:
    (explained,) = explain(rulebook(), order(), [candidate(hours_ago=24)])
    (weighed,) = explained.weighed

    assert weighed.ways[0].agreement == weighed.assessment.agreement
    assert weighed.ways[0].ends_at == weighed.assessment.valid_until
    assert all(way.outcome is not Outcome.RECOGNISE or way.covers for way in weighed.ways)


def test_a_way_carries_its_window_arithmetic() -> None:
    (explained,) = explain(rulebook(), order(), [candidate(hours_ago=24 * 8)])
    provincial = next(w for w in explained.weighed[0].ways if w.agreement == "province-42@1")

    assert provincial.starts_at == explained.weighed[0].candidate.effective_at
    assert (provincial.ends_at - provincial.starts_at).total_seconds() == provincial.hours * 3600
    assert provincial.hours == 7 * 24
    assert not provincial.within


def test_shows_all_rights_of_the_source_for_the_item() -> None:
    rights = (right(CITY), right(CITY))
    (explained,) = explain(rulebook(rights={("CITY", "K"): rights}), order(), [candidate()])

    assert explained.weighed[0].rights == rights


def test_a_rule_that_found_nothing_is_shown_to_have_looked() -> None:
    (explained,) = explain(rulebook(), order(), [candidate()])
    checks = {check.rule: check for check in explained.weighed[0].checks}

    assert checks["taken_away"].reasons == ()
    assert checks["taken_away"].holds
    assert "image" not in checks
    assert ITEMS["K"].specimen is None or "specimen" in checks


def test_explains_members_of_a_panel_apart() -> None:
    (explained,) = explain(rulebook(), order("CBC"), [candidate("WBC"), candidate("Hb", number=2)])

    assert explained.weighed == ()
    by_code = {member.answered.ordered.code: member for member in explained.members}
    assert len(by_code["WBC"].weighed) == 1
    assert by_code["PLT"].weighed == ()


def test_weighs_nothing_that_is_hidden() -> None:
    (explained,) = explain(rulebook(), order("AntiHIV"), [candidate("AntiHIV", value="阴性")])

    assert explained.answered.outcome is Outcome.NONE
    assert explained.weighed == ()
