"""Instants with zone. China has one zone without summer time since 1991 (GB/T 7408)."""

from datetime import UTC, date, datetime, timedelta, timezone
from typing import Annotated

import msgspec

__all__ = ["CHINA", "FUTURE_TOLERANCE", "HOUR", "Instant", "age_hours", "age_years", "now"]

CHINA = timezone(timedelta(hours=8), "Asia/Shanghai")
Instant = Annotated[datetime, msgspec.Meta(tz=True)]
"""An instant that arrives from outside: RFC 3339 with its zone; one without zone is refused."""

HOUR = timedelta(hours=1)
FUTURE_TOLERANCE = timedelta(minutes=10)
"""A sender's clock may run ahead by this much before its instants count as absurd."""


def now() -> datetime:
    """Return the current instant in UTC."""
    return datetime.now(UTC)


def age_hours(since: datetime, at: datetime) -> int:
    """Return whole hours from `since` to `at`; never negative."""
    return max(0, (at - since) // HOUR)


def age_years(born_on: date, at: datetime) -> int:
    """Return completed years at `at`, reckoned by the calendar in China."""
    today = at.astimezone(CHINA).date()
    return today.year - born_on.year - ((today.month, today.day) < (born_on.month, born_on.day))
