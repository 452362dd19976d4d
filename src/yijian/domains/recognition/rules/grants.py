"""What agreements grant for a candidate: right, direction and window, along the best road open to it."""

from collections.abc import Iterator, Sequence
from datetime import date, datetime, timedelta

import msgspec

from yijian.domains.recognition.rules.conditions import Case
from yijian.domains.recognition.rules.sharing_reasons import share
from yijian.domains.recognition.values import RANK, Order, Outcome, Reason
from yijian.domains.sharing.rules import (
    agreements_between,
    direction_of,
    is_institution_suspended,
    permission_of,
    remember,
    right_on,
    window_hours,
)
from yijian.domains.sharing.values import (
    Agreement,
    ClockStart,
    Direction,
    Permission,
    Right,
    RightState,
    Scope,
    ScopeKind,
)
from yijian.kit.clock import CHINA

__all__ = ["Grant", "Way", "best_grant", "list_ways"]

MAY = Outcome.MAY_RECOGNISE
NOT = Outcome.NOT_RECOGNISABLE
NO_RIGHT = {
    RightState.LAPSED: ("right.lapsed", NOT),
    RightState.ABSENT: ("right.absent", MAY),
    RightState.NOT_COVERING: ("scope.excluded", MAY),
    RightState.VALID: ("scope.excluded", MAY),
}
"""What is said where the right does not count on a road; a valid one may be of a kind not accepted there."""


class Grant(msgspec.Struct, frozen=True):
    """The best road: what it leaves open, until when, under which mark and agreement."""

    outcome: Outcome
    reasons: tuple[Reason, ...]
    valid_until: datetime
    mark: str | None
    agreement: str | None


class Way(msgspec.Struct, frozen=True):
    """One road as a result travels it: when its window opens and ends, and what it leaves open."""

    agreement: str | None
    covers: bool
    outcome: Outcome
    clock: ClockStart
    starts_at: datetime
    hours: int
    ends_at: datetime
    within: bool
    reasons: tuple[Reason, ...]


class _Road(msgspec.Struct, frozen=True):
    """One way a result may travel; without agreement there is only the catalogue's window.

    It holds for every result of an item that was examined on the same day and travels between the same two
    institutions; `reasons` are those that do not depend on the hour.
    """

    agreement: str | None
    covers: bool
    best: Outcome
    """What it leaves open within its window."""
    by_report: bool
    hours: int
    window: timedelta
    """The same hours, as instants reckon."""
    mark: str | None
    reasons: tuple[Reason, ...]

    @property
    def name(self) -> str:
        """For comparison: no agreement comes last."""
        return self.agreement or "~"


_Travel = tuple[_Road, datetime, datetime, bool]
"""A road, when its window starts and ends for a result, and whether the order lies within."""


def best_grant(case: Case) -> Grant:
    """Return the road that leaves most open: a road whose right covers goes before every other.

    Among equals the longest validity counts, then the agreement's name. A road that recognises has a right
    that covers, so one agreement more never takes a recognition away.
    """
    travels = [_travel(case, road) for road in _roads(case)]
    road, start, until, within = travels[0] if len(travels) == 1 else max(travels, key=_worth)
    reasons = (*road.reasons, _window_reason(case.order, road, start, until, within=within))
    return Grant(road.best if within else NOT, reasons, until, road.mark, road.agreement)


def list_ways(case: Case) -> list[Way]:
    """Return every road there is for a result, the one that is taken first."""
    examined_at, at = case.candidate.effective_at, case.order.at
    suspended = is_institution_suspended(case.rulebook, case.source, case.item, examined_at, at)
    on = examined_at.astimezone(CHINA).date()
    state, right = right_on(case.rulebook, case.source, case.receiver, case.item, on, suspended=suspended)
    travels = [_travel(case, road) for road in _survey(case, state, right)]
    travels.sort(key=lambda travel: travel[0].name)
    travels.sort(key=_worth, reverse=True)
    return [_way(travel) for travel in travels]


def _way(travel: _Travel) -> Way:
    road, start, until, within = travel
    clock = ClockStart.REPORT if road.by_report else ClockStart.COLLECTION
    outcome = road.best if within else NOT
    return Way(road.agreement, road.covers, outcome, clock, start, road.hours, until, within, road.reasons)


def _travel(case: Case, road: _Road) -> _Travel:
    """Reckon the window: it starts with collection or report, its end is inclusive."""
    start = case.candidate.reported_at if road.by_report else case.candidate.effective_at
    until = start + road.window
    return road, start, until, road.hours > 0 and case.order.at <= until


def _worth(travel: _Travel) -> tuple[bool, int, datetime]:
    """Return what the better of two roads has more of; where they are equal, the first by name is taken."""
    road, _, until, within = travel
    return road.covers, -RANK[road.best if within else NOT], until


def _roads(case: Case) -> tuple[_Road, ...]:
    """Return the roads open to a result, from the rulebook's memory where the same was asked before."""
    rulebook, source, item, order = case.rulebook, case.source, case.item, case.order
    examined_at = case.candidate.effective_at
    examined_on = examined_at.astimezone(CHINA).date()
    suspended = is_institution_suspended(rulebook, source, item, examined_at, order.at)
    key = (
        *("roads", source.code, case.receiver.code, item.code, order.care_setting),
        *(order.on, examined_on, suspended),
    )
    known: tuple[_Road, ...] | None = rulebook.memory.get(key)
    if known is not None:
        return known
    state, right = right_on(rulebook, source, case.receiver, item, examined_on, suspended=suspended)
    return remember(rulebook, key, _foremost(list(_survey(case, state, right))))


def _foremost(roads: Sequence[_Road]) -> tuple[_Road, ...]:
    """Drop roads that another one beats at every hour.

    One whose right covers beats all others; among those alike in all but the window, the longer window does.
    """
    roads = [road for road in roads if road.covers] or roads
    foremost: dict[tuple[Outcome, bool], _Road] = {}
    for road in sorted(roads, key=lambda each: (-each.hours, each.name)):
        foremost.setdefault((road.best, road.by_report), road)
    return tuple(sorted(foremost.values(), key=lambda road: road.name))


def _survey(case: Case, state: RightState, right: Right | None) -> Iterator[_Road]:
    agreements = agreements_between(case.rulebook, case.source, case.receiver, case.item, case.order.on)
    if case.source.code == case.receiver.code:
        agreements.append((OWN_HOUSE, True))
    for agreement, allowed in agreements:
        counts = _right_counts(agreement, state, right)
        yield _road(case, agreement, state, right, covers=counts, direction_allowed=allowed)
    if not agreements:
        yield _road(case, None, state, right, covers=False, direction_allowed=True)


def _road(
    case: Case,
    agreement: Agreement | None,
    state: RightState,
    right: Right | None,
    *,
    covers: bool,
    direction_allowed: bool,
) -> _Road:
    name = f"{agreement.code}@{agreement.version}" if agreement else None
    hours = window_hours(agreement.windows if agreement else (), case.item, case.order.care_setting)
    reasons = [_right_reason(agreement, name, state, right, covers=covers)]
    if agreement is not None:
        reasons.append(_direction_reason(case, agreement, allowed=direction_allowed))
    if not covers and state is RightState.LAPSED:
        best = NOT
    else:
        best = Outcome.RECOGNISE if covers and direction_allowed else MAY
    return _Road(
        agreement=name,
        covers=covers,
        best=best,
        by_report=agreement is not None and agreement.clock is ClockStart.REPORT,
        hours=hours,
        window=timedelta(hours=hours),
        mark=right.label if right and state is RightState.VALID else None,
        reasons=share(case.rulebook, reasons),
    )


def _right_counts(agreement: Agreement, state: RightState, right: Right | None) -> bool:
    if state is RightState.LAPSED:
        return False
    if not agreement.mark_required:
        return True
    accepted = agreement.accepted_marks
    return state is RightState.VALID and right is not None and (not accepted or right.scope.kind in accepted)


def _right_reason(
    agreement: Agreement | None, name: str | None, state: RightState, right: Right | None, *, covers: bool
) -> Reason:
    evidence: dict[str, str | int | None] = {
        "mark": right.label if right else None,
        "evidence": right.evidence if right else None,
        "agreement": name,
    }
    if covers and agreement is not None:
        community = agreement.shared_within or agreement.scope.kind
        basis = "mark" if agreement.mark_required else community.value
        return Reason("right.covers", evidence=evidence | {"basis": basis})
    code, allows = NO_RIGHT[state]
    return Reason(code, False, allows, evidence)


def _direction_reason(case: Case, agreement: Agreement, *, allowed: bool) -> Reason:
    evidence: dict[str, str | int | None] = {
        "direction": direction_of(case.source, case.receiver).value,
        "source_level": case.source.level,
        "receiver_level": case.receiver.level,
    }
    if allowed:
        return Reason("direction.accepted", evidence=evidence)
    permission = permission_of(agreement, case.source, case.receiver, case.order.on)
    code = "direction.conditional" if permission is Permission.MAY else "direction.excluded"
    return Reason(code, False, MAY, evidence)


def _window_reason(order: Order, road: _Road, start: datetime, until: datetime, *, within: bool) -> Reason:
    """Say how the window stands; results of one report mostly share it."""
    key = (start, road.hours, road.by_report, within)
    known = order.windows.get(key)
    if known is not None:
        return known
    evidence: dict[str, str | int | None] = {
        "clock": "report" if road.by_report else "collection",
        "start": start.isoformat(),
        "hours": road.hours,
        "until": until.isoformat(),
    }
    code, allows = ("window.within", Outcome.RECOGNISE) if within else ("window.expired", NOT)
    return order.windows.setdefault(key, Reason(code, within, allows, evidence))


OWN_HOUSE = Agreement(
    code="own",
    version=1,
    name_zh="本机构结果",
    name_en="own result",
    scope=Scope(ScopeKind.CONSORTIUM, "own"),
    directions=frozenset(Direction),
    clock=ClockStart.COLLECTION,
    effective_from=date.min,
    mark_required=False,
)
"""An institution always shares with itself: no mark, no direction, the catalogue's window."""
