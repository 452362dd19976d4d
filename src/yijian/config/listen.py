"""Run the MLLP listener until SIGTERM or SIGINT."""

import asyncio
import signal

import structlog
import uvloop

from yijian.config.environment import Environment
from yijian.dataplane.mllp import MllpListener
from yijian.dataplane.pool import create_pool
from yijian.kit.crypto import FieldCipher

__all__ = ["listen_mllp"]

POOL_SIZE = 4

log = structlog.get_logger(__name__)


def listen_mllp(environment: Environment) -> None:
    """Take HL7 v2 messages; end after those under way are answered."""
    uvloop.run(_listen(environment))


async def _listen(environment: Environment) -> None:
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    pool = await create_pool(environment.database_url, application_name="yijian-mllp", max_size=POOL_SIZE)
    try:
        cipher = FieldCipher(environment.field_key)
        tls = environment.mllp_tls
        listener = MllpListener(pool, cipher, host=environment.bind, port=environment.mllp_port, tls=tls)
        port = await listener.start()
        log.info("listening for HL7 v2", port=port, tls_port=tls.port if tls else None)
        await stop.wait()
        await listener.stop()
    finally:
        await pool.close()
    log.info("stopped listening for HL7 v2")
