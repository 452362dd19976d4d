"""Drain one lane: its messages in their order, by one worker at a time."""

import threading
from collections.abc import Mapping

from yijian.foundation.database.locked_loop import LockedLoop
from yijian.foundation.inbox.processing import Processor, claim, process
from yijian.kit import clock

__all__ = ["drain", "lane_loop"]

LOCKS = 0x59494A_0100
"""Advisory lock of lane 0; the others follow."""
FEW = 16
GATHER_SECONDS = 0.2
"""How long a lane waits after so few messages: of those that come meanwhile each costs a fraction."""


def lane_loop(lane: int, processors: Mapping[str, Processor], stop: threading.Event) -> LockedLoop:
    """Return the loop that drains a lane; give it a thread of its own."""

    def step() -> bool:
        if stop.is_set():
            return False
        number = drain(lane, processors)
        if 0 < number < FEW:
            stop.wait(GATHER_SECONDS)
        return number > 0

    return LockedLoop(LOCKS + lane, step, stop)


def drain(lane: int, processors: Mapping[str, Processor]) -> int:
    """Process the next messages of a lane; return how many, 0 where there is nothing to do just now."""
    claimed = claim(lane, now=clock.now())
    return len(claimed) if claimed and process(claimed, processors) else 0
