"""The counted facts of a period, and the rates made of them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal

__all__ = ["Facts", "Overview", "Rate"]


@dataclass(slots=True)
class Facts:
    """Four separate facts and the estimated saving (CNY).

    Reminders and views count by match time, decisions and savings by decision time, citations by the time
    they were written: never by the time we heard of them.
    """

    reminders: int = 0
    views: int = 0
    accepted: int = 0
    declined: int = 0
    citations: int = 0
    saving: Decimal = Decimal("0.00")

    def add(self, other: "Facts") -> None:
        for name in self.__slots__:
            setattr(self, name, getattr(self, name) + getattr(other, name))


@dataclass(frozen=True, slots=True)
class Rate:
    """A rate under its own name; `value` is None where the denominator is 0."""

    code: str
    numerator: int
    denominator: int

    @property
    def value(self) -> Decimal | None:
        if not self.denominator:
            return None
        return (Decimal(100 * self.numerator) / self.denominator).quantize(Decimal("0.01"))


@dataclass(frozen=True, slots=True)
class Overview:
    """What a supervisor sees of a period."""

    since: datetime
    until: datetime
    total: Facts
    rates: tuple[Rate, ...]
    by_institution: Mapping[str, Facts]
    by_item: Mapping[str, Facts]
    declines: Mapping[tuple[str, str, str], int]
    """By (legal situation, the region's own reason, technical sub-reason); three times '' = unexplained."""
    not_recognisable: int = 0
    accepted_on_judgement: int = 0
    institutions: tuple[str, ...] = field(default=())
