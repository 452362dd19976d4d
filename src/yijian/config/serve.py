"""Serve HTTP until SIGTERM or SIGINT: the process that accepts, or a partner of it."""

import socket
from collections.abc import Sequence

import uvicorn

from yijian.config.connections import BoundedConnection
from yijian.config.environment import Environment
from yijian.config.files import allow_many_files
from yijian.config.http_server import FirstServer, PartnerServer, Server
from yijian.dataplane.crowding import Crowding
from yijian.dataplane.partners import Partners, spawning
from yijian.foundation.errors import CannotGoOn

__all__ = ["BOTH_PLANES", "COMMAND", "serve_http"]

BOTH_PLANES = "yijian.config.asgi:application"
COMMAND = ("-m", "yijian.config.cli", "serve")
GRACE_SECONDS = 10


def serve_http(
    environment: Environment,
    application: str = BOTH_PLANES,
    command: Sequence[str] = COMMAND,
    *,
    number: int = 0,
    control: int | None = None,
) -> None:
    """Serve an application; `command` is how Python is told to start a partner.

    Partner `number` serves what is passed to it through the inherited socket `control`. Requests are not
    logged: they are counted, and accesses to patients' data are audited.
    """
    allow_many_files()
    config = _configure(environment, application)
    server: Server
    if control is None:
        partners = Partners(environment.web_processes - 1, spawning(*command))
        server = FirstServer(config, partners, Crowding(environment.http_connections, environment.proxies))
    else:
        server = PartnerServer(config, socket.socket(fileno=control))
    server.run()
    if not server.started:
        raise CannotGoOn("The web server did not start: its log, just above, names the reason.")


def _configure(environment: Environment, application: str) -> uvicorn.Config:
    return uvicorn.Config(
        application,
        host=environment.bind,
        port=environment.http_port,
        loop="uvloop",
        http=BoundedConnection,
        ws="none",
        lifespan="on",
        access_log=False,
        log_config=None,
        server_header=False,
        forwarded_allow_ips=[str(network) for network in environment.proxies],
        timeout_graceful_shutdown=GRACE_SECONDS,
    )
