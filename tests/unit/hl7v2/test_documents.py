"""What is attached to OBX, and examination reports sent as documents."""

import base64
from datetime import datetime

import pytest
from hl7v2_messages import ORDER, PATIENT, ROW, decode, header_with, message, result, with_field

from yijian.domains.results.values import ReportStatus, UploadedReport
from yijian.gateways.hl7v2 import codec
from yijian.kit.clock import CHINA

PDF = base64.b64encode(b"%PDF-1.4 x").decode()
ED = f"OBX|2|ED|PDF^报告^L||^application^pdf^Base64^{PDF}||||||F"
TXA = "TXA|1|DI|TX|20261101080000||20261101090000||||||DOC1||O1|F1||AU"
EXAM = with_field(ORDER, 24, "CT")
FIND = "OBX|1|TX|FIND^所见^L||双肺清晰||||||F"
INSTANT = datetime(2026, 11, 1, 8, tzinfo=CHINA)
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
        f"OBX|2|ED|PDF^报告^L||{PDF}||||||F",
        f"OBX|2|ED|PDF^报告^L||^AP^PDF^^{PDF}||||||F",
        f"OBX|2|ED|PDF^报告^L||AP^PDF^Base64^{PDF}||||||F",
        f"OBX|2|TX|PDF^报告^L||^AP^PDF^Base64^{PDF}||||||F",
        f"OBX|2|ED|PDF^报告^L||^AP^PDF^Base64^data:application/pdf;base64,{PDF}||||||F",
        f"OBX|2|FT|PDF^报告^L||data:application/pdf;base64,{PDF}||||||F",
        f"OBX|2|ED|PDF^报告^L||^AP^PDF^Base64^{PDF[:8]}\r{PDF[8:]}||||||F",
        f"OBX|2|ED|PDF^报告^L||^AP^PDF^Base64^{PDF[:8]}\r\n{PDF[8:12]}\r\n{PDF[12:]}\r\n||||||F",
        f"OBX|2|ED|PDF^报告^L||^AP^PDF^Base64^{PDF[:8]}\n{PDF[8:]}\n||||||F",
    ],
)
def test_a_pdf_is_found_however_it_is_wrapped(line: str) -> None:
    assert pdf_of(line) == PDF
    assert len(decode(result(ROW, line)).reports[0].results) == 1


def test_a_segment_after_a_pdf_in_lines_is_a_segment() -> None:
    line = f"OBX|2|ED|PDF^报告^L||^AP^PDF^Base64^{PDF[:8]}\r\n{PDF[8:]}"
    parsed = decode(result(ROW, line, "NTE|1||复查"))
    assert parsed.reports[0].pdf == PDF


@pytest.mark.parametrize(
    ("pointer", "url"),
    [
        ("https://pacs.example/v?1^PACS^AP^HTML", "https://pacs.example/v?1"),
        ("https://pacs.example/1.pdf^PACS^AP", None),
        ("https://pacs.example/report/1^PACS^AP^PDF", None),
    ],
)
def test_a_link_to_a_printed_report_shows_no_images(pointer: str, url: str | None) -> None:
    parsed = decode(result(FIND, f"OBX|2|RP|LINK^链接^L||{pointer}||||||F", order=EXAM))
    exam = parsed.reports[0].exam
    assert exam is not None
    assert (exam.image.viewer_url, exam.image.status) == (url, "available" if url else "unknown")
    assert [note.kind for note in parsed.notes] == ([] if url else ["pointer.left_out"])


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
        ((with_field(TXA, 4, ""), FIND), (101, "TXA[1]-4")),
    ],
)
def test_refuses_a_document_naming_the_place(lines: tuple[str, ...], expected: tuple[int, str]) -> None:
    with pytest.raises(codec.MessageRefused) as refusal:
        decode(message(PATIENT, *lines, header=header_with(9, "MDM^T02")))
    assert (refusal.value.error_code, refusal.value.location) == expected


@pytest.mark.parametrize(
    ("kind", "lines", "item"),
    [
        ("DI^胸部CT平扫^L", (FIND,), ("local", "胸部CT平扫")),
        ("DI", (FIND, "OBX|2|FT|CT01^胸部CT平扫^L||未见异常||||||F"), ("local", "CT01")),
        ("DI", (FIND,), ("local", "DI")),
    ],
)
def test_a_document_of_the_older_versions_has_no_order(
    kind: str, lines: tuple[str, ...], item: tuple[str, str]
) -> None:
    (report,) = document("T02", *lines, txa=with_field(TXA, 2, kind)).reports
    assert (report.report_no, report.order_no, report.examined_at) == ("F1", "O1", INSTANT)
    assert report.exam is not None
    assert [(each.system, each.code) for each in report.exam.items] == [item]
    assert report.exam.findings is not None


def test_a_document_without_order_goes_by_its_own_number() -> None:
    (report,) = document("T02", FIND, txa=with_field(with_field(TXA, 14, ""), 15, "")).reports
    assert (report.report_no, report.order_no) == ("DOC1", None)


@pytest.mark.parametrize("kind", ["检查报告", "11526-1^病理报告^LN", "XD01^心电图诊断报告^L"])
def test_kinds_of_documents_are_known_by_their_names_too(kind: str) -> None:
    assert document("T02", FIND, txa=with_field(TXA, 2, kind)).reports
