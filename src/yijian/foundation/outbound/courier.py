"""Carry messages to endpoints: at least once, in the order of each subject, each endpoint by itself.

A message is marked after it was taken: killed in between, it goes again under the same id.
"""

import random
import threading
import time
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from uuid import UUID

import structlog
from django.db import connection, transaction
from django.db.models import Exists, F, OuterRef, Q

from yijian.foundation.database.locked_loop import LockedLoop
from yijian.foundation.outbound.api import find_target
from yijian.foundation.outbound.models import Delivery, DeliveryState, Endpoint, EndpointState
from yijian.foundation.outbound.values import Answer, Outgoing, Transport
from yijian.kit.clock import now

__all__ = ["Courier", "courier_loop", "due_endpoints", "send_due"]

LOCK = 0x59494A_0400
THREADS = 16
PORTION = 100
"""Messages carried to an endpoint before its thread looks at the world again."""
DELAYS = tuple(timedelta(seconds=each) for each in (5, 30, 120, 600, 1800, 3600, 7200, 21600, 43200))
PARK_AFTER, PARK_ATTEMPTS = timedelta(days=3), len(DELAYS)
"""Both must be over: a clock put forwards alone gives nothing up."""
LONGEST_WAIT = timedelta(days=2)
"""An attempt further ahead was planned before the clock was put back, and is due."""
LONGEST_REST = timedelta(minutes=5)
"""Of an endpoint that cannot be reached: one message then asks whether it is back."""
JITTER = 0.2
KEPT_FOR = timedelta(days=30)
SWEEP_SECONDS = 3600.0
ERROR_LENGTH = 255

log = structlog.get_logger(__name__)


def courier_loop(transports: Mapping[str, Transport], stop: threading.Event) -> LockedLoop:
    """Return the loop that finds who has messages due; they are carried in threads of its own."""
    return LockedLoop(LOCK, Courier(transports, stop).step, stop)


class Courier:
    """Gives each endpoint with messages due a thread, and none twice."""

    def __init__(self, transports: Mapping[str, Transport], stop: threading.Event) -> None:
        self._transports = transports
        self._stop = stop
        self._pool = ThreadPoolExecutor(THREADS, thread_name_prefix="outbound")
        self._busy: set[UUID] = set()
        self._sweep_at = 0.0

    def step(self) -> bool:
        """Begin what is due; the loop pauses afterwards."""
        at = now()
        for endpoint_id in due_endpoints(at):
            if endpoint_id not in self._busy:
                self._busy.add(endpoint_id)
                self._pool.submit(self._carry, endpoint_id)
        if time.monotonic() >= self._sweep_at:
            self._sweep_at = time.monotonic() + SWEEP_SECONDS
            Delivery.objects.filter(state=DeliveryState.DELIVERED, settled_at__lt=at - KEPT_FOR).delete()
        return False

    def close(self) -> None:
        """Wait for the messages under way."""
        self._pool.shutdown()

    def _carry(self, endpoint_id: UUID) -> None:
        try:
            for _ in range(PORTION):
                if self._stop.is_set() or not send_due(endpoint_id, self._transports, now()):
                    break
        except Exception:
            log.exception("an endpoint's messages could not be carried", endpoint_id=str(endpoint_id))
        finally:
            connection.close()
            self._busy.discard(endpoint_id)


def due_endpoints(at: datetime) -> list[UUID]:
    """Return the endpoints to which something is to be sent now."""
    resting = EndpointState.objects.filter(_still_ahead(at)).values("endpoint_id")
    active = Endpoint.objects.filter(active=True).exclude(endpoint_id__in=resting)
    waiting = Delivery.objects.filter(endpoint_id=OuterRef("endpoint_id"), state=DeliveryState.WAITING)
    due = waiting.exclude(_still_ahead(at))
    return list(active.filter(Exists(due)).order_by("endpoint_id").values_list("endpoint_id", flat=True))


def _still_ahead(at: datetime) -> Q:
    return Q(next_attempt_at__gt=at, next_attempt_at__lte=at + LONGEST_WAIT)


def send_due(endpoint_id: UUID, transports: Mapping[str, Transport], at: datetime) -> bool:
    """Send the next message that is due to an endpoint; False where none is, or the endpoint is at fault."""
    target = find_target(endpoint_id)
    delivery = _next(endpoint_id, at)
    if target is None or delivery is None:
        return False
    outgoing = Outgoing(delivery.delivery_id, delivery.event, delivery.payload, delivery.created_at)
    answer = transports[target.kind](target, outgoing)
    _settle(delivery, answer, at)
    return not answer.unreachable and answer.outcome != "gone"


def _next(endpoint_id: UUID, at: datetime) -> Delivery | None:
    """Return the oldest message that is due and before which no other of its subject waits."""
    waiting = Delivery.objects.filter(endpoint_id=endpoint_id, state=DeliveryState.WAITING)
    before = waiting.filter(subject=OuterRef("subject"), delivery_id__lt=OuterRef("delivery_id"))
    return waiting.exclude(_still_ahead(at)).exclude(Exists(before)).order_by("delivery_id").first()


@transaction.atomic
def _settle(delivery: Delivery, answer: Answer, at: datetime) -> None:
    state, _ = EndpointState.objects.get_or_create(endpoint_id=delivery.endpoint_id)
    sent = Delivery.objects.filter(delivery_id=delivery.delivery_id, state=DeliveryState.WAITING)
    if answer.outcome == "delivered":
        sent.update(state=DeliveryState.DELIVERED, attempts=F("attempts") + 1, last_error="", settled_at=at)
        state.failures, state.next_attempt_at, state.last_delivered_at = 0, None, at
        state.save()
        return
    error = answer.detail[:ERROR_LENGTH]
    state.last_failed_at, state.last_error = at, error
    if answer.outcome == "gone":
        Endpoint.objects.filter(endpoint_id=delivery.endpoint_id).update(active=False, stopped_reason=error)
    elif at - delivery.queued_at >= PARK_AFTER and delivery.attempts >= PARK_ATTEMPTS:
        sent.update(state=DeliveryState.PARKED, attempts=F("attempts") + 1, last_error=error, settled_at=at)
    elif answer.unreachable:
        sent.update(attempts=F("attempts") + 1, last_error=error)
    else:
        delay = max(DELAYS[min(delivery.attempts, len(DELAYS) - 1)], answer.retry_after)
        sent.update(attempts=F("attempts") + 1, last_error=error, next_attempt_at=at + _spread(delay))
    if answer.unreachable:
        state.failures += 1
        rest = min(timedelta(seconds=2.0 ** min(state.failures, 10)), LONGEST_REST)
        state.next_attempt_at = at + _spread(max(rest, answer.retry_after))
    state.save()
    log.warning(
        "a message was not taken",
        endpoint_id=str(delivery.endpoint_id),
        delivery_id=str(delivery.delivery_id),
        detail=error,
    )


def _spread(delay: timedelta) -> timedelta:
    """Spread attempts, so that those who failed together do not come back together."""
    return delay * random.uniform(1 - JITTER, 1 + JITTER)  # noqa: S311 - no secret
