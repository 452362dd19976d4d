"""Coming in, going out, and the screen of one's role."""

from django.contrib.auth import login, logout
from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST

from yijian.foundation.accounts.models import Role
from yijian.web.access import EVERYONE, open_to_everyone, requires_role, signed_in
from yijian.web.forms import SignInForm

__all__ = ["home", "sign_in", "sign_out"]

SCREENS = {
    Role.CLINICIAN: "/patients/",
    Role.TECHNICIAN: "/inbox/",
    Role.INTEGRATOR: "/inbox/",
    Role.SUPERVISOR: "/supervision/",
    Role.ADMINISTRATOR: "/admin/",
    Role.PATIENT: "/my/",
}


@requires_role(*EVERYONE)
def home(request: HttpRequest) -> HttpResponseBase:
    """Go to the screen of one's role."""
    return redirect(SCREENS[Role(signed_in(request).role)])


@open_to_everyone
@sensitive_post_parameters("password")
@require_http_methods(["GET", "POST"])
def sign_in(request: HttpRequest) -> HttpResponseBase:
    """Ask for name and password; go where the person wanted to go."""
    wanted = request.POST.get("next") or request.GET.get("next", "")
    form = SignInForm(request, data=request.POST or None)
    if request.method == "POST" and form.is_valid():
        login(request, form.get_user())
        return redirect(wanted if _is_ours(request, wanted) else "home")
    if request.method == "GET" and request.user.is_authenticated:
        return redirect("home")
    status = 422 if form.is_bound else 200
    return render(request, "sign_in.html", {"form": form, "next": wanted}, status=status)


@open_to_everyone
@require_POST
def sign_out(request: HttpRequest) -> HttpResponseBase:
    """End the session."""
    logout(request)
    return redirect("sign-in")


def _is_ours(request: HttpRequest, address: str) -> bool:
    return url_has_allowed_host_and_scheme(address, {request.get_host()}, require_https=request.is_secure())
