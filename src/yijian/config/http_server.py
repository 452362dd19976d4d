"""uvicorn in several processes: the first accepts, each serves the connections that it is given."""

import asyncio
import socket
from functools import partial

import uvicorn

from yijian.config.connections import BoundedConnection
from yijian.dataplane.crowding import Crowding
from yijian.dataplane.listener import Listener
from yijian.dataplane.partners import Partners, serve_passed

__all__ = ["FirstServer", "PartnerServer", "Server"]

READY_SECONDS = 15
"""For which the first waits for its partners before it accepts; those that come later join it."""


class Server(uvicorn.Server):
    """Serves connections accepted elsewhere; its length is their number."""

    connections: type[BoundedConnection] = BoundedConnection

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self._served: set[asyncio.Task[None]] = set()

    def __len__(self) -> int:
        return len(self._served)

    def take(self, connected: socket.socket, *, secure: bool = False) -> "asyncio.Task[None]":
        """Serve a connection just accepted; the task ends when it does."""
        return self._keep(connected, crowded=False)

    def turn_away(self, connected: socket.socket) -> None:
        """Answer a connection of an address that has too many, and close it."""
        self._keep(connected, crowded=True)

    async def stop(self) -> None:
        """Answer what is under way, and shut the application down."""
        await super().shutdown([])

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup([])

    def _keep(self, connected: socket.socket, *, crowded: bool) -> "asyncio.Task[None]":
        task = asyncio.create_task(self._converse(connected, crowded=crowded))
        self._served.add(task)
        task.add_done_callback(self._served.discard)
        return task

    async def _converse(self, connected: socket.socket, *, crowded: bool) -> None:
        given = (self.config, self.server_state, self.lifespan.state)
        build = partial(self.connections, *given, crowded=crowded)
        try:
            _, connection = await asyncio.get_running_loop().connect_accepted_socket(build, connected)
        except OSError:
            connected.close()
            return
        if self.should_exit:
            connection.shutdown()
        await connection.ended


class FirstServer(Server):
    """Takes the port, has partners, and accepts once all of them serve."""

    def __init__(self, config: uvicorn.Config, partners: Partners, crowding: Crowding) -> None:
        super().__init__(config)
        self._partners = partners
        self._listener = Listener(self, partners, crowding, host=config.host, ports=[config.port])
        self.accepts = False

    @property
    def port(self) -> int:
        return self._listener.ports[0]

    async def serve(self, sockets: list[socket.socket] | None = None) -> None:
        self._listener.bind()
        self._partners.start()
        await asyncio.to_thread(self.config.load)  # all load at the same time
        await super().serve()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup()
        await self._partners.until_ready(READY_SECONDS)
        self._listener.start()
        self.accepts = True

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        await self._listener.stop()


class PartnerServer(Server):
    """Serves what is passed through a socket until that closes."""

    def __init__(self, config: uvicorn.Config, control: socket.socket) -> None:
        super().__init__(config)
        self._control = control

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup()
        self._hearing = asyncio.create_task(serve_passed(self._control, self))
        self._hearing.add_done_callback(self._leave)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        self._hearing.cancel()
        await self.stop()

    def _leave(self, _: "asyncio.Task[None]") -> None:
        self.should_exit = True
