"""The JSON services off the fast path: reports, orders, decisions, citations, marks (contract §5)."""

import time
from collections.abc import Callable
from datetime import datetime
from functools import wraps
from typing import Any, Literal, TypeVar
from uuid import UUID

import msgspec
import structlog
from django.db import InterfaceError, OperationalError, transaction
from django.http import HttpRequest, HttpResponse
from django.views.decorators.csrf import csrf_exempt
from psycopg.errors import DeadlockDetected

from yijian.domains.recognition import api as recognition
from yijian.domains.recognition.values import (
    CitableRequest,
    CitationSubmission,
    DecisionSubmission,
    RevocationSubmission,
)
from yijian.domains.results import api as results
from yijian.domains.results.values import Order, Recorded, UploadedReport, Voided
from yijian.domains.sharing import api as sharing
from yijian.foundation.accounts.api import Caller, authenticate_bearer
from yijian.foundation.audit.api import record_access
from yijian.foundation.inbox import api as inbox
from yijian.kit.clock import Instant, now
from yijian.kit.errors import FieldError, Problem
from yijian.kit.http import problem_document, problem_headers
from yijian.kit.ids import new_id
from yijian.kit.json_body import decode

__all__ = [
    "citable",
    "citations",
    "decisions",
    "marks",
    "nothing_here",
    "orders",
    "reports",
    "revocations",
    "void",
]

MAX_BODY = 110 * 1024 * 1024
"""A PDF of 80 MiB in base64 and its report around it."""
MAX_SMALL_BODY = 2 * 1024 * 1024
CHUNK = 64 * 1024
CHANNEL: Literal["json"] = "json"

PAUSES = (0.02, 0.1, 0.3, 1.0)
"""Seconds before an upload is tried again that met others at the same rows."""

log = structlog.get_logger(__name__)

T = TypeVar("T")
Service = Callable[[HttpRequest, Caller], Any]


class VoidRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`POST /api/v1/reports/void`."""

    report_no: str
    voided_at: Instant
    reason: str


class OrdersRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`POST /api/v1/orders`."""

    orders: tuple[Order, ...]


def service(
    method: str, scope: str, limit: int = MAX_SMALL_BODY
) -> Callable[[Service], Callable[[HttpRequest], HttpResponse]]:
    """Wrap a service: method, bearer token, scope, size; problems become RFC 9457 documents."""

    def decorate(view: Service) -> Callable[[HttpRequest], HttpResponse]:
        @csrf_exempt
        @wraps(view)
        def endpoint(request: HttpRequest) -> HttpResponse:
            trace_id = new_id().hex
            try:
                caller = _admit(request, method, scope, limit)
                response = HttpResponse(
                    msgspec.json.encode(view(request, caller)), content_type="application/json"
                )
            except Problem as problem:
                _read_on(request)
                response = _refusal(problem, trace_id)
            except (OperationalError, InterfaceError, OSError):  # no database, or a disk that is full
                log.exception("nothing can be kept", trace_id=trace_id)
                unavailable = Problem("service.unavailable", "Nothing was kept: send it again later.", 503)
                response = _refusal(unavailable, trace_id)
            response["X-Trace-Id"] = trace_id
            response["Cache-Control"] = "no-store"
            return response

        return endpoint

    return decorate


def _admit(request: HttpRequest, method: str, scope: str, limit: int) -> Caller:
    if request.method != method:
        raise Problem("request.method", f"Use {method}.", 405)
    caller = authenticate_bearer(request.headers.get("Authorization", ""), now())
    if scope not in caller.scopes:
        raise Problem("scope.missing", f"The token lacks the scope {scope}.", 403)
    if int(request.headers.get("Content-Length") or 0) > limit:
        raise Problem("request.too_large", f"At most {limit // 1024 // 1024} MiB.", 413)
    if method == "POST" and request.content_type != "application/json":
        raise Problem("request.media_type", "Send Content-Type: application/json.", 415)
    return caller


def _refusal(problem: Problem, trace_id: str) -> HttpResponse:
    document = problem_document(problem, trace_id)
    return HttpResponse(document, status=problem.status, headers=dict(problem_headers(problem)))


def _read_on(request: HttpRequest) -> None:
    """Drop what is left of a refused body: its sender hears the refusal instead of a reset connection."""
    left = MAX_BODY
    while left > 0 and (part := request.read(CHUNK)):
        left -= len(part)


@csrf_exempt
def nothing_here(request: HttpRequest, address: str = "") -> HttpResponse:
    """Answer an address under /api/v1 that is none of ours with a problem, never with a page."""
    _read_on(request)
    trace_id = new_id().hex
    response = _refusal(Problem("request.path", "There is nothing at this address.", 404), trace_id)
    response["X-Trace-Id"] = trace_id
    return response


@service("POST", "report.write", MAX_BODY)
def reports(request: HttpRequest, caller: Caller) -> object:
    """Keep the upload as it came, then record it; what is refused stays kept with its reason."""
    message_id = inbox.keep_json(caller.institution_code, request.body, "report", at=now())

    def record() -> Recorded:
        upload = decode(request.body, UploadedReport)
        recorded = results.record_report(
            upload,
            institution_code=caller.institution_code,
            source=CHANNEL,
            message_id=message_id,
            at=now(),
        )
        inbox.settle_recorded(
            message_id,
            waiting=inbox.has_open_work_items(message_id),
            made=inbox.Made("report", str(recorded.report_id), recorded.version),
            reported_at=upload.reported_at,
            at=now(),
        )
        return recorded

    recorded = _settled_together(message_id, record)
    return {
        "report_id": recorded.report_id,
        "version": recorded.version,
        "outcome": recorded.outcome,
        "work_items": [{"kind": note.kind, "detail": note.detail} for note in recorded.work_items],
    }


@service("POST", "report.write")
def void(request: HttpRequest, caller: Caller) -> object:
    """Void a report; nothing is deleted."""
    message_id = inbox.keep_json(caller.institution_code, request.body, "report.void", at=now())

    def record() -> Voided:
        asked = decode(request.body, VoidRequest)
        outcome = results.void_report(
            caller.institution_code, asked.report_no, asked.voided_at, asked.reason, at=now()
        )
        made = inbox.Made("void", str(outcome.report_id), outcome.version)
        inbox.settle_recorded(message_id, waiting=False, made=made, at=now())
        return outcome

    return _settled_together(message_id, record)


def _settled_together(message_id: UUID, record: Callable[[], T]) -> T:
    """Record an upload and settle it in one transaction, or its refusal in another.

    Where others write the same person or report at that moment, it is tried again.
    """
    try:
        for pause in PAUSES:
            try:
                with transaction.atomic():
                    return record()
            except OperationalError as clash:
                if not isinstance(clash.__cause__, DeadlockDetected):
                    raise
                time.sleep(pause)
        with transaction.atomic():
            return record()
    except Problem as problem:
        inbox.settle_refused(message_id, problem, at=now())
        raise


@service("POST", "order.write")
def orders(request: HttpRequest, caller: Caller) -> object:
    """Record order facts, each on its own."""
    asked = decode(request.body, OrdersRequest)
    return {"orders": results.record_orders(asked.orders, caller.institution_code, at=now())}


@service("POST", "recognition.decide")
def decisions(request: HttpRequest, caller: Caller) -> object:
    submission = decode(request.body, DecisionSubmission)
    return recognition.record_decisions(
        caller.institution_code, submission, channel=CHANNEL, actor=caller.client_id, at=now()
    )


@service("POST", "recognition.decide")
def citable(request: HttpRequest, caller: Caller) -> object:
    """Return accepted, still current results in full; a read of patient data, audited."""
    found = recognition.list_citable(caller.institution_code, decode(request.body, CitableRequest), now())
    sight = found.sight
    consent = {"consent_id": str(sight.fact_id)} if sight and sight.fact_id else {}
    record_access(
        actor=caller.client_id,
        institution_code=caller.institution_code,
        action="recognition.citable",
        person_id=found.person_id,
        legal_basis=sight.basis if sight else "treatment",
        detail={"items": len(found.items)} | consent,
    )
    return {"items": found.items}


@service("POST", "recognition.decide")
def citations(request: HttpRequest, caller: Caller) -> object:
    submission = decode(request.body, CitationSubmission)
    return recognition.record_citation(caller.institution_code, submission, at=now())


@service("POST", "recognition.decide")
def revocations(request: HttpRequest, caller: Caller) -> object:
    submission = decode(request.body, RevocationSubmission)
    return recognition.revoke_decision(
        caller.institution_code, submission, channel=CHANNEL, actor=caller.client_id, at=now()
    )


@service("GET", "marks.read")
def marks(request: HttpRequest, caller: Caller) -> object:
    """Tell a laboratory which HR mark it may print on an item now."""
    item, at = request.GET.get("item", ""), _instant(request.GET.get("at"))
    found = sharing.list_marks(caller.institution_code, item, at)
    if found is None:
        remedy = (FieldError("item", "use a code of the catalogue, such as K"),)
        raise Problem("item.unknown", "The catalogue has no such item.", 404, remedy)
    language = "en" if request.headers.get("Accept-Language", "").lower().startswith("en") else "zh"
    return {
        "item": item,
        "at": at,
        "marks": [
            {"label": m.label, "scope": m.scope, "valid_until": m.valid_until, "sign": m.sign}
            for m in found.marks
        ],
        "reasons": found.sentences(language),
    }


def _instant(text: str | None) -> datetime:
    if not text:
        return now()
    try:
        return msgspec.convert(text.replace(" ", "+"), Instant)
    except msgspec.ValidationError as fault:
        remedy = (FieldError("at", "RFC 3339 with zone, such as 2026-03-01T08:00:00+08:00"),)
        raise Problem("request.invalid", f"at: {fault}", 400, remedy) from None
