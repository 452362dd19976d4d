"""How each page is called upon an institution's object, and each service with its body."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

from django.test import Client
from django.urls import reverse

from tests.access.objects import LOCAL_CODE, Objects
from tests.service.region import patient
from yijian.kit.clock import now

__all__ = ["PAGE_CALLS", "SERVICE_BODIES", "Call"]


@dataclass(frozen=True)
class Call:
    """A request upon an object. `kwargs` fill the address, `query` follows it."""

    method: str
    kwargs: Mapping[str, Any] = field(default_factory=dict)
    form: Mapping[str, Any] = field(default_factory=dict)
    query: Mapping[str, str] = field(default_factory=dict)

    def by(self, client: Client, name: str) -> Any:
        """Make the request upon the page of this name."""
        address = reverse(name, kwargs=dict(self.kwargs))
        if self.query:
            address += f"?{urlencode(self.query)}"
        return client.get(address) if self.method == "GET" else client.post(address, dict(self.form))


def _endpoint(**form: str) -> Callable[[Objects], Call]:
    return lambda of: Call("POST", {"endpoint_id": of.endpoint_id}, form)


def _code(of: Objects) -> dict[str, str]:
    return {"institution": of.institution, "code": LOCAL_CODE}


def _matter(of: Objects, **more: str) -> dict[str, str]:
    return {"institution": of.institution, "kind": "unmapped_unit", "subject": "unit1"} | more


PAGE_CALLS: dict[str, Callable[[Objects], Call]] = {
    "authorise-withdraw": lambda of: Call("POST", {"person_id": of.person_id, "consent_id": of.consent_id}),
    "authorise-lift": lambda of: Call("POST", {"person_id": of.person_id, "objection_id": of.objection_id}),
    "signed-form": lambda of: Call("GET", {"person_id": of.person_id, "consent_id": of.consent_id}),
    "opening-review": lambda of: Call(
        "POST", {"person_id": of.person_id, "opening_id": of.opening_id}, {"verdict": "justified"}
    ),
    "why": lambda of: Call("GET", {"match_id": of.match_id}),
    "reuse-accept": lambda of: Call("POST", form={"ticket": of.ticket}),
    "reuse-accept-all": lambda of: Call("POST", form={"ticket": [of.ticket]}),
    "reuse-decline": lambda of: Call("POST", form={"ticket": of.ticket, "code": "1"}),
    "reuse-cite": lambda of: Call("POST", form={"ticket": of.accepted_ticket}),
    "reuse-view": lambda of: Call("POST", form={"ticket": of.ticket}),
    "follow-up-close": lambda of: Call("POST", {"person_id": of.person_id, "follow_up_id": of.follow_up_id}),
    "inbox-message": lambda of: Call("GET", {"message_id": of.message_id}),
    "inbox-replay": lambda of: Call("POST", {"message_id": of.message_id}),
    "inbox-replay-run": lambda of: Call("GET", {"replay_id": of.replay_id}),
    "outbound-pause": _endpoint(),
    "outbound-resume": _endpoint(),
    "outbound-redeliver": _endpoint(),
    "outbound-rotate": _endpoint(),
    "sender-thresholds": lambda of: Call(
        "POST",
        form={"watched": "on", "silent_minutes": "77"},
        query={"institution_code": of.institution, "protocol": "hl7", "facility": of.institution},
    ),
    "alarm-acknowledge": lambda of: Call("POST", {"alarm_id": of.alarm_id}),
    "work-item-assign": lambda of: Call("POST", form=_matter(of)),
    "work-item-code": lambda of: Call("GET", query=_code(of)),
    "work-item-unit": lambda of: Call(
        "POST", form={"institution": of.institution, "unit": "unit1", "ucum": "mmol/L"}
    ),
    "work-item-items": lambda of: Call("GET", query=_code(of)),
    "work-item-confirm": lambda of: Call("POST", form=_code(of) | {"item": "K"}),
    "work-item-handled": lambda of: Call("POST", form=_matter(of)),
    "identity-review-settle": lambda of: Call("POST", {"review_id": of.review_id}, {"verdict": "different"}),
}
"""Pages that name an object of an institution."""


def _moment() -> str:
    return now().isoformat()


SERVICE_BODIES: dict[str, Callable[[Objects], dict[str, Any]]] = {
    "/api/v1/recognition/decisions": lambda of: {
        "match_id": str(of.match_id),
        "decided_at": _moment(),
        "items": [{"match_item_id": str(of.open_item), "decision": "accept"}],
    },
    "/api/v1/recognition/revocations": lambda of: {
        "match_item_id": str(of.accepted_item),
        "revoked_at": _moment(),
        "reason": "误点",
    },
    "/api/v1/recognition/citations": lambda of: {
        "match_item_id": str(of.accepted_item),
        "cited_at": _moment(),
    },
    "/api/v1/reports/void": lambda of: {
        "report_no": of.report_no,
        "voided_at": _moment(),
        "reason": "标本采错",
    },
    "/api/v1/consents/withdrawals": lambda of: {
        "patient": patient(),
        "consent_ids": [str(of.consent_id)],
    },
}
"""Bodies that name an object of an institution."""
