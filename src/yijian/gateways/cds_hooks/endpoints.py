"""`POST /cds-services/{id}/feedback`: what physicians did with cards. Not urgent, so on the control plane."""

import structlog
from django.conf import settings
from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse
from django.views.decorators.csrf import csrf_exempt

from yijian.domains.recognition import api as recognition
from yijian.foundation.accounts.api import Caller, Scope, authenticate_signed, find_demo_caller
from yijian.gateways.cds_hooks.codec import read_feedback
from yijian.gateways.cds_hooks.hot import SERVICES, is_loopback
from yijian.kit.clock import now
from yijian.kit.errors import Problem
from yijian.kit.http import problem_document, problem_headers
from yijian.kit.ids import new_id

__all__ = ["feedback"]

CHANNEL = "cds"
MAX_BODY = 2 * 1024 * 1024

log = structlog.get_logger(__name__)


@csrf_exempt
def feedback(request: HttpRequest, service: str) -> HttpResponse:
    """Record accepted and overridden cards as decisions; each stands or falls with its match."""
    trace_id = new_id().hex
    try:
        response = _take(request, service)
    except Problem as problem:
        response = _refusal(problem, trace_id)
    except (OperationalError, InterfaceError, OSError):  # no database, or a disk that is full
        log.exception("nothing can be kept", trace_id=trace_id)
        unavailable = Problem("service.unavailable", "Nothing was kept: send it again later.", 503)
        response = _refusal(unavailable, trace_id)
    response["Access-Control-Allow-Origin"] = "*"
    response["Cache-Control"] = "no-store"
    response["X-Trace-Id"] = trace_id
    return response


def _refusal(problem: Problem, trace_id: str) -> HttpResponse:
    document = problem_document(problem, trace_id)
    return HttpResponse(document, status=problem.status, headers=dict(problem_headers(problem)))


def _take(request: HttpRequest, service: str) -> HttpResponse:
    if service not in SERVICES:
        raise Problem("request.path", "There is no such service.", 404)
    if request.method != "POST":
        raise Problem("request.method", "Use POST.", 405)
    caller = _admit(request, service)
    caller.require(Scope.DECIDE)
    if int(request.headers.get("Content-Length") or 0) > MAX_BODY:
        raise Problem("request.too_large", f"At most {MAX_BODY // 1024**2} MiB.", 413)
    for told in read_feedback(request.body, settings.ENVIRONMENT.namespace):
        try:
            recognition.record_decisions(
                caller.institution_code,
                told.submission,
                channel=CHANNEL,
                actor=caller.client_id,
                at=now(),
                explained=False,
            )
        except Problem as refusal:
            raise told.in_its_terms(refusal) from refusal
    return HttpResponse("{}", content_type="application/json")


def _admit(request: HttpRequest, service: str) -> Caller:
    """Admit by a JWT whose audience is the service or its feedback address."""
    own = request.build_absolute_uri(f"/cds-services/{service}")
    try:
        authorization = request.headers.get("Authorization")
        return authenticate_signed(authorization, (own, f"{own}/feedback"), now())
    except Problem as refusal:
        stranger = refusal.code in ("token.missing", "issuer.unknown")
        if not (stranger and settings.ENVIRONMENT.demo_open and is_loopback(request.META["REMOTE_ADDR"])):
            raise
        caller = find_demo_caller()
        if caller is None:
            raise
        return caller
