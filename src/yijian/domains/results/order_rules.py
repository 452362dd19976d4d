"""What an order fact must be to be kept, and how it is written down. Pure."""

import hashlib
from collections.abc import Iterator
from datetime import datetime

import msgspec

from yijian.domains.results.rules import EARLIEST, find_nul
from yijian.domains.results.values import Order
from yijian.kit.clock import FUTURE_TOLERANCE
from yijian.kit.errors import FieldError

__all__ = ["codings_of", "digest_of_order", "find_order_faults"]

LONGEST = 128
HIGHEST_PRICE = 100_000_000


def find_order_faults(order: Order, at: datetime) -> Iterator[FieldError]:
    """Yield every field at fault, in the words of the contract."""
    if not 0 < len(order.order_no.strip()) <= LONGEST:
        yield FieldError("order_no", f"1 to {LONGEST} characters")
    if not 0 < len(order.item.code.strip()) <= LONGEST:
        yield FieldError("item.code", f"1 to {LONGEST} characters")
    if order.occurred_at.tzinfo is None or not EARLIEST <= order.occurred_at <= at + FUTURE_TOLERANCE:
        yield FieldError("occurred_at", "lies between 1900 and now")
    if not any(identifier.value.strip() for identifier in order.patient.identifiers):
        yield FieldError("patient.identifiers", "give at least one number of the patient")
    price = order.price
    if price is not None and not (price.is_finite() and 0 <= price < HIGHEST_PRICE):
        yield FieldError("price", "CNY, not below zero")
    yield from find_nul(msgspec.to_builtins(order))


def codings_of(order: Order) -> list[tuple[str, str]]:
    """Return every (system, code) of an order's item, the sender's first choice first."""
    return [(coding.system, coding.code) for coding in (order.item, *order.alternates)]


def digest_of_order(order: Order) -> bytes:
    """Return what two submissions of the same fact share."""
    return hashlib.sha256(msgspec.json.encode(order, order="deterministic")).digest()
