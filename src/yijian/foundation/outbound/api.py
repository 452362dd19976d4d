"""The door to what goes out: put into queues, look at them, pause, resume, redeliver."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import Count, Min, Q

from yijian.foundation.outbound.models import Delivery, DeliveryState, Endpoint, EndpointState
from yijian.foundation.outbound.secrets import rotate_secret, signing_secrets
from yijian.foundation.outbound.values import (
    Answer,
    EndpointSummary,
    Outgoing,
    ParkedDelivery,
    Target,
    Transport,
)
from yijian.kit.clock import now

__all__ = [
    "Answer",
    "EndpointSummary",
    "Outgoing",
    "ParkedDelivery",
    "Target",
    "Transport",
    "enqueue",
    "find_target",
    "list_endpoints",
    "list_parked",
    "list_targets",
    "pause",
    "redeliver",
    "resume",
    "rotate_secret",
]


def list_targets(event: str, institution_codes: Iterable[str]) -> list[Target]:
    """Return the endpoints that want an event of these institutions; paused ones too, they get it later."""
    wanted = Endpoint.objects.filter(institution_code__in={"", *institution_codes})
    return [
        _target(each) for each in wanted.order_by("endpoint_id") if not each.events or event in each.events
    ]


def find_target(endpoint_id: UUID) -> Target | None:
    """Return an endpoint to which something may be sent now, None where it is paused."""
    endpoint = Endpoint.objects.filter(endpoint_id=endpoint_id, active=True).first()
    return _target(endpoint) if endpoint else None


def enqueue(
    target: Target, delivery_id: UUID, *, event: str, subject: str, payload: str, at: datetime
) -> None:
    """Put a message into an endpoint's queue, in the caller's transaction."""
    Delivery.objects.create(
        delivery_id=delivery_id,
        endpoint_id=target.endpoint_id,
        event=event,
        subject=subject[:200],
        payload=payload,
        created_at=at,
        queued_at=at,
    )


def list_endpoints(institution_codes: Iterable[str] | None) -> list[EndpointSummary]:
    """Return endpoints and how each does; None = of everybody."""
    endpoints = Endpoint.objects.order_by("institution_code", "name", "endpoint_id")
    if institution_codes is not None:
        endpoints = endpoints.filter(institution_code__in=[code for code in institution_codes if code])
    listed = list(endpoints)
    ids = [each.endpoint_id for each in listed]
    states = {each.endpoint_id: each for each in EndpointState.objects.filter(endpoint_id__in=ids)}
    queues = {
        row["endpoint_id"]: row
        for row in Delivery.objects.filter(endpoint_id__in=ids)
        .exclude(state=DeliveryState.DELIVERED)
        .values("endpoint_id")
        .annotate(
            waiting=Count("delivery_id", filter=Q(state=DeliveryState.WAITING)),
            parked=Count("delivery_id", filter=Q(state=DeliveryState.PARKED)),
            oldest_at=Min("created_at", filter=Q(state=DeliveryState.WAITING)),
        )
    }
    return [_summary(each, states.get(each.endpoint_id), queues.get(each.endpoint_id, {})) for each in listed]


def list_parked(endpoint_id: UUID, most: int) -> list[ParkedDelivery]:
    """Return the oldest messages given up for an endpoint."""
    parked = Delivery.objects.filter(endpoint_id=endpoint_id, state=DeliveryState.PARKED)
    return [
        ParkedDelivery(
            each.delivery_id, each.event, each.subject, each.created_at, each.attempts, each.last_error
        )
        for each in parked.order_by("delivery_id")[:most]
    ]


def pause(endpoint_id: UUID) -> None:
    """Send nothing to an endpoint until it is resumed; its queue is kept."""
    Endpoint.objects.filter(endpoint_id=endpoint_id).update(active=False, stopped_reason="")


def resume(endpoint_id: UUID) -> None:
    """Send to an endpoint again, at once."""
    Endpoint.objects.filter(endpoint_id=endpoint_id).update(active=True, stopped_reason="")
    EndpointState.objects.filter(endpoint_id=endpoint_id).update(failures=0, next_attempt_at=None)


def redeliver(endpoint_id: UUID, delivery_id: UUID | None = None) -> int:
    """Put one or all messages given up for an endpoint into its queue again; return how many."""
    parked = Delivery.objects.filter(endpoint_id=endpoint_id, state=DeliveryState.PARKED)
    if delivery_id is not None:
        parked = parked.filter(delivery_id=delivery_id)
    return parked.update(
        state=DeliveryState.WAITING, attempts=0, next_attempt_at=None, settled_at=None, queued_at=now()
    )


def _target(endpoint: Endpoint) -> Target:
    return Target(
        endpoint.endpoint_id,
        endpoint.institution_code,
        endpoint.kind,
        endpoint.address,
        endpoint.application,
        endpoint.facility,
        endpoint.encoding,
        signing_secrets(endpoint, now()),
    )


def _summary(endpoint: Endpoint, state: EndpointState | None, queue: Mapping[str, Any]) -> EndpointSummary:
    state = state or EndpointState()
    overlaps = endpoint.previous_until is not None and endpoint.previous_until > now()
    return EndpointSummary(
        endpoint.endpoint_id,
        endpoint.name,
        endpoint.institution_code,
        endpoint.kind,
        endpoint.address,
        endpoint.active,
        endpoint.stopped_reason,
        queue.get("waiting", 0),
        queue.get("parked", 0),
        queue.get("oldest_at"),
        state.last_delivered_at,
        state.last_failed_at,
        state.last_error,
        state.failures,
        endpoint.previous_until if overlaps else None,
    )
