"""Run the MLLP listener until SIGTERM or SIGINT: the process that accepts, or a partner of it."""

import asyncio
import signal
import socket
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import structlog
import uvloop
from prometheus_client import start_http_server

from yijian.config.environment import Environment
from yijian.config.files import allow_many_files
from yijian.dataplane.mllp import Conversations, MllpListener
from yijian.dataplane.mllp_partners import Partners, serve_passed
from yijian.dataplane.pool import create_pool
from yijian.kit.crypto import FieldCipher

__all__ = ["listen_mllp"]

POOL_SIZE = 4

log = structlog.get_logger(__name__)


def listen_mllp(environment: Environment, *, number: int = 0, control: int | None = None) -> None:
    """Take HL7 v2 messages; end after those under way are answered.

    Partner `number` serves what is passed to it through the inherited socket `control`.
    """
    allow_many_files()
    if environment.mllp_metrics_port:
        start_http_server(environment.mllp_metrics_port + number, environment.bind)
    if control is None:
        uvloop.run(_listen(environment))
    else:
        uvloop.run(_help(environment, control))


async def _listen(environment: Environment) -> None:
    stop = _stop_on_signal()
    tls = environment.mllp_tls
    async with _conversations(environment) as conversations:
        listener = MllpListener(
            conversations,
            Partners(environment.mllp_processes - 1, _spawn),
            host=environment.bind,
            port=environment.mllp_port,
            tls_port=tls.port if tls else None,
            most_of_one_address=environment.mllp_connections,
        )
        port = listener.start()
        log.info("listening for HL7 v2", port=port, tls_port=tls.port if tls else None)
        await stop.wait()
        await listener.stop()
    log.info("stopped listening for HL7 v2")


async def _help(environment: Environment, control: int) -> None:
    stop = _stop_on_signal()
    with socket.socket(fileno=control) as passing:
        async with _conversations(environment) as conversations:
            ends = [
                asyncio.create_task(serve_passed(passing, conversations)),
                asyncio.create_task(stop.wait()),
            ]
            await asyncio.wait(ends, return_when=asyncio.FIRST_COMPLETED)
            for end in ends:
                end.cancel()
            await conversations.stop()


@asynccontextmanager
async def _conversations(environment: Environment) -> AsyncIterator[Conversations]:
    pool = await create_pool(environment.database_url, application_name="yijian-mllp", max_size=POOL_SIZE)
    try:
        yield Conversations(pool, FieldCipher(environment.field_key), tls=environment.mllp_tls)
    finally:
        await pool.close()


def _stop_on_signal() -> asyncio.Event:
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    return stop


async def _spawn(number: int, control: socket.socket) -> asyncio.subprocess.Process:
    """Start a partner; its log goes where ours goes."""
    file = control.fileno()
    words = ("-m", "yijian.config.cli", "mllp", "--partner", str(number), "--control", str(file))
    return await asyncio.create_subprocess_exec(
        sys.executable, *words, stdin=asyncio.subprocess.DEVNULL, pass_fds=(file,)
    )
