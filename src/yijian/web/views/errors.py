"""Pages for what cannot be shown."""

import sys

from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.template.loader import render_to_string

from yijian.kit.http import RETRY_AFTER_SECONDS
from yijian.web.access import open_to_everyone

__all__ = ["bad_request", "broken", "forbidden", "forged", "missing"]

AWAY = (OperationalError, InterfaceError, OSError)


def _page(request: HttpRequest, kind: str, status: int) -> HttpResponse:
    return render(request, "error.html", {"kind": kind}, status=status)


@open_to_everyone
def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Answer 400."""
    return _page(request, "bad_request", 400)


@open_to_everyone
def forbidden(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Answer 403 to the wrong role."""
    return _page(request, "forbidden", 403)


@open_to_everyone
def forged(request: HttpRequest, reason: str = "") -> HttpResponse:
    """Answer 403 where the form's token is missing or old."""
    return _page(request, "forged", 403)


@open_to_everyone
def missing(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Answer 404."""
    return _page(request, "missing", 404)


@open_to_everyone
def broken(request: HttpRequest) -> HttpResponse:
    """Answer without touching the database: 503 where it is away or the disk is full, else 500."""
    page = render_to_string("broken.html", {"LANGUAGE_CODE": request.LANGUAGE_CODE})
    if isinstance(sys.exception(), AWAY):
        return HttpResponse(page, status=503, headers={"Retry-After": RETRY_AFTER_SECONDS})
    return HttpResponse(page, status=500)
