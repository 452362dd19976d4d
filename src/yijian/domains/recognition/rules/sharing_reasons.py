"""Reasons that many answers share: equal ones are one object, kept with the rulebook. Pure."""

from collections.abc import Iterable

import msgspec

from yijian.domains.recognition.values import Reason
from yijian.domains.sharing.rules import remember
from yijian.domains.sharing.values import Rulebook

__all__ = ["Shared", "find_shared", "share"]


class Shared(msgspec.Struct, gc=False):
    """A reason that is kept, and how it was written, by form; kept alive, it is named by its identity."""

    reason: Reason
    written: dict[str, bytes]


def share(rulebook: Rulebook, reasons: Iterable[Reason]) -> tuple[Reason, ...]:
    """Return the reasons, each as the one object that stands for all its equals."""
    return tuple(_share(rulebook, reason) for reason in reasons)


def _share(rulebook: Rulebook, reason: Reason) -> Reason:
    key = ("reason", reason.code, reason.holds, reason.allows, tuple(reason.evidence.items()))
    known: Reason | None = rulebook.memory.get(key)
    if known is None:
        known = remember(rulebook, key, reason)
        remember(rulebook, id(known), Shared(known, {}))
    return known


def find_shared(rulebook: Rulebook, reason: Reason) -> Shared | None:
    """Return what is kept of a shared reason; None for one of a single answer."""
    found: Shared | None = rulebook.memory.get(id(reason))
    return found
