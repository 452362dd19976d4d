"""Requests and responses as handlers see them, and problem documents (RFC 9457). Values only, no server."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

import msgspec

from yijian.kit.errors import FieldError, Problem

__all__ = [
    "PROBLEM_TYPE",
    "RETRY_AFTER_SECONDS",
    "Request",
    "Response",
    "json_response",
    "problem_document",
    "problem_headers",
    "problem_response",
    "require_json",
]

Headers = tuple[tuple[str, str], ...]

PROBLEM_TYPE = "application/problem+json"
TITLES = {
    400: "Malformed request",
    401: "Not authenticated",
    403: "Not allowed",
    404: "Not found",
    405: "Method not allowed",
    408: "Too slow",
    409: "Conflict",
    412: "Precondition failed",
    413: "Too large",
    415: "Unsupported media type",
    422: "Not acceptable as it stands",
    429: "Too many",
    431: "Head too large",
    503: "Temporarily unavailable",
}

NO_STORE = ("cache-control", "no-store")
RETRY_AFTER_SECONDS = 5


@dataclass(frozen=True, slots=True)
class Request:
    """One request, read whole. Header names are in lower case; `base_url` is how the caller addressed us."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes
    client: str
    base_url: str
    trace_id: str

    @property
    def language(self) -> str:
        """The language to answer in: `en` where the caller prefers it, else `zh`."""
        return _preferred(self.headers.get("accept-language", ""))

    @property
    def url(self) -> str:
        """The address that was called, without query."""
        return self.base_url + self.path


@dataclass(frozen=True, slots=True)
class Response:
    status: int
    body: bytes = b""
    headers: Headers = ()

    def with_headers(self, *more: tuple[str, str]) -> "Response":
        return replace(self, headers=(*self.headers, *more))


def json_response(document: Any, status: int = 200) -> Response:
    """Return a JSON response that no cache keeps."""
    body = msgspec.json.encode(document)
    return Response(status, body, (("content-type", "application/json"), NO_STORE))


def problem_document(problem: Problem, trace_id: str) -> bytes:
    """Return the problem document of a refusal (contract §5)."""
    return msgspec.json.encode(
        {
            "type": f"urn:yijian:problem:{problem.code}",
            "title": TITLES.get(problem.status, "Problem"),
            "status": problem.status,
            "code": problem.code,
            "detail": problem.detail,
            "errors": [{"path": error.path, "message": error.message} for error in problem.errors],
            "trace_id": trace_id,
        }
    )


def problem_headers(problem: Problem) -> Headers:
    """Return the headers a refusal's status demands (RFC 6750 §3, RFC 9110 §10.2.3)."""
    headers: Headers = (("content-type", PROBLEM_TYPE), NO_STORE)
    if problem.status == 401:
        challenge = 'Bearer realm="yijian"'
        if problem.code != "token.missing":
            challenge += ', error="invalid_token"'
        headers += (("www-authenticate", challenge),)
    if problem.status in (429, 503):
        headers += (("retry-after", str(RETRY_AFTER_SECONDS)),)
    return headers


def problem_response(problem: Problem, trace_id: str) -> Response:
    """Return a refusal as a response."""
    return Response(problem.status, problem_document(problem, trace_id), problem_headers(problem))


def require_json(request: Request) -> None:
    """Refuse a body that says it is something else than JSON; silence counts as JSON."""
    media_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if media_type and media_type != "application/json" and not media_type.endswith("+json"):
        error = FieldError("Content-Type", "send application/json")
        raise Problem("request.media_type", "Send Content-Type: application/json.", 415, (error,))


@lru_cache(256)
def _preferred(accepted: str) -> str:
    """Pick from an Accept-Language header (RFC 9110 §12.5.4) the better of Chinese and English."""
    weights = {"zh": 0.0, "en": 0.0}
    for choice in accepted.split(","):
        tag, _, weight = choice.partition(";q=")
        language = tag.strip().lower().partition("-")[0]
        try:
            quality = float(weight or 1)
        except ValueError:
            continue
        if language in weights:
            weights[language] = max(weights[language], quality)
    return "en" if weights["en"] > weights["zh"] else "zh"
