"""What agreements grant for a candidate: right, direction and window, along the best road open to it."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from yijian.domains.recognition.rules.conditions import Case
from yijian.domains.recognition.values import RANK, Outcome, Reason
from yijian.domains.sharing.rules import agreements_between, direction_of, right_of, window_hours
from yijian.domains.sharing.values import (
    Agreement,
    ClockStart,
    Direction,
    Right,
    RightState,
    Scope,
    ScopeKind,
)
from yijian.kit.clock import CHINA

__all__ = ["Grant", "best_grant"]

MAY = Outcome.MAY_RECOGNISE
NOT = Outcome.NOT_RECOGNISABLE
NO_RIGHT = {
    RightState.LAPSED: ("right.lapsed", NOT),
    RightState.ABSENT: ("right.absent", MAY),
    RightState.NOT_COVERING: ("scope.excluded", MAY),
    RightState.VALID: ("scope.excluded", MAY),
}
"""What is said where the right does not count on a road; a valid one may be of a kind not accepted there."""


@dataclass(frozen=True, slots=True)
class Grant:
    """The best road: what it leaves open, until when, under which mark and agreement."""

    outcome: Outcome
    reasons: tuple[Reason, ...]
    valid_until: datetime
    mark: str | None
    agreement: str | None


@dataclass(frozen=True, slots=True)
class _Road:
    """One way a result may travel; without agreement there is only the catalogue's window."""

    agreement: Agreement | None
    covers: bool
    direction_allowed: bool
    start: datetime
    hours: int
    until: datetime
    within: bool

    @property
    def name(self) -> str | None:
        return f"{self.agreement.code}@{self.agreement.version}" if self.agreement else None


def best_grant(case: Case) -> Grant:
    """Return the road that leaves most open: a road whose right covers goes before every other.

    Among equals the longest validity counts, then the agreement's name. A road that recognises has a right
    that covers, so one agreement more never takes a recognition away.
    """
    state, right = right_of(
        case.rulebook, case.source, case.receiver, case.item, case.candidate.effective_at, case.order.at
    )
    road = min(_roads(case, state, right), key=lambda each: _preference(each, state))
    reasons = tuple(_reasons(case, road, state, right))
    mark = right.label if right and state is RightState.VALID else None
    return Grant(_outcome(road, state), reasons, road.until, mark, road.name)


def _roads(case: Case, state: RightState, right: Right | None) -> Iterator[_Road]:
    on = case.order.at.astimezone(CHINA).date()
    agreements = agreements_between(case.rulebook, case.source, case.receiver, case.item, on)
    if case.source.code == case.receiver.code:
        agreements.append((OWN_HOUSE, True))
    for agreement, allowed in agreements:
        yield _road(case, agreement, _right_counts(agreement, state, right), direction_allowed=allowed)
    if not agreements:
        yield _road(case, None, covers=False, direction_allowed=True)


def _road(case: Case, agreement: Agreement | None, covers: bool, *, direction_allowed: bool) -> _Road:
    """Reckon the window: it starts with collection or report, its end is inclusive."""
    candidate = case.candidate
    by_report = agreement is not None and agreement.clock is ClockStart.REPORT
    start = candidate.reported_at if by_report else candidate.effective_at
    windows = agreement.windows if agreement else ()
    hours = window_hours(windows, case.item, case.order.encounter_type.value)
    until = start + timedelta(hours=hours)
    return _Road(
        agreement, covers, direction_allowed, start, hours, until, hours > 0 and case.order.at <= until
    )


def _right_counts(agreement: Agreement, state: RightState, right: Right | None) -> bool:
    if state is RightState.LAPSED:
        return False
    if not agreement.mark_required:
        return True
    accepted = agreement.accepted_marks
    return state is RightState.VALID and right is not None and (not accepted or right.scope.kind in accepted)


def _outcome(road: _Road, state: RightState) -> Outcome:
    if not road.within or (not road.covers and state is RightState.LAPSED):
        return NOT
    return Outcome.RECOGNISE if road.covers and road.direction_allowed else MAY


def _preference(road: _Road, state: RightState) -> tuple[bool, int, float, str]:
    return not road.covers, RANK[_outcome(road, state)], -road.until.timestamp(), road.name or "~"


def _reasons(case: Case, road: _Road, state: RightState, right: Right | None) -> Iterator[Reason]:
    about_right: dict[str, str | int | None] = {
        "mark": right.label if right else None,
        "evidence": right.evidence if right else None,
        "agreement": road.name,
    }
    if road.covers and road.agreement is not None:
        basis = "mark" if road.agreement.mark_required else road.agreement.scope.kind.value
        yield Reason("right.covers", evidence=about_right | {"basis": basis})
    else:
        code, allows = NO_RIGHT[state]
        yield Reason(code, False, allows, about_right)
    if road.agreement is not None:
        yield _direction_reason(case, road)
    yield _window_reason(road)


def _direction_reason(case: Case, road: _Road) -> Reason:
    evidence: dict[str, str | int | None] = {
        "direction": direction_of(case.source, case.receiver).value,
        "source_level": case.source.level,
        "receiver_level": case.receiver.level,
    }
    if road.direction_allowed:
        return Reason("direction.accepted", evidence=evidence)
    return Reason("direction.excluded", False, MAY, evidence)


def _window_reason(road: _Road) -> Reason:
    evidence: dict[str, str | int | None] = {
        "clock": road.agreement.clock.value if road.agreement else ClockStart.COLLECTION.value,
        "start": road.start.isoformat(),
        "hours": road.hours,
        "until": road.until.isoformat(),
    }
    if road.within:
        return Reason("window.within", evidence=evidence)
    return Reason("window.expired", False, NOT, evidence)


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
