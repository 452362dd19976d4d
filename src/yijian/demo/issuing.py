"""Reports as institutions issue them: numbers, times, people, departments. Pure."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from random import Random

from yijian.demo.coding import code_of
from yijian.demo.laboratory import Package, laboratory_rows
from yijian.demo.people import Names, Resident, SexName
from yijian.demo.tables import Institution, list_exam_texts
from yijian.domains.identity.values import Coded, EncounterType, Practitioner
from yijian.domains.results.values import (
    Encounter,
    ExamItem,
    ExamPart,
    Image,
    ImageStatus,
    LabResult,
    ReportKind,
    ReportStatus,
    Responsible,
    UploadedReport,
)

__all__ = ["Visit", "issue_exam", "issue_laboratory", "issue_rows", "staff_of"]

LABORATORY = Coded(code="LAB", name="检验科")
SIDES = ("left", "right")


@dataclass(frozen=True, slots=True)
class Visit:
    """One encounter of a resident at an institution."""

    institution: Institution
    resident: Resident
    at: datetime
    type: EncounterType
    number: str
    department: str
    stress: float = 0.0


@cache
def staff_of(institution: Institution, department: str) -> Practitioner:
    """Return one of a department's staff: always the same small circle."""
    random = Random(f"{institution.code} {department}")
    born = datetime(1982, 1, 1).date()  # noqa: DTZ001 - a birth year decides which names are in fashion
    names = Names(random)
    sex: SexName = random.choice(("male", "female"))
    return Practitioner(id=str(random.randrange(1000, 9999)), name=names.surname() + names.given(sex, born))


def issue_laboratory(visit: Visit, package: Package, report_no: str, random: Random) -> UploadedReport:
    """Return the final report of a package: drawn soon after the order, reported within hours or a day."""
    collected = visit.at + timedelta(minutes=random.randrange(20, 90))
    received = collected + timedelta(minutes=random.randrange(10, 40))
    resulted = received + timedelta(minutes=random.randrange(25, 240))
    on = visit.at.date()
    rows = laboratory_rows(visit.institution, visit.resident, package, on, visit.stress, random)
    return issue_rows(visit, package, report_no, rows, (collected, received, resulted))


def issue_rows(
    visit: Visit,
    package: Package,
    report_no: str,
    rows: tuple[LabResult, ...],
    times: tuple[datetime, datetime, datetime],
) -> UploadedReport:
    """Return the final report of these rows; `times` are collection, receipt and result."""
    collected, received, resulted = times
    institution = visit.institution
    return UploadedReport(
        report_no=report_no,
        kind=ReportKind.LAB,
        status=ReportStatus.FINAL,
        order_no=f"O{report_no}",
        category=Coded(code=package.code, name=package.name),
        patient=visit.resident.described_to(institution.code),
        encounter=Encounter(type=visit.type, number=visit.number),
        requested_by=_responsible(institution, visit.department),
        performed_by=Responsible(department=LABORATORY, practitioner=staff_of(institution, "检验科")),
        reviewed_by=Responsible(practitioner=staff_of(institution, "检验科审核")),
        ordered_at=visit.at,
        collected_at=collected,
        received_at=received,
        resulted_at=resulted,
        reported_at=resulted + timedelta(minutes=8),
        specimen=package.specimen,
        results=rows,
    )


def _responsible(institution: Institution, department: str) -> Responsible:
    return Responsible(
        department=Coded(code=department, name=department), practitioner=staff_of(institution, department)
    )


def issue_exam(
    visit: Visit, item_code: str, report_no: str, random: Random, *, image: ImageStatus | None = None
) -> UploadedReport:
    """Return an examination report; images are within reach more often at larger institutions."""
    text = list_exam_texts()[item_code]
    institution = visit.institution
    examined = visit.at + timedelta(minutes=random.randrange(30, 180))
    reported = examined + timedelta(minutes=random.randrange(20, 160))
    abnormal = random.random() < 0.30 + visit.stress * 0.3
    return UploadedReport(
        report_no=report_no,
        kind=ReportKind.EXAM,
        status=ReportStatus.FINAL,
        order_no=f"O{report_no}",
        category=Coded(code=text.department, name=text.department),
        patient=visit.resident.described_to(institution.code),
        encounter=Encounter(type=visit.type, number=visit.number),
        requested_by=_responsible(institution, visit.department),
        performed_by=_responsible(institution, text.department),
        reviewed_by=Responsible(practitioner=staff_of(institution, f"{text.department}审核")),
        ordered_at=visit.at,
        examined_at=examined,
        reported_at=reported,
        exam=ExamPart(
            items=(_exam_item(institution, item_code, random),),
            findings=text.abnormal_findings if abnormal else text.normal_findings,
            impression=text.abnormal_impression if abnormal else text.normal_impression,
            accession_no=f"A{report_no}",
            image=_image(institution, report_no, image or _image_status(institution, random)),
        ),
    )


def _image_status(institution: Institution, random: Random) -> ImageStatus:
    share = {3: 0.9, 2: 0.7, 1: 0.35, 0: 0.95}[institution.level]
    return ImageStatus.AVAILABLE if random.random() < share else ImageStatus.NONE


def _image(institution: Institution, report_no: str, status: ImageStatus) -> Image:
    if status is not ImageStatus.AVAILABLE:
        return Image(status=status)
    return Image(status=status, viewer_url=f"https://pacs.example/{institution.code}/{report_no}")


def _exam_item(institution: Institution, item_code: str, random: Random) -> ExamItem:
    code = code_of(institution, item_code)
    paired = item_code in ("IMG-DX-KNEE", "US-CAROTID")
    side = random.choice(SIDES) if item_code == "IMG-DX-KNEE" else "both" if paired else None
    return ExamItem(system=code.system, code=code.code, name=code.name, laterality=side)  # type: ignore[arg-type]
