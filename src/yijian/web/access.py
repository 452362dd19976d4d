"""Who may open which page. A view without a declaration is refused by a test; absent means denied."""

from collections.abc import Callable
from functools import wraps
from typing import Concatenate, ParamSpec, cast

from django.core.exceptions import BadRequest, PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, resolve_url

from yijian.foundation.accounts.models import Role, User

__all__ = ["EVERYONE", "open_to_everyone", "requires_role", "signed_in"]

P = ParamSpec("P")
View = Callable[Concatenate[HttpRequest, P], HttpResponseBase]

EVERYONE = frozenset(Role)
"""Whoever has signed in, in any role."""


def signed_in(request: HttpRequest) -> User:
    """Return the person behind the request; only for views that `requires_role` guards."""
    return cast("User", request.user)


def requires_role(*roles: Role) -> Callable[[View[P]], View[P]]:
    """Admit only people in one of these roles; the view carries them as `admits` for the table of routes.

    A stranger is sent to the sign-in page (an htmx request by `HX-Redirect`), the wrong role gets 403, a
    NUL in address or form 400.
    """
    admitted = frozenset(roles)

    def guard(view: View[P]) -> View[P]:
        @wraps(view)
        def guarded(request: HttpRequest, *args: P.args, **kwargs: P.kwargs) -> HttpResponseBase:
            if not request.user.is_authenticated:
                return _sign_in_first(request)
            if signed_in(request).role not in admitted:
                raise PermissionDenied
            if _holds_nul(request):
                raise BadRequest("a NUL in an address or a form")
            return view(request, *args, **kwargs)

        guarded.admits = admitted  # type: ignore[attr-defined]
        return cast("View[P]", guarded)

    return guard


def open_to_everyone(view: View[P]) -> View[P]:
    """Declare that a view needs no sign-in."""
    view.admits = None  # type: ignore[attr-defined]
    return view


def _holds_nul(request: HttpRequest) -> bool:
    """Tell whether a request names anything by the one character that nobody writes and no database keeps."""
    given = (*request.GET.lists(), *request.POST.lists())
    return "\0" in request.path or any("\0" in text for name, texts in given for text in (name, *texts))


def _sign_in_first(request: HttpRequest) -> HttpResponse:
    sign_in = resolve_url("sign-in")
    if request.headers.get("HX-Request"):
        return HttpResponse(status=204, headers={"HX-Redirect": sign_in})
    if request.method != "GET":
        return redirect(sign_in)
    return redirect(f"{sign_in}?next={request.path}")
