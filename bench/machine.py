"""What processes cost, by the kernel's own books (/proc)."""

import os
from pathlib import Path

from django.db import connection

__all__ = ["child_running", "children_of", "cpu_seconds", "memory_mib", "postmaster"]

PROC = Path("/proc")
TICKS = os.sysconf("SC_CLK_TCK")
PARENT, USER, SYSTEM, OF_CHILDREN = 1, 11, 12, slice(13, 15)
"""Places of /proc/<pid>/stat after the name (proc(5))."""


def child_running(command: str) -> int:
    """Return the pid of the child of ours that runs `yijian <command>`."""
    for pid, stat in _stats().items():
        words = (PROC / str(pid) / "cmdline").read_bytes().split(b"\0")
        if int(stat[PARENT]) == os.getpid() and command.encode() in words:
            return pid
    raise RuntimeError(f"no child of this process runs {command}")


def children_of(pid: int) -> list[int]:
    """Return the pids of a process's children."""
    return [child for child, stat in _stats().items() if int(stat[PARENT]) == pid]


def postmaster() -> int:
    """Return the pid of the server that Django's connection speaks to."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        return int(_stats()[cursor.fetchone()[0]][PARENT])


def cpu_seconds(pid: int) -> float:
    """Return what a process, its present children and those that ended have used so far."""
    stats = _stats()
    children = [stat for stat in stats.values() if int(stat[PARENT]) == pid]
    ticks = sum(int(stat[USER]) + int(stat[SYSTEM]) for stat in (stats[pid], *children))
    return (ticks + sum(map(int, stats[pid][OF_CHILDREN]))) / TICKS


def memory_mib(pid: int) -> float:
    """Return how much of a process is in memory."""
    status = (PROC / str(pid) / "status").read_text()
    return int(status.split("VmRSS:")[1].split()[0]) / 1024


def _stats() -> dict[int, list[str]]:
    """Return what /proc says of every process, after its name."""
    found: dict[int, list[str]] = {}
    for path in PROC.glob("[0-9]*/stat"):
        try:
            found[int(path.parent.name)] = path.read_text().rsplit(")", 1)[1].split()
        except OSError:
            continue  # it has ended meanwhile
    return found
