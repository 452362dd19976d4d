"""The conditions a candidate must meet whatever agreements say. Each returns the reasons it found."""

import re
import unicodedata
from collections.abc import Iterable, Iterator
from datetime import date

import msgspec

from yijian.domains.identity.values import EncounterType
from yijian.domains.institutions.values import InstitutionProfile
from yijian.domains.recognition.rules.sharing_reasons import share
from yijian.domains.recognition.values import Candidate, Order, OrderedItem, Outcome, Purpose, Reason
from yijian.domains.results.values import ImageStatus, ReportStatus
from yijian.domains.sharing.rules import find_method, find_suspension, list_suspensions, remember
from yijian.domains.sharing.values import Rulebook, SuspensionKind
from yijian.domains.terminology.values import (
    Comparability,
    Item,
    parts_differ,
    specimen_of,
    specimen_satisfies,
)
from yijian.kit.clock import CHINA

__all__ = ["Case", "list_reasons"]

MAY = Outcome.MAY_RECOGNISE
NOT = Outcome.NOT_RECOGNISABLE
REPEAT_PURPOSES = frozenset({Purpose.PREOPERATIVE, Purpose.TRANSFUSION, Purpose.FORENSIC, Purpose.DISABILITY})
CRITICAL_FLAGS = frozenset({"HH", "LL", "AA", ">", "<"})
NEGATIVE_FLAGS = frozenset({"N", "NEG", "NR", "ND"})
NEGATIVE_VALUES = frozenset(
    {"阴性", "阴性(-)", "(-)阴性", "-", "(-)", "未检出", "无反应性", "非反应性"}
    | {"negative", "negative(-)", "neg", "non-reactive", "nonreactive"}
)
DASHES = frozenset({"-", "(-)"})
"""In the place of a figure these say that there is none."""
BARE_NUMBER = re.compile(r"[<≤]?\d+(\.\d+)?(s/co|coi|iu/ml)?")


class Case(msgspec.Struct, frozen=True, gc=False):
    """One candidate seen by one order."""

    rulebook: Rulebook
    order: Order
    ordered: OrderedItem
    item: Item
    candidate: Candidate
    source: InstitutionProfile
    receiver: InstitutionProfile


def _report_status(case: Case) -> Iterator[Reason]:
    status = case.candidate.status
    if status == ReportStatus.PRELIMINARY.value:
        yield Reason("status.preliminary", False, NOT)
    else:
        yield Reason("status.final", evidence={"status": status})


def _same_item(case: Case) -> Iterator[Reason]:
    candidate, ordered, item = case.candidate, case.ordered, case.item
    observed = specimen_of(candidate.specimen, None) if candidate.specimen else None
    if item.specimen is not None and not specimen_satisfies(item.specimen, observed):
        yield Reason(
            "specimen.differs", False, NOT, {"required": item.specimen, "observed": candidate.specimen_name}
        )
    yield from _same_view(case)
    wanted = ordered.body_site or item.body_part
    if parts_differ(wanted, candidate.body_site):
        yield Reason("site.differs", False, NOT, {"required": wanted, "observed": candidate.body_site})
    if candidate.item_code == item.code:
        yield Reason("item.same", evidence={"item": item.code})


def _same_view(case: Case) -> Iterator[Reason]:
    """Side and contrast, for examinations; a sibling of the same family differs in one of them or in site."""
    candidate, ordered, item = case.candidate, case.ordered, case.item
    wanted = ordered.laterality or ("" if item.laterality == "paired" else item.laterality)
    if candidate.laterality not in ("both", wanted):
        evidence = {"required": wanted, "observed": candidate.laterality}
        if wanted and candidate.laterality:
            yield Reason("laterality.differs", False, NOT, evidence)
        elif item.laterality == "paired":
            yield Reason("laterality.unspecified", False, MAY, evidence)
    contrast = ordered.contrast or item.contrast
    sibling = case.rulebook.items.get(candidate.item_code)
    observed = candidate.contrast or (sibling.contrast if sibling else "")
    if contrast and observed and observed not in (contrast, "both"):
        yield Reason("contrast.differs", False, NOT, {"required": contrast, "observed": observed})
    elif candidate.item_code != item.code:
        yield Reason("site.differs", False, NOT, {"required": item.code, "observed": candidate.item_code})


def _comparable(case: Case) -> Iterator[Reason]:
    candidate, item = case.candidate, case.item
    if item.result_type == "quantitative":
        evidence = {"printed": candidate.unit, "unit": item.unit}
        if candidate.unit_state == "converted":
            yield Reason("unit.converted", evidence=evidence)
        elif candidate.unit_state != "same" and not _is_absence(candidate, item):
            yield Reason("unit.not_comparable", False, NOT, evidence)
    if item.comparability == Comparability.METHOD and case.source.code != case.receiver.code:
        on = _examined_on(candidate)
        theirs = candidate.method_class or find_method(case.rulebook, case.source.code, item.code, on)
        ours = find_method(case.rulebook, case.receiver.code, item.code, case.order.on)
        if theirs is None or theirs != ours:
            yield Reason("method.not_comparable", False, NOT, {"source": theirs, "receiver": ours})
        else:
            yield Reason("method.comparable", evidence={"method": ours})


def _not_taken_away(case: Case) -> Iterable[Reason]:
    """Negative list, suspension and doubt about quality: facts that no agreement heals."""
    if case.item.negative_list or list_suspensions(case.rulebook, case.source.code, case.item.code):
        return _taken_away(case)
    return ()


def _taken_away(case: Case) -> Iterator[Reason]:
    rulebook, item, at = case.rulebook, case.item, case.order.at

    def suspended(kind: SuspensionKind, spanning: str = "now") -> str | None:
        moment = at if spanning == "now" else case.candidate.effective_at
        source, receiver = case.source.code, case.receiver
        found = find_suspension(rulebook, kind, source, item.code, at=at, spanning=moment, receiver=receiver)
        return found.reason if found else None

    listed = suspended(SuspensionKind.NEGATIVE_LIST)
    if item.negative_list or listed is not None:
        yield Reason("item.negative_list", False, NOT, {"reason": listed})
    if (reason := suspended(SuspensionKind.ITEM)) is not None:
        yield Reason("item.suspended", False, NOT, {"reason": reason})
    if (reason := suspended(SuspensionKind.QUALITY, "examination")) is not None:
        yield Reason("quality.in_question", False, NOT, {"reason": reason})


def _circumstances(case: Case) -> Iterable[Reason]:
    """Emergency, purpose, and what happened to the patient since."""
    order, item, candidate = case.order, case.item, case.candidate
    found = []
    if order.encounter_type is EncounterType.EMERGENCY:
        found.append(Reason("encounter.emergency", False, MAY))
    repeats = order.purpose in REPEAT_PURPOSES
    if repeats or (order.purpose is Purpose.MONITORING and item.fast_changing):
        found.append(Reason("purpose.repeat_allowed", False, MAY, {"purpose": order.purpose.value}))
    if item.fast_changing and order.interventions:
        since = [t for t in order.interventions if candidate.effective_at < t <= order.at]
        if since:
            evidence = {"intervention_at": max(since).isoformat()}
            found.append(Reason("fast_changing.intervention", False, MAY, evidence))
    return found


def _value_sound(case: Case) -> Iterable[Reason]:
    candidate, item = case.candidate, case.item
    number = candidate.comparable_value
    low, high = item.plausible_low, item.plausible_high
    implausible = number is not None and (
        (low is not None and number < low) or (high is not None and number > high)
    )
    reactive = item.sensitive == "hiv" and not _is_negative(candidate)
    if candidate.critical or candidate.flag in CRITICAL_FLAGS or implausible or reactive:
        kind = "implausible" if implausible else "reactive" if reactive else "critical"
        return (Reason("critical.recheck", False, MAY, {"kind": kind, "flag": candidate.flag or None}),)
    return ()


def _is_absence(candidate: Candidate, item: Item) -> bool:
    """Tell whether a figure was printed as its absence (未检出): a result with nothing to convert."""
    in_words = item.result_type == "quantitative" and candidate.unit_state == "not_numeric"
    return in_words and _words_of(candidate) in NEGATIVE_VALUES - DASHES


def _is_negative(candidate: Candidate) -> bool:
    """Tell whether flag and words agree that nothing was found; a bare figure needs the laboratory's flag."""
    if candidate.flag and candidate.flag not in NEGATIVE_FLAGS:
        return False
    words = _words_of(candidate)
    return words in NEGATIVE_VALUES or bool(candidate.flag and BARE_NUMBER.fullmatch(words))


def _images_reachable(case: Case) -> Iterator[Reason]:
    """The images, slides or tracings are recognised, never the conclusion (Measures art. 2)."""
    if case.item.conclusion_only:
        yield Reason("image.conclusion_only", False, MAY)
    elif case.item.images_are_result:
        if case.candidate.image_status == ImageStatus.AVAILABLE:
            yield Reason("image.available")
        else:
            status = case.candidate.image_status or ImageStatus.UNKNOWN.value
            yield Reason("image.unavailable", False, MAY, {"status": status})


OF_ITS_KIND = (_same_item, _report_status, _comparable, _images_reachable)
"""Alike for all results of one kind: whatever they read of a case stands in `_kind_of`."""


def list_reasons(case: Case) -> tuple[Reason, ...]:
    """Return what was found, whatever agreements say."""
    key = _kind_of(case)
    known: tuple[Reason, ...] | None = case.rulebook.memory.get(key)
    if known is None:
        found = (reason for condition in OF_ITS_KIND for reason in condition(case))
        known = remember(case.rulebook, key, share(case.rulebook, found))
    return (*known, *_not_taken_away(case), *_circumstances(case), *_value_sound(case))


def _kind_of(case: Case) -> tuple[object, ...]:
    candidate, ordered, item = case.candidate, case.ordered, case.item
    by_method = item.comparability == Comparability.METHOD
    return (
        "kind",
        item.code,
        case.source.code,
        case.receiver.code,
        candidate.item_code,
        candidate.status,
        candidate.unit,
        candidate.unit_state,
        _is_absence(candidate, item),
        candidate.specimen,
        candidate.specimen_name,
        candidate.method_class,
        candidate.body_site,
        candidate.laterality,
        candidate.contrast,
        candidate.image_status,
        ordered.body_site,
        ordered.laterality,
        ordered.contrast,
        case.order.on,
        _examined_on(candidate) if by_method else None,
    )


def _examined_on(candidate: Candidate) -> date:
    return candidate.effective_at.astimezone(CHINA).date()


def _words_of(candidate: Candidate) -> str:
    """Return the value as printed, with equal width and case and without blanks."""
    return "".join(unicodedata.normalize("NFKC", candidate.value).lower().split())
