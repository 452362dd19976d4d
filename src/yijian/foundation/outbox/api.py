"""Tell a fact upwards. Who listens is none of the teller's business (architecture §2)."""

from collections.abc import Mapping
from typing import Any

from yijian.foundation.outbox.models import OutboxEvent
from yijian.kit.clock import now
from yijian.kit.ids import new_id

__all__ = ["publish"]


def publish(event_name: str, body: Mapping[str, Any]) -> None:
    """Write an event in the caller's transaction, so that it is told if and only if it came true.

    `body` holds JSON values only; delivery is at least once, in the order of the event ids.
    """
    OutboxEvent.objects.create(event_id=new_id(), name=event_name, body=dict(body), occurred_at=now())
