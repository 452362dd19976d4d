"""The whole evaluation: every candidate under every rule, every road, not only what decided. Pure."""

from collections.abc import Iterable

import msgspec

from yijian.domains.recognition.rules.conditions import Case
from yijian.domains.recognition.rules.decide import assess_candidate, candidates_for, decide
from yijian.domains.recognition.rules.grants import Way, list_ways
from yijian.domains.recognition.values import AnsweredItem, Assessment, Candidate, Order, Reason
from yijian.domains.sharing.rules import list_suspensions
from yijian.domains.sharing.values import Right, Rulebook, Suspension
from yijian.domains.terminology.values import Comparability, Item, Kind

__all__ = ["RULES", "Check", "Explained", "Weighed", "explain"]

RULES: dict[str, frozenset[str]] = {
    "identity": frozenset({"identity.certain"}),
    "item": frozenset({"item.same"}),
    "specimen": frozenset({"specimen.differs"}),
    "site": frozenset({"site.differs", "laterality.differs", "laterality.unspecified"}),
    "contrast": frozenset({"contrast.differs"}),
    "status": frozenset({"status.final", "status.preliminary"}),
    "unit": frozenset({"unit.converted", "unit.not_comparable"}),
    "method": frozenset({"method.comparable", "method.not_comparable"}),
    "image": frozenset({"image.available", "image.unavailable", "image.conclusion_only", "image.no_access"}),
    "right": frozenset({"right.covers", "right.absent", "right.lapsed", "scope.excluded"}),
    "direction": frozenset({"direction.accepted", "direction.conditional", "direction.excluded"}),
    "window": frozenset({"window.within", "window.expired"}),
    "taken_away": frozenset({"item.negative_list", "item.suspended", "quality.in_question"}),
    "circumstances": frozenset(
        {"encounter.emergency", "purpose.repeat_allowed", "fast_changing.intervention"}
    ),
    "value": frozenset({"critical.recheck"}),
}
"""The rules in the order in which a person follows them, and the reasons each may give."""


class Check(msgspec.Struct, frozen=True):
    """One rule applied to one candidate; without reasons it found nothing to object to."""

    rule: str
    reasons: tuple[Reason, ...]

    @property
    def holds(self) -> bool:
        return all(reason.holds for reason in self.reasons)


class Weighed(msgspec.Struct, frozen=True):
    """One candidate with all that was looked at; `ways` begin with the one taken."""

    candidate: Candidate
    assessment: Assessment
    chosen: bool
    checks: tuple[Check, ...]
    ways: tuple[Way, ...]
    rights: tuple[Right, ...]
    suspensions: tuple[Suspension, ...]


class Explained(msgspec.Struct, frozen=True):
    """One ordered item, or a panel with its members explained apart."""

    answered: AnsweredItem
    weighed: tuple[Weighed, ...]
    members: tuple["Explained", ...] = ()


def explain(rulebook: Rulebook, order: Order, candidates: Iterable[Candidate]) -> tuple[Explained, ...]:
    """Return the answer of `decide` with every candidate weighed, the preferred one first."""
    found = tuple(candidates)
    return tuple(_explain(rulebook, order, item, found) for item in decide(rulebook, order, found).items)


def _explain(
    rulebook: Rulebook, order: Order, answered: AnsweredItem, candidates: tuple[Candidate, ...]
) -> Explained:
    if answered.members:
        members = tuple(_explain(rulebook, order, member, candidates) for member in answered.members)
        return Explained(answered, (), members)
    considered = candidates_for(rulebook, order, answered.ordered, candidates)
    weighed = (_weigh(rulebook, order, answered, candidate) for candidate in considered)
    return Explained(answered, tuple(each for each in weighed if each is not None))


def _weigh(rulebook: Rulebook, order: Order, answered: AnsweredItem, candidate: Candidate) -> Weighed | None:
    ordered = answered.ordered
    assessment = assess_candidate(rulebook, order, ordered, candidate)
    if assessment is None or ordered.item is None:
        return None
    source, receiver = (
        rulebook.institutions[candidate.institution_code],
        rulebook.institutions[order.institution_code],
    )
    case = Case(rulebook, order, ordered, ordered.item, candidate, source, receiver)
    return Weighed(
        candidate=candidate,
        assessment=assessment,
        chosen=answered.best is not None and answered.best.candidate.key == candidate.key,
        checks=tuple(_checks(ordered.item, assessment)),
        ways=tuple(list_ways(case)),
        rights=rulebook.rights.get((source.code, ordered.item.code), ()),
        suspensions=tuple(
            each
            for each in list_suspensions(rulebook, source.code, ordered.item.code)
            if each.reaches(source, receiver)
        ),
    )


def _checks(item: Item, assessment: Assessment) -> Iterable[Check]:
    for rule, codes in RULES.items():
        reasons = tuple(reason for reason in assessment.reasons if reason.code in codes)
        if reasons or _concerns(rule, item):
            yield Check(rule, reasons)


def _concerns(rule: str, item: Item) -> bool:
    """Tell whether a rule has anything to do with an item at all."""
    of_examinations = item.kind is Kind.EXAM
    concerned = {
        "specimen": item.specimen is not None,
        "site": of_examinations,
        "contrast": of_examinations,
        "unit": item.result_type == "quantitative",
        "method": item.comparability == Comparability.METHOD,
        "image": item.images_are_result or item.conclusion_only,
        "value": not of_examinations,
    }
    return concerned.get(rule, True)
