"""Run the MLLP listener until SIGTERM or SIGINT: the process that accepts, or a partner of it."""

import asyncio
import signal
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import structlog
import uvloop
from prometheus_client import start_http_server

from yijian.config.environment import Environment
from yijian.config.files import allow_many_files
from yijian.dataplane.crowding import Crowding
from yijian.dataplane.listener import Listener
from yijian.dataplane.mllp import Conversations
from yijian.dataplane.partners import Partners, serve_passed, spawning
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
        partners = Partners(environment.mllp_processes - 1, spawning("-m", "yijian.config.cli", "mllp"))
        crowding = Crowding(environment.mllp_connections)
        ports = [environment.mllp_port, *([tls.port] if tls else [])]
        listener = Listener(conversations, partners, crowding, host=environment.bind, ports=ports)
        listener.bind()
        listener.start()
        partners.start()
        log.info("listening for HL7 v2", ports=listener.ports)
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
