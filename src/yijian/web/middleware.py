"""What every page of ours says to the browser, and the number under which its request is traced."""

from collections.abc import Callable
from uuid import uuid4

from django.http import HttpRequest, HttpResponseBase

__all__ = ["CONTENT_SECURITY_POLICY", "PageSafety", "trace_id"]

CONTENT_SECURITY_POLICY = "; ".join(
    (
        "default-src 'self'",
        "img-src 'self' data:",
        "object-src 'none'",
        "base-uri 'none'",
        "form-action 'self'",
        "frame-ancestors 'none'",
    )
)
"""No script, style or font but our own files. Images may be `data:`, the style sheet carries some."""


class PageSafety:
    """Forbid foreign and inline scripts, and keep patients' pages out of caches of shared computers."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        request.trace_id = uuid4().hex  # type: ignore[attr-defined]
        response = self._get_response(request)
        response.headers.setdefault("Content-Security-Policy", CONTENT_SECURITY_POLICY)
        response.headers.setdefault("Cache-Control", "no-store")
        return response


def trace_id(request: HttpRequest) -> str:
    """Return the number under which this request is found in audit and log."""
    return getattr(request, "trace_id", "")
