"""One place where rates are made, each with its own denominator (brief §7.1). Pure."""

from yijian.domains.supervision.values import Facts, Rate

__all__ = ["rates_of"]


def rates_of(facts: Facts) -> tuple[Rate, ...]:
    """Return the rates of a period. The first may exceed 100 % where decisions lag behind reminders."""
    decided = facts.accepted + facts.declined
    return (
        Rate("concurrent", facts.accepted, facts.reminders),
        Rate("decided", facts.accepted, decided),
        Rate("answered", decided, facts.reminders),
        Rate("viewed", facts.views, facts.reminders),
        Rate("cited", facts.citations, facts.accepted),
    )
