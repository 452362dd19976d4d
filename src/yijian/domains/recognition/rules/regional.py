"""What a region's options change: images that must open, and reminders that stay silent. Pure.

A silent reminder keeps its honest outcome; it is flagged, raises no card and is not counted (decision 0010).
"""

from collections.abc import Iterable, Sequence
from datetime import timedelta

from msgspec import structs

from yijian.domains.identity.values import EncounterType
from yijian.domains.recognition.rules.conditions import Case
from yijian.domains.recognition.values import AnsweredItem, Order, Outcome, Purpose, Reason
from yijian.domains.sharing.rules import options_for
from yijian.domains.sharing.values import DEFAULT_OPTIONS, RegionOptions, Rulebook

__all__ = ["list_regional_reasons", "quieten"]

PREOPERATIVE = frozenset({Purpose.PREOPERATIVE, Purpose.TRANSFUSION})
SECURE = "https://"


def list_regional_reasons(case: Case) -> Iterable[Reason]:
    """Return `image.no_access` where the region recognises only images that open over the internet."""
    if not case.item.images_are_result or case.source.code == case.receiver.code:
        return ()
    required = options_for(case.rulebook, case.receiver, case.order.on).image_access_required
    if required and not case.candidate.image_url.startswith(SECURE):
        return (Reason("image.no_access", False, Outcome.MAY_RECOGNISE),)
    return ()


def quieten(rulebook: Rulebook, order: Order, items: Sequence[AnsweredItem]) -> tuple[AnsweredItem, ...]:
    """Flag the reminders that the region's options keep silent, each with its cause."""
    receiver = rulebook.institutions.get(order.institution_code)
    options = options_for(rulebook, receiver, order.on) if receiver else DEFAULT_OPTIONS
    if not options.silences:
        return tuple(items)
    return tuple(_quieten_one(options, order, item) for item in items)


def _quieten_one(options: RegionOptions, order: Order, item: AnsweredItem) -> AnsweredItem:
    cause = _cause_of_silence(options, order, item) if item.outcome.is_reminder else None
    if cause is None:
        return item
    flag = Reason("reminder.suppressed", evidence={"cause": cause})
    return structs.replace(item, reasons=(*item.reasons, flag), suppressed=True)


def _cause_of_silence(options: RegionOptions, order: Order, item: AnsweredItem) -> str | None:
    code = item.ordered.item.code if item.ordered.item else item.ordered.code
    preoperative = order.purpose in PREOPERATIVE or code in options.preoperative_items
    causes = {
        "emergency": options.suppress_emergency and order.encounter_type is EncounterType.EMERGENCY,
        "preoperative": options.suppress_preoperative and preoperative,
        "answered": options.suppress_answered_in_encounter and code in order.answered,
        "own_result": _is_own(options, order, item),
    }
    return next((cause for cause, holds in causes.items() if holds), None)


def _is_own(options: RegionOptions, order: Order, item: AnsweredItem) -> bool:
    """Tell whether all that was found is the orderer's own, and such results bring no reminder (yet)."""
    found = [each.best.candidate for each in item.members or (item,) if each.best]
    if any(candidate.institution_code != order.institution_code for candidate in found):
        return False
    youngest = timedelta(hours=options.same_institution_exclusion_hours)
    return not options.same_institution_reminders or any(
        order.at - candidate.effective_at < youngest for candidate in found
    )
