"""Tell a fact upwards. Who listens is none of the teller's business (architecture §2)."""

from collections.abc import Iterable, Mapping
from typing import Any

from yijian.foundation.database.rows import insert_rows
from yijian.foundation.outbox.models import OutboxEvent
from yijian.kit.clock import now
from yijian.kit.ids import new_id

__all__ = ["publish", "publish_all"]


def publish(event_name: str, body: Mapping[str, Any]) -> None:
    """Write an event in the caller's transaction, so that it is told if and only if it came true.

    `body` holds JSON values only; delivery is at least once, in the order of the event ids.
    """
    publish_all([(event_name, body)])


def publish_all(events: Iterable[tuple[str, Mapping[str, Any]]]) -> None:
    """Write several events, in their order."""
    at = now()
    insert_rows(
        [OutboxEvent(event_id=new_id(), name=name, body=dict(body), occurred_at=at) for name, body in events]
    )
