"""A small world for rules: one province, two cities, three levels, one potassium."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from uuid import UUID

from msgspec import structs

from yijian.domains.identity.values import Certainty, EncounterType
from yijian.domains.institutions.values import CampusProfile, InstitutionProfile, Membership
from yijian.domains.recognition.values import Candidate, Order, OrderedItem, Purpose
from yijian.domains.sharing.values import (
    Agreement,
    ClockStart,
    Direction,
    Price,
    Right,
    Rulebook,
    Scope,
    ScopeKind,
    Window,
)
from yijian.domains.terminology.catalogue import load_items, load_panels
from yijian.domains.terminology.values import Item

NOW = datetime(2026, 11, 20, 2, 0, tzinfo=UTC)
LONG_AGO = date(2020, 1, 1)
ITEMS: dict[str, Item] = {item.code: item for item in load_items()}
PANELS = {panel.code: panel.members for panel in load_panels()}
NATION = Scope(ScopeKind.NATION, "CN")
PROVINCE = Scope(ScopeKind.PROVINCE, "42")
CITY = Scope(ScopeKind.CITY, "4201")
COUNTY_COMMUNITY = Scope(ScopeKind.CONSORTIUM, "HP")


def institution(code: str, level: int, region: str, consortium: str = "") -> InstitutionProfile:
    regions = ("CN", *(region[:length] for length in (2, 4, 6) if len(region) >= length))
    consortia = (Membership(consortium, LONG_AGO),) if consortium else ()
    campus = CampusProfile("main", "本部", True)
    return InstitutionProfile(code, code, code, level, "", "hospital", regions, consortia, (), (campus,))


TOWN = institution("TOWN", 1, "420116", "HP")
COUNTY = institution("COUNTY", 2, "420116", "HP")
CITY_HOSPITAL = institution("CITY", 3, "420102")
ELSEWHERE = institution("ELSEWHERE", 3, "420502")
NEIGHBOUR = institution("NEIGHBOUR", 3, "430102")
INSTITUTIONS = {each.code: each for each in (TOWN, COUNTY, CITY_HOSPITAL, ELSEWHERE, NEIGHBOUR)}


def agreement(scope: Scope, **changes: object) -> Agreement:
    base = Agreement(
        code=f"{scope.kind}-{scope.code}",
        version=1,
        name_zh="互认协议",
        name_en="agreement",
        scope=scope,
        directions=frozenset({Direction.SAME, Direction.DOWN}),
        clock=ClockStart.COLLECTION,
        effective_from=LONG_AGO,
    )
    return replace(base, **changes)  # type: ignore[arg-type]


NATIONAL = agreement(NATION, accepted_marks=frozenset({ScopeKind.NATION}), directions=frozenset(Direction))
PROVINCIAL = agreement(PROVINCE, windows=(Window(7 * 24, item_code="K"),))
COMMUNITY = agreement(COUNTY_COMMUNITY, mark_required=False, directions=frozenset(Direction))


def right(scope: Scope, since: date = date(2026, 1, 1), until: date = date(2026, 12, 31)) -> Right:
    return Right(scope, f"{scope.code}HR", since, until, evidence="EQA 2026-1")


def rulebook(**changes: object) -> Rulebook:
    base = Rulebook(
        version="r-test",
        items=ITEMS,
        panels=PANELS,
        institutions=INSTITUTIONS,
        agreements=(NATIONAL, PROVINCIAL, COMMUNITY),
        rights={("CITY", "K"): (right(PROVINCE),)},
        prices={("COUNTY", "main", "K"): (Price(Decimal("12.00"), LONG_AGO),)},
        codes={("item", code): code for code in ITEMS},
    )
    return replace(base, **changes)  # type: ignore[arg-type]


def ordered(code: str = "K", index: int = 0) -> OrderedItem:
    item = ITEMS[code]
    members = tuple(
        OrderedItem(position, ITEMS[member], member) for position, member in enumerate(PANELS.get(code, ()))
    )
    return OrderedItem(index, item, code, item.name_zh, members=members)


def order(*codes: str, **changes: object) -> Order:
    base = Order(
        institution_code="COUNTY",
        campus_code="main",
        encounter_type=EncounterType.OUTPATIENT,
        purpose=Purpose.DIAGNOSIS,
        at=NOW,
        items=tuple(ordered(code, index) for index, code in enumerate(codes or ("K",))),
        identity=Certainty.CERTAIN,
    )
    return replace(base, **changes)  # type: ignore[arg-type]


def candidate(code: str = "K", number: int = 1, hours_ago: float = 24, **changes: object) -> Candidate:
    effective_at = NOW - timedelta(hours=hours_ago)
    item = ITEMS[code]
    base = Candidate(
        report_id=UUID(int=number),
        version=1,
        row_no=1,
        institution_code="CITY",
        item_code=code,
        name=item.name_zh,
        status="final",
        effective_at=effective_at,
        reported_at=effective_at + timedelta(hours=2),
        value="4.1",
        unit=item.unit,
        comparable_value=Decimal("4.1"),
        comparable_unit=item.unit,
        specimen=item.specimen.value if item.specimen else "",
        image_status="available",
    )
    return structs.replace(base, **changes)  # type: ignore[arg-type]
