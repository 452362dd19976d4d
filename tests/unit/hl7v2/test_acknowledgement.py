"""Answers in the sender's version, delimiters and character set."""

import hl7
import pytest
from hl7v2_messages import HEADER, NOW, ORDER, PATIENT, ROW, header_with, message

from yijian.gateways.hl7v2 import codec


def answer(raw: bytes, code: codec.AckCode = "AA", setting: str | None = None) -> bytes:
    """Answer a message as the gateway does."""
    peeked = codec.peek(raw, setting)
    try:
        codec.decode_message(raw, setting, NOW)
    except codec.MessageRefused as refusal:
        return codec.acknowledge(peeked, refusal.ack_code, refused=refusal, now=NOW, control_id="A1")
    return codec.acknowledge(peeked, code, refused=None, now=NOW, control_id="A1")


def parsed(raw: bytes, encoding: str = "utf-8") -> hl7.Message:
    return hl7.parse(raw.decode(encoding))


def test_acceptance_names_sender_receiver_and_message() -> None:
    text = answer(message(PATIENT, ORDER, ROW)).decode()
    assert text == (
        "MSH|^~\\&|HIP|370100|LIS|370102001|20261122160000+0800||ACK^R01^ACK|A1|P|2.5.1||||||UNICODE UTF-8\r"
        "MSA|AA|C1\r"
    )


@pytest.mark.parametrize("code", ["CA", "CE", "CR", "AA"])
def test_enhanced_mode_has_codes_of_its_own(code: codec.AckCode) -> None:
    assert str(parsed(answer(message(PATIENT, ORDER, ROW), code))["MSA.F1"]) == code


def test_refusal_names_field_condition_and_remedy() -> None:
    ack = parsed(answer(message(PATIENT, ORDER, ROW.replace("WBC^白细胞^L", ""))))
    error = ack.segment("ERR")
    assert str(ack["MSA.F1"]) == "AE"
    assert str(error[2]) == "OBX^1^3"
    assert str(error[3]) == "101^Required field missing^HL70357"
    assert str(error[4]) == "E"
    assert "required" in str(error[7])
    assert "请填写" in str(error[8])


def test_refusal_names_the_component() -> None:
    ack = parsed(answer(message(PATIENT, header=header_with(9, "ADT^A40^ADT_A39"))))
    assert str(ack.segment("ERR")[2]) == "MSH^1^9^1^2"
    assert str(ack["MSA.F1"]) == "AR"


@pytest.mark.parametrize("version", ["2.3", "2.3.1", "2.4"])
def test_older_versions_are_told_in_msa_and_err_1(version: str) -> None:
    ack = parsed(answer(message(header=header_with(12, version))))
    assert str(ack["MSH.F12"]) == version
    assert str(ack.segment("MSH")[9]) == ("ACK^R01" if version == "2.3" else "ACK^R01^ACK")
    assert "PID" in str(ack["MSA.F3"])
    assert str(ack.segment("MSA")[6]) == "100^Segment sequence error^HL70357"
    assert str(ack.segment("ERR")[1]) == "PID^1^^100&Segment sequence error&HL70357"


def test_answers_in_the_senders_character_set() -> None:
    header = HEADER.replace("UNICODE UTF-8", "GBK").replace("LIS", "检验")
    raw = answer(message(header=header, encoding="gbk"))
    assert "检验" in raw.decode("gbk")
    assert "缺少 PID 段" in raw.decode("gbk")
    assert "|GBK\r" in raw.decode("gbk")


def test_a_guessed_character_set_is_declared_in_the_answer() -> None:
    raw = answer(message(header=HEADER.replace("UNICODE UTF-8", "").replace("LIS", "检验"), encoding="gbk"))
    assert raw.decode("gbk").split("\r")[0].endswith("|GB 18030-2000")


@pytest.mark.parametrize("declared", ["ASCII", "8859/1"])
def test_answers_in_english_where_the_set_has_no_chinese(declared: str) -> None:
    raw = answer(message(header=HEADER.replace("UNICODE UTF-8", declared)))
    assert b"PID is missing" in raw
    assert b"?" not in raw
    assert f"|{declared}\r".encode() in raw


def test_answers_with_the_senders_delimiters() -> None:
    raw = message(
        header=HEADER.replace("|", "!").replace("^~\\&", "*%$@").replace("ORU^R01^ORU_R01", "ORU*R01")
    )
    lines = answer(raw).decode().split("\r")
    assert lines[0].startswith("MSH!*%$@!HIP!370100!LIS!370102001!")
    assert "ACK*R01*ACK" in lines[0]
    assert lines[1] == "MSA!AE!C1"
    assert lines[2].startswith("ERR!!PID*1!100*")


def test_unreadable_bytes_are_answered_too() -> None:
    ack = parsed(answer(b"garbage"))
    assert str(ack["MSA.F1"]) == "AE"
    assert str(ack["MSH.F12"]) == "2.5.1"
    assert str(ack.segment("MSH")[9]) == "ACK"


def test_peek_tells_what_the_inbox_needs() -> None:
    header = header_with(15, "AL").replace("370102001", "^1.2.3^ISO", 1)
    peeked = codec.peek(message(PATIENT, header=header), None)
    assert (peeked.sender_code, peeked.sending_facility, peeked.sending_facility_id) == ("1.2.3", "", "1.2.3")
    assert (peeked.control_id, peeked.type, peeked.trigger, peeked.version) == ("C1", "ORU", "R01", "2.5.1")
    assert peeked.is_enhanced
    assert peeked.accept_acknowledgment == "AL"
    assert peeked.patient_key == "local:370102001:P1"
    assert peeked.encoding == "UTF-8"


def test_original_mode_where_neither_acknowledgement_is_asked_for() -> None:
    assert not codec.peek(message(PATIENT), None).is_enhanced


def test_order_key_prefers_the_local_number() -> None:
    pid = PATIENT.replace("P1^^^370102001^MR", "370102198503162158^^^^NI~7^^^^MR")
    assert codec.peek(message(pid), None).patient_key == "local::7"
    assert codec.peek(message("EVN|A01"), None).patient_key == ""
