"""What agreements grant for a candidate: right, direction and window, along the best road open to it."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from yijian.domains.recognition.rules.conditions import Case
from yijian.domains.recognition.values import RANK, Outcome, Reason
from yijian.domains.sharing.rules import (
    agreements_between,
    allows_direction,
    direction_of,
    right_of,
    window_hours,
)
from yijian.domains.sharing.values import (
    Agreement,
    ClockStart,
    Direction,
    Right,
    RightState,
    Scope,
    ScopeKind,
    Window,
)
from yijian.kit.clock import CHINA

__all__ = ["Grant", "best_grant"]

MAY = Outcome.MAY_RECOGNISE
NOT = Outcome.NOT_RECOGNISABLE


@dataclass(frozen=True, slots=True)
class Grant:
    """The best road: what it leaves open, until when, under which mark and agreement."""

    outcome: Outcome
    reasons: tuple[Reason, ...]
    valid_until: datetime
    mark: str | None
    agreement: str | None


def _window_reason(case: Case, windows: tuple[Window, ...], clock: ClockStart) -> tuple[Reason, datetime]:
    """Reckon the window: it starts with collection or report, its end is inclusive."""
    candidate = case.candidate
    start = candidate.reported_at if clock is ClockStart.REPORT else candidate.effective_at
    hours = window_hours(windows, case.item, case.order.encounter_type.value)
    until = start + timedelta(hours=hours)
    evidence: dict[str, str | int | None] = {
        "clock": clock.value,
        "start": start.isoformat(),
        "hours": hours,
        "until": until.isoformat(),
    }
    if hours > 0 and case.order.at <= until:
        return Reason("window.within", evidence=evidence), until
    return Reason("window.expired", False, NOT, evidence), until


def _right_reason(agreement: Agreement | None, state: RightState, right: Right | None) -> Reason:
    evidence: dict[str, str | int | None] = {
        "mark": right.label if right else None,
        "evidence": right.evidence if right else None,
        "agreement": _name(agreement),
    }
    if state is RightState.LAPSED:
        return Reason("right.lapsed", False, NOT, evidence)
    if agreement is not None and not agreement.mark_required:
        return Reason("right.covers", evidence=evidence | {"basis": agreement.scope.kind.value})
    if state is RightState.ABSENT:
        return Reason("right.absent", False, MAY, evidence)
    accepted = (
        agreement is not None
        and right is not None
        and (not agreement.accepted_marks or right.scope.kind in agreement.accepted_marks)
    )
    if state is RightState.VALID and accepted:
        return Reason("right.covers", evidence=evidence | {"basis": "mark"})
    return Reason("scope.excluded", False, MAY, evidence)


def _direction_reason(case: Case, agreement: Agreement) -> Reason:
    on = case.order.at.astimezone(CHINA).date()
    evidence: dict[str, str | int | None] = {
        "direction": direction_of(case.source, case.receiver).value,
        "source_level": case.source.level,
        "receiver_level": case.receiver.level,
    }
    if allows_direction(agreement, case.source, case.receiver, on):
        return Reason("direction.accepted", evidence=evidence)
    return Reason("direction.excluded", False, MAY, evidence)


def _name(agreement: Agreement | None) -> str | None:
    return f"{agreement.code}@{agreement.version}" if agreement else None


def _own_house(case: Case) -> Agreement:
    """An institution always shares with itself: no mark, no direction, the catalogue's window."""
    today = case.order.at.astimezone(CHINA).date()
    return Agreement(
        code="own",
        version=1,
        name_zh="本机构结果",
        name_en="own result",
        scope=Scope(ScopeKind.CONSORTIUM, case.receiver.code),
        directions=frozenset(Direction),
        clock=ClockStart.COLLECTION,
        effective_from=today,
        mark_required=False,
    )


def _roads(case: Case, state: RightState, right: Right | None) -> Iterator[Grant]:
    on = case.order.at.astimezone(CHINA).date()
    agreements = list(agreements_between(case.rulebook, case.source, case.receiver, case.item, on))
    if case.source.code == case.receiver.code:
        agreements.append(_own_house(case))
    for agreement in agreements:
        window, until = _window_reason(case, agreement.windows, agreement.clock)
        reasons = (_right_reason(agreement, state, right), _direction_reason(case, agreement), window)
        yield _grant(reasons, until, state, right, agreement)
    if not agreements:
        window, until = _window_reason(case, (), ClockStart.COLLECTION)
        yield _grant((_right_reason(None, state, right), window), until, state, right, None)


def _grant(
    reasons: tuple[Reason, ...],
    until: datetime,
    state: RightState,
    right: Right | None,
    agreement: Agreement | None,
) -> Grant:
    outcome = max((reason.allows for reason in reasons), key=RANK.__getitem__)
    mark = right.label if right and state is RightState.VALID else None
    return Grant(outcome, reasons, until, mark, _name(agreement))


def best_grant(case: Case) -> Grant:
    """Return the road that leaves most open: a road whose right covers goes before every other.

    Among equals the longest validity counts, then the agreement's name. A road that recognises has a right
    that covers, so one agreement more never takes a recognition away.
    """
    state, right = right_of(
        case.rulebook, case.source, case.receiver, case.item, case.candidate.effective_at, case.order.at
    )
    roads = sorted(_roads(case, state, right), key=lambda grant: grant.agreement or "~")
    return min(roads, key=_preference)


def _preference(grant: Grant) -> tuple[bool, int, float]:
    covers = any(reason.code == "right.covers" for reason in grant.reasons)
    return not covers, RANK[grant.outcome], -grant.valid_until.timestamp()
