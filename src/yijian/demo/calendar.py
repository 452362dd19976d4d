"""The days the demo hangs on, all reckoned from the moment it is loaded, so that it is never out of date."""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from yijian.kit.clock import CHINA

__all__ = ["Calendar"]


@dataclass(frozen=True, slots=True)
class Calendar:
    """`now` is the moment of loading; reports lie in the year before it."""

    now: datetime

    @property
    def today(self) -> date:
        return self.now.astimezone(CHINA).date()

    @property
    def start(self) -> datetime:
        return self.now - timedelta(days=365)

    @property
    def new_rules_on(self) -> date:
        """The first of a month about five months ago: the province's present agreement took effect."""
        return (self.today - timedelta(days=150)).replace(day=1)

    @property
    def joined_at(self) -> datetime:
        """When the latest hospitals joined: what they reported before, they bring along as files."""
        return self.now - timedelta(days=45)

    def day(self, days_ago: float) -> date:
        return self.today - timedelta(days=days_ago)

    def at(self, days_ago: int, hour: int, minute: int = 0) -> datetime:
        """Return a time of day in China, so many days ago."""
        return datetime.combine(self.day(days_ago), time(hour, minute), CHINA)

    def ago(self, **span: float) -> datetime:
        """Return the instant that long before now."""
        return self.now - timedelta(**span)
