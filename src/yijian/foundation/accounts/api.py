"""The control plane's door: who calls, and programs registered."""

from collections.abc import Collection
from datetime import datetime
from functools import cache

from django.conf import settings
from django.db import transaction

from yijian.foundation.accounts.hot import CDS_LONGEST, bearer_of
from yijian.foundation.accounts.models import Client, Role, UsedToken, User
from yijian.foundation.accounts.services import issue_secret, register_client
from yijian.foundation.accounts.tokens import BearerTokens, read_signed, verify_signed_by_caller
from yijian.foundation.accounts.values import Caller, Scope, refused

__all__ = [
    "Caller",
    "Scope",
    "authenticate_bearer",
    "authenticate_signed",
    "find_demo_caller",
    "issue_secret",
    "register_client",
]


@cache
def _tokens() -> BearerTokens:
    return BearerTokens(settings.SECRET_KEY, settings.ENVIRONMENT.namespace)


def authenticate_bearer(authorization: str | None, at: datetime) -> Caller:
    """Return the holder of one of our tokens, while its client is active; else raise `Problem` 401."""
    caller = _tokens().verify(bearer_of(authorization), at)
    active = Client.objects.filter(
        client_id=caller.client_id, institution_code=caller.institution_code, active=True
    )
    held = active.values_list("scopes", flat=True).first()
    if held is None:
        raise refused("The client is not active any more.")
    return caller.within(held)


@transaction.atomic
def authenticate_signed(authorization: str | None, audiences: Collection[str], at: datetime) -> Caller:
    """Return a CDS client by its signed JWT, which serves once; else raise `Problem` 401."""
    token = read_signed(bearer_of(authorization))
    client = Client.objects.filter(issuer=token.issuer, active=True).first()
    if client is None:
        raise refused("The issuer (iss) is not registered here.", "issuer.unknown")
    _, used = verify_signed_by_caller(token, client.jwks, audiences=audiences, longest=CDS_LONGEST, at=at)
    _, fresh = UsedToken.objects.get_or_create(
        issuer=used.issuer, jti=used.jti, defaults={"expires_at": used.expires_at}
    )
    if not fresh:
        raise refused("This token was used before (jti); sign a new one.", "token.replayed")
    return Caller(client.client_id, client.institution_code, frozenset(client.scopes))


def find_demo_caller() -> Caller | None:
    """Return the demo's first clinician as a caller."""
    user = (
        User.objects.filter(role=Role.CLINICIAN, is_active=True)
        .exclude(institution_code="")
        .order_by("id")
        .first()
    )
    if user is None:
        return None
    scopes = frozenset({Scope.MATCH.value, Scope.DECIDE.value})
    return Caller(f"demo:{user.username}", user.institution_code, scopes)
