"""Bytes become text by MSH-18 before anything is split."""

import pytest
from hl7v2_messages import PATIENT, decode, header_with, message
from hypothesis import given
from hypothesis import strategies as st

from yijian.gateways.hl7v2 import codec

TRAPS = [
    character
    for point in range(0x4E00, 0x9FA6)
    if (encoded := (character := chr(point)).encode("gb18030"))[-1] in b"|^\\~" and len(encoded) == 2
]
"""Characters whose second GB18030 byte is a delimiter."""

ADMISSION = {"header": header_with(9, "ADT^A08^ADT_A01")}


def admission(declared: str, encoding: str, name: str = "王^珅") -> bytes:
    header = ADMISSION["header"].replace("UNICODE UTF-8", declared)
    return message(PATIENT.replace("张^伟", name), header=header, encoding=encoding)


@pytest.mark.parametrize(
    ("declared", "encoding", "label"),
    [
        ("UNICODE UTF-8", "utf-8", "UTF-8"),
        ("UTF-8", "utf-8", "UTF-8"),
        ("utf-8", "utf-8", "UTF-8"),
        ("UTF8", "utf-8", "UTF-8"),
        ("UNICODE", "utf-8", "UTF-8"),
        ("GB 18030-2000", "gb18030", "GB18030"),
        ("GB18030", "gb18030", "GB18030"),
        ("GB18030-2022", "gb18030", "GB18030"),
        ("gbk", "gbk", "GB18030"),
        ("GB2312", "gbk", "GB18030"),
        ("~GB18030", "gb18030", "GB18030"),
        ("ASCII~GB18030", "gb18030", "GB18030"),
        ("ASCII~UNICODE UTF-8", "utf-8", "UTF-8"),
        ("UNICODE UTF-8~GB18030", "gb18030", "GB18030"),
        ("GB18030~ASCII", "gb18030", "GB18030"),
    ],
)
def test_reads_every_spelling_met_in_china(declared: str, encoding: str, label: str) -> None:
    parsed = decode(admission(declared, encoding))
    assert (parsed.encoding, parsed.patient.name, parsed.notes) == (label, "王珅", ())


@pytest.mark.parametrize("part", [1, 2, 5, 7, 15])
def test_reads_the_parts_of_8859(part: int) -> None:
    found = codec.find_charset(f"8859/{part}")
    assert found is not None
    assert found.label == f"ISO-8859-{part}"
    assert codec.find_charset(f"ISO-8859-{part}") == found


def test_latin_header_before_the_declaration() -> None:
    header = ADMISSION["header"].replace("LIS", "Santé").replace("UNICODE UTF-8", "8859/1")
    parsed = decode(message(PATIENT.replace("张^伟", "Léon"), header=header, encoding="latin-1"))
    assert (parsed.encoding, parsed.patient.name) == ("ISO-8859-1", "Léon")


def test_absent_declaration_takes_the_senders_setting() -> None:
    parsed = decode(admission("", "gb18030"), "GB 18030-2000")
    assert (parsed.encoding, parsed.patient.name, parsed.notes) == ("GB18030", "王珅", ())


def test_absent_declaration_is_utf8_where_valid() -> None:
    parsed = decode(admission("", "utf-8"))
    assert (parsed.encoding, parsed.patient.name, parsed.notes) == ("UTF-8", "王珅", ())


@pytest.mark.parametrize(
    ("declared", "kinds"),
    [
        ("", ["encoding.guessed"]),
        ("ASCII", ["encoding.not_ascii", "encoding.guessed"]),
        ("x~y", ["encoding.unknown", "encoding.guessed"]),
    ],
)
def test_a_guess_is_a_work_item(declared: str, kinds: list[str]) -> None:
    parsed = decode(admission(declared, "gb18030"))
    assert (parsed.encoding, parsed.patient.name) == ("GB18030", "王珅")
    assert [note.kind for note in parsed.notes] == kinds
    assert set(kinds) <= codec.PERSON_NEEDED


def test_byte_order_mark_declares_utf8_and_is_taken_off() -> None:
    parsed = decode(b"\xef\xbb\xbf" + admission("", "utf-8"), "GBK")
    assert (parsed.encoding, parsed.patient.name, parsed.header.type) == ("UTF-8", "王珅", "ADT")


@pytest.mark.parametrize("encoding", ["utf-8", "gb18030"])
@pytest.mark.parametrize("declared", ["8859/1", "ISO-8859-15"])
def test_a_western_set_declared_over_chinese_declares_nothing(declared: str, encoding: str) -> None:
    parsed = decode(admission(declared, encoding, "欧阳^建华"))
    assert parsed.patient.name == "欧阳建华"
    assert parsed.notes[0].kind == "encoding.not_western"
    assert {note.kind for note in parsed.notes} <= codec.PERSON_NEEDED


@pytest.mark.parametrize(("declared", "setting"), [("GBK", None), ("BIG-5", None), ("", "GB18030")])
@pytest.mark.parametrize("name", ["王^伟", "王^小伟"])
def test_utf8_read_as_pairs_of_bytes_is_refused(declared: str, setting: str | None, name: str) -> None:
    with pytest.raises(codec.MessageRefused) as refusal:
        decode(admission(declared, "utf-8", name), setting)
    assert (refusal.value.error_code, refusal.value.location) == (102, "MSH-18")


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be"])
def test_utf16_is_refused_by_its_name_and_answered_by_its_number(encoding: str) -> None:
    raw = admission("UNICODE UTF-16", encoding)
    with pytest.raises(codec.MessageRefused, match="UTF-16") as refusal:
        decode(raw)
    assert (refusal.value.error_code, refusal.value.location) == (102, "MSH-18")
    assert codec.peek(raw, None).control_id == "C1"


@pytest.mark.parametrize(("declared", "setting"), [("UNICODE UTF-8", None), ("", "UTF-8")])
def test_bytes_that_are_not_what_they_are_said_to_be_are_refused(declared: str, setting: str | None) -> None:
    with pytest.raises(codec.MessageRefused) as refusal:
        decode(admission(declared, "gb18030"), setting)
    assert (refusal.value.ack_code, refusal.value.error_code) == ("AE", 102)
    assert refusal.value.location == "MSH-18"


def test_neither_utf8_nor_gb18030_is_refused() -> None:
    with pytest.raises(codec.MessageRefused) as refusal:
        decode(admission("", "utf-8") + b"NTE|1||\xff\xff\r")
    assert refusal.value.location == "MSH-18"


def test_there_are_characters_that_carry_every_delimiter() -> None:
    assert {trap.encode("gb18030")[-1:] for trap in TRAPS} == {b"|", b"^", b"\\", b"~"}


@given(
    st.lists(st.sampled_from(TRAPS), min_size=1, max_size=4).map("".join), st.sampled_from(["GB18030", ""])
)
def test_characters_with_delimiter_bytes_survive(name: str, declared: str) -> None:
    parsed = decode(admission(declared, "gb18030", name), "GB18030")
    assert parsed.patient.name == name
    assert parsed.patient.birth_date is not None


@given(st.sampled_from(TRAPS))
def test_a_header_in_chinese_still_declares_its_set(application: str) -> None:
    header = header_with(9, "ADT^A08").replace("LIS", application).replace("UNICODE UTF-8", "GBK")
    parsed = decode(message(PATIENT, header=header, encoding="gb18030"))
    assert parsed.header.sending_application == application
    assert parsed.patient.name == "张伟"


def test_hexadecimal_escapes_are_bytes_of_the_messages_set() -> None:
    raw = admission("GB18030", "gb18030").replace("王".encode("gb18030"), b"\\XCD\\\\XF5\\")
    assert decode(raw).patient.name == "王珅"
