"""What is to be done every so often, by one thread of all processes."""

import threading
import time
from collections.abc import Callable, Sequence
from typing import NamedTuple

import structlog
from django.db import DatabaseError, InterfaceError

from yijian.foundation.database.locked_loop import LockedLoop

__all__ = ["Job", "periodic_loop"]

LOCK = 0x59494A_0300

log = structlog.get_logger(__name__)


class Job(NamedTuple):
    """`work` is done every `seconds`, the first time at once."""

    name: str
    seconds: float
    work: Callable[[], object]


def periodic_loop(jobs: Sequence[Job], stop: threading.Event) -> LockedLoop:
    """Return the loop that does them; give it a thread of its own."""
    return LockedLoop(LOCK, Periodic(jobs, stop).step, stop)


class Periodic:
    """Remembers when each job was done last; one that fails does not hold up the others."""

    def __init__(self, jobs: Sequence[Job], stop: threading.Event) -> None:
        self._due = dict.fromkeys(jobs, 0.0)
        self._stop = stop

    def step(self) -> bool:
        """Do what is due; there is never more to do at once."""
        for job, due in self._due.items():
            if self._stop.is_set() or time.monotonic() < due:
                continue
            self._due[job] = time.monotonic() + job.seconds
            try:
                job.work()
            except (DatabaseError, InterfaceError):
                raise
            except Exception:
                log.exception("a periodic job failed", job=job.name)
        return False
