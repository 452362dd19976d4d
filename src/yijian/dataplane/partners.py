"""Further processes that serve: connections are passed to them as they are accepted (SCM_RIGHTS).

Through the socket between the two go tickets, one way with a connection each, the other way when it ended.
Its closing tells a partner to stop, and who accepts that a partner is gone.
"""

import asyncio
import itertools
import socket
import sys
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Protocol

import structlog

__all__ = ["Conversing", "Partners", "serve_passed", "spawning"]

TICKET_BYTES = 8
READY = 0
"""The ticket of no connection: a partner says by it that it takes them. Odd ones are of TLS."""
STOP_SECONDS = 15
FIRST_PAUSE, LONGEST_PAUSE = 0.2, 30.0
"""Seconds before a partner that ended is started again: doubled each time it ends before it is ready."""

Spawn = Callable[[int, socket.socket], Awaitable[asyncio.subprocess.Process]]
"""Starts partner number n, which serves what comes through the socket."""

log = structlog.get_logger(__name__)


class Conversing(Protocol):
    """The connections that this process serves; its length is their number."""

    def __len__(self) -> int: ...
    def take(self, connected: socket.socket, *, secure: bool) -> "asyncio.Task[None]": ...


class Partner:
    """A process, our end of the socket to it, and how many connections it serves."""

    def __init__(
        self,
        number: int,
        process: asyncio.subprocess.Process,
        control: socket.socket,
        ready: asyncio.Event,
    ) -> None:
        self._number = number
        self._process = process
        self._control = control
        self._left: dict[int, Callable[[], None]] = {}
        self._tickets = itertools.count(2, 2)
        self.ready = ready

    @property
    def connections(self) -> int:
        return len(self._left)

    def take(self, connected: socket.socket, left: Callable[[], None], *, secure: bool) -> bool:
        """Pass a connection on, and call `left` when it ended; tell whether that could be done."""
        ticket = next(self._tickets) + secure
        try:
            socket.send_fds(self._control, [ticket.to_bytes(TICKET_BYTES)], [connected.fileno()])
        except OSError:
            return False
        self._left[ticket] = left
        connected.close()
        return True

    async def watch(self) -> int:
        """Hear which connections ended until it ends itself; return its exit status."""
        loop, news = asyncio.get_running_loop(), b""
        with suppress(ConnectionError):
            while more := await loop.sock_recv(self._control, 4096):
                news += more
                while len(news) >= TICKET_BYTES:
                    self._hear(int.from_bytes(news[:TICKET_BYTES]))
                    news = news[TICKET_BYTES:]
        status = await self._process.wait()
        for left in self._left.values():
            left()
        return status

    def _hear(self, ticket: int) -> None:
        if ticket == READY:
            self.ready.set()
            log.info("a further process is ready", number=self._number)
        else:
            self._left.pop(ticket)()

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
        self._ready = [asyncio.Event() for _ in range(number)]
        self._stopping = asyncio.Event()

    def start(self) -> None:
        """Start them all; they take connections once they are ready."""
        self._keeping = [asyncio.create_task(self._keep_up(n)) for n in range(1, self._number + 1)]

    async def until_ready(self, seconds: float) -> None:
        """Return when all are ready, at the latest after so many seconds."""
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                for ready in self._ready:
                    await ready.wait()

    def take(self, connected: socket.socket, left: Callable[[], None], most: int, *, secure: bool) -> bool:
        """Pass a connection to the partner with the fewest, if it has no more than `most`."""
        ready = [partner for partner in self._running if partner.ready.is_set()]
        idlest = min(ready, key=lambda partner: partner.connections, default=None)
        if idlest is None or idlest.connections > most:
            return False
        return idlest.take(connected, left, secure=secure)

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
        ready = self._ready[number - 1]
        ready.clear()
        ours, theirs = socket.socketpair()
        ours.setblocking(False)
        with ours:
            try:
                with theirs:
                    partner = Partner(number, await self._spawn(number, theirs), ours, ready)
            except OSError:
                log.exception("a further process cannot be started", number=number)
                return False
            status = await self._follow(partner)
        if not self._stopping.is_set():
            log.warning("a further process ended and is started again", number=number, status=status)
        return ready.is_set()

    async def _follow(self, partner: Partner) -> int:
        self._running.add(partner)
        if self._stopping.is_set():
            partner.ask_to_end()
        try:
            return await partner.watch()
        finally:
            self._running.discard(partner)


def spawning(*words: str) -> Spawn:
    """Return what starts a partner as `python <words> --partner <number> --control <file>`, its log ours."""

    async def spawn(number: int, control: socket.socket) -> asyncio.subprocess.Process:
        file = control.fileno()
        told = ("--partner", str(number), "--control", str(file))
        return await asyncio.create_subprocess_exec(
            sys.executable, *words, *told, stdin=asyncio.subprocess.DEVNULL, pass_fds=(file,)
        )

    return spawn


async def serve_passed(control: socket.socket, conversations: Conversing) -> None:
    """Serve the connections passed through `control` until it closes."""
    loop = asyncio.get_running_loop()
    control.setblocking(False)
    closed = asyncio.Event()
    news: asyncio.Queue[int] = asyncio.Queue()
    news.put_nowait(READY)

    def receive() -> None:
        try:
            sent, files, _, _ = socket.recv_fds(control, TICKET_BYTES, 1)
        except BlockingIOError:
            return
        except OSError:
            sent, files = b"", []
        if not sent:
            closed.set()
            return
        ticket = int.from_bytes(sent)
        if not files:  # this process has no file left for it, so the connection is gone
            news.put_nowait(ticket)
        for file in files:
            connected = socket.socket(fileno=file)
            connected.setblocking(False)
            served = conversations.take(connected, secure=bool(ticket % 2))
            served.add_done_callback(lambda _: news.put_nowait(ticket))

    loop.add_reader(control, receive)
    telling = asyncio.create_task(_tell(control, news))
    try:
        await closed.wait()
    finally:
        loop.remove_reader(control)
        telling.cancel()


async def _tell(control: socket.socket, news: asyncio.Queue[int]) -> None:
    """Pass tickets back as they come in, for as long as the listener hears them."""
    loop = asyncio.get_running_loop()
    with suppress(ConnectionError):
        while True:
            ticket = await news.get()
            await loop.sock_sendall(control, ticket.to_bytes(TICKET_BYTES))
