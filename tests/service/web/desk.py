"""Who asks for a page, and what lies behind it."""

from hashlib import sha256
from typing import Any
from uuid import UUID

from django.test import Client

from tests.service.region import COUNTY, lab_report, upload
from yijian.domains.results import api as results
from yijian.foundation.accounts.models import Role, User
from yijian.foundation.audit.models import AuditEntry
from yijian.foundation.inbox.models import InboxMessage
from yijian.foundation.inbox.sealing import seal
from yijian.kit.clock import now
from yijian.kit.ids import new_id


def signed_in_as(role: Role, institution: str = COUNTY) -> Client:
    client = Client()
    user = User.objects.create_user(f"{role}-{institution}", role=role, institution_code=institution)
    client.force_login(user)
    return client


def page(client: Client, address: str) -> str:
    answer = client.get(address)
    assert answer.status_code == 200, address
    return answer.content.decode()


def receive(raw: bytes = b"MSH|^~\\&\rPID|1\r", institution: str = COUNTY, **more: object) -> UUID:
    message_id = new_id()
    row = {
        "received_at": now(),
        "control_id": message_id.hex,
        "state": "refused",
        "reason_code": "100",
        "reason_text": "缺少 PID 段",
    } | more
    InboxMessage.objects.create(
        message_id=message_id,
        protocol="hl7",
        institution_code=institution,
        facility=institution,
        message_type="ORU^R01",
        lane=0,
        raw=seal(raw),
        digest=sha256(raw).digest(),
        **row,
    )
    return message_id


def record(institution: str = COUNTY, message_id: UUID | None = None, **changes: object) -> None:
    results.record_report(
        upload(lab_report(**changes)),
        institution_code=institution,
        source="hl7",
        message_id=message_id,
        at=now(),
    )


def local_row(code: str, name: str, value: str = "5.6", unit: str = "mmol/L") -> dict[str, Any]:
    item = {"system": "local", "code": code, "name": name}
    return {"item": item, "kind": "number", "value": value, "unit": unit}


def actions() -> set[str]:
    return set(AuditEntry.objects.values_list("action", flat=True))


def keep_waiting(row: dict[str, Any], institution: str = COUNTY, **changes: object) -> UUID:
    message_id = receive(
        institution=institution, state="waiting", reason_code="work_item.open", reason_text="有待办"
    )
    record(institution, message_id, results=[row], **changes)
    return message_id
