"""CDS Hooks services at the moment of ordering. An order is never held up because we failed."""

import asyncio
from ipaddress import ip_address

import structlog
from prometheus_client import Counter

from yijian.domains.recognition.hot import OrderCheck, Question, View
from yijian.foundation.accounts.hot import ClientDirectory, Gatekeeper
from yijian.foundation.accounts.values import Caller, Scope, UsedToken
from yijian.gateways.cds_hooks.cards import Maker, make_cards
from yijian.gateways.cds_hooks.codec import read_hook, read_order
from yijian.kit.errors import FieldError, Problem
from yijian.kit.http import Request, Response, json_response, require_json

__all__ = ["SERVICES", "HookEndpoint", "is_loopback", "show_services"]

CHANNEL = "cds"
BUDGET_SECONDS = 2.0
SERVICES = {"recognition-order-select": "order-select", "recognition-order-sign": "order-sign"}
"""Service id → hook."""
PREFETCH = {
    "patient": "Patient/{{context.patientId}}",
    "encounter": "Encounter/{{context.encounterId}}",
}
TEXTS = {
    "order-select": (
        "检查检验结果互认(选择医嘱时)",
        "医师选择检查检验项目时,提示其他机构可互认的已有结果。",
    ),
    "order-sign": (
        "检查检验结果互认(签署医嘱时)",
        "医师签署医嘱时,提示其他机构可互认的已有结果,并可一键取消重复申请。",
    ),
}
USAGE = (
    "Prefetch patient and encounter; call with a JWT of a registered issuer. ServiceRequest.code is read in"
    " the systems urn:yijian:item, urn:yijian:wst886, http://loinc.org and urn:yijian:local:{institution}."
)

EMPTY = Counter("yijian_cds_empty", "Calls answered with no cards because we failed", ["reason"])

log = structlog.get_logger(__name__)


async def show_services(_: Request) -> Response:
    """Answer discovery; it needs no token, for it says nothing of anybody."""
    services = [
        {
            "hook": hook,
            "id": service,
            "title": TEXTS[hook][0],
            "description": TEXTS[hook][1],
            "prefetch": PREFETCH,
            "usageRequirements": USAGE,
        }
        for service, hook in SERVICES.items()
    ]
    return json_response({"services": services})


class HookEndpoint:
    """Answers calls of both services; `demo_open` admits strangers on this machine as a demo clinician."""

    def __init__(
        self,
        check: OrderCheck,
        gatekeeper: Gatekeeper,
        directory: ClientDirectory,
        namespace: str,
        *,
        demo_open: bool,
        budget_seconds: float = BUDGET_SECONDS,
    ) -> None:
        self._check = check
        self._gatekeeper = gatekeeper
        self._directory = directory
        self._namespace = namespace
        self._demo_open = demo_open
        self._budget_seconds = budget_seconds

    async def __call__(self, request: Request) -> Response:
        """Answer within the budget; where we fail, with no cards: the physician orders on."""
        try:
            async with asyncio.timeout(self._budget_seconds):
                return await self._answer(request)
        except Problem:
            raise
        except TimeoutError:
            EMPTY.labels("slow").inc()
            log.exception("cards given up: too slow", trace_id=request.trace_id)
        except Exception:  # whatever failed, the order goes on
            EMPTY.labels("failed").inc()
            log.exception("cards given up", trace_id=request.trace_id)
        return json_response({"cards": []})

    async def _answer(self, request: Request) -> Response:
        caller, used_token = await self._admit(request)
        caller.require(Scope.MATCH)
        require_json(request)
        hook = read_hook(request.body, SERVICES[request.path.rpartition("/")[2]])
        ordered = read_order(hook, caller.institution_code, self._namespace)
        if ordered is None:
            return json_response({"cards": []})
        view = View(request.language, request.base_url)
        question = Question(caller, ordered.request, CHANNEL, request.trace_id, view, used_token)
        try:
            answered = await self._check.answer(question)
        except Problem as problem:
            raise _in_terms_of_fhir(problem) from problem
        maker = Maker(request.language, request.base_url, self._namespace)
        return json_response({"cards": make_cards(answered, ordered, maker)})

    async def _admit(self, request: Request) -> tuple[Caller, UsedToken | None]:
        try:
            return await self._gatekeeper.admit_signed(request.headers.get("authorization"), (request.url,))
        except Problem as refusal:
            stranger = refusal.code in ("token.missing", "issuer.unknown")
            if not (stranger and self._demo_open and is_loopback(request.client)):
                raise
            caller = await self._directory.find_demo_caller()
            if caller is None:
                raise
            return caller, None


def is_loopback(address: str) -> bool:
    """Tell whether a caller sits on this very machine."""
    try:
        return ip_address(address).is_loopback
    except ValueError:
        return False


def _in_terms_of_fhir(problem: Problem) -> Problem:
    """A patient without a usable number is data the client did not give: 412, naming its own field."""
    if problem.code != "patient.no_usable_number":
        return problem
    remedy = (
        FieldError("prefetch.patient.identifier", "give a valid resident number, passport or local number"),
    )
    return Problem(problem.code, problem.detail, 412, remedy)
