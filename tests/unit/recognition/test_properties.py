"""What holds for every order, every result and every set of rules."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.unit.recognition.world import (
    CITY,
    COMMUNITY,
    COUNTY_COMMUNITY,
    INSTITUTIONS,
    ITEMS,
    NATION,
    NATIONAL,
    NOW,
    PROVINCE,
    PROVINCIAL,
    agreement,
    candidate,
    order,
    right,
    rulebook,
)
from yijian.domains.identity.values import Certainty, EncounterType
from yijian.domains.recognition.presentation import View, present
from yijian.domains.recognition.rules import decide
from yijian.domains.recognition.rules.conditions import Case
from yijian.domains.recognition.rules.grants import best_grant
from yijian.domains.recognition.values import RANK, Candidate, Order, Outcome, Purpose
from yijian.domains.sharing.rules import covers
from yijian.domains.sharing.values import (
    Agreement,
    ClockStart,
    Direction,
    GradeBand,
    GradeRule,
    Permission,
    Rulebook,
    ScopeKind,
    Window,
)
from yijian.kit.clock import CHINA

CODES = ("K", "Glu", "AntiHIV", "AntiTP", "HbA1c", "CEA", "pO2", "IMG-CT-CHEST-PLAIN", "PA-HE", "INFECT4")
SINGLE = CODES[:-1]
SCOPES = (NATION, PROVINCE, CITY, COUNTY_COMMUNITY)

STANDINGS = ("", "一级未定等", "二级乙等", "二级甲等", "三级未定等", "三级甲等")
BANDS = st.builds(GradeBand, st.sampled_from(STANDINGS), st.sampled_from(STANDINGS))

agreements = st.builds(
    agreement,
    st.sampled_from(SCOPES),
    code=st.uuids().map(str),
    directions=st.frozensets(st.sampled_from(Direction)),
    clock=st.sampled_from(ClockStart),
    mark_required=st.booleans(),
    accepted_marks=st.frozensets(st.sampled_from(ScopeKind), max_size=2),
    windows=st.lists(st.builds(Window, st.integers(0, 1000)), max_size=2).map(tuple),
    items=st.none() | st.frozensets(st.sampled_from(SINGLE)),
    grade_rules=st.lists(
        st.builds(GradeRule, BANDS, BANDS, st.sampled_from([Permission.ACCEPT, Permission.MAY])), max_size=2
    ).map(tuple),
    shared_within=st.none() | st.sampled_from(ScopeKind),
    public_only=st.sampled_from([False, False, True]),
)
rights = st.dictionaries(
    st.tuples(st.sampled_from(sorted(INSTITUTIONS)), st.sampled_from(SINGLE)),
    st.lists(st.sampled_from([right(scope) for scope in SCOPES]), min_size=1, max_size=2).map(tuple),
)
rulebooks = st.builds(
    lambda listed, held: rulebook(agreements=(NATIONAL, PROVINCIAL, COMMUNITY, *listed), rights=held),
    st.lists(agreements, max_size=3),
    rights,
)
candidates = st.builds(
    candidate,
    st.sampled_from(SINGLE),
    number=st.integers(1, 50),
    hours_ago=st.integers(0, 1000),
    institution_code=st.sampled_from(sorted(INSTITUTIONS)),
    status=st.sampled_from(["preliminary", "final", "corrected"]),
    value=st.sampled_from(["4.1", "阳性", "阴性"]),
    comparable_value=st.none() | st.decimals(0, 100, places=1),
    flag=st.sampled_from(["", "N", "H", "HH", "POS", "NEG"]),
    unit_state=st.sampled_from(["same", "converted", "not_comparable"]),
    specimen=st.sampled_from(["", "serum", "urine", "blood"]),
    image_status=st.sampled_from(["", "available", "none"]),
)
some = st.lists(candidates, max_size=8, unique_by=lambda c: c.key)
orders = st.builds(
    lambda codes, changes: order(*codes, **changes),
    st.lists(st.sampled_from(CODES), min_size=1, max_size=4, unique=True),
    st.fixed_dictionaries(
        {
            "institution_code": st.sampled_from(sorted(INSTITUTIONS)),
            "encounter_type": st.sampled_from(EncounterType),
            "purpose": st.sampled_from(Purpose),
            "identity": st.sampled_from(Certainty),
            "shows_sensitive": st.booleans(),
        }
    ),
)
RECOGNISED = Outcome.RECOGNISE


@given(rulebooks, orders, some)
def test_never_recognises_preliminary_or_expired(
    book: Rulebook, question: Order, found: list[Candidate]
) -> None:
    for item in decide(book, question, found).items:
        for answered in (item, *item.members):
            if answered.outcome is RECOGNISED and answered.best is not None:
                best = answered.best
                assert best.candidate.status != "preliminary"
                assert best.valid_until is not None
                assert best.valid_until >= question.at


@given(rulebooks, agreements, orders, some)
def test_adding_an_agreement_never_removes_a_recognition(
    book: Rulebook, more: Agreement, question: Order, found: list[Candidate]
) -> None:
    before = decide(book, question, found)
    after = decide(replace(book, agreements=(*book.agreements, more)), question, found)
    for old, new in zip(before.items, after.items, strict=True):
        assert old.outcome is not RECOGNISED or new.outcome is RECOGNISED


@given(rulebooks, orders, some, st.randoms())
def test_order_of_candidates_is_irrelevant(
    book: Rulebook, question: Order, found: list[Candidate], random
) -> None:  # type: ignore[no-untyped-def]
    shuffled = list(found)
    random.shuffle(shuffled)
    assert decide(book, question, shuffled) == decide(book, question, found)


@given(rulebooks, orders, some)
def test_every_outcome_but_none_has_a_reason(book: Rulebook, question: Order, found: list[Candidate]) -> None:
    for item in decide(book, question, found).items:
        assert bool(item.reasons) == (item.outcome is not Outcome.NONE)
        if item.outcome in (Outcome.MAY_RECOGNISE, Outcome.NOT_RECOGNISABLE):
            assert any(not reason.holds for reason in item.reasons)


@given(rulebooks, orders, some)
def test_same_inputs_same_answer(book: Rulebook, question: Order, found: list[Candidate]) -> None:
    assert decide(book, question, found) == decide(book, question, list(found))


@given(rulebooks, orders, some)
def test_unauthorised_sensitive_results_change_nothing_observable(
    book: Rulebook, question: Order, found: list[Candidate]
) -> None:
    question = replace(question, shows_sensitive=False)
    without = [c for c in found if not ITEMS[c.item_code].sensitive]
    with_them, none_there = decide(book, question, found), decide(book, question, without)
    assert with_them == none_there
    assert present(book, question, with_them, None, View()) == present(
        book, question, none_there, None, View()
    )


@given(rulebooks, orders, some)
def test_refusal_of_any_showing_answers_as_if_nothing_existed(
    book: Rulebook, question: Order, found: list[Candidate]
) -> None:
    question = replace(question, shows_anything=False)
    assert decide(book, question, found) == decide(book, question, [])


@given(rulebooks, orders, some)
def test_emergency_never_recognises(book: Rulebook, question: Order, found: list[Candidate]) -> None:
    question = replace(question, encounter_type=EncounterType.EMERGENCY)
    assert all(item.outcome is not RECOGNISED for item in decide(book, question, found).items)


@given(rulebooks, candidates)
def test_a_mark_that_is_shown_covers_the_receiver(book: Rulebook, found: Candidate) -> None:
    question = order(found.item_code, shows_sensitive=True)
    receiver = INSTITUTIONS[question.institution_code]
    ordered = question.items[0]
    assert ordered.item is not None
    source = INSTITUTIONS[found.institution_code]
    grant = best_grant(Case(book, question, ordered, ordered.item, found, source, receiver))
    if grant.mark is not None:
        on = found.effective_at.astimezone(CHINA).date()
        held = book.rights[(source.code, found.item_code)]
        assert any(r.label == grant.mark and r.holds(on) and covers(r.scope, receiver, on) for r in held)


@given(st.integers(0, 24 * 40))
@settings(max_examples=50)
def test_recognition_never_returns_once_the_window_is_over(hours: int) -> None:
    """Time only takes away: what is expired now is expired ever after."""
    found = candidate(hours_ago=hours, comparable_value=Decimal("4.1"))
    now_ = decide(rulebook(), order(), [found]).items[0].outcome
    later = decide(rulebook(), order(at=NOW + timedelta(hours=5)), [found]).items[0].outcome
    assert RANK[later] >= RANK[now_]
