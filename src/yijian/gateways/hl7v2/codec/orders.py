"""Orders to facts: placed, executed, cancelled, charged (HL7 v2.5.1 §4.4, §4.5.1; FT1 §6.5.1).

One fact per OBR and state. What changes no state (held, rejected, renumbered), and what is no examination
(drugs, diets, supplies), is named in the notes.
"""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal, InvalidOperation

import msgspec

from yijian.domains.results.values import ItemCode, Order, OrderState

from .circumstances import read_encounter, read_requester
from .coding import read_alternates, read_item
from .message import Message
from .reading import Reading
from .refusal import ErrorCode, missing, refuse
from .segment import Segment
from .structure import OrderGroup
from .tables import EXECUTED_RESULTS, ORDER_CONTROLS, ORDER_STATUSES, YUAN
from .times import read_instant
from .value import is_uid

__all__ = ["UNNAMED", "read_orders"]

UNNAMED = ItemCode(system="local", code="")
"""The item of an order told by ORC alone: its number says which, if it was told before."""
OTHER_DETAILS = frozenset({"RXO", "RXE", "RQD", "RQ1", "ODS", "ODT", "BPO", "PR1"})
"""Segments that make an order one of drugs, supplies, diets or blood."""
CHARGE = "CG"
"""FT1-6, Table 0017. Credits and payments take nothing back here."""


@dataclass(slots=True)
class OrderLines:
    """One ORC with one OBR, either of which may be absent, and the charges under them."""

    head: Segment
    """The first segment: ORC, or an OBR that has none."""
    orc: Segment | None
    obr: Segment | None = None
    imaging: Segment | None = None
    charges: list[Segment] = field(default_factory=list)
    is_other: bool = False

    @property
    def place(self) -> Segment:
        """The segment that stands for the order in remarks."""
        return self.obr or self.head

    def text(self, number: int) -> str:
        """Return a field that OBR and ORC share by number (placer 2, filler 3); OBR first."""
        return next((s.text(number) for s in (self.obr, self.orc) if s and s.text(number)), "")

    def own(self, segment: Segment | None, number: int) -> str:
        """Return a field of one of the two segments, empty where it is absent."""
        return segment.text(number) if segment else ""


def read_orders(reading: Reading) -> tuple[Order, ...]:
    """Return the facts of a message in its order."""
    orders = [lines for lines in group_lines(reading.message) if is_examination(lines, reading)]
    numbers = Counter(lines.text(2) or lines.text(3) for lines in orders)
    return tuple(fact for lines in orders for fact in read_order(lines, numbers, reading))


def group_lines(message: Message) -> list[OrderLines]:
    """Arrange the segments; an OBR without an ORC of its own shares the one before it."""
    found: list[OrderLines] = []
    for segment in message.segments:
        last = found[-1] if found else None
        match segment.name:
            case "ORC":
                found.append(OrderLines(segment, segment))
            case "OBR" if last and last.obr is None and not last.is_other:
                last.obr = segment
            case "OBR":
                found.append(OrderLines(segment, last.orc if last and not last.is_other else None, segment))
            case "IPC" if last:
                last.imaging = segment
            case "FT1" if last:
                last.charges.append(segment)
            case name if last and name in OTHER_DETAILS:
                last.is_other = last.obr is None
    if not found:
        raise refuse(
            ErrorCode.SEGMENT_SEQUENCE,
            "ORC",
            "申请消息至少要有一个 ORC 或 OBR 段，请补齐后重发。",
            "An order message holds at least one ORC or OBR: add it and send again.",
        )
    return found


def is_examination(lines: OrderLines, reading: Reading) -> bool:
    """Tell whether an order asks for an examination; earlier results sent along (PR) are no order."""
    if lines.own(lines.orc, 1).upper() == "PR":
        reading.notes.add("order.prior", lines.place.location(), "随申请附送的既往结果，未作为申请")
        return False
    if lines.is_other:
        reading.notes.add("order.other", lines.place.location(), "不是检查检验申请，未采用")
    return not lines.is_other


def read_order(lines: OrderLines, numbers: Counter[str], reading: Reading) -> Iterator[Order]:
    """Yield the state an order was put in, and what was charged for it."""
    number = lines.text(2) or lines.text(3)
    if not number:
        raise missing(
            lines.place.location(2),
            "申请方单号（ORC-2 或 OBR-2）",
            "the placer order number (ORC-2 or OBR-2)",
        )
    order = describe(lines, number, reading)
    if numbers[number] > 1 and order.item is not UNNAMED:
        order = msgspec.structs.replace(order, order_no=f"{number}#{order.item.code}")
    state = read_state(lines)
    if state:
        price = read_practice_charge(lines, reading) or charged_amount(lines.charges, reading)
        yield msgspec.structs.replace(
            order, state=state, occurred_at=read_occurred_at(lines, state, reading), price=price
        )
    elif not lines.charges:
        reading.notes.add("order.no_state", lines.place.location(), "不改变申请状态，未记录")
    charges = [ft1 for ft1 in lines.charges if ft1.text(6).upper() == CHARGE]
    if charges:
        at = next(iter(reading.instants(charges, 4)), None) or sent_at(reading)
        price = charged_amount(charges, reading)
        yield msgspec.structs.replace(
            order, state=OrderState.CHARGED, occurred_at=not_after_now(at, reading), price=price
        )


def describe(lines: OrderLines, number: str, reading: Reading) -> Order:
    """Return what holds for an order in every state."""
    field_4 = lines.obr.first(4) if lines.obr else None
    item = read_item(field_4) if field_4 else None
    if lines.obr and item is None:
        raise missing(lines.obr.location(4), "检查检验项目代码与名称", "the code and name of what is ordered")
    group = OrderGroup(lines.obr or lines.place, lines.orc) if lines.obr else None
    who = read_requester(group, reading.message) if group else None
    return Order(
        order_no=number,
        state=OrderState.PLACED,
        occurred_at=reading.now,
        patient=reading.patient,
        item=item or UNNAMED,
        alternates=read_alternates(field_4) if field_4 and item else (),
        encounter=read_encounter(reading.message),
        practitioner=who.practitioner if who else None,
        department=who.department if who else None,
        accession_no=read_accession(lines),
        study_uid=read_study_uid(lines),
    )


def read_accession(lines: OrderLines) -> str | None:
    """Read IPC-1, else OBR-18."""
    return lines.own(lines.imaging, 1) or lines.own(lines.obr, 18) or None


def read_study_uid(lines: OrderLines) -> str | None:
    uid = lines.own(lines.imaging, 3)
    return uid if is_uid(uid) else None


def read_state(lines: OrderLines) -> OrderState | None:
    """Decide by ORC-1 (Table 0119); a change of status by ORC-5 (0038), else OBR-25 (0123)."""
    control = lines.own(lines.orc, 1).upper()
    if control in ORDER_CONTROLS:
        return ORDER_CONTROLS[control]
    if control not in {"", "SC", "SR", "RE"}:
        return None
    status = lines.own(lines.orc, 5).upper()
    if status:
        return ORDER_STATUSES.get(status) or (None if control else OrderState.PLACED)
    result = lines.own(lines.obr, 25).upper()
    if result == "X":
        return OrderState.CANCELLED
    if result in EXECUTED_RESULTS:
        return OrderState.EXECUTED
    return None if control else OrderState.PLACED


def read_occurred_at(lines: OrderLines, state: OrderState, reading: Reading) -> datetime:
    """Read ORC-9, else the field of OBR that belongs to the state, else MSH-7."""
    fallbacks = {OrderState.PLACED: (6,), OrderState.EXECUTED: (22, 7)}.get(state, (22,))
    at = reading.instant(lines.orc, 9) if lines.orc else None
    for number in fallbacks if lines.obr else ():
        at = at or (reading.instant(lines.obr, number) if lines.obr else None)
    at = at or sent_at(reading)
    if at is None:
        raise missing(
            lines.place.location(9), "申请状态变化的时间（ORC-9）", "when the order changed (ORC-9)"
        )
    return not_after_now(at, reading)


def sent_at(reading: Reading) -> datetime | None:
    return read_instant(reading.message.header.sent_at, "MSH-7", reading.now)


def not_after_now(at: datetime | None, reading: Reading) -> datetime:
    """Take a time in the near future, which is a matter of clocks and zones, for now."""
    return min(at or reading.now, reading.now)


def read_practice_charge(lines: OrderLines, reading: Reading) -> Decimal | None:
    """Read OBR-23.1, the charge to the practice."""
    return read_money(lines.obr, 23, reading) if lines.obr else None


def charged_amount(charges: list[Segment], reading: Reading) -> Decimal | None:
    """Add up the charges: the extended amount FT1-11, else unit price FT1-12 times quantity FT1-10."""
    amounts = [amount for ft1 in charges if (amount := read_charge(ft1, reading)) is not None]
    return sum(amounts, Decimal(0)) if amounts else None


def read_charge(ft1: Segment, reading: Reading) -> Decimal | None:
    extended = read_money(ft1, 11, reading)
    if extended is not None:
        return extended
    unit_price, quantity = read_money(ft1, 12, reading), read_number(ft1.text(10) or "1")
    return unit_price * quantity if unit_price is not None and quantity is not None else None


def read_money(segment: Segment, number: int, reading: Reading) -> Decimal | None:
    """Read an amount in yuan; another currency, or what is no amount, is told and left out."""
    amount = read_number(segment.text(number))
    if not segment.text(number):
        return None
    currency = segment.text(number, 1, 2) or segment.text(number, 2)
    if amount is None or amount < 0 or currency.upper() not in YUAN:
        reading.notes.add("order.price", segment.location(number), "不是人民币金额，未采用")
        return None
    return amount.quantize(Decimal("0.01"))


def read_number(text: str) -> Decimal | None:
    try:
        number = Decimal(text.replace(",", ""))
        return number if number.is_finite() and number.adjusted() < 8 else None
    except InvalidOperation:
        return None
