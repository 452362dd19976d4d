"""ORU^R01 becomes reports: codes, values, flags, statuses, times and people."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hl7v2_messages import NOW, ORDER, PATIENT, ROW, decode, message, result, with_field

from yijian.domains.identity.values import EncounterType, Identifier, IdentifierType, Sex
from yijian.domains.results.values import LabResult, ReportKind, ReportStatus, UploadedReport
from yijian.gateways.hl7v2.codec.times import read_instant
from yijian.kit.clock import CHINA

P, F, C = ReportStatus.PRELIMINARY, ReportStatus.FINAL, ReportStatus.CORRECTED


def only_report(*lines: str, order: str = ORDER) -> UploadedReport:
    (report,) = decode(result(*lines, order=order)).reports
    return report


def only_row(field: int, value: str, row: str = ROW) -> LabResult:
    (found,) = only_report(with_field(row, field, value)).results
    return found


@pytest.mark.parametrize(
    ("sent", "system", "code", "name"),
    [
        ("WBC^白细胞^L", "local", "WBC", "白细胞"),
        ("WBC^白细胞^99LIS", "local", "WBC", "白细胞"),
        ("WBC^白细胞", "local", "WBC", "白细胞"),
        ("^白细胞", "local", "白细胞", "白细胞"),
        ("6690-2^Leukocytes^LN", "loinc", "6690-2", "Leukocytes"),
        ("6690-2^Leukocytes^LN^WBC^白细胞^L", "loinc", "6690-2", "白细胞"),
        ("WBC^白细胞^L^6690-2^Leukocytes^LN", "loinc", "6690-2", "白细胞"),
        ("WBC^白细胞^L^6690-2^^LN^^^^0100101A^^WST886", "wst886", "0100101A", "白细胞"),
        ("6690-2^^LN^WBC^^YJITEM", "item", "WBC", None),
        ("6690-2^^LOINC", "local", "6690-2", None),
    ],
)
def test_chooses_the_coding_that_says_most(sent: str, system: str, code: str, name: str | None) -> None:
    item = only_row(3, sent).item
    assert (item.system, item.code, item.name) == (system, code, name)


@pytest.mark.parametrize(
    ("data_type", "sent", "value", "kind"),
    [
        ("NM", "6.20", "6.20", "number"),
        ("NM", "<15", "<15", "number"),
        ("NM", "None", "None", "text"),
        ("ST", ">=64", ">=64", "number"),
        ("ST", "＋", "＋", "qualitative"),
        ("ST", "1:80", "1:80", "text"),
        ("ST", "阴性", "阴性", "qualitative"),
        ("SN", ">^11.0", ">11.0", "number"),
        ("SN", "^182", "182", "number"),
        ("SN", "^1^-^5", "1-5", "text"),
        ("SN", "^1^:^128", "1:128", "text"),
        ("CE", "kpn^肺炎克雷伯菌^L", "肺炎克雷伯菌", "qualitative"),
        ("CWE", "1^Negative^SCT^^^^^^未检出", "未检出", "qualitative"),
        ("NM", "37.0~37.1", "37.0; 37.1", "text"),
        ("ST", "10\\S\\7CFU\\T\\ml\\E\\", "10^7CFU&ml\\", "text"),
        ("ST", "C:\\dir\\file", "C:\\dir\\file", "text"),
        ("TX", "一\\.br\\二~三", "一\n二\n三", "text"),
        ("DT", "20261101", "20261101", "number"),
        ("ST", "a^b", "a^b", "text"),
    ],
)
def test_reads_a_value_by_its_type(data_type: str, sent: str, value: str, kind: str) -> None:
    row = only_row(5, sent, with_field(ROW, 2, data_type))
    assert (row.value, row.kind) == (value, kind)


@pytest.mark.parametrize(
    ("sent", "unit"),
    [
        ("g/L", "g/L"),
        ("^%", "%"),
        ("ug/dL^micro^UCUM", "ug/dL"),
        ("10\\S\\9/L", "10^9/L"),
        ("", None),
        ('""', None),
    ],
)
def test_reads_a_unit_from_either_component(sent: str, unit: str | None) -> None:
    assert only_row(6, sent).unit == unit


@pytest.mark.parametrize("printed", ["0.4--8", "70_105", "<0.50 IU/mL", "S<=16 R>=64", "^^10.000000"])
def test_keeps_the_range_as_printed(printed: str) -> None:
    assert only_row(7, printed).reference_range == printed


@pytest.mark.parametrize(
    ("sent", "flag", "critical"),
    [
        ("H", "H", False),
        ("h", "H", False),
        ("↑", "H", False),
        ("↓↓", "LL", True),
        ("HH", "HH", True),
        ("危急值", "AA", True),
        ("H~POS", "H", False),
        ("A^Abnormal^HL70078", "A", False),
        ("~POS", "POS", False),
        ("A~HH", "HH", True),
        ("None~H", "H", False),
        ("", None, False),
    ],
)
def test_reads_a_flag_of_table_0078(sent: str, flag: str | None, critical: bool) -> None:
    row = only_row(8, sent)
    assert (row.flag, row.critical) == (flag, critical)


def test_an_unknown_flag_is_left_out_and_told() -> None:
    parsed = decode(result(with_field(ROW, 8, "None")))
    assert parsed.reports[0].results[0].flag is None
    assert [note.kind for note in parsed.notes] == ["flag.unknown"]


@pytest.mark.parametrize(
    ("order", "rows", "report", "own"),
    [
        ("F", ["F", "F"], F, [None, None]),
        ("f", ["F"], F, [None]),
        ("P", ["P", "F"], P, [None, F]),
        ("F", ["F", "P"], F, [None, P]),
        ("F", ["P", "P"], P, [None, None]),
        ("C", ["C", "F"], C, [None, F]),
        ("C", ["P"], P, [None]),
        ("", ["F", "U"], F, [None, None]),
        ("", ["F", "P"], P, [F, None]),
        ("", ["C", "F"], C, [None, F]),
        ("", ["", ""], P, [None, None]),
        ("F", ["", ""], F, [None, None]),
        ("A", ["F"], P, [F]),
        ("M", ["C"], P, [C]),
        ("R", ["R"], P, [None]),
    ],
)
def test_doubt_makes_a_report_preliminary(
    order: str, rows: list[str], report: ReportStatus, own: list[ReportStatus | None]
) -> None:
    lines = [with_field(with_field(ROW, 1, str(n)), 11, status) for n, status in enumerate(rows)]
    found = only_report(*lines, order=with_field(ORDER, 25, order))
    assert (found.status, [row.status for row in found.results]) == (report, own)


def test_an_absent_status_is_told() -> None:
    parsed = decode(result(with_field(ROW, 11, ""), order=with_field(ORDER, 25, "")))
    assert [note.kind for note in parsed.notes] == ["status.absent"]


@pytest.mark.parametrize("status", ["D", "W", "X", "N", "O"])
def test_a_row_without_result_is_left_out_and_told(status: str) -> None:
    parsed = decode(result(ROW, with_field(with_field(ROW, 3, "RBC^红细胞^L"), 11, status)))
    assert [row.item.code for row in parsed.reports[0].results] == ["WBC"]
    assert [note.kind for note in parsed.notes] == ["row.withdrawn" if status in "DW" else "row.empty"]


@pytest.mark.parametrize(("order", "row"), [("X", "F"), ("C", "W"), ("F", "D")])
def test_a_withdrawn_report_is_a_cancellation_not_an_empty_report(order: str, row: str) -> None:
    parsed = decode(result(with_field(ROW, 11, row), order=with_field(ORDER, 25, order)))
    assert parsed.reports == ()
    (cancelled,) = parsed.cancellations
    assert (cancelled.report_no, cancelled.cancelled_at) == ("F1", datetime(2026, 11, 1, 9, 30, tzinfo=CHINA))


@pytest.mark.parametrize("lines", [[], [with_field(ROW, 5, "")], [with_field(ROW, 11, "X")]])
def test_a_report_without_results_is_told_and_not_made(lines: list[str]) -> None:
    parsed = decode(result(*lines))
    assert (parsed.reports, parsed.cancellations) == ((), ())
    assert "report.empty" in {note.kind for note in parsed.notes}


def test_orders_of_one_filler_number_are_one_report() -> None:
    second = with_field(with_field(ORDER, 22, "20261101100000"), 7, "20261101073000")
    other = with_field(ORDER, 3, "F2")
    parsed = decode(message(PATIENT, ORDER, ROW, other, ROW, second, ROW))
    assert [(report.report_no, len(report.results)) for report in parsed.reports] == [("F1", 2), ("F2", 1)]
    merged = parsed.reports[0]
    assert [row.row_id for row in merged.results] == ["1", "1#2"]
    assert [row.sort for row in merged.results] == [1, 2]
    assert merged.collected_at == datetime(2026, 11, 1, 7, 30, tzinfo=CHINA)
    assert merged.reported_at == datetime(2026, 11, 1, 10, 0, tzinfo=CHINA)


def test_notes_become_comments() -> None:
    report = only_report("NTE|1||整单备注", ROW, "NTE|1||第一行", "NTE|2||第二行", with_field(ROW, 1, "2"))
    assert [row.comment for row in report.results] == ["第一行\n第二行", "整单备注"]


def test_paragraphs_of_one_text_are_one_row() -> None:
    lines = [
        f"OBX|{n}|TX|CMT^评语^L|{sub}|{text}||||||F"
        for n, sub, text in ((1, "1", "甲"), (2, "1", "乙"), (3, "2", "丙"))
    ]
    assert [row.value for row in only_report(*lines).results] == ["甲\n乙", "丙"]


def test_times_come_from_the_specimen_before_the_order() -> None:
    specimen = "SPM|1|^S9||BLD^全血^HL70487|||||||||||||20261101075500|20261101082000"
    report = only_report(with_field(ROW, 19, "20261101085500"), specimen)
    assert report.collected_at == datetime(2026, 11, 1, 7, 55, tzinfo=CHINA)
    assert report.received_at == datetime(2026, 11, 1, 8, 20, tzinfo=CHINA)
    assert report.resulted_at == datetime(2026, 11, 1, 8, 55, tzinfo=CHINA)
    assert report.specimen is not None
    assert (report.specimen.no, report.specimen.type_code, report.specimen.type_name) == ("S9", "BLD", "全血")


def test_report_time_falls_back_to_rows_and_header() -> None:
    order = with_field(ORDER, 22, "")
    assert only_report(with_field(ROW, 14, "20261101085500"), order=order).reported_at.minute == 55
    assert only_report(ROW, order=order).reported_at == datetime(2026, 11, 1, 9, 30, tzinfo=CHINA)


def test_a_collection_after_the_report_is_told() -> None:
    parsed = decode(result(ROW, order=with_field(ORDER, 7, "20261103")))
    assert [note.kind for note in parsed.notes] == ["time.order"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("20261101", datetime(2026, 11, 1, tzinfo=CHINA)),
        ("202611", datetime(2026, 11, 1, tzinfo=CHINA)),
        ("2026110108", datetime(2026, 11, 1, 8, tzinfo=CHINA)),
        ("20261101083000.1234", datetime(2026, 11, 1, 8, 30, 0, 123400, tzinfo=CHINA)),
        ("20261101003000+0000", datetime(2026, 11, 1, 0, 30, tzinfo=UTC)),
        (
            "20080818183002.1-0700",
            datetime(2008, 8, 18, 18, 30, 2, 100000, tzinfo=timezone(-timedelta(hours=7))),
        ),
        ("2026-11-01 08:30:00", datetime(2026, 11, 1, 8, 30, tzinfo=CHINA)),
        ("2026-11-01T08:30:00.5+08:00", datetime(2026, 11, 1, 8, 30, 0, 500000, tzinfo=CHINA)),
        ("2026/11/01", datetime(2026, 11, 1, tzinfo=CHINA)),
        ("2026-11-01T00:30:00Z", datetime(2026, 11, 1, 0, 30, tzinfo=UTC)),
        ("", None),
    ],
)
def test_reads_times_with_and_without_zone(text: str, expected: datetime | None) -> None:
    assert read_instant(text, "OBR-7", NOW) == expected


def test_people_and_places() -> None:
    order = with_field(with_field(ORDER, 16, "D1^李&某^建国"), 32, "R7&周&敏")
    row = with_field(with_field(ROW, 16, "T3^王秀兰"), 23, "检验科")
    lines = (PATIENT, "PV1|1|E|急诊科^^3床" + "|" * 16 + "V1", "ORC|RE|O1|F1", order, row)
    (report,) = decode(message(*lines)).reports
    assert report.encounter is not None
    assert (report.encounter.type, report.encounter.number) == (EncounterType.EMERGENCY, "V1")
    assert report.requested_by is not None
    assert report.requested_by.practitioner is not None
    assert (report.requested_by.practitioner.id, report.requested_by.practitioner.name) == ("D1", "李建国")
    assert report.requested_by.department is not None
    assert report.requested_by.department.name == "急诊科"
    assert report.performed_by is not None
    assert report.performed_by.practitioner is not None
    assert report.performed_by.practitioner.name == "王秀兰"
    assert report.reviewed_by is not None
    assert report.reviewed_by.practitioner is not None
    assert (report.reviewed_by.practitioner.id, report.reviewed_by.practitioner.name) == ("R7", "周敏")


@pytest.mark.parametrize(
    ("sent", "code", "name"),
    [
        ("SER&血清", "SER", "血清"),
        ("血浆&17", "17", "血浆"),
        ("BLD", "BLD", None),
        ("静脉血", None, "静脉血"),
    ],
)
def test_reads_the_specimen_source(sent: str, code: str | None, name: str | None) -> None:
    specimen = only_report(ROW, order=with_field(ORDER, 15, sent)).specimen
    assert specimen is not None
    assert (specimen.type_code, specimen.type_name) == (code, name)


def test_an_antibiotic_named_imp_is_no_impression() -> None:
    rows = ["OBX|1|ST|IMP^亚胺培南^L||<=1|ug/ml||S|||F", "OBX|2|TX|IMP^亚胺培南^L||敏感||||||F"]
    assert only_report(*rows, order=with_field(ORDER, 24, "MB")).kind is ReportKind.LAB
    assert only_report(rows[0], order=with_field(ORDER, 24, "")).kind is ReportKind.LAB


def test_examination_with_site_side_and_viewer() -> None:
    order = with_field(with_field(with_field(ORDER, 15, "^^^膝关节^左侧"), 18, "ACC1"), 24, "DR")
    lines = [
        "OBX|1|TX|71020&GDT^所见^L||未见骨折||||||F",
        "OBX|2|TX|71020&IMP^印象^L||正常||||||F",
        "OBX|3|NM|ANG^角度^L||12|度|||||F",
        "OBX|4|RP|URL^影像^L||https://pacs.example/1||||||F",
    ]
    report = only_report(*lines, order=order)
    assert report.kind is ReportKind.EXAM
    assert report.exam is not None
    assert (report.exam.findings, report.exam.impression) == ("未见骨折\n角度：12 度", "正常")
    assert report.exam.items[0].body_site == "膝关节"
    assert report.exam.items[0].laterality == "left"
    assert report.exam.accession_no == "ACC1"
    assert report.exam.image.viewer_url == "https://pacs.example/1"
    assert (report.specimen, report.collected_at) == (None, None)
    assert report.examined_at == datetime(2026, 11, 1, 8, tzinfo=CHINA)


@pytest.mark.parametrize(
    ("pid3", "pid2", "pid19", "expected"),
    [
        ("1^^^H1^MR", "", "", [("local", "1", "H1")]),
        ("1^^^&&ISO^PI", "", "", [("local", "1", None)]),
        ("1", "2", "", [("local", "1", None)]),
        ("", "2", "", [("local", "2", None)]),
        (
            "110101199003074477^^^^NNCHN~E123^^^^PPN~9^^^^SS",
            "",
            "",
            [("resident_id", "110101199003074477", None), ("passport", "E123", None)],
        ),
        ("1", "", "370102198503162158", [("local", "1", None), ("resident_id", "370102198503162158", None)]),
        ("1", "", "123121234", [("local", "1", None)]),
        ("1~1", "", "", [("local", "1", None)]),
    ],
)
def test_reads_identifiers(
    pid3: str, pid2: str, pid19: str, expected: list[tuple[str, str, str | None]]
) -> None:
    pid = with_field(with_field(with_field(PATIENT, 3, pid3), 2, pid2), 19, pid19)
    found = decode(result(ROW, patient=pid)).patient.identifiers
    assert list(found) == [
        Identifier(type=IdentifierType(kind), value=value, authority=authority)
        for kind, value, authority in expected
    ]


@pytest.mark.parametrize(
    ("sent", "name"),
    [
        ("张^伟", "张伟"),
        ("张  晋", "张晋"),
        ("欧阳^建华", "欧阳建华"),
        ("阿卜杜热西提·买买提", "阿卜杜热西提·买买提"),
        ("Jones^William^A", "Jones William A"),
        ("EVERYMAN&&&&Aniston^ADAM", "EVERYMAN ADAM"),
        ("ZHANG^WEI^^^^^^A~张^伟^^^^^^I", "张伟"),
        ("~^^^^^^S", None),
        ('""', None),
    ],
)
def test_reads_a_name(sent: str, name: str | None) -> None:
    assert decode(result(ROW, patient=with_field(PATIENT, 5, sent))).patient.name == name


@pytest.mark.parametrize(
    ("sent", "sex"),
    [
        ("M", Sex.MALE),
        ("1", Sex.MALE),
        ("f", Sex.FEMALE),
        ("2", Sex.FEMALE),
        ("女", Sex.FEMALE),
        ("U", Sex.UNKNOWN),
        ("9", Sex.UNKNOWN),
        ("0", Sex.UNKNOWN),
        ("O", Sex.OTHER),
        ("A", Sex.OTHER),
        ("", None),
        ("Q", None),
    ],
)
def test_reads_sex_by_hl7_and_by_the_national_standard(sent: str, sex: Sex | None) -> None:
    assert decode(result(ROW, patient=with_field(PATIENT, 8, sent))).patient.sex is sex


def test_lone_line_feed_inside_a_text_is_part_of_it() -> None:
    report = only_report("OBX|1|TX|CMT^评语^L||第一行\n第二行||||||F")
    assert report.results[0].value == "第一行\n第二行"


@pytest.mark.parametrize("terminator", [b"\r", b"\n", b"\r\n", b"\\r\n"])
def test_takes_every_line_end(terminator: bytes) -> None:
    parsed = decode(result(ROW).replace(b"\r", terminator))
    assert parsed.reports[0].results[0].value == "6.2"
