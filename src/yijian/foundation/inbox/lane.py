"""Drain one lane: its messages in their order, by one worker at a time."""

import threading
from collections.abc import Mapping

from yijian.foundation.database.locked_loop import LockedLoop
from yijian.foundation.inbox.processing import Processor, claim, process
from yijian.kit import clock

__all__ = ["drain", "lane_loop"]

LOCKS = 0x59494A_0100
"""Advisory lock of lane 0; the others follow."""


def lane_loop(lane: int, processors: Mapping[str, Processor], stop: threading.Event) -> LockedLoop:
    """Return the loop that drains a lane; give it a thread of its own."""
    return LockedLoop(LOCKS + lane, lambda: not stop.is_set() and drain(lane, processors), stop)


def drain(lane: int, processors: Mapping[str, Processor]) -> bool:
    """Process the next messages of a lane; False where there is nothing to do just now."""
    claimed = claim(lane, now=clock.now())
    return bool(claimed) and process(claimed, processors)
