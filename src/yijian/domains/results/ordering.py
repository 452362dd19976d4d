"""Record order facts, each by itself: one number in one state is one fact."""

import hashlib
from collections.abc import Iterator, Sequence
from contextlib import suppress
from datetime import datetime

import msgspec
from django.db import transaction

from yijian.domains.identity import api as identity
from yijian.domains.results.models import OrderFact, OrderKey
from yijian.domains.results.rules import EARLIEST, find_nul
from yijian.domains.results.values import Order, OrderOutcome, OrderRecorded
from yijian.domains.terminology.api import look_up
from yijian.domains.terminology.values import CodeMeaning, Kind
from yijian.foundation.database.rows import insert_rows
from yijian.kit.clock import FUTURE_TOLERANCE
from yijian.kit.errors import FieldError, Problem

__all__ = ["record_orders"]

MOST_ORDERS = 1000
LONGEST = 128
HIGHEST_PRICE = 100_000_000
OTHER_CONTENT = "this number and state were recorded with other content"


def record_orders(orders: Sequence[Order], institution_code: str, *, at: datetime) -> list[OrderRecorded]:
    """Record orders and answer for each; one that is refused does not hold up the others."""
    if not 0 < len(orders) <= MOST_ORDERS:
        remedy = FieldError("orders", f"1 to {MOST_ORDERS} entries")
        raise Problem("orders.count", f"Send between 1 and {MOST_ORDERS} orders at a time.", 422, (remedy,))
    meanings = look_up(institution_code, {(order.item.system, order.item.code) for order in orders})
    return [
        _record(order, institution_code, meanings.of(order.item.system, order.item.code), at)
        for order in orders
    ]


class OrderTaken(Exception):
    """Somebody recorded the same order and state meanwhile."""


def _record(order: Order, institution_code: str, meaning: CodeMeaning | None, at: datetime) -> OrderRecorded:
    faults = "; ".join(_faults(order, at))
    if faults:
        return _answer(order, OrderOutcome.REFUSED, faults)
    digest = _digest_of(order)
    known = _find_known(order, institution_code)
    if known is None:
        with suppress(OrderTaken), transaction.atomic():
            return _record_new(order, institution_code, meaning, digest, at)
        known = _find_known(order, institution_code)
    if known == digest:
        return _answer(order, OrderOutcome.DUPLICATE)
    return _answer(order, OrderOutcome.REFUSED, OTHER_CONTENT)


def _record_new(
    order: Order, institution_code: str, meaning: CodeMeaning | None, digest: bytes, at: datetime
) -> OrderRecorded:
    linked = identity.record_patient(order.patient, institution_code, message_id=None, at=at)
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
        code_system=order.item.system,
        code=order.item.code,
        intervention=meaning is not None and meaning.item.kind is Kind.INTERVENTION,
        price=order.price,
        body=body,
        recorded_at=at,
    )
    insert_rows([fact])
    return _answer(order, OrderOutcome.RECORDED)


def _faults(order: Order, at: datetime) -> Iterator[str]:
    if not 0 < len(order.order_no.strip()) <= LONGEST:
        yield f"order_no: 1 to {LONGEST} characters"
    if not 0 < len(order.item.code.strip()) <= LONGEST:
        yield f"item.code: 1 to {LONGEST} characters"
    if order.occurred_at.tzinfo is None or not EARLIEST <= order.occurred_at <= at + FUTURE_TOLERANCE:
        yield "occurred_at: lies between 1900 and now"
    if not any(identifier.value.strip() for identifier in order.patient.identifiers):
        yield "patient.identifiers: give at least one number of the patient"
    price = order.price
    if price is not None and not (price.is_finite() and 0 <= price < HIGHEST_PRICE):
        yield "price: CNY, not below zero"
    for fault in find_nul(msgspec.to_builtins(order)):
        yield f"{fault.path}: {fault.message}"


def _find_known(order: Order, institution_code: str) -> bytes | None:
    digest = (
        OrderKey.objects.filter(
            order_no=order.order_no, institution_code=institution_code, state=order.state.value
        )
        .values_list("content_digest", flat=True)
        .first()
    )
    return None if digest is None else bytes(digest)


def _digest_of(order: Order) -> bytes:
    return hashlib.sha256(msgspec.json.encode(order, order="deterministic")).digest()


def _answer(order: Order, outcome: OrderOutcome, reason: str | None = None) -> OrderRecorded:
    return OrderRecorded(order_no=order.order_no, state=order.state, outcome=outcome, reason=reason)
