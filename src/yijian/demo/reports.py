"""A year of the region: who went where, what was drawn and seen there, and what was asked before ordering.

Pure and seeded. A referral a few days later is where recognition lives: the second physician asks first.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random

import msgspec

from yijian.demo.calendar import Calendar
from yijian.demo.choosing import first_choice, offers, second_choice
from yijian.demo.events import Event, OrderCheck, Sent, Voided, Year
from yijian.demo.issuing import Visit, issue_exam, issue_laboratory, staff_of
from yijian.demo.laboratory import PACKAGES
from yijian.demo.people import Resident
from yijian.demo.tables import Institution
from yijian.domains.identity.values import EncounterType
from yijian.domains.recognition.values import Purpose
from yijian.domains.results.values import ReportStatus, UploadedReport

__all__ = ["Numbers", "make_year"]


@dataclass(frozen=True, slots=True)
class Occasion:
    """Why somebody comes: the encounter, the department, how ill (0 to 1), and what is ordered."""

    type: EncounterType
    department: str
    stress: float
    ordered: str


OUTPATIENT, INPATIENT = EncounterType.OUTPATIENT, EncounterType.INPATIENT
EMERGENCY, CHECKUP = EncounterType.EMERGENCY, EncounterType.CHECKUP

OCCASIONS = {
    "checkup": Occasion(CHECKUP, "体检中心", 0.0, "CBC LFT RFT LIPID URINE HBV5 IMG-DX-CHEST ECG-12 US-ABD"),
    "diabetes": Occasion(OUTPATIENT, "内分泌科", 0.0, "HBA1C RFT LIPID URINE"),
    "kidney": Occasion(OUTPATIENT, "肾内科", 0.0, "RFT ELECTROLYTE CBC URINE US-URINARY"),
    "lipids": Occasion(OUTPATIENT, "心血管内科", 0.0, "LIPID LFT US-CAROTID"),
    "hepatitis_b": Occasion(OUTPATIENT, "感染科", 0.0, "LFT HBV5 HBVDNA US-ABD"),
    "anaemia": Occasion(OUTPATIENT, "血液内科", 0.0, "CBC IRON"),
    "thyroid": Occasion(OUTPATIENT, "内分泌科", 0.0, "THYROID US-THYROID"),
    "gout": Occasion(OUTPATIENT, "风湿免疫科", 0.1, "RFT CBC IMG-DX-KNEE"),
    "hypertension": Occasion(OUTPATIENT, "心血管内科", 0.0, "RFT ELECTROLYTE LIPID ECG-12"),
    "heart": Occasion(OUTPATIENT, "心血管内科", 0.1, "CARDIAC ELECTROLYTE ECG-HOLTER US-ECHO"),
    "tumour_history": Occasion(OUTPATIENT, "肿瘤科", 0.0, "TUMOUR CBC LFT IMG-CT-CHEST-PLAIN"),
    "infection": Occasion(OUTPATIENT, "呼吸内科", 0.5, "CBC CRP IMG-DX-CHEST"),
    "back": Occasion(OUTPATIENT, "骨科", 0.0, "IMG-DX-LSPINE IMG-MR-LSPINE-PLAIN"),
    "women": Occasion(OUTPATIENT, "妇科", 0.0, "CBC URINE US-GYN PA-TCT"),
    "chest_pain": Occasion(EMERGENCY, "急诊科", 0.7, "CARDIAC CBC ELECTROLYTE COAG ECG-12"),
    "stroke": Occasion(EMERGENCY, "急诊科", 0.3, "CBC RFT ELECTROLYTE COAG IMG-CT-HEAD-PLAIN ECG-12"),
    "surgery": Occasion(
        INPATIENT, "普外科", 0.2, "CBC LFT RFT ELECTROLYTE COAG INFECT4 IMG-DX-CHEST ECG-12 US-ABD"
    ),
    "admission": Occasion(
        INPATIENT, "内科", 0.3, "CBC LFT RFT ELECTROLYTE LIPID COAG CRP IMG-CT-CHEST-PLAIN ECG-12"
    ),
}
UNPLANNED = ("infection", "infection", "back", "checkup", "checkup", "admission", "surgery")
LATE_IN_LIFE = ("chest_pain", "stroke", "admission")
REFERRED = 0.5
"""Share of visits that are followed by one elsewhere."""
UNTIL_REFERRED = (1, 1, 2, 2, 3, 4, 5, 6, 9, 14, 24)
"""Days."""
CATALOGUE_CODE = {"URINE": "URINE-DRY", "HBA1C": "HbA1c", "HBVDNA": "HBVDNA", "CRP": "CRP"}
"""How a package is ordered, where not by its own code."""
ASKED = 0.15
"""Share of referrals at which the second physician's system asks before ordering."""
MOST_VISITS = 15
PRELIMINARY_SHARE, CORRECTED_SHARE, VOIDED_SHARE = 0.02, 0.02, 0.008
VOID_REASONS = ("标本采集错误", "患者信息录入错误", "标本溶血,结果不可靠", "报告重复")


class Numbers:
    """Report and encounter numbers, running on in each institution."""

    def __init__(self) -> None:
        self._last: dict[tuple[str, str], int] = {}

    def next(self, institution: Institution, series: str) -> str:
        key = (institution.code, series)
        self._last[key] = self._last.get(key, 0) + 1
        return f"{series}{institution.code[-4:]}{self._last[key]:06d}"


def make_year(calendar: Calendar, residents: list[Resident], random: Random) -> Year:
    """Return the year of these residents: about fifteen reports each, and the questions asked."""
    year, numbers = Year(), Numbers()
    for resident in residents:
        for at in _visit_times(resident, calendar, random):
            year.extend(_attend(resident, at, calendar, numbers, random))
    year.events.sort(key=lambda event: event.at)
    year.checks.sort(key=lambda check: check.at)
    return year


def _visit_times(resident: Resident, calendar: Calendar, random: Random) -> list[datetime]:
    age = resident.age(calendar.today)
    more = 1.05 + 1.05 * len(resident.conditions) + (1.1 if age > 60 else 0.6 if age > 40 else 0.0)
    count = min(1 + int(random.expovariate(1 / more)), MOST_VISITS)
    days = sorted(random.sample(range(4, 364), count), reverse=True)
    times = [calendar.at(day, random.randrange(8, 16), random.randrange(60)) for day in days]
    return [at for at in times if resident.birth_date < at.date()]


def _attend(resident: Resident, at: datetime, calendar: Calendar, numbers: Numbers, random: Random) -> Year:
    """Return one visit and, often, the referral that follows it."""
    occasion = _occasion(resident, at, random)
    wanted = [o if o != "TUMOUR" else _tumour_panel(resident) for o in occasion.ordered.split()]
    first = _visit(resident, first_choice(resident, occasion.type, wanted, random), at, occasion, numbers)
    done = [order for order in wanted if offers(first.institution, order)]
    year = Year(list(_issue_all(first, done, calendar, numbers, random)))
    later = at + timedelta(days=random.choice(UNTIL_REFERRED), minutes=random.randrange(200))
    if done and random.random() < REFERRED and later < calendar.ago(days=1):
        second = _visit(resident, second_choice(first.institution, random), later, occasion, numbers)
        if random.random() < ASKED:
            year.checks.append(_question(second, done, random))
        again = [order for order in wanted if order not in done] + random.sample(done, len(done) // 4)
        feasible = [order for order in again if offers(second.institution, order)]
        year.events.extend(_issue_all(second, feasible, calendar, numbers, random))
    return year


def _tumour_panel(resident: Resident) -> str:
    return "TUMOUR-M" if resident.sex == "male" else "TUMOUR-F"


def _occasion(resident: Resident, at: datetime, random: Random) -> Occasion:
    if resident.conditions and random.random() < 0.7:
        return OCCASIONS[random.choice(sorted(resident.conditions))]
    age = resident.age(at.date())
    if age > 55 and random.random() < 0.3:
        return OCCASIONS[random.choice(LATE_IN_LIFE)]
    if resident.sex == "female" and 20 < age < 60 and random.random() < 0.3:
        return OCCASIONS["women"]
    return OCCASIONS["infection" if age < 14 else random.choice(UNPLANNED)]


def _visit(
    resident: Resident, institution: Institution, at: datetime, occasion: Occasion, numbers: Numbers
) -> Visit:
    number = numbers.next(institution, "V")
    return Visit(institution, resident, at, occasion.type, number, occasion.department, occasion.stress)


def _question(visit: Visit, done: list[str], random: Random) -> OrderCheck:
    purpose = (
        Purpose.PREOPERATIVE if visit.department == "普外科" and random.random() < 0.5 else Purpose.DIAGNOSIS
    )
    return OrderCheck(
        institution=visit.institution,
        resident=visit.resident,
        at=visit.at,
        encounter_type=visit.type,
        encounter_no=visit.number,
        items=tuple(CATALOGUE_CODE.get(order, order) for order in done),
        purpose=Purpose.CHECKUP if visit.type is CHECKUP else purpose,
        department=visit.department,
        practitioner=staff_of(visit.institution, visit.department).name or "",
    )


def _issue_all(
    visit: Visit, orders: list[str], calendar: Calendar, numbers: Numbers, random: Random
) -> Iterator[Event]:
    for order in orders:
        package = PACKAGES.get(order)
        report_no = numbers.next(visit.institution, "L" if package else "E")
        report = (
            issue_laboratory(visit, package, report_no, random)
            if package
            else issue_exam(visit, order, report_no, random)
        )
        if report.reported_at < calendar.ago(hours=1):
            yield from _life_of(Sent(visit.institution, report), calendar, random)


def _life_of(sent: Sent, calendar: Calendar, random: Random) -> Iterator[Event]:
    """Yield a report's versions: most have one, some begin preliminary, are corrected or withdrawn."""
    report, chance = sent.report, random.random()
    if chance < PRELIMINARY_SHARE and len(report.results) > 1:
        yield Sent(sent.institution, _preliminary(report))
    yield sent
    later = report.reported_at + timedelta(hours=random.randrange(3, 50))
    if later > calendar.ago(hours=1):
        return
    if chance > 1 - CORRECTED_SHARE:
        yield Sent(sent.institution, _corrected(report, later))
    elif chance > 1 - CORRECTED_SHARE - VOIDED_SHARE:
        yield Voided(sent.institution, report.patient, report.report_no, later, random.choice(VOID_REASONS))


def _preliminary(report: UploadedReport) -> UploadedReport:
    half = report.results[: len(report.results) // 2]
    early = report.reported_at - timedelta(minutes=25)
    return msgspec.structs.replace(
        report, status=ReportStatus.PRELIMINARY, reported_at=early, resulted_at=early, results=half
    )


def _corrected(report: UploadedReport, at: datetime) -> UploadedReport:
    """Correct the wording of an examination, or the reviewer's note on a laboratory report."""
    if report.exam:
        exam = msgspec.structs.replace(report.exam, impression=f"{report.exam.impression}(更正:复阅后确认)")
        return msgspec.structs.replace(report, status=ReportStatus.CORRECTED, reported_at=at, exam=exam)
    first = msgspec.structs.replace(report.results[0], comment="更正:复查后确认")
    rows = (first, *report.results[1:])
    return msgspec.structs.replace(report, status=ReportStatus.CORRECTED, reported_at=at, results=rows)
