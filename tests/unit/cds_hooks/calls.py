"""Calls of CDS Hooks as clients make them."""

from typing import Any

RESIDENT_ID = "420116198002290015"


def patient(**changes: Any) -> dict[str, Any]:
    return {
        "resourceType": "Patient",
        "id": "p1",
        "identifier": [
            {"system": "urn:oid:2.16.156.10011.1.3", "value": RESIDENT_ID},
            {"system": "urn:yijian:mrn:COUNTY", "value": "MRN-0015"},
            {"system": "http://other.example", "value": "7"},
        ],
        "name": [{"use": "official", "family": "测试", "given": ["患者甲"]}],
        "gender": "male",
        "birthDate": "1980-02-29",
    } | changes


def encounter(code: str = "AMB") -> dict[str, Any]:
    return {
        "resourceType": "Encounter",
        "id": "e1",
        "status": "in-progress",
        "class": {"system": "http://terminology.hl7.org/CodeSystem/v3-ActCode", "code": code},
        "identifier": [{"value": "OP1"}],
    }


def draft(draft_id: str, *codings: tuple[str, str], **more: Any) -> dict[str, Any]:
    coding = [{"system": system, "code": code} for system, code in codings or (("urn:yijian:item", "K"),)]
    return {
        "resource": {
            "resourceType": "ServiceRequest",
            "id": draft_id,
            "status": "draft",
            "intent": "order",
            "subject": {"reference": "Patient/p1"},
            "code": {"coding": coding, "text": "血钾"},
        }
        | more
    }


def call(hook: str = "order-sign", *drafts: dict[str, Any], **changes: Any) -> dict[str, Any]:
    context: dict[str, Any] = {
        "userId": "Practitioner/d1",
        "patientId": "p1",
        "encounterId": "e1",
        "draftOrders": {"resourceType": "Bundle", "entry": list(drafts) or [draft("sr1")]},
    }
    if hook == "order-select":
        context["selections"] = ["ServiceRequest/sr1"]
    return {
        "hook": hook,
        "hookInstance": "d1577c69-dfbe-44ad-ba6d-3e05e953b2ea",
        "fhirServer": "https://his.county.example/fhir",
        "context": context,
        "prefetch": {"patient": patient(), "encounter": encounter()},
    } | changes
