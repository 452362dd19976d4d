"""Order messages become facts: placed, executed, cancelled, charged."""

from datetime import datetime
from decimal import Decimal

import pytest
from hl7v2_messages import PATIENT, decode, header_with, message, with_field

from yijian.domains.results.values import Order, OrderState
from yijian.gateways.hl7v2 import codec
from yijian.kit.clock import CHINA

ORC = "ORC|NW|O1|||||||20261101080000|||D1^陈强^L"
OBR = "OBR|1|O1||CT0101^胸部CT平扫^L||20261101075900||||||||||D1^陈强"
FT1 = "FT1|1|||20261101081500||CG|CT0101^胸部CT|||2||120.5&CNY"


def orders(*lines: str, kind: str = "ORM^O01") -> tuple[Order, ...]:
    return decode(message(PATIENT, *lines, header=header_with(9, kind))).orders


@pytest.mark.parametrize(
    ("control", "status", "result", "state"),
    [
        ("NW", "", "", "placed"),
        ("SN", "", "", "placed"),
        ("XO", "", "", "placed"),
        ("", "", "", "placed"),
        ("NW", "SC", "S", "placed"),
        ("SC", "IP", "", "executed"),
        ("SC", "CM", "", "executed"),
        ("SC", "A", "", "executed"),
        ("SC", "", "I", "executed"),
        ("SC", "CA", "", "cancelled"),
        ("SC", "", "X", "cancelled"),
        ("CA", "", "", "cancelled"),
        ("DC", "", "", "cancelled"),
        ("OC", "", "", "cancelled"),
        ("RP", "", "", "cancelled"),
    ],
)
def test_order_control_and_status_decide_the_state(
    control: str, status: str, result: str, state: str
) -> None:
    orc = with_field(with_field(ORC, 1, control), 5, status)
    (order,) = orders(orc, with_field(OBR, 25, result))
    assert order.state == state


@pytest.mark.parametrize(
    ("control", "status"), [("SC", "SC"), ("SC", ""), ("HD", ""), ("UC", ""), ("NA", "")]
)
def test_what_changes_no_state_is_told(control: str, status: str) -> None:
    parsed = decode(
        message(
            PATIENT,
            with_field(with_field(ORC, 1, control), 5, status),
            OBR,
            header=header_with(9, "ORM^O01"),
        )
    )
    assert (parsed.orders, [note.kind for note in parsed.notes]) == ((), ["order.no_state"])


def test_an_order_says_who_when_and_what() -> None:
    (order,) = orders("PV1|1|I", ORC, with_field(OBR, 18, "ACC1"))
    assert (order.order_no, order.item.system, order.item.code) == ("O1", "local", "CT0101")
    assert order.occurred_at == datetime(2026, 11, 1, 8, tzinfo=CHINA)
    assert order.practitioner is not None
    assert order.practitioner.name == "陈强"
    assert order.encounter is not None
    assert (order.encounter.type, order.accession_no) == ("inpatient", "ACC1")


def test_every_order_of_a_message_is_a_fact() -> None:
    found = orders(ORC, OBR, with_field(ORC, 2, "O2"), with_field(with_field(OBR, 2, "O2"), 4, "DR1^胸片^L"))
    assert [(order.order_no, order.item.code) for order in found] == [("O1", "CT0101"), ("O2", "DR1")]


def test_items_under_one_number_are_told_apart() -> None:
    found = orders(ORC, OBR, with_field(OBR, 4, "DR1^胸片^L"))
    assert [order.order_no for order in found] == ["O1#CT0101", "O1#DR1"]


def test_a_charge_is_a_fact_of_its_own_and_prices_the_order() -> None:
    placed, charged = orders(ORC, OBR, FT1)
    assert (placed.state, charged.state) == (OrderState.PLACED, OrderState.CHARGED)
    assert placed.price == charged.price == Decimal("241.00")
    assert charged.occurred_at == datetime(2026, 11, 1, 8, 15, tzinfo=CHINA)


def test_a_credit_is_no_charge() -> None:
    (placed,) = orders(ORC, OBR, with_field(FT1, 6, "CR"))
    assert placed.state is OrderState.PLACED


def test_the_practice_charge_is_the_price() -> None:
    (placed,) = orders(ORC, with_field(OBR, 23, "80.00&CNY^HIS"))
    assert placed.price == Decimal("80.00")


@pytest.mark.parametrize("amount", ["100&USD", "-1", "一百", "1e30", "NaN"])
def test_what_is_no_amount_in_yuan_is_left_out(amount: str) -> None:
    (placed,) = orders(ORC, with_field(OBR, 23, amount))
    assert placed.price is None


def test_drugs_diets_and_earlier_results_are_no_examination() -> None:
    parsed = decode(
        message(
            PATIENT,
            ORC,
            "RXO|1^头孢曲松",
            with_field(ORC, 1, "PR"),
            OBR,
            header=header_with(9, "ORM^O01"),
        )
    )
    assert parsed.orders == ()
    assert {note.kind for note in parsed.notes} == {"order.other", "order.prior"}


def test_a_cancellation_may_name_nothing_but_the_number() -> None:
    (order,) = orders(with_field(ORC, 1, "CA"))
    assert (order.state, order.item) == (OrderState.CANCELLED, codec.UNNAMED)


@pytest.mark.parametrize("kind", ["OML^O21", "OML^O33", "OML^O35", "OMG^O19", "OMI^O23", "ORM"])
def test_orders_come_in_many_types(kind: str) -> None:
    assert len(orders("SPM|1|S1||BLD", ORC, OBR, "SPM|1|S1||BLD", kind=kind)) == 1


@pytest.mark.parametrize(
    ("lines", "location"),
    [
        ((), "ORC"),
        ((with_field(ORC, 2, ""), with_field(OBR, 2, "")), "OBR[1]-2"),
        ((ORC, with_field(OBR, 4, "")), "OBR[1]-4"),
        ((with_field(ORC, 9, "morgen"), OBR), "ORC[1]-9"),
    ],
)
def test_refuses_an_order_naming_the_field(lines: tuple[str, ...], location: str) -> None:
    with pytest.raises(codec.MessageRefused) as refusal:
        orders(*lines)
    assert (refusal.value.ack_code, refusal.value.location) == ("AE", location)
