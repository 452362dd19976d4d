"""Every file of the shared samples that we take through a socket, with the facts its manifest states."""

import json
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone

from tests.flow.conftest import Register
from tests.flow.mllp import Engine, RunningListener, code_of, field
from tests.flow.processing import work_off
from yijian.domains.identity.models import IdentifierKey, Person
from yijian.domains.results.models import OrderFact, Report, ReportVersion, Result
from yijian.domains.terminology.services import load_catalogue
from yijian.foundation.inbox.api import raw_of, resolve_for_sender
from yijian.foundation.inbox.models import InboxMessage, WorkItem
from yijian.gateways.hl7v2 import codec

HL7 = "samples/hl7v2"
REFUSED = {
    "zh/S12a_truncated.hl7",
    "zh/S12b_no_pid.hl7",
    "simhospital/InvalidOru_MissingPlacerAndFiller.hl7",
    "fhirconv/OMG-O19-01.hl7",  # no order number
    "hapi/NewPipeParserTest_013.hl7",  # MSH-11 is 1
    "lfh/HL7OMLMessageTest_002.hl7",  # MSH-10 and MSH-12 are empty
    "nodehl7/orm-example.hl7",  # a segment broken over two lines
}
PDF = "3b9ea246311d6cbfe0e425530070cfa564d16ba5acc2211ffb8e11e20877798d"
CLOSING = b"MSH|^~\\&|||||||ZZZ|closing|P|2.5.1\r"
"""Answered when everything before it is kept."""
POSITIVE, NEGATIVE = {"AA", "CA", ""}, {"AE", "AR", "CE", "CR", ""}


@pytest.fixture(autouse=True)
def _catalogue(committed_db: None) -> None:
    load_catalogue()


@pytest.fixture
def line(listener: RunningListener) -> Any:
    with Engine(listener.port) as engine:
        yield engine


def split(raw: bytes) -> list[bytes]:
    """Cut a file of several messages at its headers."""
    end = b"\r" if b"\r" in raw else b"\n"
    starts = [0] if raw.startswith(b"MSH") else []
    at = raw.find(end + b"MSH|")
    while at >= 0:
        starts.append(at + 1)
        at = raw.find(end + b"MSH|", at + 1)
    return [raw[start:stop] for start, stop in zip(starts, [*starts[1:], len(raw)], strict=True)]


def files(shared: Path) -> list[tuple[str, list[bytes]]]:
    """Return the messages of every file that holds messages of a type we take."""
    found = []
    for entry in json.loads((shared / "samples/manifest.json").read_text("utf-8")):
        if not entry["file"].startswith("hl7v2/") or entry["file"].endswith(".json"):
            continue
        raw = (shared / "samples" / entry["file"]).read_bytes()
        messages = split(raw) if "messages" in entry["expected"] else [raw]
        if any(codec.peek(message, None).type in codec.TAKEN for message in messages):
            found.append((entry["file"].removeprefix("hl7v2/"), messages))
    assert len(found) > 50
    return found


def send(line: Engine, register: Register, raw: bytes) -> str:
    """Register the sender the message names, send it, return MSA-1; empty where it wants no answer now."""
    header = codec.peek(raw, None)
    if header.sender_code:
        register(header.sender_code)
    if header.accept_acknowledgment == "NE":
        line.socket.sendall(codec.frame(raw))
        assert code_of(line.send(CLOSING)) == "AR"
        return ""
    answer = line.send(raw)
    while code_of(answer) and header.control_id and field(answer, "MSA", 2) != header.control_id:
        answer = line.read()  # what was promised for an earlier message came first (enhanced mode)
    return code_of(answer)


def is_taken(raw: bytes) -> bool:
    header = codec.peek(raw, None)
    return not header.trigger or header.trigger in codec.TAKEN[header.type]


def test_every_file_is_answered_and_ends_where_it_belongs(
    shared: Path, listener: RunningListener, register: Register
) -> None:
    for name, messages in files(shared):
        InboxMessage.objects.all().delete()
        for raw in messages:
            with Engine(listener.port) as line:
                answer = send(line, register, raw)
            nameless = not codec.peek(raw, None).sender_code
            welcome = name not in REFUSED and not nameless and is_taken(raw)
            assert answer in (POSITIVE if welcome else NEGATIVE), name
        InboxMessage.objects.filter(control_id="closing").delete()
        work_off()
        assert InboxMessage.objects.count() == len(messages), name
        for kept in InboxMessage.objects.all():
            raw = raw_of(kept.message_id) or b""
            taken = name not in REFUSED and kept.facility != "" and is_taken(raw)
            assert kept.state in ({"recorded", "waiting"} if taken else {"refused"}), (name, kept.reason_text)
            assert bool(kept.reason_code) or kept.state == "recorded", name


def test_every_value_of_the_large_files_is_recorded(shared: Path, line: Engine, register: Register) -> None:
    facts = json.loads((shared / "samples/manifest.json").read_text("utf-8"))
    for name in ("pathway_aki13_douer", "pathway_aki14_hai", "mixed_60"):
        InboxMessage.objects.all().delete()
        path = f"hl7v2/simhospital/{name}.hl7"
        expected = next(entry["expected"] for entry in facts if entry["file"] == path)
        for raw in split((shared / "samples" / path).read_bytes()):
            send(line, register, raw)
        work_off()
        for message in expected["messages"]:
            kept = InboxMessage.objects.get(control_id=message["control_id"])
            assert kept.state in {"recorded", "waiting"}, (name, kept.reason_text)
            rows = Result.objects.filter(
                report_id__in=ReportVersion.objects.filter(message_id=kept.message_id).values("report_id")
            )
            assert rows.exists() == (message["n_obx"] > 0), (name, message["control_id"])


def zh(shared: Path, name: str) -> bytes:
    (path,) = (shared / HL7 / "zh").glob(f"{name}_*.hl7")
    return path.read_bytes()


@pytest.mark.parametrize(
    ("name", "person", "rows"), [("S01", "张伟", 4), ("S02", "欧阳建华", 5), ("S03", "王珅", 5)]
)
def test_chinese_arrives_in_every_character_set(
    shared: Path, line: Engine, register: Register, name: str, person: str, rows: int
) -> None:
    assert send(line, register, zh(shared, name)) in POSITIVE
    work_off()
    assert Result.objects.filter(report_id=newest().report_id).count() == rows
    assert Person.objects.get(person_id=newest().person_id).name == person


def test_undeclared_character_set_is_asked_about(shared: Path, line: Engine, register: Register) -> None:
    assert send(line, register, zh(shared, "S03")) in POSITIVE
    work_off()
    assert WorkItem.objects.get(kind="encoding.guessed").subject == "320106005"


def test_every_message_that_waited_for_the_character_set_is_read_again(
    shared: Path, line: Engine, register: Register
) -> None:
    raw = zh(shared, "S03")
    for message in (raw, raw.replace(b"ZH0003", b"ZH0003B")):
        assert send(line, register, message) in POSITIVE
    work_off()
    assert set(InboxMessage.objects.values_list("state", "reason_code")) == {("waiting", "encoding.guessed")}
    register("320106005", encoding="GBK")
    assert (
        resolve_for_sender("320106005", "encoding.guessed", by="a", resolution="set", at=timezone.now()) == 2
    )
    work_off()
    assert not InboxMessage.objects.filter(reason_code="encoding.guessed").exists()
    assert not WorkItem.objects.filter(kind="encoding.guessed", resolved_at=None).exists()


def test_note_under_a_row_is_its_comment(shared: Path, line: Engine, register: Register) -> None:
    assert send(line, register, zh(shared, "S02")) in POSITIVE
    work_off()
    assert Result.objects.filter(comment__contains="标本轻度溶血，建议复查。").exists()


def newest() -> ReportVersion:
    version = ReportVersion.objects.order_by("recorded_at").last()
    assert version
    return version


def test_sender_setting_spares_the_guess(shared: Path, line: Engine, register: Register) -> None:
    register("320106005", encoding="GBK")
    assert code_of(line.send(zh(shared, "S03"))) in POSITIVE
    work_off()
    assert Person.objects.get().name == "王珅"
    assert not WorkItem.objects.filter(kind="encoding.guessed").exists()


def test_preliminary_final_corrected_leave_one_report_of_three_versions(
    shared: Path, line: Engine, register: Register
) -> None:
    for name in ("S04", "S05", "S06"):
        assert send(line, register, zh(shared, name)) in POSITIVE
    work_off()
    report = Report.objects.get()
    assert (report.report_no, report.current_version) == ("LAB2026030300042", 3)
    versions = ReportVersion.objects.order_by("version")
    assert [version.status for version in versions] == ["preliminary", "final", "corrected"]
    for version, white_cells, platelets in ((1, "15.8", "88"), (2, "15.8", "188"), (3, "12.1", "188")):
        assert {white_cells, platelets} <= {row.value for row in Result.objects.filter(version=version)}


def test_examination_report_keeps_its_document(shared: Path, line: Engine, register: Register) -> None:
    assert send(line, register, zh(shared, "S09")) in POSITIVE
    work_off()
    version = newest()
    assert version.body["kind"] == "exam"
    assert version.body["exam"]["findings"]
    assert version.document_key.endswith(PDF)


def test_organisms_and_their_drugs_belong_to_the_report(
    shared: Path, line: Engine, register: Register
) -> None:
    assert send(line, register, zh(shared, "S11")) in POSITIVE
    work_off()
    assert list(Result.objects.order_by("row_no").values_list("code", flat=True)) == [
        "ORG",
        "CNT",
        "ESBL",
        "ORG",
    ]
    organisms = newest().body["organisms"]
    assert [organism["name"] for organism in organisms] == ["肺炎克雷伯菌", "白假丝酵母菌"]
    drugs = organisms[0]["susceptibilities"]
    assert [drug["drug"]["name"] for drug in drugs if drug["conclusion"] == "R"] == ["头孢曲松"]
    assert drugs[0]["mic"] == {"value": "2", "comparator": "<=", "unit": "ug/ml"}


def test_dialect_of_a_laboratory_system_is_a_report(shared: Path, line: Engine, register: Register) -> None:
    assert send(line, register, zh(shared, "S07")) in POSITIVE
    work_off()
    rows = list(Result.objects.order_by("row_no").values_list("name", "flag", "reference_range", "unit"))
    assert rows[0] == ("白细胞", "H", "3.5-9.5", "10^9/L")
    assert rows[2][2] == "0.4--8"
    assert Person.objects.get().name == "张晋"


def test_orders_of_the_samples_are_facts(shared: Path, line: Engine, register: Register) -> None:
    for name, state in (
        ("zh/S10_orm_imaging_order.hl7", "waiting"),
        ("fhirconv/ORM-O01-03.hl7", "waiting"),
        ("fhirconv/MDHHS-OML-O21-1.hl7", "waiting"),
        ("dcm4che/OMI_O23-ImagingOrder.hl7", "waiting"),
    ):
        InboxMessage.objects.all().delete()
        assert send(line, register, (shared / HL7 / name).read_bytes()) in POSITIVE, name
        work_off()
        assert InboxMessage.objects.get().state == state, name
    placed = OrderFact.objects.filter(state="placed")
    assert sorted(placed.values_list("order_no", "code")) == [
        ("1101", "24725-4"),
        ("2203", "24590-2"),
        ("ORD-CT-88", "CT0101"),
        ("ORD723222", "6532-6"),
        ("PlacerOrderNumberImagingServiceRequest", "10637-7"),
    ]
    assert OrderFact.objects.filter(state="charged").count() == 2
    bodies = {fact.order_no: fact.body for fact in placed}
    assert bodies["ORD-CT-88"]["accession_no"] == "ACC20260306088"
    assert bodies["PlacerOrderNumberImagingServiceRequest"]["study_uid"].endswith("291108.7")


def test_document_of_the_samples_is_an_examination_report(
    shared: Path, line: Engine, register: Register
) -> None:
    assert send(line, register, (shared / HL7 / "fhirconv/MDM-T02-01.hl7").read_bytes()) in POSITIVE
    work_off()
    assert (newest().status, newest().body["kind"]) == ("final", "exam")
    assert newest().body["exam"]["study_uids"] == ["1.2.840.317.5947431.51"]


@pytest.mark.parametrize("name", ["S12a", "S12b"])
def test_broken_message_is_kept_and_nothing_is_recorded(
    shared: Path, line: Engine, register: Register, name: str
) -> None:
    raw = zh(shared, name)
    register("370102001")
    answer = line.send(raw)
    assert code_of(answer) in NEGATIVE
    assert field(answer, "ERR", 2)
    assert field(answer, "ERR", 8)
    work_off()
    kept = InboxMessage.objects.get()
    assert (kept.state, raw_of(kept.message_id)) == ("refused", raw)
    assert not Report.objects.exists()


def test_number_with_wrong_check_digit_is_no_key(shared: Path, line: Engine, register: Register) -> None:
    assert send(line, register, zh(shared, "S12c")) in POSITIVE
    work_off()
    assert Report.objects.count() == 1
    assert not IdentifierKey.objects.filter(kind="resident_id").exists()


def test_empty_correction_hides_nothing(shared: Path, line: Engine, register: Register) -> None:
    raw = (shared / HL7 / "nodehl7/oru-example.hl7").read_bytes()
    assert send(line, register, raw) in POSITIVE
    work_off()
    assert InboxMessage.objects.get().state == "waiting"
    assert not Report.objects.exists()
