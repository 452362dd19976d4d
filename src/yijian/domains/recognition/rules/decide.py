"""The decision: per ordered item the best candidate, why, and what could be saved."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from decimal import Decimal
from itertools import pairwise
from operator import attrgetter

from msgspec import structs

from yijian.domains.identity.values import Certainty
from yijian.domains.recognition.rules.conditions import Case, list_reasons
from yijian.domains.recognition.rules.grants import best_grant
from yijian.domains.recognition.rules.regional import list_regional_reasons, quieten
from yijian.domains.recognition.values import (
    RANK,
    Answer,
    AnsweredItem,
    Assessment,
    Candidate,
    Order,
    OrderedItem,
    Outcome,
    Reason,
)
from yijian.domains.sharing.rules import find_price
from yijian.domains.sharing.values import Rulebook
from yijian.domains.terminology.values import Item

__all__ = ["assess_candidate", "candidates_for", "decide"]

IDENTITY_CERTAIN = Reason("identity.certain")
HOLDS = attrgetter("holds")


def assess_candidate(
    rulebook: Rulebook, order: Order, ordered: OrderedItem, candidate: Candidate
) -> Assessment | None:
    """Weigh one candidate; None where it may not be shown or its institution is unknown."""
    item, source = ordered.item, rulebook.institutions.get(candidate.institution_code)
    if item is None or source is None:
        return None
    receiver = rulebook.institutions[order.institution_code]
    case = Case(rulebook, order, ordered, item, candidate, source, receiver)
    grant = best_grant(case)
    reasons = (IDENTITY_CERTAIN, *list_reasons(case), *list_regional_reasons(case), *grant.reasons)
    outcome = grant.outcome
    if not all(map(HOLDS, reasons)):
        reasons = tuple(sorted(reasons, key=_weight))
        left_open = [reason.allows for reason in reasons if not reason.holds]
        outcome = max([outcome, *left_open], key=RANK.__getitem__)
    return Assessment(candidate, outcome, reasons, grant.valid_until, grant.mark, grant.agreement)


def _weight(reason: Reason) -> tuple[bool, int]:
    """What fails goes first, the gravest of it before all."""
    return reason.holds, -RANK[reason.allows]


def decide(rulebook: Rulebook, order: Order, candidates: Iterable[Candidate]) -> Answer:
    """Answer every ordered item. Candidate order is irrelevant; the result names the rulebook's version."""
    by_item = _by_item(candidates)
    items = [_answer(rulebook, order, ordered, by_item) for ordered in order.items]
    return Answer(rulebook.version, quieten(rulebook, order, items))


def _answer(
    rulebook: Rulebook, order: Order, ordered: OrderedItem, by_item: dict[str, list[Candidate]]
) -> AnsweredItem:
    if ordered.problem or ordered.item is None:
        problem = Reason(ordered.problem, False, Outcome.UNAVAILABLE)
        return AnsweredItem(ordered, Outcome.UNAVAILABLE, (problem,))
    if order.identity is Certainty.UNCERTAIN:
        uncertain = Reason("identity.uncertain", False, Outcome.UNAVAILABLE)
        return AnsweredItem(ordered, Outcome.UNAVAILABLE, (uncertain,))
    if ordered.members:
        return _answer_panel(rulebook, order, ordered, by_item)
    return _answer_single(rulebook, order, ordered, by_item)


def _visible(order: Order, ordered: OrderedItem) -> bool:
    item = ordered.item
    return order.shows_anything and item is not None and (order.shows_sensitive or not item.sensitive)


def _answer_single(
    rulebook: Rulebook, order: Order, ordered: OrderedItem, by_item: dict[str, list[Candidate]]
) -> AnsweredItem:
    item = ordered.item
    if item is None or not _visible(order, ordered):
        return AnsweredItem(ordered, Outcome.NONE, ())
    best = _best(rulebook, order, ordered, _related(rulebook, item, by_item))
    if best is None:
        return AnsweredItem(ordered, Outcome.NONE, ())
    saving = _saving(rulebook, order, item.code) if best.outcome.is_reminder else None
    return AnsweredItem(ordered, best.outcome, best.reasons, best, (), saving)


def _related(rulebook: Rulebook, item: Item, by_item: dict[str, list[Candidate]]) -> list[Candidate]:
    """Return what was found of an item and, for an examination, of its siblings."""
    found = by_item.get(item.code, [])
    if item.family:
        siblings = {*rulebook.families.get(item.family, ())} - {item.code}
        found = [*found, *(each for code in siblings for each in by_item.get(code, ()))]
    return found


def candidates_for(
    rulebook: Rulebook, order: Order, ordered: OrderedItem, candidates: Iterable[Candidate]
) -> list[Candidate]:
    """Return what is weighed for one ordered item, the preferred candidate first; nothing that is hidden."""
    if ordered.item is None or not _visible(order, ordered):
        return []
    related = _related(rulebook, ordered.item, _by_item(candidates))
    return _by_preference(order, related)


def _by_item(candidates: Iterable[Candidate]) -> dict[str, list[Candidate]]:
    by_item: dict[str, list[Candidate]] = defaultdict(list)
    for candidate in candidates:
        by_item[candidate.item_code].append(candidate)
    return by_item


def _best(
    rulebook: Rulebook, order: Order, ordered: OrderedItem, candidates: list[Candidate]
) -> Assessment | None:
    """Return the best outcome, among equals the preferred candidate's; nothing is better than `recognise`."""
    best: Assessment | None = None
    for candidate in _by_preference(order, candidates):
        found = assess_candidate(rulebook, order, ordered, candidate)
        if found is not None and (best is None or RANK[found.outcome] < RANK[best.outcome]):
            best = found
            if best.outcome is Outcome.RECOGNISE:
                break
    return best


def _by_preference(order: Order, candidates: list[Candidate]) -> list[Candidate]:
    """Put the newest examination first, then the orderer's own; the row's key makes it total."""
    if all(newer.effective_at > older.effective_at for newer, older in pairwise(candidates)):
        return candidates
    mine = order.institution_code
    return sorted(
        candidates,
        key=lambda c: (c.effective_at, c.institution_code == mine, c.report_id, c.version, c.row_no),
        reverse=True,
    )


def _saving(rulebook: Rulebook, order: Order, item_code: str) -> Decimal:
    price = find_price(rulebook, order.institution_code, order.campus_code, item_code, order.on)
    return price if price is not None else Decimal("0.00")


def _answer_panel(
    rulebook: Rulebook, order: Order, ordered: OrderedItem, by_item: dict[str, list[Candidate]]
) -> AnsweredItem:
    """Answer a panel: as good as its worst member, and only where every member has a result."""
    members = tuple(
        structs.replace(_answer(rulebook, order, member, by_item), estimated_saving=None)
        for member in ordered.members
    )
    outcome, reasons = _sum_up(members)
    best = _bound_to(members) if outcome is not Outcome.NONE else None
    item = ordered.item
    saving = _saving(rulebook, order, item.code) if item and outcome.is_reminder else None
    return AnsweredItem(ordered, outcome, reasons, best, members, saving)


def _sum_up(members: Sequence[AnsweredItem]) -> tuple[Outcome, tuple[Reason, ...]]:
    outcomes = {member.outcome for member in members}
    if outcomes == {Outcome.NONE}:
        return Outcome.NONE, ()
    if Outcome.NONE in outcomes:
        missing = [m.ordered.code for m in members if m.outcome is Outcome.NONE]
        incomplete = Reason(
            "panel.incomplete", False, Outcome.NOT_RECOGNISABLE, {"missing": ", ".join(missing)}
        )
        return Outcome.NOT_RECOGNISABLE, (incomplete,)
    worst = max(outcomes, key=RANK.__getitem__)
    limiting = [m for m in members if m.outcome is worst]
    codes: dict[str, Reason] = {}
    for member in limiting:
        for reason in member.reasons:
            if worst is Outcome.RECOGNISE or not reason.holds:
                codes.setdefault(reason.code, reason)
    return worst, tuple(codes.values())


def _bound_to(members: Sequence[AnsweredItem]) -> Assessment | None:
    """Return the limiting member's assessment: the worst, then the oldest examination among them."""
    bound = [m.best for m in members if m.best is not None]
    return max(bound, key=lambda a: (RANK[a.outcome], -a.candidate.effective_at.timestamp()), default=None)
