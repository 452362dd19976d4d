"""Child processes of ours: started with a log each, watched, started again, stopped in reverse order.

Each holds the other end of a pipe: a parent that is killed takes its children along.
"""

import asyncio
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from yijian.foundation.errors import CannotGoOn

if TYPE_CHECKING:
    from yijian.foundation.database.embedded import EmbeddedPostgres

__all__ = ["Children", "end_with_parent", "keep_database_up"]

POLL_SECONDS = 0.2
STOP_SECONDS = 20
FIRST_PAUSE, LONGEST_PAUSE = 0.2, 30.0
"""Seconds before a process that ended is started again: doubled each time it ends soon after."""
SETTLED_SECONDS = 60
"""A process that lived as long had a start that counts as good."""


@dataclass
class Child:
    """A process, how often it ended soon after its start, and when it may be started again."""

    process: subprocess.Popen[bytes]
    started_at: float
    failures: int = 0
    restart_at: float | None = None


class Children:
    """Processes named after the command of ours that each runs."""

    def __init__(self, logs: Path, environment: Mapping[str, str]) -> None:
        self._logs = logs
        self._environment = dict(environment)
        self._running: dict[str, Child] = {}

    def start(self, command: str) -> None:
        """Start `yijian <command>`, in a session of its own: a terminal's Ctrl-C must not reach it first."""
        self._running[command] = Child(self._open(command), time.monotonic())

    def process_id(self, command: str) -> int:
        """Return the id of the process that runs a command, or ran it last."""
        return self._running[command].process.pid

    def _open(self, command: str) -> subprocess.Popen[bytes]:
        with self.log_of(command).open("ab") as log:
            return subprocess.Popen(  # noqa: S603 - a command of ours
                [sys.executable, "-m", "yijian.config.cli", "--attached", command],
                stdin=subprocess.PIPE,
                stdout=log,
                stderr=log,
                env=self._environment,
                start_new_session=True,
            )

    def log_of(self, command: str) -> Path:
        return self._logs / f"{command}.log"

    async def watch(self) -> None:
        """Return never; raise `CannotGoOn` when one ends, naming it and its log."""
        while True:
            for command, child in self._running.items():
                if child.process.poll() is not None:
                    status, log = child.process.returncode, self.log_of(command)
                    raise CannotGoOn(f"`yijian {command}` ended with status {status}; see {log}.")
            await asyncio.sleep(POLL_SECONDS)

    async def keep_up(self, tell: Callable[[str], None]) -> None:
        """Return never; start again whatever ends, later each time if it keeps ending, and tell so."""
        while True:
            for command, child in self._running.items():
                self._mend(command, child, tell)
            await asyncio.sleep(POLL_SECONDS)

    def _mend(self, command: str, child: Child, tell: Callable[[str], None]) -> None:
        now = time.monotonic()
        if child.restart_at is None:
            if child.process.poll() is None:
                return
            lived = now - child.started_at
            child.failures = 0 if lived >= SETTLED_SECONDS else child.failures + 1
            pause = min(FIRST_PAUSE * 2**child.failures, LONGEST_PAUSE)
            child.restart_at = now + pause
            status, log = child.process.returncode, self.log_of(command)
            tell(f"`yijian {command}` ended with status {status} and starts again in {pause:g} s; see {log}.")
            _close(child.process)
        elif now >= child.restart_at:
            child.process, child.started_at, child.restart_at = self._open(command), now, None

    def stop(self) -> None:
        """Ask each to end, the youngest first, and wait; one that does not listen is killed."""
        processes = [child.process for child in reversed(self._running.values())]
        for process in processes:
            process.terminate()
        for process in processes:
            try:
                process.wait(STOP_SECONDS)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
            _close(process)
        self._running.clear()


async def keep_database_up(server: "EmbeddedPostgres", tell: Callable[[str], None]) -> None:
    """Return never; start an embedded server again whenever it ends, and try again where that fails."""
    failures = 0
    while True:
        try:
            restarted = await asyncio.to_thread(server.restart_if_ended)
        except CannotGoOn as fault:
            failures += 1
            pause = min(FIRST_PAUSE * 2**failures, LONGEST_PAUSE)
            tell(f"{fault} Next attempt in {pause:g} s.")
            await asyncio.sleep(pause)
            continue
        if restarted:
            failures = 0
            tell(f"PostgreSQL had ended and runs again; see {server.log}.")
        await asyncio.sleep(POLL_SECONDS)


def _close(process: subprocess.Popen[bytes]) -> None:
    """Give back our end of a process's pipe."""
    if process.stdin:
        process.stdin.close()


def end_with_parent() -> None:
    """End this process as by SIGTERM when the pipe from its parent closes."""

    def wait() -> None:
        while os.read(sys.stdin.fileno(), 1):
            pass
        os.kill(os.getpid(), signal.SIGTERM)

    threading.Thread(target=wait, name="parent", daemon=True).start()
