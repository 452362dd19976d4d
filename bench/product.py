"""One process of the product, as `yijian` runs it: `python -m bench.product http|mllp|worker`."""

import asyncio
import os
import signal
import sys

import django

from yijian.config.environment import Environment, read_environment
from yijian.config.logging import configure_logging

__all__ = ["main"]


def serve_http(environment: Environment) -> int:
    from yijian.config.serve import http_server  # noqa: PLC0415 - a process loads its own part only

    http_server(environment).run()
    return 0


def serve_mllp(environment: Environment) -> int:
    asyncio.run(_listen(environment))
    return 0


async def _listen(environment: Environment) -> None:
    from yijian.dataplane.mllp import MllpListener  # noqa: PLC0415
    from yijian.dataplane.pool import create_pool  # noqa: PLC0415

    stopped = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stopped.set)
    async with await create_pool(environment.database_url, application_name="yijian-mllp") as pool:
        listener = MllpListener(pool, host=environment.bind, port=environment.mllp_port)
        await listener.start()
        await stopped.wait()
        await listener.stop()


def work(_: Environment) -> int:
    django.setup()
    from yijian.config.worker import main as run_worker  # noqa: PLC0415 - Django is set up by now

    return run_worker()


PARTS = {"http": serve_http, "mllp": serve_mllp, "worker": work}


def main(part: str) -> int:
    configure_logging()
    return PARTS[part](read_environment(os.environ))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
