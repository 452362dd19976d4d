"""Send a web hook, signed as Standard Webhooks says (v1: HMAC-SHA-256 over id, timestamp and body)."""

import base64
import hashlib
import hmac
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import httpx

from yijian.foundation.outbound.api import Answer, Outgoing, Target
from yijian.gateways.outbound.network import Forbidden, Network, reason_of, resolve
from yijian.kit.clock import now

__all__ = ["WebhookTransport", "sign"]

PREFIX = "whsec_"
TIMEOUT = httpx.Timeout(15.0, connect=5.0)
GONE = 410
AT_FAULT = frozenset({408, 429, 502, 503, 504})
"""Statuses of a receiver that is away or overrun, whatever the message."""
LONGEST_RETRY_AFTER = 3600
HTTPS, HTTP = "https", "http"


def sign(secrets: Sequence[str], message_id: str, at: datetime, body: bytes) -> str:
    """Return the header `webhook-signature`: one signature a secret, so that secrets can overlap."""
    signed = b".".join((message_id.encode(), str(int(at.timestamp())).encode(), body))
    keys = (base64.b64decode(secret.removeprefix(PREFIX)) for secret in secrets)
    digests = (hmac.new(key, signed, hashlib.sha256).digest() for key in keys)
    return " ".join(f"v1,{base64.b64encode(digest).decode()}" for digest in digests)


@dataclass(frozen=True)
class WebhookTransport:
    """Posts JSON over TLS; plainly only inside `inner` networks where `plain_http` allows it."""

    inner: tuple[Network, ...]
    plain_http: bool = False

    def __call__(self, target: Target, outgoing: Outgoing) -> Answer:
        try:
            url = httpx.URL(target.address)
            if url.scheme != HTTPS and not (url.scheme == HTTP and self.plain_http):
                return Answer("later", "the address must begin with https://")
            return self._post(url, target, outgoing)
        except (Forbidden, httpx.InvalidURL) as refusal:
            return Answer("later", str(refusal), unreachable=True)
        except (httpx.HTTPError, OSError) as fault:
            return Answer("later", reason_of(fault), unreachable=True)

    def _post(self, url: httpx.URL, target: Target, outgoing: Outgoing) -> Answer:
        plain = url.scheme == HTTP
        port = url.port or (80 if plain else 443)
        address = resolve(url.host, port, self.inner, plain=plain)
        body, at = outgoing.payload.encode(), now()
        message_id = str(outgoing.delivery_id)
        headers = {
            "host": url.netloc.decode(),
            "content-type": "application/json",
            "user-agent": "Yijian",
            "webhook-id": message_id,
            "webhook-timestamp": str(int(at.timestamp())),
            "webhook-signature": sign(target.secrets, message_id, at, body),
        }
        with (
            httpx.Client(timeout=TIMEOUT, follow_redirects=False, trust_env=False) as client,
            client.stream(
                "POST",
                url.copy_with(host=address, userinfo=b""),
                content=body,
                headers=headers,
                extensions={"sni_hostname": url.host},
            ) as response,
        ):
            return _answer(response.status_code, response.headers.get_list("retry-after"))


def _answer(status: int, retry_after: Iterable[str]) -> Answer:
    if httpx.codes.is_success(status):
        return Answer("delivered")
    if status == GONE:
        return Answer("gone", f"HTTP {status}")
    seconds = next((int(each) for each in retry_after if each.isdigit()), 0)
    return Answer(
        "later",
        f"HTTP {status}",
        unreachable=status in AT_FAULT,
        retry_after=timedelta(seconds=min(seconds, LONGEST_RETRY_AFTER)),
    )
