"""Pure questions to the rulebook: does a scope cover, does an agreement bind, is a right valid, how long."""

from collections.abc import Iterable, Iterator
from datetime import date, datetime
from decimal import Decimal
from typing import Any, TypeVar

from yijian.domains.institutions.values import InstitutionProfile, in_force
from yijian.domains.sharing.values import (
    DEFAULT_OPTIONS,
    Agreement,
    Direction,
    Party,
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
from yijian.kit.clock import CHINA

__all__ = [
    "agreements_between",
    "allows_direction",
    "covers",
    "direction_of",
    "find_method",
    "find_price",
    "find_suspension",
    "options_for",
    "right_of",
    "window_hours",
]

T = TypeVar("T")

REMEMBERED_PAIRS = 100_000
"""Pairs of institutions, by day, whose agreements a rulebook remembers."""


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
        bound = _remember(rulebook, key, tuple(_bound(rulebook, source, receiver, on)))
    return [(a, allowed) for a, allowed in bound if a.items is None or item.code in a.items]


def _remember(rulebook: Rulebook, key: Any, found: T) -> T:
    if len(rulebook.memory) >= REMEMBERED_PAIRS:
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
    direction = direction_of(source, receiver)
    if direction not in agreement.directions:
        return False
    if direction is Direction.UP and agreement.upward_within is not None:
        return _share(agreement.upward_within, source, receiver, on)
    return True


def options_for(rulebook: Rulebook, institution: InstitutionProfile, on: date) -> RegionOptions:
    """Return the options an institution lives under on a day: the most specific scope's newest version."""
    key = (institution.code, on)
    found: RegionOptions | None = rulebook.memory.get(key)
    return found if found is not None else _remember(rulebook, key, _options(rulebook, institution, on))


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
        if window.item_code not in ("", item.code) or window.category not in ("", item.category):
            continue
        if window.care_setting not in ("", care_setting):
            continue
        rank = 4 * bool(window.item_code) + 2 * bool(window.category) + bool(window.care_setting)
        if rank > best_rank:
            best, best_rank = window.hours, rank
    return best


def right_of(
    rulebook: Rulebook,
    source: InstitutionProfile,
    receiver: InstitutionProfile,
    item: Item,
    examined_at: datetime,
    at: datetime,
) -> tuple[RightState, Right | None]:
    """Return what the source's HR right for an item was worth to a receiver when the patient was examined.

    Among rights that cover the receiver a valid one counts, the widest first; a suspension of the
    institution makes them lapsed. Lapse is a fact of its own: no agreement heals it.
    """
    on = examined_at.astimezone(CHINA).date()
    rights = rulebook.rights.get((source.code, item.code), ())
    covering = [right for right in rights if covers(right.scope, receiver, on)]
    suspended = find_suspension(
        rulebook, SuspensionKind.INSTITUTION, source.code, item.code, at=at, spanning=examined_at
    )
    valid = sorted((r for r in covering if r.holds(on)), key=lambda r: -r.scope.width)
    if valid:
        return (RightState.LAPSED if suspended else RightState.VALID), valid[0]
    if suspended:
        return RightState.LAPSED, None
    elsewhere = next((r for r in rights if r not in covering and r.holds(on)), None)
    lapsed = next((r for r in covering if r.lapsed(on)), None)
    if lapsed is None and elsewhere is not None:
        return RightState.NOT_COVERING, elsewhere
    lapsed = lapsed or next((r for r in rights if r.lapsed(on)), None)
    return (RightState.LAPSED, lapsed) if lapsed else (RightState.ABSENT, None)


def find_suspension(
    rulebook: Rulebook,
    kind: SuspensionKind,
    institution_code: str,
    item_code: str,
    *,
    at: datetime,
    spanning: datetime,
) -> Suspension | None:
    """Return a suspension of that kind, known at `at`, whose period contains `spanning`."""
    for suspension in rulebook.suspensions:
        if (
            suspension.kind is kind
            and suspension.concerns(institution_code, item_code)
            and suspension.known(at)
            and suspension.spans(spanning)
        ):
            return suspension
    return None


def find_method(rulebook: Rulebook, institution_code: str, item_code: str, on: date) -> str | None:
    """Return the method class an institution used for an item on a day, where it is known."""
    methods = rulebook.methods.get((institution_code, item_code), ())
    return next((m.method_class for m in methods if in_force(m.valid_from, m.valid_until, on)), None)


def find_price(
    rulebook: Rulebook, institution_code: str, campus_code: str, item_code: str, on: date
) -> Decimal | None:
    """Return what a campus charges for an item on a day, in CNY."""
    prices = rulebook.prices.get((institution_code, campus_code, item_code), ())
    return next((p.amount for p in prices if in_force(p.valid_from, p.valid_until, on)), None)
