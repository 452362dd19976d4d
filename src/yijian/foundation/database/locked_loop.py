"""Work that only one thread of all processes does at a time: a loop under an advisory lock."""

import threading
from collections.abc import Callable

import structlog
from django.db import DatabaseError, InterfaceError, connection

__all__ = ["LockedLoop"]

POLL_SECONDS = 0.5
AWAY_SECONDS = 2.0

log = structlog.get_logger(__name__)


class LockedLoop:
    """Repeats `step` in the calling thread until `stop` is set, while its connection holds lock `key`.

    `step` tells whether it found anything to do; where not, the loop pauses until `wake` is set or half a
    second has passed. The lock is the session's: a pooler between us and the database must pool by session.
    """

    def __init__(self, key: int, step: Callable[[], bool], stop: threading.Event) -> None:
        self.wake = threading.Event()
        self._key = key
        self._step = step
        self._stop = stop
        self._session: object = None

    def run(self) -> None:
        """Work until told to stop; outlive the database."""
        while not self._stop.is_set():
            try:
                worked = self._hold() and self._step()
            except (DatabaseError, InterfaceError, OSError):
                log.exception("the database is away")
                self._let_go()
                self._stop.wait(AWAY_SECONDS)
                continue
            if not worked:
                self.wake.wait(POLL_SECONDS)
                self.wake.clear()
        self._let_go()

    def _hold(self) -> bool:
        """Take the lock, unless this very session holds it: Django reconnects without telling."""
        if self._session is not None and connection.connection is self._session:
            return True
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_try_advisory_lock(%s)", [self._key])
            held = bool(cursor.fetchone()[0])
        self._session = connection.connection if held else None
        return held

    def _let_go(self) -> None:
        self._session = None
        connection.close()
