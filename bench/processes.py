"""Processes beside this one: those of the product under measure, and those that load them."""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

import msgspec

__all__ = ["free_port", "load", "running", "wait_until_open"]

REPOSITORY = Path(__file__).resolve().parent.parent
START_SECONDS = 60
STOP_SECONDS = 30
Outcome = TypeVar("Outcome")


def free_port() -> int:
    """Return a port of the loopback address that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@contextmanager
def running(part: str, environment: Mapping[str, str], log: Path) -> Iterator[subprocess.Popen[bytes]]:
    """Run a part of the product until the end of the context; its log says why, should it end before."""
    with log.open("ab") as output:
        process = subprocess.Popen(  # noqa: S603 - a program of ours
            [sys.executable, "-m", "bench.product", part],
            env=os.environ | environment,
            cwd=REPOSITORY,
            stdout=output,
            stderr=output,
        )
    try:
        yield process
        if process.poll() is not None:
            raise RuntimeError(f"{part} ended by itself: {last_words(log)}")
    finally:
        process.terminate()
        process.wait(STOP_SECONDS)


def last_words(log: Path) -> str:
    return log.read_text(errors="replace")[-2000:]


def wait_until_open(port: int, process: subprocess.Popen[bytes], log: Path) -> None:
    """Return when the process accepts connections on `port`."""
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
        except OSError:
            time.sleep(0.05)
        else:
            return
    raise RuntimeError(f"nothing listens on port {port}: {last_words(log)}")


def load(module: str, job: msgspec.Struct, outcome: type[Outcome]) -> Outcome:
    """Run a load generator on a job; return what came of it."""
    done = subprocess.run(  # noqa: S603 - a program of ours
        [sys.executable, "-m", module],
        input=msgspec.json.encode(job),
        capture_output=True,
        cwd=REPOSITORY,
        check=False,
    )
    if done.returncode:
        raise RuntimeError(f"{module} failed: {done.stderr.decode(errors='replace')[-2000:]}")
    return msgspec.json.decode(done.stdout, type=outcome)
