"""What is refused: the code, the field and the right acknowledgement."""

import pytest
from hl7v2_messages import HEADER, ORDER, PATIENT, ROW, decode, header_with, message, result, with_field

from yijian.gateways.hl7v2 import codec


def refusal_of(raw: bytes) -> tuple[str, int, str]:
    with pytest.raises(codec.MessageRefused) as refusal:
        decode(raw)
    return refusal.value.ack_code, refusal.value.error_code, refusal.value.location


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        (header_with(9, ""), ("AE", 101, "MSH-9")),
        (header_with(9, "RDE^O11"), ("AR", 200, "MSH-9.1")),
        (header_with(9, "ADT^A40"), ("AR", 201, "MSH-9.2")),
        (header_with(9, "ADT"), ("AR", 201, "MSH-9.2")),
        (header_with(9, "ORU^R32"), ("AR", 201, "MSH-9.2")),
        (header_with(10, ""), ("AE", 101, "MSH-10")),
        (header_with(10, "9" * 200), ("AE", 102, "MSH-10")),
        (header_with(11, "Q"), ("AR", 202, "MSH-11")),
        (header_with(12, ""), ("AE", 101, "MSH-12")),
        (header_with(12, "2.2"), ("AR", 203, "MSH-12")),
        (header_with(12, "3.0"), ("AR", 203, "MSH-12")),
        (HEADER.replace("^~\\&", "^^^^"), ("AE", 102, "MSH-2")),
    ],
)
def test_refuses_a_header(header: str, expected: tuple[str, int, str]) -> None:
    assert refusal_of(message(PATIENT, ORDER, ROW, header=header)) == expected


@pytest.mark.parametrize("version", ["2.3", "2.3.1", "2.4", "2.5", "2.5.1", "2.6", "2.7.1", "2.8", "2.8.2"])
def test_takes_versions_2_3_to_2_8(version: str) -> None:
    parsed = decode(message(PATIENT, ORDER, ROW, header=header_with(12, version)))
    assert len(parsed.reports) == 1


def test_event_may_stand_in_evn() -> None:
    parsed = decode(message("EVN|A08|20261101", PATIENT, header=header_with(9, "ADT")))
    assert parsed.kind == "adt"


@pytest.mark.parametrize("event", ["A01", "A04", "A08", "A28", "A31"])
def test_takes_the_events_of_identity(event: str) -> None:
    parsed = decode(message(PATIENT, header=header_with(9, f"ADT^{event}")))
    assert (parsed.kind, parsed.patient.name, parsed.reports) == ("adt", "张伟", ())


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        ((ORDER, ROW), ("AE", 100, "PID")),
        ((PATIENT,), ("AE", 100, "OBR")),
        ((PATIENT, ROW, ORDER), ("AE", 100, "OBX[1]")),
        ((ORDER, PATIENT, ROW), ("AE", 100, "PID")),
        ((PATIENT, ORDER, ROW, PATIENT, ORDER), ("AE", 100, "PID[2]")),
        ((PATIENT, ORDER, ROW, HEADER), ("AE", 100, "MSH[2]")),
        ((PATIENT, ORDER, "8866||||", ROW), ("AE", 100, "line 4")),
        ((PATIENT, ORDER, "OBXX|1", ROW), ("AE", 100, "line 4")),
        ((PATIENT, ORDER, ROW, "NTE|1||a\0b"), ("AE", 102, "NTE[1]")),
        ((with_field(PATIENT, 3, ""), ORDER, ROW), ("AE", 101, "PID-3")),
        ((with_field(PATIENT, 3, "123^^^X^SS"), ORDER, ROW), ("AE", 101, "PID-3")),
        ((PATIENT, with_field(with_field(ORDER, 2, ""), 3, ""), ROW), ("AE", 101, "OBR[1]-3")),
        ((PATIENT, ORDER, with_field(ROW, 3, "")), ("AE", 101, "OBX[1]-3")),
        ((PATIENT, with_field(with_field(ORDER, 7, ""), 22, ""), ROW), ("AE", 101, "OBR[1]-7")),
    ],
)
def test_refuses_a_structure(lines: tuple[str, ...], expected: tuple[str, int, str]) -> None:
    assert refusal_of(message(*lines)) == expected


@pytest.mark.parametrize(
    ("field", "value"),
    [
        (7, "00000000"),
        (7, "20261301"),
        (7, "20260230"),
        (7, "20271122"),
        (7, "18990101"),
        (7, "yesterday"),
        (22, "2026112412"),
    ],
)
def test_refuses_absurd_times_by_their_name(field: int, value: str) -> None:
    assert refusal_of(result(ROW, order=with_field(ORDER, field, value))) == ("AE", 102, f"OBR[1]-{field}")


@pytest.mark.parametrize("value", ["00000101", "19851301", "20270101", "18500101", "x"])
def test_refuses_an_absurd_birth_date(value: str) -> None:
    assert refusal_of(result(ROW, patient=with_field(PATIENT, 7, value))) == ("AE", 102, "PID-7")


def test_a_message_cut_off_in_its_last_observation_is_refused() -> None:
    whole = result(ROW)
    assert refusal_of(whole[: whole.rindex(b"6.2") + 3]) == ("AE", 101, "OBX[1]-11")
    assert len(decode(whole.rstrip(b"\r")).reports) == 1


def test_order_numbers_may_stand_in_orc() -> None:
    order = with_field(with_field(ORDER, 2, ""), 3, "")
    (report,) = decode(message(PATIENT, "ORC|RE|O9|F9", order, ROW)).reports
    assert (report.report_no, report.order_no) == ("F9", "O9")
