"""Reminders that a region's options keep silent: the answer stays honest, nobody is reminded."""

from dataclasses import replace
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.recognition.test_properties import orders, rulebooks, some
from tests.unit.recognition.world import NATION, candidate, order, rulebook
from yijian.domains.identity.values import EncounterType
from yijian.domains.recognition.rules import decide
from yijian.domains.recognition.values import AnsweredItem, Candidate, Order, Outcome, Purpose
from yijian.domains.sharing.values import RegionOptions, Rulebook

SILENT = "reminder.suppressed"


def options(**changes: object) -> RegionOptions:
    return RegionOptions(NATION, 1, date(2020, 1, 1), **changes)  # type: ignore[arg-type]


def answer(settled: RegionOptions, found: Candidate, **changes: object) -> AnsweredItem:
    return decide(rulebook(options=(settled,)), order(**changes), [found]).items[0]


def causes(answered: AnsweredItem) -> list[object]:
    return [each.evidence["cause"] for each in answered.reasons if each.code == SILENT]


OWN = {"institution_code": "COUNTY"}


@pytest.mark.parametrize(
    ("settled", "found", "changes", "cause"),
    [
        ({"suppress_emergency": True}, {}, {"encounter_type": EncounterType.EMERGENCY}, "emergency"),
        ({"suppress_preoperative": True}, {}, {"purpose": Purpose.PREOPERATIVE}, "preoperative"),
        ({"suppress_preoperative": True}, {}, {"purpose": Purpose.TRANSFUSION}, "preoperative"),
        ({"suppress_preoperative": True, "preoperative_items": frozenset({"K"})}, {}, {}, "preoperative"),
        ({"suppress_answered_in_encounter": True}, {}, {"answered": frozenset({"K"})}, "answered"),
        ({"same_institution_reminders": False}, OWN, {}, "own_result"),
        ({"same_institution_exclusion_hours": 25}, OWN, {}, "own_result"),
    ],
)
def test_a_suppressed_reminder_is_flagged_and_reminds_nobody(
    settled: dict[str, object], found: dict[str, object], changes: dict[str, object], cause: str
) -> None:
    silent = answer(options(**settled), candidate(**found), **changes)
    loud = answer(options(), candidate(**found), **changes)
    assert causes(silent) == [cause]
    assert not silent.reminds
    assert loud.reminds
    assert (silent.outcome, silent.best) == (loud.outcome, loud.best)


@pytest.mark.parametrize(
    ("settled", "found", "changes"),
    [
        ({"suppress_emergency": True}, {}, {}),
        ({"suppress_preoperative": True}, {}, {"purpose": Purpose.MONITORING}),
        ({"suppress_answered_in_encounter": True}, {}, {"answered": frozenset({"Na"})}),
        ({"same_institution_reminders": False}, {}, {}),
        ({"same_institution_exclusion_hours": 24}, OWN, {}),
    ],
)
def test_other_reminders_are_heard(
    settled: dict[str, object], found: dict[str, object], changes: dict[str, object]
) -> None:
    heard = answer(options(**settled), candidate(**found), **changes)
    assert heard.reminds
    assert causes(heard) == []


def test_own_results_within_the_exclusion_hours_only() -> None:
    settled = options(same_institution_exclusion_hours=12)
    assert not answer(settled, candidate(hours_ago=11, **OWN)).reminds
    assert answer(settled, candidate(hours_ago=12, **OWN)).reminds


def test_a_panel_is_its_orderers_own_only_where_every_member_is() -> None:
    settled = rulebook(options=(options(same_institution_reminders=False),))
    members = ("Na", "K", "Cl", "Ca", "P", "Mg")
    own = [candidate(code, number, **OWN) for number, code in enumerate(members, start=1)]
    assert causes(decide(settled, order("ELECTROLYTE"), own).items[0]) == ["own_result"]
    mixed = [*own[1:], candidate(members[0], 99)]
    assert causes(decide(settled, order("ELECTROLYTE"), mixed).items[0]) == []


every_option = st.builds(
    options,
    suppress_emergency=st.booleans(),
    suppress_preoperative=st.booleans(),
    suppress_answered_in_encounter=st.booleans(),
    same_institution_reminders=st.booleans(),
    same_institution_exclusion_hours=st.integers(0, 48),
)


@given(rulebooks, every_option, orders, some, st.frozensets(st.sampled_from(["K", "Glu", "INFECT4"])))
def test_silence_changes_no_answer_but_its_flag(
    book: Rulebook, settled: RegionOptions, question: Order, found: list[Candidate], answered: frozenset[str]
) -> None:
    question = replace(question, answered=answered)
    loud = decide(book, question, found).items
    silent = decide(replace(book, options=(settled,)), question, found).items
    for before, after in zip(loud, silent, strict=True):
        assert (before.outcome, before.best, before.members) == (after.outcome, after.best, after.members)
        assert before.reasons == tuple(each for each in after.reasons if each.code != SILENT)
        assert after.suppressed == (SILENT in {each.code for each in after.reasons})


@given(rulebooks, orders, some)
def test_asking_for_reachable_images_never_makes_more_recognised(
    book: Rulebook, question: Order, found: list[Candidate]
) -> None:
    strict = replace(book, options=(options(image_access_required=True),))
    for before, after in zip(
        decide(book, question, found).items, decide(strict, question, found).items, strict=True
    ):
        assert after.outcome is not Outcome.RECOGNISE or before.outcome is Outcome.RECOGNISE
