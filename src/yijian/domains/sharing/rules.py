"""Pure questions to the rulebook: does a scope cover, does an agreement bind, is a right valid, how long."""

import re
from collections.abc import Iterable, Iterator
from datetime import date, datetime
from decimal import Decimal
from typing import Any, TypeVar

from yijian.domains.institutions.values import GRADES, InstitutionProfile, in_force
from yijian.domains.sharing.values import (
    DEFAULT_OPTIONS,
    Agreement,
    Direction,
    GradeBand,
    GradeRule,
    Party,
    Permission,
    RegionOptions,
    Right,
    RightState,
    Rulebook,
    Scope,
    ScopeKind,
    Suspension,
    SuspensionKind,
    Window,
)
from yijian.domains.terminology.values import Item

__all__ = [
    "agreements_between",
    "allows_direction",
    "covers",
    "direction_of",
    "find_method",
    "find_price",
    "find_suspension",
    "is_institution_suspended",
    "list_suspensions",
    "options_for",
    "permission_of",
    "remember",
    "right_on",
    "standing_of",
    "window_hours",
]

T = TypeVar("T")

LEVELS = "〇一二三"
STANDING = re.compile(f"(?P<level>[一二三])级(?P<grade>[{GRADES}])(定)?等")

REMEMBERED = 100_000
"""Answers that a rulebook remembers; one more, and it begins anew."""


def covers(scope: Scope, institution: InstitutionProfile, on: date) -> bool:
    """Tell whether an institution lies in a scope on a day."""
    if scope.kind is ScopeKind.NATION:
        return True
    if scope.kind is ScopeKind.CONSORTIUM:
        return any(m.code == scope.code and m.holds(on) for m in institution.consortia)
    if scope.kind is ScopeKind.ALLIANCE:
        return any(m.code == scope.code and m.holds(on) for m in institution.alliances)
    return scope.code in institution.regions


def _is_party(party: Party, institution: InstitutionProfile, on: date) -> bool:
    if party.scope is not None:
        return covers(party.scope, institution, on)
    return party.institution_code == institution.code


def binds(agreement: Agreement, institution: InstitutionProfile, on: date) -> bool:
    """Tell whether an institution is party to an agreement on a day."""
    if agreement.public_only and institution.ownership != "public":
        return False
    if not agreement.parties:
        return covers(agreement.scope, institution, on)
    return any(_is_party(party, institution, on) for party in agreement.parties)


def agreements_between(
    rulebook: Rulebook, source: InstitutionProfile, receiver: InstitutionProfile, item: Item, on: date
) -> list[tuple[Agreement, bool]]:
    """Return the agreements in force on a day that bind both sides and include the item.

    Each comes with whether it lets a result travel from source to receiver.
    """
    key = (source.code, receiver.code, on)
    bound = rulebook.memory.get(key)
    if bound is None:
        bound = remember(rulebook, key, tuple(_bound(rulebook, source, receiver, on)))
    return [(a, allowed) for a, allowed in bound if a.items is None or item.code in a.items]


def remember(rulebook: Rulebook, key: Any, found: T) -> T:
    """Keep with the rulebook what was worked out from it, and return it."""
    if len(rulebook.memory) >= REMEMBERED:
        rulebook.memory.clear()
    rulebook.memory[key] = found
    return found


def _bound(
    rulebook: Rulebook, source: InstitutionProfile, receiver: InstitutionProfile, on: date
) -> Iterator[tuple[Agreement, bool]]:
    for agreement in rulebook.agreements:
        if (
            in_force(agreement.effective_from, agreement.effective_until, on)
            and binds(agreement, source, on)
            and binds(agreement, receiver, on)
            and (agreement.shared_within is None or _share(agreement.shared_within, source, receiver, on))
        ):
            yield agreement, allows_direction(agreement, source, receiver, on)


def direction_of(source: InstitutionProfile, receiver: InstitutionProfile) -> Direction:
    """Return the direction in which a result would travel, by level."""
    if source.rank == receiver.rank:
        return Direction.SAME
    return Direction.DOWN if source.rank > receiver.rank else Direction.UP


def _share(kind: ScopeKind, a: InstitutionProfile, b: InstitutionProfile, on: date) -> bool:
    if kind is ScopeKind.CONSORTIUM:
        mine = {m.code for m in a.consortia if m.holds(on)}
        return any(m.code in mine for m in b.consortia if m.holds(on))
    if kind is ScopeKind.ALLIANCE:
        mine = {m.code for m in a.alliances if m.holds(on)}
        return any(m.code in mine for m in b.alliances if m.holds(on))
    length = {ScopeKind.NATION: 0, ScopeKind.PROVINCE: 2, ScopeKind.CITY: 4, ScopeKind.COUNTY: 6}[kind]
    return length == 0 or any(len(code) == length and code in b.regions for code in a.regions)


def allows_direction(
    agreement: Agreement, source: InstitutionProfile, receiver: InstitutionProfile, on: date
) -> bool:
    """Tell whether an agreement lets a result travel from source to receiver."""
    return permission_of(agreement, source, receiver, on) is Permission.ACCEPT


def permission_of(
    agreement: Agreement, source: InstitutionProfile, receiver: InstitutionProfile, on: date
) -> Permission:
    """Return what an agreement says of the way from source to receiver: the most that any rule grants."""
    if agreement.grade_rules:
        granted = {rule.permission for rule in agreement.grade_rules if _suits(rule, source, receiver)}
        return next((each for each in Permission if each in granted), Permission.EXCLUDED)
    direction = direction_of(source, receiver)
    upward = direction is Direction.UP and agreement.upward_within
    if direction in agreement.directions and (not upward or _share(upward, source, receiver, on)):
        return Permission.ACCEPT
    return Permission.EXCLUDED


def _suits(rule: GradeRule, source: InstitutionProfile, receiver: InstitutionProfile) -> bool:
    return _in_band(rule.source, source.standing) and _in_band(rule.receiver, receiver.standing)


def _in_band(band: GradeBand, standing: int) -> bool:
    lowest = standing_of(band.lowest) if band.lowest else 0
    return lowest <= standing and (not band.highest or standing <= standing_of(band.highest))


def standing_of(name: str) -> int:
    """Return the standing a legal name such as `二级甲等` says; raise ValueError for any other text."""
    found = STANDING.fullmatch(name)
    if found is None:
        raise ValueError(f"{name!r} is no standing; write it like 二级甲等, 三级未定等")
    return 10 * LEVELS.index(found["level"]) + GRADES.index(found["grade"])


def options_for(rulebook: Rulebook, institution: InstitutionProfile, on: date) -> RegionOptions:
    """Return the options an institution lives under on a day: the most specific scope's newest version."""
    key = (institution.code, on)
    found: RegionOptions | None = rulebook.memory.get(key)
    return found if found is not None else remember(rulebook, key, _options(rulebook, institution, on))


def _options(rulebook: Rulebook, institution: InstitutionProfile, on: date) -> RegionOptions:
    holding = (
        options
        for options in rulebook.options
        if in_force(options.effective_from, options.effective_until, on)
        and covers(options.scope, institution, on)
    )
    return min(holding, key=lambda o: (o.scope.width, o.scope.code, -o.version), default=DEFAULT_OPTIONS)


def window_hours(windows: Iterable[Window], item: Item, care_setting: str) -> int:
    """Return the validity in hours: the most specific row, else the catalogue's default."""
    best, best_rank = item.window_hours, -1
    for window in windows:
        if window.item_code not in ("", item.code) or window.care_setting not in ("", care_setting):
            continue
        part = _specificity(window.category, item)
        rank = 8 * bool(window.item_code) + 2 * part + bool(window.care_setting)
        if part >= 0 and rank > best_rank:
            best, best_rank = window.hours, rank
    return best


def _specificity(category: str, item: Item) -> int:
    """Return how narrowly a category names an item: 3 section, 2 its beginning, 1 category, 0 any."""
    if category in ("", item.category):
        return int(bool(category))
    if category == item.section:
        return 3
    return 2 if item.section.startswith(category) else -1


def right_on(
    rulebook: Rulebook,
    source: InstitutionProfile,
    receiver: InstitutionProfile,
    item: Item,
    on: date,
    *,
    suspended: bool,
) -> tuple[RightState, Right | None]:
    """Return what the source's HR right for an item was worth to a receiver on the day of the examination.

    Among rights that cover the receiver a valid one counts, the widest first; a suspension of the
    institution makes them lapsed. Lapse is a fact of its own: no agreement heals it.
    """
    rights = rulebook.rights.get((source.code, item.code), ())
    covering = [right for right in rights if covers(right.scope, receiver, on)]
    valid = [right for right in covering if right.holds(on)]
    if valid:
        widest = max(valid, key=lambda right: right.scope.width)
        return (RightState.LAPSED if suspended else RightState.VALID), widest
    if suspended:
        return RightState.LAPSED, None
    elsewhere = next((r for r in rights if r not in covering and r.holds(on)), None)
    lapsed = next((r for r in covering if r.lapsed(on)), None)
    if lapsed is None and elsewhere is not None:
        return RightState.NOT_COVERING, elsewhere
    lapsed = lapsed or next((r for r in rights if r.lapsed(on)), None)
    return (RightState.LAPSED, lapsed) if lapsed else (RightState.ABSENT, None)


def is_institution_suspended(
    rulebook: Rulebook, source: InstitutionProfile, item: Item, examined_at: datetime, at: datetime
) -> bool:
    """Tell whether the source's recognition was suspended when the patient was examined, as known at `at`."""
    if not list_suspensions(rulebook, source.code, item.code):
        return False
    kind = SuspensionKind.INSTITUTION
    return find_suspension(rulebook, kind, source.code, item.code, at=at, spanning=examined_at) is not None


def find_suspension(
    rulebook: Rulebook,
    kind: SuspensionKind,
    institution_code: str,
    item_code: str,
    *,
    at: datetime,
    spanning: datetime,
    receiver: InstitutionProfile | None = None,
) -> Suspension | None:
    """Return a suspension of that kind, known at `at`, whose period contains `spanning`.

    One of a region counts where the institution or the `receiver` of its result lies there.
    """
    for each in list_suspensions(rulebook, institution_code, item_code):
        if each.kind is kind and each.known(at) and each.spans(spanning):
            sides = (rulebook.institutions.get(institution_code), receiver)
            if each.reaches(*(side for side in sides if side)):
                return each
    return None


def list_suspensions(rulebook: Rulebook, institution_code: str, item_code: str) -> tuple[Suspension, ...]:
    """Return every suspension that ever concerned an item of an institution."""
    key = ("suspensions", institution_code, item_code)
    known: tuple[Suspension, ...] | None = rulebook.memory.get(key)
    if known is not None:
        return known
    concerning = (each for each in rulebook.suspensions if each.concerns(institution_code, item_code))
    return remember(rulebook, key, tuple(concerning))


def find_method(rulebook: Rulebook, institution_code: str, item_code: str, on: date) -> str | None:
    """Return the method class an institution used for an item on a day, where it is known."""
    methods = rulebook.methods.get((institution_code, item_code), ())
    return next((m.method_class for m in methods if in_force(m.valid_from, m.valid_until, on)), None)


def find_price(
    rulebook: Rulebook, institution_code: str, campus_code: str, item_code: str, on: date
) -> Decimal | None:
    """Return what a campus charges for an item on a day, in CNY."""
    for price in rulebook.prices.get((institution_code, campus_code, item_code), ()):
        if in_force(price.valid_from, price.valid_until, on):
            return price.amount
    return None
