"""Reports as a laboratory uploads them; every part may be told otherwise."""

from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

import msgspec

from yijian.domains.identity.values import Identifier, IdentifierType, PatientDescription, Sex
from yijian.domains.results.api import record_report
from yijian.domains.results.values import Recorded, UploadedReport

AT = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)
RESIDENT_ID = "11010519491231002X"


def patient(resident_id: str = RESIDENT_ID, local: str = "A1", name: str = "王芳") -> PatientDescription:
    """Return the patient; the resident number says the rest."""
    return PatientDescription(
        identifiers=(
            Identifier(type=IdentifierType.RESIDENT_ID, value=resident_id),
            Identifier(type=IdentifierType.LOCAL, value=local),
        ),
        name=name,
        sex=Sex.FEMALE,
        birth_date=date(1949, 12, 31),
    )


def row(
    code: str = "K",
    value: str = "4.1",
    unit: str = "mmol/L",
    system: str = "item",
    name: str | None = None,
    **more: Any,
) -> dict[str, Any]:
    """Return one printed row as JSON."""
    item = {"system": system, "code": code, "name": name}
    return {"item": item, "kind": "number", "value": value, "unit": unit, **more}


def lab(*rows: dict[str, Any], hours: float = -2, **more: Any) -> UploadedReport:
    """Return a laboratory report that was issued so many hours from now, an hour after collection."""
    reported_at = AT + timedelta(hours=hours)
    document = {
        "report_no": "R1",
        "kind": "lab",
        "status": "final",
        "patient": msgspec.to_builtins(patient()),
        "collected_at": reported_at - timedelta(hours=1),
        "reported_at": reported_at,
        "specimen": {"type_code": "SER"},
        "results": list(rows) or [row()],
    }
    return msgspec.convert(document | more, UploadedReport)


def exam(**more: Any) -> UploadedReport:
    """Return a chest examination with reachable images."""
    document = {
        "report_no": "E1",
        "kind": "exam",
        "status": "final",
        "patient": msgspec.to_builtins(patient()),
        "examined_at": AT - timedelta(hours=3),
        "reported_at": AT - timedelta(hours=2),
        "exam": {
            "items": [{"system": "item", "code": "IMG-DX-CHEST-PA-LAT", "name": "胸部正侧位"}],
            "findings": "双肺纹理清晰",
            "impression": "未见异常",
            "image": {"status": "available", "viewer_url": "https://pacs.example/1"},
        },
    }
    return msgspec.convert(document | more, UploadedReport)


def upload(report: UploadedReport, institution_code: str = "A", message_id: UUID | None = None) -> Recorded:
    """Record a report at `AT`."""
    return record_report(
        report, institution_code=institution_code, source="json", message_id=message_id, at=AT
    )
