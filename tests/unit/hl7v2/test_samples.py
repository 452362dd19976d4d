"""Every HL7 file of the shared samples, with the facts its manifest states."""

import base64
import hashlib
import json
from collections import Counter
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import hl7
import pytest
from hl7v2_messages import decode, split_file

from yijian.domains.identity.values import EncounterType, Identifier, IdentifierType, Sex
from yijian.domains.results.values import Measure, OrderState, ReportKind, ReportStatus
from yijian.gateways.hl7v2 import codec
from yijian.gateways.hl7v2.codec.charset import decode as decode_text
from yijian.gateways.hl7v2.codec.message import Message, parse
from yijian.gateways.hl7v2.codec.notes import Notes
from yijian.kit.clock import CHINA

TAKEN_EVENTS = {f"{kind}^{event}" for kind, events in codec.TAKEN.items() for event in events} | {"ORU"}
REFUSED = {
    "zh/S12a_truncated.hl7",
    "zh/S12b_no_pid.hl7",
    "simhospital/InvalidOru_MissingPlacerAndFiller.hl7",
    "fhirconv/OMG-O19-01.hl7",  # no order number
    "hapi/NewPipeParserTest_013.hl7",  # MSH-11 is 1
    "lfh/HL7OMLMessageTest_002.hl7",  # MSH-10 and MSH-12 are empty
    "nodehl7/orm-example.hl7",  # a segment broken over two lines
}
WITHOUT_RESULT = {"nodehl7/oru-example.hl7", "fhirconv/OUL-R22-01.hl7"}


def entries(shared: Path) -> list[tuple[str, bytes, dict[str, Any]]]:
    """Return (name, bytes, facts) of every message of every file."""
    found = []
    for entry in json.loads((shared / "samples/manifest.json").read_text("utf-8")):
        name = entry["file"].removeprefix("hl7v2/")
        if name == entry["file"] or not name.endswith((".hl7", ".txt")):
            continue
        raw = (shared / "samples" / entry["file"]).read_bytes()
        facts = entry["expected"].get("messages", [entry["expected"]])
        raws = split_file(raw) if len(facts) > 1 else [raw]
        assert len(raws) == len(facts), name
        found += [(name, one, fact) for one, fact in zip(raws, facts, strict=True)]
    assert len(found) > 120
    return found


def read(raw: bytes) -> Message:
    decoded = decode_text(raw, None, Notes())
    return parse(decoded.text, decoded.charset)


def sample(shared: Path, name: str) -> bytes:
    return (shared / "samples/hl7v2" / name).read_bytes()


def test_segments_and_fields_are_those_of_the_manifest(shared: Path) -> None:
    for name, raw, facts in entries(shared):
        if name.endswith("S12a_truncated.hl7"):
            continue
        message = read(raw)
        header, pid = message.header, message.first("PID")
        kind = "^".join(filter(None, (header.type, header.trigger, header.structure)))
        seen = {
            "message_type": kind,
            "version": header.version or "2.6",
            "control_id": header.control_id,
            "msh18": header.charset_declared,
            "pid5_raw": pid.raw(5) if pid else None,
            "pid3_raw": pid.raw(3) if pid else None,
            "obx2": dict(Counter(obx.text(2) for obx in message.all("OBX"))),
            "obx11": dict(Counter(obx.text(11) for obx in message.all("OBX"))),
            "obr25": [obr.text(25) for obr in message.all("OBR")],
            **{f"n_{part.lower()}": len(message.all(part)) for part in ("OBR", "OBX", "NTE", "SPM")},
        }
        if pid is None or message.broken_line:
            continue
        wanted = {key: value for key, value in facts.items() if key in seen}
        if "obr25" in wanted:
            wanted["obr25"] += [""] * (len(seen["obr25"]) - len(wanted["obr25"]))
        assert {key: seen[key] for key in wanted} == wanted, name


def test_types_not_taken_are_rejected_and_everything_else_is_read(shared: Path) -> None:
    for name, raw, facts in entries(shared):
        peeked = codec.peek(raw, None)
        event = f"{peeked.type}^{peeked.trigger}".strip("^")
        assert peeked.control_id == facts.get("control_id", peeked.control_id), name
        if event not in TAKEN_EVENTS:
            with pytest.raises(codec.MessageRefused) as refusal:
                decode(raw)
            assert refusal.value.ack_code == "AR", name
            assert refusal.value.error_code == (201 if peeked.type == "ADT" else 200), name
        elif name in REFUSED:
            with pytest.raises(codec.MessageRefused):
                decode(raw)
        else:
            parsed = decode(raw)
            assert parsed.patient.identifiers, name
            assert bool(parsed.reports) == (
                parsed.kind in ("result", "document") and name not in WITHOUT_RESULT
            ), name


def test_every_observation_with_a_value_is_told_in_a_report(shared: Path) -> None:
    for name, raw, _ in entries(shared):
        if name in REFUSED or codec.peek(raw, None).type != "ORU":
            continue
        parsed = decode(raw)
        values = [obx for obx in read(raw).all("OBX") if obx.raw(5) and obx.text(2) not in ("ED", "RP")]
        told = sum(len(row.value.split("\n")) for report in parsed.reports for row in report.results)
        told += sum(len(grown.susceptibilities) for report in parsed.reports for grown in report.organisms)
        texts = "".join(
            f"{r.exam.findings}{r.exam.impression}{r.exam.study_uids}" for r in parsed.reports if r.exam
        )
        assert texts or told >= len(values), name


def test_splitting_agrees_with_python_hl7(shared: Path) -> None:
    """python-hl7 is the independent reading; it takes no LF and no doubled escape character."""
    for name, raw, _ in entries(shared):
        decoded = decode_text(raw, None, Notes())
        ours = parse(decoded.text, decoded.charset)
        if ours.broken_line or name.endswith("sample_unix.hl7"):
            continue
        theirs = hl7.parse(decoded.text.replace("\r\n", "\r").replace("\n", "\r"))
        lines = [segment for segment in theirs if str(segment).strip()]
        assert len(lines) == len(ours.segments), name
        for line, segment in zip(lines, ours.segments, strict=True):
            start = 3 if segment.name == "MSH" else 1
            assert [str(line[i]) for i in range(start, len(line))] == segment.fields[start:], name


def test_chinese_panel_in_utf8(shared: Path) -> None:
    parsed = decode(sample(shared, "zh/S01_oru_cbc_utf8.hl7"))
    (report,) = parsed.reports
    assert (parsed.encoding, parsed.patient.name, parsed.patient.sex) == ("UTF-8", "张伟", Sex.MALE)
    assert parsed.patient.birth_date == date(1985, 3, 16)
    assert set(parsed.patient.identifiers) == {
        Identifier(type=IdentifierType.LOCAL, value="P0001001", authority="370102001"),
        Identifier(type=IdentifierType.RESIDENT_ID, value="370102198503162158"),
    }
    first = report.results[0]
    assert (first.item.system, first.item.code, first.item.name) == ("loinc", "6690-2", "白细胞计数")
    assert (first.value, first.unit, first.kind, first.flag) == ("6.2", "10^9/L", "number", "N")
    assert report.report_no == "LAB2026030100017"
    assert report.order_no == "ORD20260301001"
    assert report.collected_at == datetime(2026, 3, 1, 8, 30, tzinfo=CHINA)
    assert report.specimen is not None
    assert (report.specimen.type_code, report.specimen.type_name) == ("BLD", "静脉血")
    assert report.encounter is not None
    assert report.encounter.type is EncounterType.OUTPATIENT


def test_gb18030_declared_and_undeclared(shared: Path) -> None:
    declared = decode(sample(shared, "zh/S02_oru_chem_gb18030.hl7"))
    assert (declared.encoding, declared.patient.name, declared.notes) == ("GB18030", "欧阳建华", ())
    assert declared.reports[0].results[-1].comment == "标本轻度溶血，建议复查。"
    assert declared.reports[0].results[-1].kind == "qualitative"
    undeclared = decode(sample(shared, "zh/S03_oru_gbk_undeclared_trap.hl7"))
    assert undeclared.patient.name == "王珅"
    assert [note.kind for note in undeclared.notes] == ["encoding.guessed"]
    set_by_sender = decode(sample(shared, "zh/S03_oru_gbk_undeclared_trap.hl7"), "GBK")
    assert set_by_sender.patient.name == "王珅"
    assert set_by_sender.notes == ()


def test_preliminary_final_and_corrected_share_a_number(shared: Path) -> None:
    names = ("S04_oru_cbc_prelim", "S05_oru_cbc_final", "S06_oru_cbc_corrected")
    reports = [decode(sample(shared, f"zh/{name}.hl7")).reports[0] for name in names]
    assert {report.report_no for report in reports} == {"LAB2026030300042"}
    assert [report.status for report in reports] == [
        ReportStatus.PRELIMINARY,
        ReportStatus.FINAL,
        ReportStatus.CORRECTED,
    ]
    assert [report.results[0].value for report in reports] == ["15.8", "15.8", "12.1"]
    assert [report.results[3].value for report in reports] == ["88", "188", "188"]
    assert [[row.row_id for row in report.results] for report in reports] == [["1", "2", "3", "4"]] * 3
    assert all(row.status is None for report in reports for row in report.results)


def test_computed_tomography_with_pdf(shared: Path) -> None:
    (report,) = decode(sample(shared, "zh/S09_oru_ct_report_pdf.hl7")).reports
    assert report.kind is ReportKind.EXAM
    assert report.exam is not None
    assert report.pdf is not None
    assert report.exam.accession_no == "ACC20260306088"
    assert report.exam.study_uids == ("1.2.826.0.1.3680043.10.999.20260306.88",)
    assert report.exam.findings == (
        "双肺纹理清晰。右肺上叶后段见一磨玻璃结节，直径约6mm，边界清。\n纵隔未见肿大淋巴结。"
    )
    assert report.exam.impression == "右肺上叶磨玻璃结节（6mm），建议12个月后复查。"
    assert report.exam.items[0].code == "CT0101"
    assert report.examined_at == datetime(2026, 3, 6, 10, 15, tzinfo=CHINA)
    content = base64.b64decode(report.pdf)
    assert len(content) == 2360
    expected = "3b9ea246311d6cbfe0e425530070cfa564d16ba5acc2211ffb8e11e20877798d"
    assert hashlib.sha256(content).hexdigest() == expected


def test_microbiology_gives_each_organism_its_drugs(shared: Path) -> None:
    (report,) = decode(sample(shared, "zh/S11_oru_micro_subid.hl7")).reports
    assert [row.item.name for row in report.results] == ["细菌鉴定", "菌落计数", "ESBL", "细菌鉴定"]
    klebsiella, candida = report.organisms
    assert (klebsiella.name, klebsiella.code, klebsiella.quantity) == ("肺炎克雷伯菌", "kpn", "10^7CFU/ml")
    assert (candida.name, candida.susceptibilities) == ("白假丝酵母菌", ())
    amikacin, ceftriaxone = klebsiella.susceptibilities
    assert (amikacin.drug.name, amikacin.conclusion, amikacin.breakpoints) == ("阿米卡星", "S", "S<=16 R>=64")
    assert amikacin.mic == Measure(value=Decimal(2), comparator="<=", unit="ug/ml")
    assert [drug.drug.name for drug in klebsiella.susceptibilities if drug.conclusion == "R"] == ["头孢曲松"]
    assert ceftriaxone.value == ">=64"


def test_laboratory_dialect_of_automation(shared: Path) -> None:
    parsed = decode(sample(shared, "zh/S07_oul_r21_lis_dialect.hl7"))
    (report,) = parsed.reports
    assert (parsed.patient.name, parsed.patient.sex, len(report.results)) == ("张晋", Sex.MALE, 3)
    assert (report.report_no, report.results[0].flag, report.results[2].reference_range) == (
        "5610417",
        "H",
        "0.4--8",
    )


def test_orders_of_the_samples(shared: Path) -> None:
    (imaging,) = decode(sample(shared, "zh/S10_orm_imaging_order.hl7")).orders
    assert (imaging.order_no, imaging.state, imaging.accession_no) == (
        "ORD-CT-88",
        OrderState.PLACED,
        "ACC20260306088",
    )
    (procedure,) = decode(sample(shared, "dcm4che/OMI_O23-ImagingOrder.hl7")).orders
    assert (procedure.accession_no, procedure.study_uid) == (
        "AccessionNumber",
        "1.2.392.200036.9125.0.198811291108.7",
    )
    first, charged, second, charged_too = decode(sample(shared, "fhirconv/ORM-O01-03.hl7")).orders
    assert [first.item.code, second.item.code] == ["24725-4", "24590-2"]
    assert [first.order_no, second.order_no] == ["1101", "2203"]
    assert {charged.state, charged_too.state} == {OrderState.CHARGED}
    assert charged.price is None  # in dollars


def test_document_of_the_samples_is_an_examination(shared: Path) -> None:
    parsed = decode(sample(shared, "fhirconv/MDM-T02-01.hl7"))
    (report,) = parsed.reports
    assert (report.report_no, report.status, report.pdf) == ("1-1", ReportStatus.FINAL, None)
    assert report.exam is not None
    assert report.exam.study_uids == ("1.2.840.317.5947431.51",)
    assert parsed.other_numbers == {"1-1": ("TXA-12 1.2.840.317.5947431.51.20080131160038",)}


def test_wrong_check_digit_is_passed_on_for_identity_to_judge(shared: Path) -> None:
    parsed = decode(sample(shared, "zh/S12c_bad_id_checksum.hl7"))
    assert len(parsed.reports) == 1
    assert "370102198503162150" in {identifier.value for identifier in parsed.patient.identifiers}


def test_truncated_message_is_refused(shared: Path) -> None:
    raw = sample(shared, "zh/S12a_truncated.hl7")
    with pytest.raises(codec.MessageRefused) as refusal:
        decode(raw)
    assert (refusal.value.error_code, refusal.value.location) == (101, "OBX[4]-11")
    inside_a_character = raw[: raw.rindex("数".encode()) + 1]
    with pytest.raises(codec.MessageRefused) as refusal:
        decode(inside_a_character)
    assert (refusal.value.error_code, refusal.value.location) == (102, "MSH-18")


def test_message_without_patient_is_refused(shared: Path) -> None:
    with pytest.raises(codec.MessageRefused) as refusal:
        decode(sample(shared, "zh/S12b_no_pid.hl7"))
    assert (refusal.value.ack_code, refusal.value.error_code, refusal.value.location) == ("AE", 100, "PID")


def test_order_without_any_number_is_refused(shared: Path) -> None:
    with pytest.raises(codec.MessageRefused) as refusal:
        decode(sample(shared, "simhospital/InvalidOru_MissingPlacerAndFiller.hl7"))
    assert (refusal.value.error_code, refusal.value.location) == (101, "OBR[1]-3")


def test_correction_without_rows_hides_nothing(shared: Path) -> None:
    parsed = decode(sample(shared, "nodehl7/oru-example.hl7"))
    assert parsed.reports == ()
    assert parsed.cancellations == ()
    assert "report.empty" in {note.kind for note in parsed.notes}
    assert "report.empty" in codec.PERSON_NEEDED


def test_two_fillers_are_two_reports_with_their_own_statuses(shared: Path) -> None:
    first, second = decode(sample(shared, "fhirconv/LAB-ORU-1.hl7")).reports
    assert (first.report_no, second.report_no) == ("82503246", "890775544")
    assert first.status is ReportStatus.FINAL
    assert [row.status for row in first.results] == [ReportStatus.PRELIMINARY, ReportStatus.PRELIMINARY, None]
    assert second.status is ReportStatus.PRELIMINARY
    assert first.specimen is not None
    assert first.specimen.no == "SpecimenID"


def test_final_order_over_preliminary_rows_is_preliminary(shared: Path) -> None:
    (report,) = decode(sample(shared, "nodehl7/realm-campylobacter-jejuni.hl7")).reports
    assert report.status is ReportStatus.PRELIMINARY
    assert report.results[0].value == "Campylobacter jejuni"


def test_patient_of_many_names_and_of_none(shared: Path) -> None:
    assert decode(sample(shared, "fhirconv/ADT-A01-01.hl7")).patient.name == "EVERYMAN ADAM A"
    nameless = decode(sample(shared, "nist_ss/TestGroup_1_TestCase_1_TestStep_1.hl7")).patient
    assert nameless.name is None
    assert nameless.identifiers[0].authority == "BgCtyChldrnUrgntCar"


def test_escapes_and_layout_of_a_note(shared: Path) -> None:
    (report,) = decode(sample(shared, "hapi/EscapeTest_000.hl7")).reports
    comment = report.results[-1].comment
    assert comment is not None
    assert "|  Risk   |" in comment
    assert ".br" not in comment


def test_imaging_report_of_codes_and_texts(shared: Path) -> None:
    (report,) = decode(sample(shared, "dcm4che/ORU_R01-SR.hl7")).reports
    assert report.exam is not None
    assert report.exam.study_uids == ("1.2.392.200036.9125.0.198811291108.7",)
    assert report.exam.accession_no == "AccessionNumber"
    assert "The right kidney is slightly enlarged" in (report.exam.findings or "")
