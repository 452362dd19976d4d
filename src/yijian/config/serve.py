"""Serve both planes: uvicorn on uvloop and httptools, one process."""

import uvicorn

from yijian.config.connections import bounded_by
from yijian.config.environment import Environment
from yijian.config.files import allow_many_files
from yijian.dataplane.crowding import Crowding

__all__ = ["http_server"]

GRACE_SECONDS = 10


def http_server(environment: Environment) -> uvicorn.Server:
    """Return the server, not yet running: `run()` it, or `await serve()`; `should_exit` ends it.

    Requests are not logged: they are counted, and accesses to patients' data are audited.
    """
    allow_many_files()
    config = uvicorn.Config(
        "yijian.config.asgi:application",
        host=environment.bind,
        port=environment.http_port,
        loop="uvloop",
        http=bounded_by(Crowding(environment.http_connections, environment.proxies)),
        ws="none",
        lifespan="on",
        access_log=False,
        log_config=None,
        server_header=False,
        forwarded_allow_ips=[str(network) for network in environment.proxies],
        timeout_graceful_shutdown=GRACE_SECONDS,
    )
    return uvicorn.Server(config)
