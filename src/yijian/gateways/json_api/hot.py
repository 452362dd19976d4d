"""`POST /api/v1/recognition/match`: what can stand in for what I am about to order? (contract §5)"""

from yijian.domains.recognition.hot import OrderCheck, Question, View
from yijian.domains.recognition.values import MatchRequest
from yijian.foundation.accounts.hot import Gatekeeper
from yijian.foundation.accounts.values import Caller, Scope
from yijian.kit.clock import now
from yijian.kit.errors import FieldError, Problem
from yijian.kit.http import Request, Response, json_response, require_json
from yijian.kit.json_body import decode

__all__ = ["MatchEndpoint"]

CHANNEL = "json"


class MatchEndpoint:
    """Answers order checks of hospital systems."""

    def __init__(self, check: OrderCheck, gatekeeper: Gatekeeper) -> None:
        self._check = check
        self._gatekeeper = gatekeeper

    async def __call__(self, request: Request) -> Response:
        caller = await self._gatekeeper.admit_bearer(request.headers.get("authorization"))
        caller.require(Scope.MATCH)
        require_json(request)
        asked = decode(request.body, MatchRequest)
        _check_instant(caller, asked)
        view = View(request.language, request.base_url)
        answered = await self._check.answer(Question(caller, asked, CHANNEL, request.trace_id, view))
        return json_response(answered.document)


def _check_instant(caller: Caller, asked: MatchRequest) -> None:
    """Past questions need their own scope; the future cannot be asked, nor the present backdated."""
    if asked.at is None:
        if asked.record:
            remedy = (FieldError("record", "give `at`, or leave `record` out: a present match is recorded"),)
            raise Problem(
                "match.record_without_at", "`record` belongs to a question about the past.", 422, remedy
            )
        return
    caller.require(Scope.REPLAY)
    if asked.at > now():
        remedy = (FieldError("at", "give an instant in the past"),)
        raise Problem("match.at_in_future", "`at` lies in the future.", 422, remedy)
