"""Reports as the demo's hospitals send them: ORU^R01, version 2.5.1, in each one's character set. Pure."""

from collections.abc import Iterator
from datetime import date, datetime

from yijian.demo.events import Event, Sent, Voided
from yijian.demo.tables import Institution
from yijian.domains.identity.values import IdentifierType, PatientDescription, Practitioner
from yijian.domains.results.values import (
    ImageStatus,
    ItemCode,
    LabResult,
    ReportKind,
    ReportStatus,
    UploadedReport,
)
from yijian.gateways.hl7v2.codec.syntax import Syntax
from yijian.kit.clock import CHINA

__all__ = ["control_id_of", "write_message"]

SYSTEMS = {"item": "YJITEM", "wst886": "WST886", "loinc": "LN", "local": "L"}
STATUSES = {ReportStatus.PRELIMINARY: "P", ReportStatus.FINAL: "F", ReportStatus.CORRECTED: "C"}
SEXES = {"male": "M", "female": "F"}
ENCOUNTERS = {"outpatient": "O", "emergency": "E", "inpatient": "I", "checkup": "体检"}
DECLARED = {"UTF-8": "UNICODE UTF-8", "GB18030": "GB 18030-2000", "GBK": ""}
CODECS = {"UTF-8": "utf-8", "GB18030": "gb18030", "GBK": "gb18030"}
SECTIONS = {"放射科": "RAD", "超声科": "US", "心电图室": "EC", "病理科": "SP"}
WITHDRAWN = "X"

write = Syntax().write


def control_id_of(event: Event) -> str:
    """Return a control id that is the same whenever this event is sent again."""
    number = event.report.report_no if isinstance(event, Sent) else f"{event.report_no}X"
    return f"{event.institution.code}-{number}-{event.at:%y%m%d%H%M%S}"


def write_message(event: Event, control_id: str) -> bytes:
    """Return the message that tells of an event, in the sender's character set."""
    lines = _report_lines(event) if isinstance(event, Sent) else _void_lines(event)
    charset = event.institution.charset or "UTF-8"
    text = "".join(f"{line}\r" for line in (_header(event.institution, event.at, control_id), *lines))
    return text.encode(CODECS[charset])


def _header(institution: Institution, at: datetime, control_id: str) -> str:
    system = "LIS" if institution.kind != "imaging" else "RIS"
    declared = DECLARED[institution.charset or "UTF-8"]
    sender = f"{system}|{institution.code}|YIJIAN|PLATFORM"
    return rf"MSH|^~\&|{sender}|{_instant(at)}||ORU^R01^ORU_R01|{control_id}|P|2.5.1||||||{declared}"


def _instant(at: datetime | None) -> str:
    return at.astimezone(CHINA).strftime("%Y%m%d%H%M%S%z") if at else ""


def _day(on: date | None) -> str:
    return on.strftime("%Y%m%d") if on else ""


def _report_lines(sent: Sent) -> Iterator[str]:
    report = sent.report
    yield _pid(report.patient, sent.institution)
    yield _pv1(report)
    yield _order(report, sent)
    if report.kind is ReportKind.LAB:
        for number, row in enumerate(report.results, start=1):
            yield from _row(number, row, report)
        yield _specimen(report)
    else:
        yield from _exam(report)


def _pid(patient: PatientDescription, institution: Institution) -> str:
    numbers = "~".join(
        f"{write(i.value)}^^^{institution.code}^MR"
        if i.type is IdentifierType.LOCAL
        else f"{write(i.value)}^^^^NNCHN"
        for i in reversed(patient.identifiers)
    )
    sex = SEXES.get(patient.sex or "", "U")
    phone = write(patient.phone or "")
    return f"PID|1||{numbers}||{write(patient.name or '')}||{_day(patient.birth_date)}|{sex}|||||{phone}"


def _pv1(report: UploadedReport) -> str:
    encounter = report.encounter
    kind = ENCOUNTERS.get(encounter.type, "O") if encounter else "O"
    number = encounter.number or "" if encounter else ""
    return f"PV1|1|{kind}|{_department(report)}" + "|" * 16 + write(number)


def _department(report: UploadedReport) -> str:
    asked = report.requested_by
    return write(asked.department.name or "") if asked and asked.department else ""


def _person(practitioner: Practitioner | None) -> str:
    if practitioner is None:
        return ""
    return f"{write(practitioner.id or '')}^{write(practitioner.name or '')}"


def _order(report: UploadedReport, sent: Sent) -> str:
    """Write OBR; an examination names its item here, a laboratory its group of tests."""
    asked, reviewed = report.requested_by, report.reviewed_by
    fields = {
        1: "1",
        2: write(report.order_no or ""),
        3: write(report.report_no),
        4: _universal_service(report),
        6: _instant(report.ordered_at),
        7: _instant(report.collected_at or report.examined_at),
        14: _instant(report.received_at),
        15: _side(report),
        16: _person(asked.practitioner if asked else None),
        18: write(report.exam.accession_no or "") if report.exam else "",
        22: _instant(report.reported_at),
        24: _section(report),
        25: STATUSES[report.status],
        31: "" if report.exam is None else f"^{write(report.exam.clinical_diagnosis or '')}".rstrip("^"),
        32: _person(reviewed.practitioner if reviewed else None).replace("^", "&"),
    }
    return _segment("OBR", fields)


def _segment(name: str, fields: dict[int, str]) -> str:
    return "|".join([name, *(fields.get(number, "") for number in range(1, max(fields) + 1))]).rstrip("|")


def _universal_service(report: UploadedReport) -> str:
    if report.exam:
        item = report.exam.items[0]
        return _coded(ItemCode(system=item.system, code=item.code, name=item.name))
    category = report.category
    return f"{write(category.code or '')}^{write(category.name or '')}^L" if category else ""


def _section(report: UploadedReport) -> str:
    name = report.category.name or "" if report.category else ""
    return SECTIONS.get(name, "RAD") if report.exam else "LAB"


def _side(report: UploadedReport) -> str:
    side = report.exam.items[0].laterality if report.exam else None
    return f"^^^^{side.upper()}" if side else ""


def _coded(item: ItemCode) -> str:
    return f"{write(item.code)}^{write(item.name or '')}^{SYSTEMS[item.system]}"


def _row(number: int, row: LabResult, report: UploadedReport) -> Iterator[str]:
    data_type, mark = ("NM", "") if row.kind == "number" else ("CWE", "^")
    fields = {
        1: str(number),
        2: data_type,
        3: _coded(row.item),
        5: mark + write(row.value),
        6: write(row.unit or ""),
        7: write(row.reference_range or ""),
        8: row.flag or "",
        11: STATUSES[row.status or report.status],
        14: _instant(report.collected_at),
        17: write(row.method or ""),
        18: write(row.instrument or ""),
        19: _instant(report.resulted_at),
    }
    yield _segment("OBX", fields)
    if row.comment:
        yield f"NTE|1||{write(row.comment)}"


def _specimen(report: UploadedReport) -> str:
    specimen = report.specimen
    code, name = (specimen.type_code, specimen.type_name) if specimen else (None, None)
    kind = f"{write(code or '')}^{write(name or '')}"
    fields = {1: "1", 4: kind, 17: _instant(report.collected_at), 18: _instant(report.received_at)}
    return _segment("SPM", fields)


def _exam(report: UploadedReport) -> Iterator[str]:
    exam, status = report.exam, STATUSES[report.status]
    if exam is None:
        return
    texts = (("59776-5^检查所见^LN", exam.findings), ("19005-8^诊断意见^LN", exam.impression))
    for number, (code, text) in enumerate(texts, start=1):
        yield _segment("OBX", {1: str(number), 2: "TX", 3: code, 5: write(text or ""), 11: status})
    if exam.image.status is ImageStatus.AVAILABLE and exam.image.viewer_url:
        pointer = f"{write(exam.image.viewer_url)}^RIS^Application^HTML"
        yield _segment("OBX", {1: "3", 2: "RP", 3: "VIEWER^影像链接^L", 5: pointer, 11: status})


def _void_lines(voided: Voided) -> Iterator[str]:
    """Withdraw a report: the order is cancelled (OBR-25 X, Table 0123)."""
    yield _pid(voided.patient, voided.institution)
    at = _instant(voided.at)
    service = f"VOID^{write(voided.reason)}^L"
    yield _segment("OBR", {1: "1", 3: write(voided.report_no), 4: service, 7: at, 22: at, 25: WITHDRAWN})
