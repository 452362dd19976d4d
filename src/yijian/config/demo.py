"""`yijian demo`: a region that lives on this machine, from an empty directory to `ready`."""

import asyncio
import signal
import socket
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Any

from rich.console import Console

from yijian.config.environment import Environment, read_environment
from yijian.config.processes import Children, keep_database_up
from yijian.foundation.errors import CannotGoOn
from yijian.foundation.secrets import load_keys
from yijian.kit.clock import now

if TYPE_CHECKING:
    from yijian.foundation.database.embedded import EmbeddedPostgres

__all__ = ["RESIDENTS", "addresses_of", "run_demo"]

COMMANDS = ("serve", "mllp", "worker")
"""What a region needs running, each a process of its own."""
RESIDENTS = 2000


def run_demo(env: Mapping[str, str], console: Console, *, residents: int = RESIDENTS) -> None:
    """Serve the demonstration region until SIGINT or SIGTERM; at its first start that many live there."""
    home = Path(env.get("YIJIAN_HOME") or "./var").resolve()
    keys = load_keys(home, env, demo=True).environment()
    common = keys | {"YIJIAN_HOME": str(home), "YIJIAN_DEMO": "1"}
    common["DJANGO_SETTINGS_MODULE"] = "yijian.config.settings"
    try:
        with _stoppable(), _database(home, env) as (url, server):
            environment = dict(env) | common | {"YIJIAN_DATABASE_URL": url}
            _live(read_environment(environment), environment, server, console, residents)
    except KeyboardInterrupt:
        pass
    console.print("stopped")


@contextmanager
def _stoppable() -> Iterator[None]:
    """Let SIGTERM end the demo as Ctrl-C does; leaving, nothing more may interrupt the clearing up."""

    def interrupt(_number: int, _frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    signal.signal(signal.SIGTERM, interrupt)
    yield


@contextmanager
def _database(home: Path, env: Mapping[str, str]) -> "Iterator[tuple[str, EmbeddedPostgres | None]]":
    """Yield the database's URL and its server, if that is embedded: it runs as long as the block."""
    if given := env.get("YIJIAN_DATABASE_URL"):
        yield given, None
        return
    from yijian.foundation.database.embedded import EmbeddedPostgres  # noqa: PLC0415 - loads a driver

    server = EmbeddedPostgres(home)
    try:
        yield server.start(), server
    finally:
        _ignore_signals()
        server.stop()


def _ignore_signals() -> None:
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)


def _live(
    environment: Environment,
    variables: Mapping[str, str],
    server: "EmbeddedPostgres | None",
    console: Console,
    residents: int,
) -> None:
    for name, port in (
        ("YIJIAN_HTTP_PORT", environment.http_port),
        ("YIJIAN_MLLP_PORT", environment.mllp_port),
    ):
        _insist_free(environment.bind, port, name)
    logs = _log_directory(environment.home)
    children = Children(logs, variables)
    asyncio.run(_stage("prepare", variables, residents))
    try:
        for command in COMMANDS:
            children.start(command)
        asyncio.run(_begin(children, variables, residents))
        asyncio.run(_keep_up(children, server, console, logs / "demo.log"))
    finally:
        _ignore_signals()
        children.stop()


def _insist_free(host: str, port: int, name: str) -> None:
    """Refuse to begin where something else listens already."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as fault:
            raise CannotGoOn(
                f"Port {port} of {host} cannot be used ({fault.strerror}): end what uses it, or set {name}."
            ) from fault


def addresses_of(environment: Environment) -> dict[str, Any]:
    """Return the addresses as the hand-over file names them (contract §3)."""
    host = environment.bind if environment.bind not in ("0.0.0.0", "::") else "127.0.0.1"  # noqa: S104
    shown = f"[{host}]" if ":" in host else host
    return {
        "base_url": f"http://{shown}:{environment.http_port}",
        "mllp": {"host": host, "port": environment.mllp_port},
        "dimse": {"host": host, "port": environment.dimse_port, "ae_title": "YIJIAN"},
    }


def _log_directory(home: Path) -> Path:
    directory = home / "log"
    directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    return directory


async def _keep_up(
    children: Children, server: "EmbeddedPostgres | None", console: Console, log: Path
) -> None:
    """Say `ready`; start again whatever ends, until SIGINT or SIGTERM, and tell so here and in the logs."""

    def tell(text: str) -> None:
        console.print(text, highlight=False, markup=False)
        console.file.flush()
        with log.open("a", encoding="utf-8") as told:
            told.write(f"{now().isoformat(timespec='seconds')} {text}\n")

    work = asyncio.gather(children.keep_up(tell), *([keep_database_up(server, tell)] if server else []))
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, work.cancel)
    console.print("ready", highlight=False)
    console.file.flush()
    with suppress(asyncio.CancelledError):
        await work


async def _stage(stage: str, variables: Mapping[str, str], residents: int) -> None:
    """Run a stage of the region's making in a process of its own: what it takes up, it gives back."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "yijian.config.cli", "--attached", "region", stage),
        *("--residents", str(residents)),
        stdin=asyncio.subprocess.PIPE,
        env=variables,
        start_new_session=True,
    )
    try:
        status = await process.wait()
    finally:
        if process.returncode is None:
            process.terminate()
            await process.wait()
    if status:
        raise CannotGoOn("The region is not complete; the line above says why.")


async def _begin(children: Children, variables: Mapping[str, str], residents: int) -> None:
    """Fill the region, beside the children; one that ends so early has a reason that a restart won't mend."""
    watching = asyncio.create_task(children.watch())
    filling = asyncio.create_task(_stage("fill", variables, residents))
    try:
        await asyncio.wait((watching, filling), return_when=asyncio.FIRST_COMPLETED)
        await (watching if watching.done() else filling)
    finally:
        for task in (watching, filling):
            task.cancel()
        await asyncio.gather(watching, filling, return_exceptions=True)
