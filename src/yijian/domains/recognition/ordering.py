"""From a request to an order: codes looked up, panels unfolded. Pure."""

from collections.abc import Iterable
from datetime import datetime

from yijian.domains.identity.values import Certainty
from yijian.domains.recognition.values import Basis, MatchRequest, Order, OrderedItem, RequestedItem
from yijian.domains.sharing.rules import remember
from yijian.domains.sharing.values import LocalCode, Rulebook
from yijian.kit.errors import FieldError, Problem

__all__ = ["MAX_ITEMS", "build_order", "order_item", "wanted_codes"]

MAX_ITEMS = 200


def build_order(
    rulebook: Rulebook,
    institution_code: str,
    request: MatchRequest,
    identity: Certainty,
    at: datetime,
) -> Order:
    """Return the order, with what it asks to see.

    Raise `Problem` for an unknown campus, or for no or too many items.
    """
    if not request.items or len(request.items) > MAX_ITEMS:
        raise Problem(
            "items.count",
            f"Order between 1 and {MAX_ITEMS} items at a time.",
            422,
            (FieldError("items", f"1 to {MAX_ITEMS} entries"),),
        )
    receiver = rulebook.institutions.get(institution_code)
    campus = receiver.find_campus(request.campus_code) if receiver else None
    if request.campus_code and campus is None:
        raise Problem(
            "campus.unknown",
            "The institution has no campus of this code.",
            422,
            (FieldError("campus_code", "use a registered campus code, or leave it out"),),
        )
    return Order(
        institution_code=institution_code,
        campus_code=campus.code if campus else "",
        encounter_type=request.encounter.type,
        purpose=request.purpose,
        at=at,
        items=tuple(
            order_item(rulebook, institution_code, index, item) for index, item in enumerate(request.items)
        ),
        identity=identity,
        shows_anything=request.authorisation.basis is not Basis.NONE,
        shows_sensitive=request.authorisation.scope == "all",
    )


def order_item(
    rulebook: Rulebook, institution_code: str, index: int, requested: RequestedItem
) -> OrderedItem:
    """Look a requested code up; a code we do not know becomes an item with its problem, never an error."""
    key = ("meaning", institution_code, requested.system, requested.code)
    meant: OrderedItem | None = rulebook.memory.get(key)
    if meant is None:
        meant = _meaning_of(rulebook, institution_code, requested)
        if meant.item is not None:
            remember(rulebook, key, meant)
    return OrderedItem(
        index,
        meant.item,
        meant.code,
        meant.name or requested.name or "",
        requested.order_no or "",
        meant.problem,
        meant.laterality,
        meant.body_site,
        meant.contrast,
        meant.members,
    )


def _meaning_of(rulebook: Rulebook, institution_code: str, requested: RequestedItem) -> OrderedItem:
    """Return what everybody at an institution means by a code."""
    if requested.system == "local":
        local = _unambiguous(rulebook.local_codes.get((institution_code, requested.code), ()))
        if local is None:
            return OrderedItem(0, None, requested.code, problem="item.unmapped")
        code = local.item_code
    else:
        local = LocalCode("")
        code = rulebook.codes.get((requested.system, requested.code), "")
    item = rulebook.items.get(code)
    if item is None:
        return OrderedItem(0, None, requested.code, problem="item.unknown")
    return OrderedItem(
        0,
        item,
        requested.code,
        item.name_zh,
        laterality=local.laterality,
        body_site=local.body_site,
        contrast=local.contrast,
        members=_members(rulebook, item.code),
    )


def _unambiguous(meanings: tuple[LocalCode, ...]) -> LocalCode | None:
    """Return the one meaning of a local code; where specimens split it, the one without specimen."""
    if len(meanings) == 1:
        return meanings[0]
    return next((m for m in meanings if not m.specimen), None)


def _members(rulebook: Rulebook, panel_code: str) -> tuple[OrderedItem, ...]:
    return tuple(
        OrderedItem(index, rulebook.items[code], code, rulebook.items[code].name_zh)
        for index, code in enumerate(rulebook.panels.get(panel_code, ()))
    )


def wanted_codes(rulebook: Rulebook, items: Iterable[OrderedItem]) -> list[str]:
    """Return the item codes whose results may matter: items, members of panels, siblings of examinations."""
    codes: set[str] = set()
    for ordered in items:
        for each in ordered.members or (ordered,):
            if each.item is not None:
                codes.add(each.item.code)
                codes.update(rulebook.families.get(each.item.family, ()) if each.item.family else ())
    return sorted(codes)
