"""PostgreSQL's `postmaster.pid`: how a server says which process it is, where it listens and how it fares."""

import os
from pathlib import Path

__all__ = ["LockFile"]

PROCESS, PORT, STATE = 0, 3, 7
"""Lines of the file, counted from 0 (miscadmin.h of PostgreSQL)."""


class LockFile:
    """The lock file of one data directory; what is not there reads as empty."""

    def __init__(self, data: Path) -> None:
        self._path = data / "postmaster.pid"

    @property
    def port(self) -> str:
        return self._line(PORT)

    def says_ready(self, process_id: int) -> bool:
        """Tell whether this very process is up and takes connections."""
        return self._line(PROCESS) == str(process_id) and self._line(STATE) == "ready"

    def names_living_process(self) -> bool:
        """Tell whether the process named there exists, whosoever it is."""
        try:
            os.kill(int(self._line(PROCESS)), 0)
        except PermissionError:
            return True
        except (ProcessLookupError, ValueError):
            return False
        return True

    def mark_stale(self) -> None:
        """Let a server started by this process take over the file of one that no longer answers.

        PostgreSQL refuses while the process named there exists, be it a zombie or a stranger that got the
        same number. A file that names the new server's own parent it takes for stale, and still makes sure,
        by the shared memory block named there, that no orphan of the old server is at work.
        """
        try:
            handle = os.open(self._path, os.O_RDWR | os.O_NOFOLLOW)
        except FileNotFoundError:
            return
        with os.fdopen(handle, "r+") as file:
            _, *rest = file.read().split("\n")
            file.seek(0)
            file.write("\n".join([str(os.getpid()), *rest]))
            file.truncate()

    def _line(self, number: int) -> str:
        try:
            lines = self._path.read_text().splitlines()
        except FileNotFoundError:
            return ""
        return lines[number].strip() if number < len(lines) else ""
