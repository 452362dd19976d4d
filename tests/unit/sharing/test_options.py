"""Which region's options an institution lives under."""

from datetime import date

from tests.unit.recognition.world import (
    CITY,
    CITY_HOSPITAL,
    COUNTY_COMMUNITY,
    ELSEWHERE,
    PROVINCE,
    TOWN,
    rulebook,
)
from yijian.domains.sharing.rules import options_for
from yijian.domains.sharing.values import AuthorisationPolicy, RegionOptions, Scope, ScopeKind

TODAY = date(2026, 11, 20)


def options(
    scope: Scope, version: int = 1, since: date = date(2026, 1, 1), **changes: object
) -> RegionOptions:
    return RegionOptions(scope, version, since, **changes)  # type: ignore[arg-type]


def test_default_without_any_row() -> None:
    found = options_for(rulebook(), TOWN, TODAY)
    assert found.authorisation is AuthorisationPolicy.NONE_NEEDED
    assert found.same_institution_reminders
    assert not found.revocation_allowed


def test_most_specific_scope_wins() -> None:
    rules = rulebook(options=(options(PROVINCE), options(CITY), options(COUNTY_COMMUNITY)))
    assert options_for(rules, TOWN, TODAY).scope == COUNTY_COMMUNITY
    assert options_for(rules, CITY_HOSPITAL, TODAY).scope == CITY
    assert options_for(rules, ELSEWHERE, TODAY).scope == PROVINCE


def test_alliance_is_wider_than_province() -> None:
    nation, province = options(Scope(ScopeKind.NATION, "CN")), options(PROVINCE)
    assert options_for(rulebook(options=(nation, province)), ELSEWHERE, TODAY) is province


def test_holds_only_while_in_force() -> None:
    ended = options(CITY, effective_until=TODAY)
    coming = options(CITY, 2, date(2026, 12, 1))
    assert (
        options_for(rulebook(options=(ended, coming, options(PROVINCE))), CITY_HOSPITAL, TODAY).scope
        == PROVINCE
    )


def test_newest_version_counts_among_equals() -> None:
    rules = rulebook(options=(options(CITY, 1), options(CITY, 2)))
    assert options_for(rules, CITY_HOSPITAL, TODAY).version == 2
