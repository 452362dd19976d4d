"""Record order facts, each by itself: one number in one state is one fact."""

from collections.abc import Sequence
from contextlib import suppress
from datetime import datetime
from uuid import UUID

import msgspec
from django.db import transaction
from django.db.models import Q

from yijian.domains.identity import api as identity
from yijian.domains.results.awaiting import expect_report
from yijian.domains.results.mending import UNMAPPED_CODE, code_subject
from yijian.domains.results.models import OrderFact, OrderKey
from yijian.domains.results.order_rules import codings_of, digest_of_order, find_order_faults
from yijian.domains.results.values import ItemCode, Order, OrderOutcome, OrderRecorded
from yijian.domains.terminology.api import Meanings, look_up
from yijian.domains.terminology.values import CodeMeaning, Kind
from yijian.foundation.database.rows import insert_rows
from yijian.foundation.inbox.work_items import open_work_item
from yijian.kit.errors import FieldError, Problem

__all__ = ["as_ordered", "record_orders"]

MOST_ORDERS = 1000
OTHER_CONTENT = "this number and state were recorded with other content"


def record_orders(
    orders: Sequence[Order], institution_code: str, *, at: datetime, message_id: UUID | None = None
) -> list[OrderRecorded]:
    """Record orders and answer for each; one that is refused does not hold up the others.

    An item that has no meaning here yet is recorded, and asked about: `remap` gives the fact its meaning.
    """
    if not 0 < len(orders) <= MOST_ORDERS:
        remedy = FieldError("orders", f"1 to {MOST_ORDERS} entries")
        raise Problem("orders.count", f"Send between 1 and {MOST_ORDERS} orders at a time.", 422, (remedy,))
    meanings = look_up(institution_code, {coding for order in orders for coding in codings_of(order)})
    return [_record(order, institution_code, meanings, message_id, at) for order in orders]


def as_ordered(order: Order, institution_code: str, *, at: datetime) -> list[Order]:
    """Return an order under the numbers it was told with first; none, where it has no item and is unknown.

    Several items of one number were recorded as `number#code`, and the number alone means every one of them.
    """
    keys = OrderKey.objects.filter(institution_code=institution_code)
    if order.item.code:
        part = f"{order.order_no}#{order.item.code}"
        told = set(keys.filter(order_no__in=(order.order_no, part)).values_list("order_no", flat=True))
        return [msgspec.structs.replace(order, order_no=part) if told == {part} else order]
    key = keys.filter(order_no=order.order_no).first()
    whose = key or identity.record_patient(order.patient, institution_code, message_id=None, at=at)
    numbered = Q(order_no=order.order_no) | Q(order_no__startswith=f"{order.order_no}#")
    facts = OrderFact.objects.filter(numbered, person_id=whose.person_id, institution_code=institution_code)
    items = {fact.order_no: fact.body["item"] for fact in facts.order_by("order_no", "-recorded_at")}
    return [
        msgspec.structs.replace(order, order_no=number, item=msgspec.convert(item, ItemCode))
        for number, item in items.items()
    ]


class OrderTaken(Exception):
    """Somebody recorded the same order and state meanwhile."""


def _record(
    order: Order, institution_code: str, meanings: Meanings, message_id: UUID | None, at: datetime
) -> OrderRecorded:
    faults = "; ".join(f"{fault.path}: {fault.message}" for fault in find_order_faults(order, at))
    if faults:
        return _answer(order, OrderOutcome.REFUSED, faults)
    digest = digest_of_order(order)
    known = _find_known(order, institution_code)
    if known is None:
        coding, meaning = _choose(order, meanings)
        with suppress(OrderTaken), transaction.atomic():
            _record_new(order, institution_code, coding, meaning, digest, message_id, at)
            if meaning is None:
                _ask_about(coding, institution_code, message_id, at)
            return _answer(order, OrderOutcome.RECORDED)
        known = _find_known(order, institution_code)
    if known == digest:
        return _answer(order, OrderOutcome.DUPLICATE)
    return _answer(order, OrderOutcome.REFUSED, OTHER_CONTENT)


def _choose(order: Order, meanings: Meanings) -> tuple[ItemCode, CodeMeaning | None]:
    """Return the first coding that means something here; else the sender's own, which a person can map."""
    codings = (order.item, *order.alternates)
    for coding in codings:
        if meaning := meanings.of(coding.system, coding.code):
            return coding, meaning
    return next((coding for coding in codings if coding.system == "local"), order.item), None


def _ask_about(coding: ItemCode, institution_code: str, message_id: UUID | None, at: datetime) -> None:
    """Open one work item for all orders of a code that has no meaning yet."""
    open_work_item(
        institution_code,
        UNMAPPED_CODE,
        code_subject(coding.system, coding.code),
        at=at,
        detail={"name": coding.name or "", "unit": ""},
        message_id=message_id,
    )


def _record_new(
    order: Order,
    institution_code: str,
    coding: ItemCode,
    meaning: CodeMeaning | None,
    digest: bytes,
    message_id: UUID | None,
    at: datetime,
) -> None:
    linked = identity.record_patient(order.patient, institution_code, message_id=message_id, at=at)
    key = OrderKey(
        order_no=order.order_no,
        institution_code=institution_code,
        state=order.state.value,
        person_id=linked.person_id,
        content_digest=digest,
    )
    if insert_rows([key], on_conflict="nothing") == 0:
        raise OrderTaken
    body = msgspec.to_builtins(order)
    del body["patient"]
    fact = OrderFact(
        person_id=linked.person_id,
        institution_code=institution_code,
        order_no=order.order_no,
        state=order.state.value,
        occurred_at=order.occurred_at,
        item_code=meaning.item.code if meaning else "",
        code_system=coding.system,
        code=coding.code,
        intervention=meaning is not None and meaning.item.kind is Kind.INTERVENTION,
        price=order.price,
        body=body,
        recorded_at=at,
    )
    insert_rows([fact])
    expect_report(fact, meaning, at=at)


def _find_known(order: Order, institution_code: str) -> bytes | None:
    digest = (
        OrderKey.objects.filter(
            order_no=order.order_no, institution_code=institution_code, state=order.state.value
        )
        .values_list("content_digest", flat=True)
        .first()
    )
    return None if digest is None else bytes(digest)


def _answer(order: Order, outcome: OrderOutcome, reason: str | None = None) -> OrderRecorded:
    return OrderRecorded(order_no=order.order_no, state=order.state, outcome=outcome, reason=reason)
