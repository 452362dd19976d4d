"""A listener: one process takes the ports and accepts; each connection goes to the one that has fewest."""

import asyncio
import socket
from collections.abc import Callable, Sequence
from functools import partial
from typing import Protocol

import structlog

from yijian.dataplane.crowding import Crowding, read_address
from yijian.dataplane.partners import Conversing, Partners

__all__ = ["Listener"]

BACKLOG = 2048
ACCEPT_PAUSE_SECONDS = 0.2
"""After an accept that failed: files are short, and somebody must close some first."""

log = structlog.get_logger(__name__)


class Serving(Conversing, Protocol):
    def turn_away(self, connected: socket.socket) -> None: ...
    async def stop(self) -> None: ...


class Listener:
    """Listens on ports of one address, on the second over TLS; stop it to finish what is under way."""

    def __init__(
        self, serving: Serving, partners: Partners, crowding: Crowding, *, host: str, ports: Sequence[int]
    ) -> None:
        self._serving = serving
        self._partners = partners
        self._crowding = crowding
        self._host = host
        self._wanted = ports
        self._bound: list[socket.socket] = []
        self._accepting: list[asyncio.Task[None]] = []

    def bind(self) -> None:
        """Take the ports; until the start whoever connects is refused."""
        for port in self._wanted:
            self._bound.append(_bind(self._host, port))

    def start(self) -> None:
        """Begin to accept."""
        for place, bound in enumerate(self._bound):
            bound.listen(BACKLOG)
            self._accepting.append(asyncio.create_task(self._accept(bound, secure=place > 0)))

    @property
    def ports(self) -> list[int]:
        """The ports taken, in order."""
        return [int(bound.getsockname()[1]) for bound in self._bound]

    async def stop(self) -> None:
        """Accept nobody any more, and have every process answer what is under way."""
        for task in self._accepting:
            task.cancel()
        await asyncio.gather(*self._accepting, return_exceptions=True)
        for bound in self._bound:
            bound.close()
        await asyncio.gather(self._serving.stop(), self._partners.stop())

    async def _accept(self, listening: socket.socket, *, secure: bool) -> None:
        loop = asyncio.get_running_loop()
        while True:
            try:
                connected, name = await loop.sock_accept(listening)
            except OSError:
                log.exception("a connection cannot be accepted")
                await asyncio.sleep(ACCEPT_PAUSE_SECONDS)
                continue
            connected.setblocking(False)
            address = read_address(name[0])
            if self._crowding.enter(address):
                self._place(connected, partial(self._crowding.leave, address), secure=secure)
            else:
                self._serving.turn_away(connected)

    def _place(self, connected: socket.socket, left: Callable[[], None], *, secure: bool) -> None:
        """Give a connection to the process with the fewest; to this one last, which also accepts."""
        if not self._partners.take(connected, left, len(self._serving), secure=secure):
            self._serving.take(connected, secure=secure).add_done_callback(lambda _: left())


def _bind(host: str, port: int) -> socket.socket:
    bound = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET, socket.SOCK_STREAM)
    try:
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        bound.setblocking(False)
        bound.bind((host, port))
    except OSError:
        bound.close()
        raise
    return bound
