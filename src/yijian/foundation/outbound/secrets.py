"""Signing secrets in the form of Standard Webhooks (`whsec_…`): made here, kept sealed, shown once."""

import base64
import secrets
from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction

from yijian.foundation.inbox.sealing import seal, unseal
from yijian.foundation.outbound.models import Endpoint

__all__ = ["give_secret", "rotate_secret", "signing_secrets"]

PREFIX = "whsec_"
SECRET_BYTES = 32
OVERLAP = timedelta(hours=24)
"""How long messages carry the signature of the old secret too."""


def give_secret(endpoint: Endpoint) -> str:
    """Give an endpoint that is about to be saved its first secret, and return it: it is shown once."""
    secret = _new_secret()
    endpoint.secret = seal(secret.encode())
    return secret


@transaction.atomic
def rotate_secret(endpoint_id: UUID, *, at: datetime) -> str:
    """Replace an endpoint's secret and return the new one; the old one signs too for a day."""
    endpoint = Endpoint.objects.select_for_update().get(endpoint_id=endpoint_id)
    secret = _new_secret()
    endpoint.previous_secret, endpoint.previous_until = endpoint.secret, at + OVERLAP
    endpoint.secret = seal(secret.encode())
    endpoint.save(update_fields=["secret", "previous_secret", "previous_until"])
    return secret


def signing_secrets(endpoint: Endpoint, at: datetime) -> tuple[str, ...]:
    """Return the secrets that sign at a moment, the newest first."""
    sealed = [endpoint.secret]
    if endpoint.previous_secret is not None and endpoint.previous_until and at < endpoint.previous_until:
        sealed.append(endpoint.previous_secret)
    return tuple(unseal(each).decode() for each in sealed)


def _new_secret() -> str:
    return PREFIX + base64.b64encode(secrets.token_bytes(SECRET_BYTES)).decode()
