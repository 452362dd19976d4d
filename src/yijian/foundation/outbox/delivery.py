"""Deliver events to those who listen: in the order of their ids, at least once, each in one transaction.

An event whose handler fails is tried again, later and later. After a few attempts it steps aside, so that it
cannot hold up the others for ever; it stays in the outbox and is still tried.
"""

import threading
import time
import traceback
from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import structlog
from django.db import InterfaceError, transaction
from django.db.models import F

from yijian.foundation.database.locked_loop import LockedLoop
from yijian.foundation.outbox.models import OutboxEvent
from yijian.kit.clock import now

__all__ = ["Delivery", "Handler", "delivery_loop"]

Handler = Callable[[dict[str, Any], datetime], None]
"""Takes an event's body and instant, in the transaction that marks it delivered; may see it again."""

LOCK = 0x59494A_0200
BATCH = 500
PATIENCE = 5
"""Attempts for which later events wait."""
LONGEST_PAUSE = 300.0

log = structlog.get_logger(__name__)


def delivery_loop(subscriptions: Mapping[str, Sequence[Handler]], stop: threading.Event) -> LockedLoop:
    """Return the loop that delivers; give it a thread of its own."""
    delivery = Delivery(subscriptions)
    return LockedLoop(LOCK, lambda: delivery.deliver_batch(stop) > 0, stop)


class Delivery:
    """Delivers events and remembers which ones have to wait a while."""

    def __init__(self, subscriptions: Mapping[str, Sequence[Handler]]) -> None:
        self._subscriptions = subscriptions
        self._not_before: dict[UUID, float] = {}

    def deliver_batch(self, stop: threading.Event | None = None) -> int:
        """Deliver the oldest events that are due; return how many. What nobody listens to is done at once."""
        due = self._list_due()
        heard = [(event_id, attempts) for event_id, attempts, name in due if self._subscriptions.get(name)]
        delivered = self._pass_over({event_id for event_id, *_ in due}.difference(e for e, _ in heard))
        for event_id, attempts in heard:
            if stop and stop.is_set():
                break
            if self._not_before.get(event_id, 0.0) <= time.monotonic() and self._deliver(event_id):
                delivered += 1
            elif attempts + 1 < PATIENCE:
                break
        return delivered

    def _pass_over(self, event_ids: Collection[UUID]) -> int:
        if not event_ids:
            return 0
        return OutboxEvent.objects.filter(event_id__in=event_ids).update(delivered_at=now())

    def _list_due(self) -> list[tuple[UUID, int, str]]:
        """Return the oldest events to deliver; those that stepped aside do not fill the batch."""
        aside: Collection[UUID] = [e for e, at in self._not_before.items() if at > time.monotonic()]
        open_events = OutboxEvent.objects.filter(delivered_at=None)
        waiting = open_events.exclude(event_id__in=aside, attempts__gte=PATIENCE)
        return list(waiting.order_by("event_id").values_list("event_id", "attempts", "name")[:BATCH])

    def _deliver(self, event_id: UUID) -> bool:
        try:
            with transaction.atomic():
                event = OutboxEvent.objects.select_for_update().get(event_id=event_id)
                for handler in self._subscriptions.get(event.name, ()):
                    handler(event.body, event.occurred_at)
                OutboxEvent.objects.filter(event_id=event_id).update(delivered_at=now(), last_error="")
        except InterfaceError:
            raise
        except Exception as error:
            log.exception("an event could not be delivered", event_id=str(event_id))
            self._note_failure(event_id, error)
            return False
        self._not_before.pop(event_id, None)
        return True

    def _note_failure(self, event_id: UUID, error: Exception) -> None:
        events = OutboxEvent.objects.filter(event_id=event_id)
        events.update(attempts=F("attempts") + 1, last_error=place_of(error))
        attempts = events.values_list("attempts", flat=True).get()
        self._not_before[event_id] = time.monotonic() + min(2.0 ** (attempts - 1), LONGEST_PAUSE)


def place_of(error: Exception) -> str:
    """Return kind and place of an error; its text might hold a patient's data."""
    frames = traceback.extract_tb(error.__traceback__)
    place = f" at {frames[-1].name}:{frames[-1].lineno}" if frames else ""
    return f"{type(error).__module__}.{type(error).__qualname__}{place}"
