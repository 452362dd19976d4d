"""Register programs of institutions and give them their secrets."""

from collections.abc import Collection, Mapping
from typing import Any

from django.db import transaction

from yijian.foundation.accounts.client_secret import digest_secret, new_secret
from yijian.foundation.accounts.models import Client
from yijian.foundation.accounts.values import SCOPES

__all__ = ["issue_secret", "register_client"]


@transaction.atomic
def register_client(
    client_id: str,
    institution_code: str,
    name: str,
    scopes: Collection[str],
    *,
    issuer: str = "",
    jwks: Mapping[str, Any] | None = None,
) -> str:
    """Register a program, or replace its registration; return its new secret, which is not kept."""
    unknown = set(scopes) - SCOPES
    if unknown:
        raise ValueError(
            f"there is no scope {', '.join(sorted(unknown))}; there are {', '.join(sorted(SCOPES))}"
        )
    for key in (jwks or {}).get("keys", ()):
        if "d" in key or key.get("kty") not in ("EC", "RSA"):
            raise ValueError("register public EC or RSA keys only")
    secret = new_secret()
    Client.objects.update_or_create(
        client_id=client_id,
        defaults={
            "institution_code": institution_code,
            "name": name,
            "scopes": sorted(scopes),
            "secret_digest": digest_secret(secret),
            "issuer": issuer,
            "jwks": dict(jwks or {}),
            "active": True,
        },
    )
    return secret


@transaction.atomic
def issue_secret(client_id: str) -> str:
    """Give a client a new secret; the old one ends at once. Return it: it is not kept."""
    client = Client.objects.select_for_update().get(client_id=client_id)
    secret = new_secret()
    client.secret_digest = digest_secret(secret)
    client.save(update_fields=["secret_digest", "updated_at"])
    return secret
