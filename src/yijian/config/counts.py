"""Counts of several processes as one: each counts in files of its own, whoever is asked reads all of them.

The library's multiprocess mode, but by the process's number, not its id: one started again counts on. The
files have their space beforehand, for a process dies that writes to mapped memory of a full disk.
"""

import os
import shutil
from pathlib import Path

from prometheus_client import values
from prometheus_client.multiprocess import mark_process_dead

__all__ = ["count_together"]

DIRECTORY = "PROMETHEUS_MULTIPROC_DIR"
KINDS = ("counter", "histogram", "gauge_livemin", "gauge_livemostrecent")
"""Of all that is counted on the web; gauges of a process that ended go."""
FILE_BYTES = 256 * 1024


def count_together(directory: Path, number: int) -> None:
    """Count as process `number` of those that share the directory; call it before anything is counted."""
    os.environ[DIRECTORY] = str(directory)
    if number == 0:
        shutil.rmtree(directory, ignore_errors=True)
        directory.mkdir(mode=0o700, parents=True)
    mark_process_dead(number)  # type: ignore[no-untyped-call]
    for kind in KINDS:
        _reserve(directory / f"{kind}_{number}.db")
    values.ValueClass = values.MultiProcessValue(lambda: number)  # type: ignore[no-untyped-call]


def _reserve(path: Path) -> None:
    with path.open("ab") as file:
        os.posix_fallocate(file.fileno(), 0, FILE_BYTES)
