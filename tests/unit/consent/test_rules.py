"""The one rule: what may be shown, by policy, consent, objection, claim, age and emergency."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import structs

from yijian.domains.consent.rules import assess, is_child
from yijian.domains.consent.values import (
    UNRESTRICTED,
    Authorisation,
    Basis,
    Extent,
    Looker,
    Objection,
    ObjectionKind,
    Opening,
    Sight,
    Standing,
    Way,
    Will,
)
from yijian.domains.sharing.values import DEFAULT_OPTIONS, AuthorisationPolicy
from yijian.domains.terminology.values import Sensitivity

NOW = datetime(2026, 11, 20, 2, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)
ADULT = date(1980, 2, 29)
ME, OTHER = "A", "B"
LOOKER = Looker(institution_code=ME, consortia=frozenset({"HP"}))
ALL = Authorisation(scope="all")
CLAIMED = Authorisation(basis=Basis.PATIENT_CONSENT, scope="all")
NEEDS_NOTHING = DEFAULT_OPTIONS
NEEDS_NOTICE = replace(DEFAULT_OPTIONS, authorisation=AuthorisationPolicy.NOTICE)
NEEDS_CONSENT = replace(DEFAULT_OPTIONS, authorisation=AuthorisationPolicy.CONSENT)

ids = st.uuids()
moments = st.integers(-48, 48).map(lambda hours: NOW + hours * HOUR)
consents = st.builds(
    Standing,
    consent_id=ids,
    way=st.sampled_from(Way),
    scope=st.sampled_from(["all", "non_sensitive"]),
    given_at=st.just(NOW - HOUR),
    expires_at=moments,
    institution_code=st.sampled_from(["", ME, OTHER]),
    consortium_code=st.sampled_from(["", "HP", "XX"]),
    purpose=st.sampled_from(["", "diagnosis"]),
)
objections = st.builds(
    Objection,
    objection_id=ids,
    kind=st.sampled_from(ObjectionKind),
    sensitivities=st.frozensets(st.sampled_from(Sensitivity)),
    institution_code=st.sampled_from([ME, OTHER]),
    purpose=st.sampled_from(["", "diagnosis", "forensic"]),
)
openings = st.builds(Opening, opening_id=ids, institution_code=st.sampled_from([ME, OTHER]), ends_at=moments)
wills = st.builds(
    Will,
    consents=st.lists(consents, max_size=3).map(tuple),
    objections=st.lists(objections, max_size=2).map(tuple),
    openings=st.lists(openings, max_size=2).map(tuple),
    withdrawn_at=st.none() | moments,
)
policies = st.builds(
    lambda policy, glass: replace(DEFAULT_OPTIONS, authorisation=policy, break_glass=glass),
    st.sampled_from(AuthorisationPolicy),
    st.booleans(),
)
claims = st.builds(
    Authorisation,
    basis=st.sampled_from(Basis),
    scope=st.sampled_from(["all", "non_sensitive"]),
    given_by=st.none() | st.just("父亲"),
    expires_at=st.none() | moments,
)
births = st.none() | st.dates(date(2000, 1, 1), date(2026, 1, 1))


def sees(sight: Sight) -> set[Sensitivity | None]:
    """Return which classes of other institutions' items are visible."""
    if sight.extent < Extent.NON_SENSITIVE:
        return set()
    return {each for each in (None, *Sensitivity) if sight.shows(each)}


def consent(way: Way, scope: str = "all", **changes: object) -> Standing:
    whole: dict[str, object] = {
        "consent_id": UUID(int=1),
        "way": way,
        "scope": scope,
        "given_at": NOW - HOUR,
        "expires_at": NOW + HOUR,
    }
    return Standing(**(whole | changes))  # type: ignore[arg-type]


def extent(options: object, *consents: Standing, claim: Authorisation = ALL, born: date = ADULT) -> Extent:
    will = Will(consents=consents)
    return assess(options, will, claim, LOOKER, born, NOW).extent  # type: ignore[arg-type]


@given(policies, wills, claims, births, consents)
def test_more_consent_never_shows_less(options, will, claim, born, more) -> None:  # type: ignore[no-untyped-def]
    richer = structs.replace(will, consents=(*will.consents, more))

    before = assess(options, will, claim, LOOKER, born, NOW)
    after = assess(options, richer, claim, LOOKER, born, NOW)

    assert after.extent >= before.extent
    assert sees(after) >= sees(before)


@given(policies, wills, claims, births, objections)
def test_an_objection_never_shows_more(options, will, claim, born, more) -> None:  # type: ignore[no-untyped-def]
    stricter = structs.replace(will, objections=(*will.objections, more))

    assert sees(assess(options, stricter, claim, LOOKER, born, NOW)) <= sees(
        assess(options, will, claim, LOOKER, born, NOW)
    )


@pytest.mark.parametrize(
    ("asked_for", "extent"),
    [("forensic", Extent.OWN), ("", Extent.OWN), ("diagnosis", Extent.NON_SENSITIVE)],
)
def test_an_objection_to_one_purpose_leaves_the_others(asked_for: str, extent: Extent) -> None:
    no = Objection(objection_id=UUID(int=9), kind=ObjectionKind.EVERYTHING, purpose="forensic")
    looker = structs.replace(LOOKER, purpose=asked_for)

    sight = assess(DEFAULT_OPTIONS, Will(objections=(no,)), Authorisation(), looker, None, NOW)

    assert sight.extent is extent


@given(policies, wills, claims, births)
def test_objection_beats_consent(options, will, claim, born) -> None:  # type: ignore[no-untyped-def]
    no = Objection(objection_id=UUID(int=9), kind=ObjectionKind.EVERYTHING)
    closed = structs.replace(will, objections=(*will.objections, no), openings=())

    assert assess(options, closed, claim, LOOKER, born, NOW).extent <= Extent.OWN


@given(policies, wills, claims, births)
def test_what_is_refused_is_never_shown(options, will, claim, born) -> None:  # type: ignore[no-untyped-def]
    no = Objection(
        objection_id=UUID(int=9), kind=ObjectionKind.SENSITIVE, sensitivities=frozenset({Sensitivity.HIV})
    )
    careful = structs.replace(will, objections=(*will.objections, no))

    assert Sensitivity.HIV not in sees(assess(options, careful, claim, LOOKER, born, NOW))


@given(policies, wills, claims, births)
def test_expired_is_none(options, will, claim, born) -> None:  # type: ignore[no-untyped-def]
    standing = tuple(each for each in will.consents if each.expires_at > NOW)
    fresh = structs.replace(will, consents=standing)

    assert assess(options, will, claim, LOOKER, born, NOW) == assess(options, fresh, claim, LOOKER, born, NOW)


@given(policies, wills, claims, births)
def test_no_more_than_was_asked_for(options, will, claim, born) -> None:  # type: ignore[no-untyped-def]
    modest = structs.replace(claim, scope="non_sensitive")

    assert assess(options, will, modest, LOOKER, born, NOW).extent <= Extent.NON_SENSITIVE
    refused = structs.replace(claim, basis=Basis.NONE)
    assert assess(options, will, refused, LOOKER, born, NOW).extent is Extent.NOTHING


@pytest.mark.parametrize(
    ("options", "way", "shown"),
    [
        (NEEDS_NOTHING, None, Extent.NON_SENSITIVE),
        (NEEDS_NOTHING, Way.SPOKEN, Extent.ALL),
        (NEEDS_NOTHING, Way.NOTICE, Extent.NON_SENSITIVE),
        (NEEDS_NOTICE, None, Extent.OWN),
        (NEEDS_NOTICE, Way.NOTICE, Extent.NON_SENSITIVE),
        (NEEDS_NOTICE, Way.SIGNED_FORM, Extent.ALL),
        (NEEDS_CONSENT, None, Extent.OWN),
        (NEEDS_CONSENT, Way.NOTICE, Extent.OWN),
        (NEEDS_CONSENT, Way.SPOKEN, Extent.OWN),
        (NEEDS_CONSENT, Way.CODE, Extent.ALL),
        (NEEDS_CONSENT, Way.GUARDIAN, Extent.ALL),
    ],
)
def test_each_policy_takes_its_ways(options: object, way: Way | None, shown: Extent) -> None:
    assert extent(options, *([consent(way)] if way else [])) is shown


@pytest.mark.parametrize(
    ("options", "shown"),
    [(NEEDS_NOTHING, Extent.ALL), (NEEDS_NOTICE, Extent.OWN), (NEEDS_CONSENT, Extent.OWN)],
)
def test_an_institutions_word_counts_only_where_nothing_is_needed(options: object, shown: Extent) -> None:
    assert extent(options, claim=CLAIMED) is shown


@pytest.mark.parametrize(
    ("changes", "counts"),
    [
        ({"institution_code": ME}, True),
        ({"institution_code": OTHER}, False),
        ({"consortium_code": "HP"}, True),
        ({"consortium_code": "XX"}, False),
        ({"purpose": "diagnosis"}, False),
    ],
)
def test_a_consent_counts_for_whom_it_was_given(changes: dict[str, object], counts: bool) -> None:
    assert (extent(NEEDS_CONSENT, consent(Way.CODE, **changes)) is Extent.ALL) == counts


BIRTHDAY = datetime(2026, 11, 19, 16, 0, tzinfo=UTC)
"""Midnight of 20 November in China."""


@pytest.mark.parametrize(
    ("born", "at", "child"),
    [
        (date(2012, 11, 20), BIRTHDAY - timedelta(seconds=1), True),
        (date(2012, 11, 20), BIRTHDAY, False),
        (date(2012, 11, 21), BIRTHDAY, True),
    ],
)
def test_a_child_becomes_its_own_master_on_its_fourteenth_birthday(
    born: date, at: datetime, child: bool
) -> None:
    own = Will(consents=(consent(Way.CODE),))

    assert is_child(born, at) is child
    assert (assess(NEEDS_CONSENT, own, ALL, LOOKER, born, at).extent is Extent.OWN) == child
    assert (assess(NEEDS_NOTHING, UNRESTRICTED, CLAIMED, LOOKER, born, at).shows_sensitive) != child


def test_the_guardian_consents_for_a_child_and_names_the_relation() -> None:
    born = date(2020, 1, 1)
    guardian = Authorisation(basis=Basis.GUARDIAN_CONSENT, scope="all", given_by="父亲")

    assert extent(NEEDS_CONSENT, consent(Way.GUARDIAN), born=born) is Extent.ALL
    assert extent(NEEDS_NOTHING, claim=guardian, born=born) is Extent.ALL
    assert (
        extent(NEEDS_NOTHING, claim=structs.replace(guardian, given_by=" "), born=born)
        is Extent.NON_SENSITIVE
    )


def glass(*kinds: ObjectionKind, ends: datetime = NOW + HOUR, options: object = NEEDS_CONSENT) -> Sight:
    no = tuple(Objection(objection_id=UUID(int=9), kind=kind, institution_code=ME) for kind in kinds)
    broken = Opening(opening_id=UUID(int=8), institution_code=ME, ends_at=ends)
    will = Will(objections=no, openings=(broken,))
    return assess(options, will, ALL, LOOKER, ADULT, NOW)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("kinds", "shown"),
    [
        ((), Extent.ALL),
        ((ObjectionKind.EVERYTHING,), Extent.NON_SENSITIVE),
        ((ObjectionKind.INSTITUTION,), Extent.NON_SENSITIVE),
        ((ObjectionKind.SENSITIVE,), Extent.NON_SENSITIVE),
    ],
)
def test_broken_glass_never_reaches_sensitive_items_that_were_refused(
    kinds: tuple[ObjectionKind, ...], shown: Extent
) -> None:
    sight = glass(*kinds)

    assert (sight.extent, sight.basis, sight.fact_id) == (shown, "break_glass", UUID(int=8))


def test_broken_glass_ends_and_is_nothing_where_the_region_has_none() -> None:
    assert glass(ends=NOW).extent is Extent.OWN
    assert glass(options=replace(NEEDS_CONSENT, break_glass=False)).extent is Extent.OWN


def test_nothing_is_read_on_an_emergencys_account_that_was_allowed_anyway() -> None:
    broken = Opening(opening_id=UUID(int=8), institution_code=ME, ends_at=NOW + HOUR)
    will = Will(consents=(consent(Way.CODE),), openings=(broken,))

    assert assess(NEEDS_CONSENT, will, ALL, LOOKER, ADULT, NOW).basis == "patient_consent"


def test_an_earlier_claim_ends_with_a_withdrawal() -> None:
    will = Will(withdrawn_at=NOW - HOUR)

    def shown(claimed_at: datetime) -> Extent:
        return assess(NEEDS_NOTHING, will, CLAIMED, LOOKER, ADULT, NOW, claimed_at=claimed_at).extent

    assert shown(NOW - 2 * HOUR) is Extent.NON_SENSITIVE
    assert shown(NOW) is Extent.ALL
