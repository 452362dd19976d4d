"""From ASGI to handlers: exact paths, bounded bodies, refusals as problem documents; no framework."""

import asyncio
import re
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any
from uuid import uuid4

import structlog

from yijian.dataplane.metrics import REQUESTS, SECONDS
from yijian.kit.errors import FieldError, Problem
from yijian.kit.http import Request, Response, problem_response

__all__ = [
    "BODY_SECONDS",
    "Handler",
    "Receive",
    "Router",
    "Scope",
    "Send",
    "host_allowed",
    "send_response",
    "too_slow",
]

Scope = Mapping[str, Any]
Receive = Callable[[], Awaitable[Mapping[str, Any]]]
Send = Callable[[Mapping[str, Any]], Awaitable[None]]
Handler = Callable[[Request], Awaitable[Response]]

BODY_SECONDS = 600
"""Within which a body must be here, on either plane."""
MAX_BODY = 2 * 1024 * 1024
MOST_DROPPED = 128 * 1024 * 1024
TRACEPARENT = re.compile(r"[0-9a-f]{2}-(?P<trace>[0-9a-f]{32})-[0-9a-f]{16}-[0-9a-f]{2}")
"""W3C Trace Context, level 1."""
CORS = (("access-control-allow-origin", "*"), ("access-control-expose-headers", "X-Trace-Id"))
PREFLIGHT = (
    ("access-control-allow-methods", "GET, POST, OPTIONS"),
    ("access-control-allow-headers", "Authorization, Content-Type, Accept-Language, Traceparent"),
    ("access-control-max-age", "3600"),
)

log = structlog.get_logger(__name__)


class Disconnected(Exception):
    """The caller went away before its request was whole."""


class Router:
    """Serves exact paths; paths under `cors_prefix` may be called from browsers of any origin.

    Paths in `probes` are answered whatever host they were addressed by.
    """

    def __init__(
        self,
        routes: Mapping[str, Mapping[str, Handler]],
        *,
        allowed_hosts: Sequence[str],
        cors_prefix: str,
        probes: frozenset[str],
    ) -> None:
        self._routes = routes
        self._allowed_hosts = allowed_hosts
        self._cors_prefix = cors_prefix
        self._probes = probes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        started = time.perf_counter()
        path: str = scope["path"]
        headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
        trace_id = _trace_id(headers)
        try:
            response = await self._respond(scope, headers, receive, trace_id)
        except Disconnected:
            return
        if path.startswith(self._cors_prefix):
            response = response.with_headers(*CORS)
        await send_response(send, response.with_headers(("x-trace-id", trace_id)))
        route = path if path in self._routes else "other"
        REQUESTS.labels(route, str(response.status)).inc()
        SECONDS.labels(route).observe(time.perf_counter() - started)

    async def _respond(
        self, scope: Scope, headers: Mapping[str, str], receive: Receive, trace_id: str
    ) -> Response:
        try:
            return await self._handle(scope, headers, receive, trace_id)
        except Disconnected:
            raise
        except Problem as problem:
            return problem_response(problem, trace_id)
        except Exception:  # whatever failed, the caller gets an answer
            log.exception("request failed", trace_id=trace_id)
            unavailable = Problem("service.unavailable", "This could not be answered now; ask again.", 503)
            return problem_response(unavailable, trace_id)

    async def _handle(
        self, scope: Scope, headers: Mapping[str, str], receive: Receive, trace_id: str
    ) -> Response:
        path, method = scope["path"], scope["method"]
        if method == "OPTIONS" and path.startswith(self._cors_prefix):
            return Response(204, b"", PREFLIGHT)
        handlers = self._routes.get(path)
        if handlers is None:
            raise Problem("request.path", "There is nothing at this address.", 404)
        handler = handlers.get("GET" if method == "HEAD" else method)
        if handler is None:
            allowed = ", ".join(sorted(handlers))
            refusal = problem_response(Problem("request.method", f"Use {allowed}.", 405), trace_id)
            return refusal.with_headers(("allow", allowed))
        host = headers.get("host", "")
        if path not in self._probes and not host_allowed(host, self._allowed_hosts):
            remedy = (FieldError("Host", "address us by a host in YIJIAN_ALLOWED_HOSTS"),)
            raise Problem("request.host", "This server is not known by that host name.", 400, remedy)
        body = await _read_in_time(headers, receive)
        client = (scope.get("client") or ("",))[0]
        return await handler(
            Request(method, path, headers, body, client, f"{scope['scheme']}://{host}", trace_id)
        )


def host_allowed(host: str, allowed: Sequence[str]) -> bool:
    """Tell whether a Host header names us: exactly, or within a domain listed as `.example.cn`, or `*`."""
    name = host.rpartition(":")[0] if re.search(r":\d+$", host) else host
    name = name.lower()
    return bool(name) and any(
        pattern in ("*", name) or (pattern.startswith(".") and f".{name}".endswith(pattern))
        for pattern in allowed
    )


def _trace_id(headers: Mapping[str, str]) -> str:
    """Continue the caller's trace, or begin one."""
    given = TRACEPARENT.fullmatch(headers.get("traceparent", ""))
    return given["trace"] if given else uuid4().hex


def too_slow() -> Problem:
    """Return the refusal of a body that is not here in time."""
    return Problem("request.too_slow", f"A request must be here within {BODY_SECONDS} s.", 408)


async def _read_in_time(headers: Mapping[str, str], receive: Receive) -> bytes:
    try:
        async with asyncio.timeout(BODY_SECONDS):
            return await _read_body(headers, receive)
    except TimeoutError:
        raise too_slow() from None


async def _read_body(headers: Mapping[str, str], receive: Receive) -> bytes:
    """Return the body. What is too large is read on and dropped, so that its sender hears the refusal."""
    announced = headers.get("content-length", "0")
    if announced.isdigit() and int(announced) > MOST_DROPPED:
        raise _too_large()
    parts: list[bytes] = []
    size = 0
    while True:
        event = await receive()
        if event["type"] == "http.disconnect":
            raise Disconnected
        part: bytes = event.get("body", b"")
        size += len(part)
        ended = not event.get("more_body")
        if size > MAX_BODY:
            parts.clear()
            if ended or size > MOST_DROPPED:
                raise _too_large()
            continue
        parts.append(part)
        if ended:
            return parts[0] if len(parts) == 1 else b"".join(parts)


def _too_large() -> Problem:
    return Problem("request.too_large", f"A request holds at most {MAX_BODY // 1024**2} MiB.", 413)


async def send_response(send: Send, response: Response) -> None:
    """Send a response whole."""
    headers = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in response.headers]
    headers.append((b"content-length", str(len(response.body)).encode()))
    await send({"type": "http.response.start", "status": response.status, "headers": headers})
    await send({"type": "http.response.body", "body": response.body})
