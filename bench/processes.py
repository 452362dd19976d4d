"""Processes beside this one: those of the product under measure, and those that load them."""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

import msgspec

from bench.installation import Installation
from yijian.config.processes import Children

__all__ = ["load", "running", "serving"]

REPOSITORY = Path(__file__).resolve().parent.parent
PORTS = {"serve": "YIJIAN_HTTP_PORT", "mllp": "YIJIAN_MLLP_PORT"}
START_SECONDS = 60
Outcome = TypeVar("Outcome")


@contextmanager
def serving(installation: Installation, *commands: str) -> Iterator[dict[str, int]]:
    """Run `yijian <command>` for each; yield the ports of those that listen, once they do."""
    ports = {command: free_port() for command in commands if command in PORTS}
    chosen = {PORTS[command]: str(port) for command, port in ports.items()}
    children = Children(installation.home, os.environ | installation.environment | chosen)
    try:
        for command in commands:
            children.start(command)
        for command, port in ports.items():
            wait_until_open(port, children.log_of(command))
        yield ports
    finally:
        children.stop()


@contextmanager
def running(installation: Installation, module: str) -> Iterator[int]:
    """Run a module of ours that serves HTTP; yield its port once it listens."""
    port, log = free_port(), installation.home / f"{module}.log"
    environment = os.environ | installation.environment | {"YIJIAN_HTTP_PORT": str(port)}
    with log.open("ab") as told:
        process = subprocess.Popen(  # noqa: S603 - a program of ours
            [sys.executable, "-m", module], cwd=REPOSITORY, env=environment, stdout=told, stderr=told
        )
    try:
        wait_until_open(port, log)
        yield port
    finally:
        process.terminate()
        process.wait()


def free_port() -> int:
    """Return a port of the loopback address that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def wait_until_open(port: int, log: Path) -> None:
    """Return when something accepts connections on `port`; `log` tells why where nothing does."""
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
        except OSError:
            time.sleep(0.05)
        else:
            return
    raise RuntimeError(f"nothing listens on port {port}: {log.read_text(errors='replace')[-2000:]}")


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
