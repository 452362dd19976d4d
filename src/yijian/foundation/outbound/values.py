"""What goes out, where to, and how it was received. Loads no framework."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Literal
from uuid import UUID

__all__ = ["Answer", "EndpointSummary", "Outgoing", "ParkedDelivery", "Target", "Transport"]


@dataclass(frozen=True, slots=True)
class Target:
    """A subscriber's endpoint. `secrets` are those that sign at present, the newest first."""

    endpoint_id: UUID
    institution_code: str
    """Whose endpoint it is; '' is the regional platform's."""
    kind: str
    address: str
    application: str = ""
    facility: str = ""
    encoding: str = "UTF-8"
    secrets: tuple[str, ...] = field(default=(), repr=False)


@dataclass(frozen=True, slots=True)
class Outgoing:
    """One message for one endpoint, the same bytes and the same id however often it is sent."""

    delivery_id: UUID
    event: str
    payload: str
    created_at: datetime


@dataclass(frozen=True, slots=True)
class Answer:
    """How a message was received: taken, to be tried later, or nobody is there for good.

    `unreachable` says that the endpoint, not this message, is at fault: then all its messages wait.
    """

    outcome: Literal["delivered", "later", "gone"]
    detail: str = ""
    unreachable: bool = False
    retry_after: timedelta = timedelta(0)


Transport = Callable[[Target, Outgoing], Answer]
"""Sends one message and waits for its answer, within a bounded time; never raises for what a network does."""


@dataclass(frozen=True, slots=True)
class EndpointSummary:
    """An endpoint as its page shows it."""

    endpoint_id: UUID
    name: str
    institution_code: str
    kind: str
    address: str
    active: bool
    stopped_reason: str
    waiting: int
    parked: int
    oldest_at: datetime | None
    last_delivered_at: datetime | None
    last_failed_at: datetime | None
    last_error: str
    failures: int
    overlap_until: datetime | None


@dataclass(frozen=True, slots=True)
class ParkedDelivery:
    """A message that was given up."""

    delivery_id: UUID
    event: str
    subject: str
    created_at: datetime
    attempts: int
    last_error: str
