"""Child processes of ours: started with a log each, watched, stopped in reverse order.

Each holds the other end of a pipe: a parent that is killed takes its children along.
"""

import asyncio
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Mapping
from pathlib import Path

from yijian.foundation.errors import CannotGoOn

__all__ = ["Children", "end_with_parent"]

POLL_SECONDS = 0.2
STOP_SECONDS = 20


class Children:
    """Processes named after the command of ours that each runs."""

    def __init__(self, logs: Path, environment: Mapping[str, str]) -> None:
        self._logs = logs
        self._environment = dict(environment)
        self._running: dict[str, subprocess.Popen[bytes]] = {}

    def start(self, command: str) -> None:
        """Start `yijian <command>`, in a session of its own: a terminal's Ctrl-C must not reach it first."""
        with self.log_of(command).open("ab") as log:
            self._running[command] = subprocess.Popen(  # noqa: S603 - a command of ours
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
            for command, process in self._running.items():
                if process.poll() is not None:
                    status, log = process.returncode, self.log_of(command)
                    raise CannotGoOn(f"`yijian {command}` ended with status {status}; see {log}.")
            await asyncio.sleep(POLL_SECONDS)

    def stop(self) -> None:
        """Ask each to end, the youngest first, and wait; one that does not listen is killed."""
        for process in reversed(self._running.values()):
            process.terminate()
        for process in reversed(self._running.values()):
            try:
                process.wait(STOP_SECONDS)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
            if process.stdin:
                process.stdin.close()
        self._running.clear()


def end_with_parent() -> None:
    """End this process as by SIGTERM when the pipe from its parent closes."""

    def wait() -> None:
        while sys.stdin.buffer.read(1):
            pass
        os.kill(os.getpid(), signal.SIGTERM)

    threading.Thread(target=wait, name="parent", daemon=True).start()
