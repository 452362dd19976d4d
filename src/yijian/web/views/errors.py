"""Pages for what cannot be shown."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.template.loader import render_to_string

from yijian.web.access import open_to_everyone

__all__ = ["bad_request", "broken", "forbidden", "forged", "missing"]


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
    """Answer 500 without touching the database, which may be what broke."""
    return HttpResponse(render_to_string("broken.html", {"LANGUAGE_CODE": request.LANGUAGE_CODE}), status=500)
