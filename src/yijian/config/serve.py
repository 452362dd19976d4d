"""Serve both planes: uvicorn on uvloop and httptools, one process."""

import uvicorn

from yijian.config.environment import Environment

__all__ = ["http_server"]

GRACE_SECONDS = 10


def http_server(environment: Environment) -> uvicorn.Server:
    """Return the server, not yet running: `run()` it, or `await serve()`; `should_exit` ends it.

    Forwarded headers are believed from a proxy on this machine only (FORWARDED_ALLOW_IPS names others).
    Requests are not logged: they are counted, and accesses to patients' data are audited.
    """
    config = uvicorn.Config(
        "yijian.config.asgi:application",
        host=environment.bind,
        port=environment.http_port,
        loop="uvloop",
        http="httptools",
        ws="none",
        lifespan="on",
        access_log=False,
        log_config=None,
        server_header=False,
        timeout_graceful_shutdown=GRACE_SECONDS,
    )
    return uvicorn.Server(config)
