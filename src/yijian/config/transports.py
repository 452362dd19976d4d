"""How messages go out, by the kind of endpoint."""

from collections.abc import Mapping

from django.conf import settings

from yijian.foundation.outbound.api import Transport
from yijian.gateways.outbound.mllp import MllpTransport
from yijian.gateways.outbound.webhook import WebhookTransport

__all__ = ["TRANSPORTS"]

ENVIRONMENT = settings.ENVIRONMENT

TRANSPORTS: Mapping[str, Transport] = {
    "webhook": WebhookTransport(ENVIRONMENT.outbound_networks, plain_http=ENVIRONMENT.demo),
    "mllp": MllpTransport(ENVIRONMENT.outbound_networks),
}
