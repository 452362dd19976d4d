"""A region small enough to know by heart: three hospitals, one agreement, one patient, a story a report."""

from base64 import b64encode
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from uuid import UUID

from yijian.domains.identity.values import (
    Coded,
    EncounterType,
    Identifier,
    IdentifierType,
    PatientDescription,
    Practitioner,
    Sex,
)
from yijian.domains.institutions.models import Campus, Institution, Price, Region
from yijian.domains.results import api as results
from yijian.domains.results.values import (
    Encounter,
    ExamItem,
    ExamPart,
    Image,
    ImageStatus,
    ItemCode,
    LabResult,
    ReportKind,
    ReportStatus,
    Responsible,
    Specimen,
    UploadedReport,
)
from yijian.domains.sharing.models import Agreement, Right
from yijian.domains.terminology.api import load_catalogue
from yijian.domains.terminology.models import CatalogueItem
from yijian.foundation.accounts.models import Role, User
from yijian.kit.clock import now
from yijian.kit.resident_id import check_character

__all__ = ["PASSWORD", "RECEIVER", "RESIDENT_ID", "SmallRegion", "make_small_region", "record_lab"]

PASSWORD = "only-for-this-test"
RESIDENT_ID = "42010619680314351" + check_character("42010619680314351")
SOURCE, RECEIVER, TOWNSHIP = "HB-RM", "HB-ZX", "HB-LX"
PATIENT = PatientDescription(
    identifiers=(Identifier(type=IdentifierType.RESIDENT_ID, value=RESIDENT_ID),),
    name="赵建国",
    sex=Sex.MALE,
    birth_date=date(1968, 3, 14),
)
BLOOD_COUNT = (
    ("WBC", "白细胞计数", "6.4", "10^9/L", "3.5-9.5", "N"),
    ("RBC", "红细胞计数", "3.9", "10^12/L", "4.3-5.8", "L"),
    ("Hb", "血红蛋白", "112", "g/L", "130-175", "L"),
    ("Hct", "红细胞压积", "35.2", "%", "40-50", "L"),
    ("MCV", "平均红细胞体积", "90.3", "fL", "82-100", "N"),
    ("MCH", "平均血红蛋白量", "28.7", "pg", "27-34", "N"),
    ("MCHC", "平均血红蛋白浓度", "318", "g/L", "316-354", "N"),
    ("PLT", "血小板计数", "214", "10^9/L", "125-350", "N"),
)


@dataclass(frozen=True)
class SmallRegion:
    person_id: UUID
    blood_count: UUID
    chest: UUID
    sensitive: UUID


def make_small_region() -> SmallRegion:
    """Fill the database through the domains' own doors."""
    load_catalogue()
    _institutions()
    _rules()
    _people()
    moment = now()
    blood_count = record_lab("R-0001", "血常规", BLOOD_COUNT, moment - timedelta(hours=20), "全血", "blood")
    record_lab(
        "R-0002",
        "电解质",
        (
            ("K", "钾", "6.8", "mmol/L", "3.5-5.3", "HH"),
            ("Na", "钠", "139", "mmol/L", "137-147", "N"),
            ("Cl", "氯", "104", "mmol/L", "99-110", "N"),
        ),
        moment - timedelta(hours=30),
    )
    record_lab(
        "R-0003", "血脂", (("TC", "总胆固醇", "6.12", "mmol/L", "<5.2", "H"),), moment - timedelta(days=400)
    )
    record_lab(
        "R-0004",
        "肝功能",
        (("ALT", "丙氨酸氨基转移酶", "86", "U/L", "9-50", "H"),),
        moment - timedelta(hours=5),
        status=ReportStatus.PRELIMINARY,
    )
    record_lab(
        "R-0005",
        "糖化血红蛋白",
        (("HbA1c", "糖化血红蛋白", "7.1", "%", "4-6", "H"),),
        moment - timedelta(days=12),
        "全血",
        "blood",
    )
    record_lab(
        "T-0001",
        "葡萄糖",
        (("Glu", "葡萄糖", "126", "mg/dL", "70-110", "H"),),
        moment - timedelta(hours=10),
        institution=TOWNSHIP,
    )
    sensitive = record_lab(
        "R-0006",
        "感染筛查",
        (("AntiHIV", "人免疫缺陷病毒抗体", "阴性", "", "阴性", "NEG"),),
        moment - timedelta(days=9),
    )
    chest = _record_chest(moment - timedelta(days=2))
    return SmallRegion(blood_count.person, blood_count.report, chest, sensitive.report)


def _institutions() -> None:
    nation = Region.objects.create(
        code="CN", name_zh="全国", name_en="China", kind="nation", mark_label="全国HR"
    )
    province = Region.objects.create(
        code="42", name_zh="湖北省", name_en="Hubei", kind="province", parent=nation, mark_label="鄂HR"
    )
    city = Region.objects.create(
        code="4201", name_zh="武汉市", name_en="Wuhan", kind="city", parent=province, mark_label="武汉HR"
    )
    for code, zh, en, level, grade in (
        (SOURCE, "江汉省人民医院", "Jianghan Provincial Hospital", 3, "甲等"),
        (RECEIVER, "临湖市中心医院", "Linhu Central Hospital", 2, "甲等"),
        (TOWNSHIP, "柳溪镇卫生院", "Liuxi Township Health Centre", 1, ""),
    ):
        institution = Institution.objects.create(
            code=code,
            name_zh=zh,
            name_en=en,
            region=city,
            level=level,
            grade=grade,
            kind="hospital",
            ownership="public",
            active_from=date(2000, 1, 1),
        )
        Campus.objects.create(institution=institution, code="1", name_zh="本部", main=True)


def _rules() -> None:
    Agreement.objects.create(
        code="HB",
        version=1,
        name_zh="湖北省检查检验结果互认",
        name_en="Hubei recognition",
        scope_kind="province",
        scope_code="42",
        directions=["same", "down"],
        clock="collection",
        effective_from=date(2022, 3, 1),
        source="test",
    )
    Right.objects.bulk_create(
        Right(
            institution_id=SOURCE,
            item=item,
            scope_kind="province",
            scope_code="42",
            label="鄂HR",
            valid_from=date(2024, 1, 1),
            valid_until=date(2099, 12, 31),
            evidence="test",
        )
        for item in CatalogueItem.objects.all()
    )
    campus = Campus.objects.get(institution_id=RECEIVER)
    for code, amount in (
        ("CBC", "20.00"),
        ("HbA1c", "45.00"),
        ("K", "6.00"),
        ("IMG-CT-CHEST-PLAIN", "180.00"),
    ):
        Price.objects.create(campus=campus, item_id=code, amount=Decimal(amount), valid_from=date(2024, 1, 1))


def _people() -> None:
    for username, role, display_name in (
        ("clinician", Role.CLINICIAN, "李蔚"),
        ("technician", Role.TECHNICIAN, "周敏"),
        ("integrator", Role.INTEGRATOR, "陈工"),
        ("supervisor", Role.SUPERVISOR, "王建"),
        ("administrator", Role.ADMINISTRATOR, "管理员"),
    ):
        User.objects.create_user(
            username,
            password=PASSWORD,
            role=role,
            institution_code=RECEIVER,
            department_code="0304",
            department_name="心血管内科",
            display_name=display_name,
        )


@dataclass(frozen=True)
class Kept:
    person: UUID
    report: UUID


def record_lab(
    report_no: str,
    title: str,
    rows: tuple[tuple[str, str, str, str, str, str], ...],
    collected_at: datetime,
    specimen_name: str = "血清",
    specimen_code: str = "serum",
    *,
    institution: str = SOURCE,
    status: ReportStatus = ReportStatus.FINAL,
    reported_at: datetime | None = None,
    pdf: bytes | None = None,
) -> Kept:
    """Record a laboratory report of the patient, reported two hours after collection by default."""
    upload = UploadedReport(
        report_no=report_no,
        kind=ReportKind.LAB,
        status=status,
        pdf=b64encode(pdf).decode() if pdf else None,
        patient=PATIENT,
        category=Coded(name=title),
        encounter=Encounter(type=EncounterType.OUTPATIENT, number="OP1"),
        requested_by=Responsible(
            department=Coded(name="内分泌科"), practitioner=Practitioner(id="d1", name="何医师")
        ),
        reviewed_by=Responsible(practitioner=Practitioner(id="t2", name="郑主管")),
        collected_at=collected_at,
        received_at=collected_at + timedelta(minutes=30),
        resulted_at=collected_at + timedelta(hours=1),
        reported_at=reported_at or collected_at + timedelta(hours=2),
        specimen=Specimen(no="S1", type_code=specimen_code, type_name=specimen_name),
        results=tuple(
            LabResult(
                item=ItemCode(system="item", code=code, name=name),
                value=value,
                kind="number",
                unit=unit or None,
                reference_range=reference,
                flag=flag,
                critical=flag in {"HH", "LL"},
            )
            for code, name, value, unit, reference, flag in rows
        ),
    )
    return _record(upload, institution)


def _record_chest(examined_at: datetime) -> UUID:
    upload = UploadedReport(
        report_no="X-0001",
        kind=ReportKind.EXAM,
        status=ReportStatus.FINAL,
        patient=PATIENT,
        category=Coded(name="CT"),
        examined_at=examined_at,
        reported_at=examined_at + timedelta(hours=3),
        exam=ExamPart(
            items=(
                ExamItem(
                    system="item",
                    code="IMG-CT-CHEST-PLAIN",
                    name="胸部CT平扫",
                    body_site="胸部",
                    contrast="plain",
                ),
            ),
            findings="双肺纹理清晰,右肺上叶见一枚实性结节,直径约 5 mm,边界清楚。\n纵隔未见肿大淋巴结。",
            impression="右肺上叶微小结节,建议年度随访。",
            clinical_diagnosis="体检发现",
            image=Image(status=ImageStatus.AVAILABLE, viewer_url="https://images.example.org/viewer?study=1"),
        ),
    )
    return _record(upload, SOURCE).report


def _record(upload: UploadedReport, institution: str) -> Kept:
    recorded = results.record_report(
        upload, institution_code=institution, source="json", message_id=None, at=now()
    )
    from yijian.domains.results.models import Report  # noqa: PLC0415 - where the answer's id leads

    return Kept(Report.objects.get(report_id=recorded.report_id).person_id, recorded.report_id)
