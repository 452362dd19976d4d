"""Further processes of the listener: connections are passed to them as they are accepted (SCM_RIGHTS).

Through the socket between the two go, one byte each, connections one way and their ends the other way. Its
closing tells a partner to stop, and the listener that a partner is gone.
"""

import asyncio
import socket
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Protocol

import structlog

__all__ = ["Partners", "serve_passed"]

READY, ENDED, PLAIN, SECURE = b"+", b"-", b"p", b"s"
STOP_SECONDS = 15
FIRST_PAUSE, LONGEST_PAUSE = 0.2, 30.0
"""Seconds before a partner that ended is started again: doubled each time it ends before it is ready."""

Spawn = Callable[[int, socket.socket], Awaitable[asyncio.subprocess.Process]]
"""Starts partner number n, which serves what comes through the socket."""

log = structlog.get_logger(__name__)


class Conversing(Protocol):
    def take(self, connected: socket.socket, *, secure: bool) -> "asyncio.Task[None]": ...


class Partner:
    """A process, our end of the socket to it, and how many connections it serves."""

    def __init__(self, number: int, process: asyncio.subprocess.Process, control: socket.socket) -> None:
        self._number = number
        self._process = process
        self._control = control
        self.ready = False
        self.connections = 0

    def take(self, connected: socket.socket, *, secure: bool) -> bool:
        """Pass a connection on; tell whether that could be done."""
        try:
            socket.send_fds(self._control, [SECURE if secure else PLAIN], [connected.fileno()])
        except OSError:
            return False
        self.connections += 1
        connected.close()
        return True

    async def watch(self) -> int:
        """Count until it ends; return its exit status."""
        loop = asyncio.get_running_loop()
        with suppress(ConnectionError):
            while news := await loop.sock_recv(self._control, 4096):
                if READY in news:
                    self.ready = True
                    log.info("a further listener process is ready", number=self._number)
                self.connections -= news.count(ENDED)
        return await self._process.wait()

    def ask_to_end(self) -> None:
        with suppress(OSError):
            self._control.shutdown(socket.SHUT_WR)

    def kill(self) -> None:
        with suppress(ProcessLookupError):
            self._process.kill()


class Partners:
    """So many partners; one that ends is started again."""

    def __init__(self, number: int, spawn: Spawn) -> None:
        self._number = number
        self._spawn = spawn
        self._running: set[Partner] = set()
        self._keeping: list[asyncio.Task[None]] = []
        self._stopping = asyncio.Event()

    def start(self) -> None:
        """Start them all; they take connections once they are ready."""
        self._keeping = [asyncio.create_task(self._keep_up(n)) for n in range(1, self._number + 1)]

    def take(self, connected: socket.socket, most: int, *, secure: bool) -> bool:
        """Pass a connection to the partner with the fewest, if it has no more than `most`."""
        ready = [partner for partner in self._running if partner.ready and partner.connections <= most]
        idlest = min(ready, key=lambda partner: partner.connections, default=None)
        return idlest is not None and idlest.take(connected, secure=secure)

    async def stop(self) -> None:
        """Have them answer what is under way and end; one that does not is killed."""
        self._stopping.set()
        for partner in self._running:
            partner.ask_to_end()
        if self._keeping:
            _, late = await asyncio.wait(self._keeping, timeout=STOP_SECONDS)
            for partner in self._running:
                partner.kill()
            await asyncio.gather(*late)

    async def _keep_up(self, number: int) -> None:
        pause = FIRST_PAUSE
        while not self._stopping.is_set():
            was_ready = await self._run_once(number)
            pause = FIRST_PAUSE if was_ready else min(pause * 2, LONGEST_PAUSE)
            with suppress(TimeoutError):
                await asyncio.wait_for(self._stopping.wait(), pause)

    async def _run_once(self, number: int) -> bool:
        """Start a partner and stay until it ends; tell whether it had been ready."""
        ours, theirs = socket.socketpair()
        ours.setblocking(False)
        with ours:
            try:
                with theirs:
                    partner = Partner(number, await self._spawn(number, theirs), ours)
            except OSError:
                log.exception("a further listener process cannot be started", number=number)
                return False
            status = await self._follow(partner)
        if not self._stopping.is_set():
            log.warning("a further listener process ended and is started again", number=number, status=status)
        return partner.ready

    async def _follow(self, partner: Partner) -> int:
        self._running.add(partner)
        if self._stopping.is_set():
            partner.ask_to_end()
        try:
            return await partner.watch()
        finally:
            self._running.discard(partner)


async def serve_passed(control: socket.socket, conversations: Conversing) -> None:
    """Serve the connections passed through `control` until it closes."""
    loop = asyncio.get_running_loop()
    control.setblocking(False)
    closed = asyncio.Event()

    def tell_end(_: object = None) -> None:
        with suppress(OSError):
            control.send(ENDED)

    def receive() -> None:
        try:
            kind, files, _, _ = socket.recv_fds(control, 1, 1)
        except BlockingIOError:
            return
        except OSError:
            kind, files = b"", []
        if not kind:
            closed.set()
        elif not files:  # this process has no file left for it, so the connection is gone
            tell_end()
        for file in files:
            connected = socket.socket(fileno=file)
            connected.setblocking(False)
            conversations.take(connected, secure=kind == SECURE).add_done_callback(tell_end)

    loop.add_reader(control, receive)
    control.send(READY)
    try:
        await closed.wait()
    finally:
        loop.remove_reader(control)
