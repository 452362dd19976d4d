"""Hostile and broken input: only declared refusals, never another error."""

import pytest
from hl7v2_messages import HEADER, NOW, ORDER, PATIENT, ROW, decode, message, result
from hypothesis import given
from hypothesis import strategies as st

from yijian.gateways.hl7v2 import codec

PIECES = st.sampled_from(
    [
        HEADER,
        PATIENT,
        ORDER,
        ROW,
        "ORC|RE|1|2",
        "NTE|1||note",
        "SPM|1|x||BLD",
        "TXA|1|DI|TX|20261101",
        "FT1|1|||20261101||CG|X|||2||1.5",
        "ORC|NW|1",
        "OBX|2|ST|AMK^x^L|1.1|<=2|ug/ml||S|||F",
        "OBX|3|CE|ORG^x^L|1|a^b||||||F",
        "OBX|4|ED|PDF^x^L||^application^pdf^Base64^JVBERi0=||||||F",
        "|",
        "^",
        "~",
        "&",
        "\\",
        "\r",
        "\n",
        '""',
    ]
)
TEXT = st.text(max_size=12)
MANGLED = st.lists(st.one_of(PIECES, TEXT), max_size=12).map("".join)


def try_all(raw: bytes, setting: str | None) -> None:
    """Peek, decode and acknowledge as the gateway does."""
    peeked = codec.peek(raw, setting)
    refused = None
    try:
        codec.decode_message(raw, setting, NOW)
    except codec.MessageRefused as refusal:
        refused = refusal
    assert refused is None or (refused.message and refused.message_en and refused.location)
    answer = codec.acknowledge(peeked, "AE", refused=refused, now=NOW, control_id="1")
    assert answer.startswith(b"MSH")
    assert b"\rMSA" in answer
    assert answer.endswith(b"\r")


@given(st.binary(max_size=200), st.sampled_from([None, "GBK", "UTF-8", "nonsense"]))
def test_any_bytes_are_read_or_refused(raw: bytes, setting: str | None) -> None:
    try_all(raw, setting)


@given(st.binary(max_size=120))
def test_any_bytes_after_a_header_are_read_or_refused(raw: bytes) -> None:
    try_all(f"{HEADER}\r{PATIENT}\r{ORDER}\r".encode() + raw, None)


@given(MANGLED, st.sampled_from(["ORU^R01", "OUL^R22", "MDM^T02", "MDM^T11", "ORM^O01", "OML^O21"]))
def test_any_mixture_of_segments_is_read_or_refused(text: str, kind: str) -> None:
    header = HEADER.replace("ORU^R01^ORU_R01", kind)
    try_all(f"{header}\r{text}".encode(errors="replace"), None)


@given(st.binary(max_size=120))
def test_any_bytes_under_a_batch_header_are_answered(raw: bytes) -> None:
    head = b"BHS|^~\\&|LIS|H001|||||||B1\r"
    (batch,) = codec.split_batch(head + raw.replace(b"HS", b"") + b"\r")
    assert codec.answer_batch(batch, [], now=NOW, control_id="1").endswith(b"BTS|0\r")


@given(st.integers(1, 60), TEXT)
def test_any_content_of_any_field_is_read_or_refused(field: int, content: str) -> None:
    for segment in (PATIENT, ORDER, ROW):
        fields = segment.split("|") + [""] * 60
        fields[field] = content
        lines = {PATIENT: PATIENT, ORDER: ORDER, ROW: ROW} | {segment: "|".join(fields)}
        try_all(message(*lines.values()).decode().encode(errors="replace"), None)


@pytest.mark.parametrize(
    "raw", [b"", b"MSH", b"MSH|", b"MSH|^~\\&", b"MSH||||||||", b"MSH|^^^^|x", b"\x00" * 40, b"PID|1"]
)
def test_stumps_are_refused_and_answered(raw: bytes) -> None:
    try_all(raw, None)
    with pytest.raises(codec.MessageRefused):
        decode(raw)


def test_refusals_quote_no_patient() -> None:
    broken = result(ROW, patient=PATIENT.replace("19850316", "18500101"))
    with pytest.raises(codec.MessageRefused) as refusal:
        decode(broken)
    for secret in ("张", "伟", "P1", "1850"):
        assert secret not in str(refusal.value) + refusal.value.message_en


def test_a_text_of_many_paragraphs_stays_one_row() -> None:
    line = "OBX|1|TX|CMT^说明^L||段落||||||F"
    (report,) = decode(result(ROW, *[line] * 3000)).reports
    assert len(report.results) == 2
    assert report.results[1].value.count("\n") == 2999


def test_a_remark_on_many_rows_is_one_note() -> None:
    parsed = decode(result(ROW, *["OBX|2|NM|X^甲^L||||||||F"] * 500))
    (note,) = parsed.notes
    assert note.kind == "row.empty"
    assert "500" in note.detail
