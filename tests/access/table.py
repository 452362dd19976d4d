"""Every address of every door: who may, whose object it may touch, and how reading a patient's data is told.

A new page gets a row here, or `test_every_address_stands_in_the_table` fails.
"""

from dataclasses import dataclass
from enum import StrEnum

from yijian.foundation.accounts.models import Role

__all__ = ["ADDRESSES", "OPEN", "SERVICES", "TABLE", "Page", "Service", "Whose"]

EVERYONE = frozenset(Role)
CLINICIANS = frozenset({Role.CLINICIAN})
MENDERS = frozenset({Role.INTEGRATOR, Role.TECHNICIAN, Role.ADMINISTRATOR})
REVIEWERS = frozenset({Role.INTEGRATOR, Role.ADMINISTRATOR})
SUPERVISORS = frozenset({Role.SUPERVISOR, Role.ADMINISTRATOR})
PATIENTS = frozenset({Role.PATIENT})
RULE_READERS = EVERYONE - PATIENTS
STRANGERS = None
"""Open without signing in."""


class Whose(StrEnum):
    """Whose object an address may touch."""

    NOBODYS = "nobody's"
    """It names no object, or lists what is within reach."""
    REACHED = "reached"
    """Of one's own institution; for supervisors of their region; for the platform of everybody."""
    IN_CARE = "in care"
    """Of any patient, on a legal basis that is told."""
    RULED = "ruled"
    """A rule of one's own region, or below it; for reading also those one is bound by."""
    ONESELF = "oneself"
    """Of the patient who signed in."""


@dataclass(frozen=True)
class Page:
    """A page or form. `reads`: the audit entry's action by which it tells that it read a patient's data."""

    admits: frozenset[Role] | None
    whose: Whose = Whose.NOBODYS
    reads: str = ""


REACHED, IN_CARE, RULED, ONESELF = Whose.REACHED, Whose.IN_CARE, Whose.RULED, Whose.ONESELF

TABLE = {
    "home": Page(EVERYONE),
    "sign-in": Page(STRANGERS),
    "sign-out": Page(STRANGERS),
    "patient-search": Page(CLINICIANS, IN_CARE, "web.patient_found"),
    "timeline": Page(CLINICIANS, IN_CARE, "web.timeline"),
    "authorise": Page(CLINICIANS, IN_CARE, "web.authorisation_page"),
    "authorise-code": Page(CLINICIANS, IN_CARE),
    "authorise-withdraw": Page(CLINICIANS, REACHED),
    "authorise-object": Page(CLINICIANS, IN_CARE),
    "authorise-lift": Page(CLINICIANS, REACHED),
    "signed-form": Page(CLINICIANS, REACHED, "web.signed_form"),
    "break-glass": Page(CLINICIANS, IN_CARE, "web.break_glass"),
    "openings": Page(SUPERVISORS, REACHED, "web.opening"),
    "opening-review": Page(SUPERVISORS, REACHED),
    "my": Page(PATIENTS, ONESELF, "my.page"),
    "my-looks": Page(PATIENTS, ONESELF, "my.looks"),
    "my-reused": Page(PATIENTS, ONESELF, "my.reused"),
    "my-will": Page(PATIENTS, ONESELF, "my.will"),
    "my-code": Page(PATIENTS, ONESELF),
    "my-withdraw": Page(PATIENTS, ONESELF),
    "my-object": Page(PATIENTS, ONESELF),
    "my-lift": Page(PATIENTS, ONESELF),
    "report-rows": Page(CLINICIANS, IN_CARE, "web.report"),
    "reuse": Page(CLINICIANS, IN_CARE, "web.reuse_form"),
    "reuse-suggestions": Page(CLINICIANS),
    "why": Page(CLINICIANS | SUPERVISORS, REACHED, "web.why"),
    "why-imagine": Page(CLINICIANS, IN_CARE, "web.why_form"),
    "reuse-basket": Page(CLINICIANS),
    "reuse-accept": Page(CLINICIANS, REACHED),
    "reuse-accept-all": Page(CLINICIANS, REACHED),
    "reuse-decline": Page(CLINICIANS, REACHED),
    "reuse-cite": Page(CLINICIANS, REACHED, "web.cited"),
    "reuse-view": Page(CLINICIANS, REACHED),
    "report": Page(CLINICIANS, IN_CARE, "web.report"),
    "report-document": Page(CLINICIANS, IN_CARE, "web.document"),
    "follow-ups": Page(CLINICIANS, REACHED, "web.follow_ups"),
    "follow-up-close": Page(CLINICIANS, REACHED),
    "supervision": Page(SUPERVISORS),
    "supervision-export": Page(SUPERVISORS),
    "inbox": Page(MENDERS),
    "inbox-message": Page(MENDERS, REACHED, "web.inbox_message"),
    "inbox-replay": Page(REVIEWERS, REACHED),
    "inbox-causes": Page(MENDERS),
    "inbox-replay-preview": Page(REVIEWERS),
    "inbox-replay-begin": Page(REVIEWERS),
    "inbox-replay-run": Page(MENDERS, REACHED),
    "outbound": Page(REVIEWERS),
    "outbound-pause": Page(REVIEWERS, REACHED),
    "outbound-resume": Page(REVIEWERS, REACHED),
    "outbound-redeliver": Page(REVIEWERS, REACHED),
    "outbound-rotate": Page(REVIEWERS, REACHED),
    "senders": Page(MENDERS),
    "sender-thresholds": Page(REVIEWERS, REACHED),
    "alarm-acknowledge": Page(REVIEWERS, REACHED),
    "work-items": Page(MENDERS),
    "work-item-assign": Page(MENDERS, REACHED),
    "work-item-code": Page(MENDERS, REACHED),
    "work-item-unit": Page(MENDERS, REACHED),
    "work-item-items": Page(MENDERS, REACHED),
    "work-item-confirm": Page(MENDERS, REACHED),
    "work-item-handled": Page(MENDERS, REACHED),
    "rules": Page(RULE_READERS),
    "rules-version": Page(RULE_READERS, RULED),
    "rules-compare": Page(RULE_READERS, RULED),
    "rules-new": Page(SUPERVISORS, RULED),
    "rules-draft": Page(SUPERVISORS, RULED),
    "rules-edit": Page(SUPERVISORS, RULED),
    "rules-preview": Page(SUPERVISORS, RULED),
    "rules-preview-run": Page(SUPERVISORS, RULED),
    "rules-submit": Page(SUPERVISORS, RULED),
    "rules-sign": Page(SUPERVISORS, RULED),
    "rules-send-back": Page(SUPERVISORS, RULED),
    "rules-withdraw": Page(SUPERVISORS, RULED),
    "rules-rows": Page(SUPERVISORS),
    "rules-items": Page(SUPERVISORS),
    "rules-suggestions": Page(SUPERVISORS),
    "rules-published": Page(RULE_READERS),
    "rules-published-region": Page(RULE_READERS),
    "rules-facts": Page(RULE_READERS),
    "rules-raise": Page(SUPERVISORS, RULED),
    "rules-fact-withdraw": Page(SUPERVISORS, RULED),
    "identity-reviews": Page(REVIEWERS, REACHED, "web.identity_review"),
    "identity-review-settle": Page(REVIEWERS, REACHED),
}
"""The pages, by their names in `yijian.web.urls`."""


@dataclass(frozen=True)
class Service:
    """A service of hospital systems. `names`: whose object its body names, if anybody's."""

    method: str
    scope: str
    names: str = ""


SERVICES = {
    "/api/v1/recognition/match": Service("POST", "recognition.match"),
    "/api/v1/recognition/decisions": Service("POST", "recognition.decide", "match"),
    "/api/v1/recognition/revocations": Service("POST", "recognition.decide", "decision"),
    "/api/v1/recognition/citable": Service("POST", "recognition.decide"),
    "/api/v1/recognition/citations": Service("POST", "recognition.decide", "decision"),
    "/api/v1/reports": Service("POST", "report.write"),
    "/api/v1/reports/void": Service("POST", "report.write", "report"),
    "/api/v1/orders": Service("POST", "order.write"),
    "/api/v1/marks": Service("GET", "marks.read"),
    "/api/v1/consents": Service("POST", "consent.write"),
    "/api/v1/consents/withdrawals": Service("POST", "consent.write", "consent"),
    "/api/v1/break-glass": Service("POST", "consent.write"),
}
"""The JSON services: a bearer token of the client credentials grant."""

HOOKS = (
    "/cds-services/recognition-order-select",
    "/cds-services/recognition-order-sign",
)
"""A JWT signed by the caller, once; what was done with cards comes back under `/feedback`."""

OPEN = (
    "/api/v1/openapi.json",
    "/cds-services",
    "/oauth/token",
    "/.well-known/jwks.json",
    "/fhir/.well-known/smart-configuration",
    "/healthz",
    "/readyz",
    "/metrics",
    "/i18n/language",
)
"""Open to strangers: none of them holds a patient's data."""

ADMIN = "/admin/"
"""One door of its own: staff only, in the role of administrator."""

NOTHING_HERE = ("/api/v1/", "/api/v1/<path:address>")
"""Answers what is at no address."""

ADDRESSES = {
    *SERVICES,
    *HOOKS,
    *OPEN,
    *NOTHING_HERE,
    ADMIN,
    "/cds-services/<str:service>/feedback",
}
