"""A small region in the database: a county hospital and a city hospital of one province."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import msgspec

from yijian.domains.institutions.models import (
    Campus,
    Consortium,
    ConsortiumMember,
    Institution,
    Price,
    Region,
)
from yijian.domains.results.values import UploadedReport
from yijian.domains.sharing.models import Agreement, AgreementWindow, Right
from yijian.domains.terminology.api import load_catalogue
from yijian.kit.resident_id import check_character

SINCE = date(2020, 1, 1)
COUNTY, CITY, TOWN = "COUNTY", "CITY", "TOWN"


def resident_id(serial: int = 21, born: str = "19850316", area: str = "420116") -> str:
    """Return a number whose check digit holds; an odd serial is male."""
    first = f"{area}{born}{serial:03d}"
    return first + check_character(first)


def make_region() -> None:
    """Create the region: CITY (level 3) holds 鄂HR for K and Glu; TOWN and COUNTY form a consortium."""
    load_catalogue()
    nation = Region.objects.create(code="CN", name_zh="全国", name_en="China", kind="nation")
    province = Region.objects.create(
        code="42", name_zh="湖北省", name_en="Hubei", kind="province", parent=nation, mark_label="鄂HR"
    )
    city = Region.objects.create(
        code="4201", name_zh="武汉市", name_en="Wuhan", kind="city", parent=province, mark_label="武汉HR"
    )
    district = Region.objects.create(
        code="420116", name_zh="黄陂区", name_en="Huangpi", kind="county", parent=city
    )
    for code, name, level, region in (
        (CITY, "市第一医院", 3, city),
        (COUNTY, "区人民医院", 2, district),
        (TOWN, "镇卫生院", 1, district),
    ):
        institution = Institution.objects.create(
            code=code,
            name_zh=name,
            region=region,
            level=level,
            kind="hospital",
            ownership="public",
            active_from=SINCE,
        )
        campus = Campus.objects.create(institution=institution, code="main", name_zh="本部", main=True)
        Price.objects.create(campus=campus, item_id="K", amount=Decimal("12.00"), valid_from=SINCE)
    consortium = Consortium.objects.create(code="HP", name_zh="黄陂区医共体", region=district, lead_id=COUNTY)
    for code in (COUNTY, TOWN):
        ConsortiumMember.objects.create(consortium=consortium, institution_id=code, joined_on=SINCE)
    _make_rules()


def _make_rules() -> None:
    province = Agreement.objects.create(
        code="HB",
        version=1,
        name_zh="湖北省互认",
        name_en="Hubei",
        scope_kind="province",
        scope_code="42",
        directions=["same", "down"],
        clock="collection",
        effective_from=SINCE,
        source="测试",
        state="draft",
    )
    AgreementWindow.objects.create(agreement=province, item_id="K", hours=7 * 24)
    Agreement.objects.filter(pk=province.pk).update(state="signed")
    Agreement.objects.create(
        code="HP",
        version=1,
        name_zh="黄陂区医共体互认",
        name_en="consortium",
        scope_kind="consortium",
        scope_code="HP",
        mark_required=False,
        directions=["same", "down", "up"],
        clock="collection",
        effective_from=SINCE,
        source="测试",
    )
    for item in ("K", "Glu", "AntiHIV"):
        Right.objects.create(
            institution_id=CITY,
            item_id=item,
            scope_kind="province",
            scope_code="42",
            label="鄂HR",
            valid_from=SINCE,
            valid_until=date(2099, 12, 31),
            evidence="室间质评 2026-1",
        )


def patient(number: str | None = None, name: str = "张伟", **changes: object) -> dict[str, object]:
    return {
        "identifiers": [{"type": "resident_id", "value": number or resident_id()}],
        "name": name,
        "sex": "male",
        "birth_date": "1985-03-16",
    } | changes


def lab_report(report_no: str = "L1", hours_ago: float = 24, **changes: object) -> dict[str, object]:
    """Return an upload (contract §5): potassium 4.1 mmol/L, drawn `hours_ago`."""
    drawn = datetime.now(UTC) - timedelta(hours=hours_ago)
    potassium = {
        "item": {"system": "item", "code": "K", "name": "钾"},
        "kind": "number",
        "value": "4.1",
        "unit": "mmol/L",
        "reference_range": "3.5-5.3",
        "flag": "N",
    }
    return {
        "report_no": report_no,
        "kind": "lab",
        "status": "final",
        "patient": patient(),
        "collected_at": drawn.isoformat(),
        "reported_at": (drawn + timedelta(hours=1)).isoformat(),
        "specimen": {"type_code": "SER", "type_name": "血清"},
        "results": [potassium],
    } | changes


def upload(document: dict[str, object]) -> UploadedReport:
    return msgspec.convert(document, UploadedReport)


def order_check(*codes: str, **changes: object) -> dict[str, object]:
    return {
        "patient": patient(),
        "encounter": {"type": "outpatient", "number": "V1"},
        "items": [{"system": "item", "code": code} for code in codes or ("K",)],
    } | changes
