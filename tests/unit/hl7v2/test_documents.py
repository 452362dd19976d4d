"""What is attached to OBX, and examination reports sent as documents."""

import base64

import pytest
from hl7v2_messages import ORDER, PATIENT, ROW, decode, header_with, message, result, with_field

from yijian.domains.results.values import ReportStatus, UploadedReport
from yijian.gateways.hl7v2 import codec

PDF = base64.b64encode(b"%PDF-1.4 x").decode()
ED = f"OBX|2|ED|PDF^报告^L||^application^pdf^Base64^{PDF}||||||F"
TXA = "TXA|1|DI|TX|20261101080000||20261101090000||||||DOC1||O1|F1||AU"
EXAM = with_field(ORDER, 24, "CT")
FIND = "OBX|1|TX|FIND^所见^L||双肺清晰||||||F"
IMAGE = base64.b64encode(b"\xff\xd8\xff image").decode()


def pdf_of(*lines: str) -> str | None:
    return decode(result(ROW, *lines)).reports[0].pdf


@pytest.mark.parametrize(
    "line",
    [
        ED,
        f"OBX|2|ED|PDF^报告^L||HIS^AP^PDF^BASE64^{PDF[:8]}\\.br\\{PDF[8:]}||||||F",
        f"OBX|2|ED|PDF^报告^L||^application^pdf^Hex^{b'%PDF-1.4 x'.hex()}||||||F",
        f"OBX|2|ST|PDF^报告^L||{PDF}||||||F",
    ],
)
def test_a_pdf_is_found_however_it_is_wrapped(line: str) -> None:
    assert pdf_of(line) == PDF
    assert len(decode(result(ROW, line)).reports[0].results) == 1


@pytest.mark.parametrize(
    "content",
    [
        "^application^pdf^Base64^JVBERi0x*",
        "^application^pdf^Base64^JVBERi0x1",
        f"^application^pdf^Base64^{IMAGE}",
        "^IM^JPEG^Base64^***",
        "^application^pdf^Hex^zz",
    ],
)
def test_refuses_a_damaged_attachment_naming_its_field(content: str) -> None:
    with pytest.raises(codec.MessageRefused) as refusal:
        decode(result(ROW, f"OBX|2|ED|PDF^报告^L||{content}||||||F"))
    assert (refusal.value.ack_code, refusal.value.error_code) == ("AE", 102)
    assert refusal.value.location == "OBX[2]-5"


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        (f"^IM^JPEG^Base64^{IMAGE}", "attachment.other"),
        ("^application^pdf^Base64^", "attachment.empty"),
        ("^text^plain^A^words", "attachment.empty"),
    ],
)
def test_what_is_no_pdf_is_told(content: str, kind: str) -> None:
    parsed = decode(result(ROW, f"OBX|2|ED|PDF^报告^L||{content}||||||F"))
    assert (parsed.reports[0].pdf, [note.kind for note in parsed.notes]) == (None, [kind])


def test_a_second_document_is_told_unless_it_is_the_same() -> None:
    assert decode(result(ROW, ED, ED.replace("OBX|2", "OBX|3"))).notes == ()
    other = ED.replace(PDF, base64.b64encode(b"%PDF-1.4 y").decode())
    assert [note.kind for note in decode(result(ROW, ED, other)).notes] == ["attachment.left_out"]


def document(event: str, *lines: str, txa: str = TXA) -> codec.ParsedMessage:
    return decode(message(PATIENT, txa, *lines, header=header_with(9, f"MDM^{event}^MDM_T02")))


def only_report(event: str, txa: str = TXA) -> UploadedReport:
    (report,) = document(event, EXAM, FIND, txa=txa).reports
    return report


@pytest.mark.parametrize(
    ("event", "completion", "status"),
    [
        ("T02", "AU", "final"),
        ("T02", "LA", "final"),
        ("T02", "DO", "preliminary"),
        ("T04", "AU", "final"),
        ("T06", "AU", "corrected"),
        ("T08", "AU", "corrected"),
        ("T08", "PA", "preliminary"),
        ("T10", "LA", "corrected"),
    ],
)
def test_event_and_completion_decide_the_status(event: str, completion: str, status: str) -> None:
    assert only_report(event, with_field(TXA, 17, completion)).status is ReportStatus(status)


def test_a_document_is_the_report_of_its_filler_number() -> None:
    parsed = document("T10", EXAM, FIND, txa=with_field(TXA, 13, "DOC0"))
    assert parsed.reports[0].report_no == "F1"
    assert parsed.other_numbers == {"F1": ("TXA-12 DOC1", "TXA-12 DOC0")}


@pytest.mark.parametrize("txa", [TXA, with_field(TXA, 19, "CA")])
def test_a_cancelled_document_is_a_cancellation(txa: str) -> None:
    parsed = document("T11" if txa == TXA else "T04", txa=txa)
    assert [cancelled.report_no for cancelled in parsed.cancellations] == ["F1"]
    assert parsed.reports == ()


def test_an_addendum_appends() -> None:
    parsed = document("T06", EXAM, FIND)
    assert parsed.changes["F1"].appends


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        ((EXAM, FIND), (100, "TXA")),
        ((with_field(TXA, 2, "DS"), with_field(ORDER, 24, ""), FIND), (103, "TXA[1]-2")),
        ((TXA, FIND), (100, "OBX[1]")),
    ],
)
def test_refuses_a_document_naming_the_place(lines: tuple[str, ...], expected: tuple[int, str]) -> None:
    with pytest.raises(codec.MessageRefused) as refusal:
        decode(message(PATIENT, *lines, header=header_with(9, "MDM^T02")))
    assert (refusal.value.error_code, refusal.value.location) == expected
