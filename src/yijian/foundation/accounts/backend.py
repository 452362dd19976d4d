"""How people sign in, at every page that asks for a password: braked, and every try is told in the audit."""

from typing import Any

from django.contrib.auth.backends import ModelBackend
from django.contrib.auth.signals import user_logged_in, user_logged_out
from django.core.exceptions import PermissionDenied
from django.dispatch import receiver
from django.http import HttpRequest

from yijian.foundation.accounts.brake import Attempt
from yijian.foundation.accounts.models import User
from yijian.foundation.audit.api import record_access
from yijian.kit.clock import now

__all__ = ["BrakedBackend", "attempt_of"]

BASIS = "sign_in"


class BrakedBackend(ModelBackend):
    """Names and passwords; after too many wrong ones it refuses without looking."""

    def authenticate(
        self,
        request: HttpRequest | None,
        username: str | None = None,
        password: str | None = None,
        **kwargs: Any,
    ) -> User | None:
        if username is None or password is None:
            return None
        attempt = attempt_of(request, username)
        if not attempt.count():
            raise PermissionDenied
        user = super().authenticate(request, username, password, **kwargs)
        if user is None:
            _tell_refused(username, attempt)
            return None
        attempt.take_back()
        return user


def attempt_of(request: HttpRequest | None, username: str) -> Attempt:
    """Return the attempt to sign in that a request is."""
    return Attempt(username, _address_of(request), now())


def _address_of(request: HttpRequest | None) -> str:
    return str(request.META.get("REMOTE_ADDR", "")) if request else ""


def _tell_refused(username: str, attempt: Attempt) -> None:
    """Tell a wrong password of a person, one by one; of names that nobody has, the 1st, 10th, 100th...

    Those are not written down: they may be passwords, and somebody may make up any number of them.
    """
    detail = {"address": attempt.address, "tries": attempt.number_of_address}
    user = User.objects.filter(username=username).first()
    if user:
        record_access(
            user.username, user.institution_code, "sign_in.refused", legal_basis=BASIS, detail=detail
        )
    elif str(attempt.number_of_address).strip("0") == "1":
        record_access("", "", "sign_in.unknown_name", legal_basis=BASIS, detail=detail)


@receiver(user_logged_in)
def _tell_signed_in(request: HttpRequest, user: User, **_: Any) -> None:
    _tell(request, user, "sign_in")


@receiver(user_logged_out)
def _tell_signed_out(request: HttpRequest, user: User | None, **_: Any) -> None:
    if user:
        _tell(request, user, "sign_out")


def _tell(request: HttpRequest, user: User, action: str) -> None:
    address = attempt_of(request, user.username).address
    record_access(
        user.username, user.institution_code, action, legal_basis=BASIS, detail={"address": address}
    )
