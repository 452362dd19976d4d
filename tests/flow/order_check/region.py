"""A small region in the database: a city hospital that measures, a county hospital that orders."""

from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from joserfc.jwk import ECKey

from yijian.domains.identity.models import IdentifierKey, Person
from yijian.domains.institutions.models import Campus, Institution, Price, Region
from yijian.domains.results.models import Report, ReportVersion, Result
from yijian.domains.sharing.models import Agreement, RegionOptions, Right
from yijian.domains.terminology.catalogue import load_items, load_panels
from yijian.domains.terminology.models import CatalogueItem, CodeMap, PanelMember
from yijian.domains.terminology.values import Item
from yijian.foundation.accounts.api import register_client
from yijian.foundation.accounts.models import Role, User
from yijian.foundation.accounts.values import SCOPES
from yijian.kit.clock import now
from yijian.kit.crypto import FieldCipher
from yijian.kit.ids import new_id

ITEMS = {item.code: item for item in load_items()}
PANELS = {panel.code: panel for panel in load_panels()}
LONG_AGO = date(2020, 1, 1)
RESIDENT_ID = "420116198002290015"
"""Made up; its check digit and its date hold."""
NAME = "测试患者甲"
BIRTH_DATE = date(1980, 2, 29)
CDS_ISSUER = "https://his.county.example"
CDS_KEY = ECKey.generate_key("P-384", {"kid": "county-1"}, private=True, auto_kid=False)
PANEL = "ELECTROLYTE"
SENSITIVE = "AntiHIV"


def build_region() -> dict[str, str]:
    """Build the region; return the secrets of the clients `county` and `city`, by client id."""
    _catalogue()
    _institutions()
    _agreements()
    User.objects.create(
        username="doctor", role=Role.CLINICIAN, institution_code="COUNTY", display_name="县医院医师"
    )
    jwks = {"keys": [CDS_KEY.as_dict(private=False)]}
    return {
        "county": register_client("county", "COUNTY", "县医院", SCOPES, issuer=CDS_ISSUER, jwks=jwks),
        "city": register_client("city", "CITY", "市医院", ["report.write"]),
    }


def _catalogue() -> None:
    names = {field.name for field in CatalogueItem._meta.get_fields()} & set(Item.__struct_fields__)
    CatalogueItem.objects.bulk_create(
        CatalogueItem(**{name: _column(name, getattr(item, name)) for name in names})
        for item in ITEMS.values()
    )
    for sort, member in enumerate(PANELS[PANEL].members):
        PanelMember.objects.create(panel_id=PANEL, item_id=member, sort=sort)


def _column(name: str, value: object) -> object:
    return "" if value is None and name in BLANK else value


BLANK = ("specimen", "laterality", "contrast", "comparability", "sensitive")


def _institutions() -> None:
    parent = None
    for code, kind in (("CN", "nation"), ("42", "province"), ("4201", "city"), ("420116", "county")):
        parent = Region.objects.create(code=code, name_zh=code, name_en=code, kind=kind, parent=parent)
    for code, name, level in (("CITY", "市第一医院", 3), ("COUNTY", "县人民医院", 2)):
        institution = Institution.objects.create(
            code=code,
            name_zh=name,
            name_en=code.title(),
            region=parent,
            level=level,
            kind="hospital",
            ownership="public",
            active_from=LONG_AGO,
        )
        campus = Campus.objects.create(institution=institution, code="main", name_zh="本部", main=True)
        Price.objects.create(campus=campus, item_id="K", amount=Decimal("12.00"), valid_from=LONG_AGO)
    CodeMap.objects.create(institution_code="COUNTY", local_code="LK1", item_id="K", author="test")


def _agreements() -> None:
    Agreement.objects.create(
        code="HB",
        version=1,
        name_zh="省内互认",
        name_en="provincial",
        scope_kind="province",
        scope_code="42",
        directions=["same", "down"],
        clock="collection",
        effective_from=LONG_AGO,
        source="test",
    )
    for item in ("K", *PANELS[PANEL].members):
        Right.objects.get_or_create(
            institution_id="CITY",
            item_id=item,
            scope_kind="province",
            scope_code="42",
            valid_from=LONG_AGO,
            defaults={"label": "鄂HR", "valid_until": date(2099, 1, 1), "evidence": "EQA"},
        )


def add_person(cipher: FieldCipher, resident_id: str = RESIDENT_ID, **demographics: Any) -> UUID:
    """Add a person with a resident number and the county hospital's number `MRN-` + its last four digits."""
    known = {"name": NAME, "sex": "male", "birth_date": BIRTH_DATE} | demographics
    person_id, at = new_id(), now()
    Person.objects.create(person_id=person_id, created_at=at, updated_at=at, **known)
    numbers = (("resident_id", "", resident_id), ("local", "COUNTY", f"MRN-{resident_id[-4:]}"))
    for kind, issuer, value in numbers:
        IdentifierKey.objects.create(
            digest=cipher.digest(kind, issuer, value),
            kind=kind,
            issuer=issuer,
            person_id=person_id,
            ciphertext=cipher.encrypt(value),
            updated_at=at,
            **known,
        )
    return person_id


def add_result(person_id: UUID, code: str = "K", *, hours_ago: float = 24, **changes: Any) -> UUID:
    """Add a final report of the city hospital with one row; return its report id."""
    item, report_id = ITEMS[code], new_id()
    effective_at = now() - timedelta(hours=hours_ago)
    reported_at = effective_at + timedelta(hours=1)
    _report(person_id, report_id, effective_at, reported_at)
    row = {
        "institution_code": "CITY",
        "item_code": code,
        "code_system": "item",
        "code": code,
        "name": item.name_zh,
        "status": "final",
        "value": "4.1",
        "unit": item.unit,
        "comparable_value": Decimal("4.1"),
        "comparable_unit": item.unit,
        "unit_state": "same",
        "specimen": item.specimen.value if item.specimen else "",
        "specimen_name": "血清",
    } | changes
    Result.objects.create(
        person_id=person_id,
        report_id=report_id,
        version=1,
        row_no=1,
        effective_at=effective_at,
        reported_at=reported_at,
        **row,
    )
    return report_id


def _report(person_id: UUID, report_id: UUID, effective_at: datetime, reported_at: datetime) -> None:
    Report.objects.create(
        person_id=person_id,
        report_id=report_id,
        institution_code="CITY",
        report_no=str(report_id),
        kind="lab",
        current_version=1,
        effective_at=effective_at,
        first_recorded_at=reported_at,
    )
    ReportVersion.objects.create(
        person_id=person_id,
        report_id=report_id,
        version=1,
        status="final",
        effective_at=effective_at,
        reported_at=reported_at,
        recorded_at=reported_at,
        body={},
        content_digest=b"",
        source="json",
    )


def settle(**settings: object) -> None:
    """Put a version of the nation's options into force; a later one takes its place at once."""
    RegionOptions.objects.create(
        scope_kind="nation",
        scope_code="CN",
        version=RegionOptions.objects.count() + 1,
        effective_from=LONG_AGO,
        source="test",
        settings=settings,
    )
