"""The MLLP listener: HL7 v2 over TCP, every message on disk before it is answered.

One process binds the ports and accepts; each connection is served by the process that has fewest of them.
"""

import asyncio
import socket
from collections.abc import Callable
from functools import partial

import asyncpg
import structlog
from prometheus_client import Counter, Gauge

from yijian.dataplane.admission import Admission
from yijian.dataplane.certificates import certificate_names, server_context
from yijian.dataplane.crowding import Crowding, read_address
from yijian.dataplane.later_answers import LaterAnswers
from yijian.dataplane.mllp_connection import Connection, keep_alive
from yijian.dataplane.mllp_partners import Partners
from yijian.dataplane.settings import MllpTls
from yijian.foundation.inbox.hot import Peer
from yijian.kit.crypto import FieldCipher

__all__ = ["Conversations", "MllpListener"]

CONNECTIONS = Gauge("yijian_mllp_connections", "Open MLLP connections of this process")
CROWDED = Counter("yijian_mllp_crowded", "MLLP connections closed at once: their address had too many")
HANDSHAKE_SECONDS = 10
BACKLOG = 512
ACCEPT_PAUSE_SECONDS = 0.2
"""After an accept that failed: files are short, and somebody must close some first."""
LARGE_AT_ONCE = 2
"""Of how many senders large frames are read on at a time: what bounds a process's memory."""

log = structlog.get_logger(__name__)


class Conversations:
    """The connections that this process serves; its length is their number."""

    def __init__(
        self,
        pool: asyncpg.Pool,
        cipher: FieldCipher,
        *,
        tls: MllpTls | None = None,
        sender_seconds: float = 3,
        later_seconds: float = 0.25,
    ) -> None:
        self._admission = Admission(pool, cipher, sender_seconds=sender_seconds)
        self._later = LaterAnswers(pool, seconds=later_seconds)
        self._security = server_context(tls) if tls else None
        self._large = asyncio.Semaphore(LARGE_AT_ONCE)
        self._connections: set[Connection] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        self._answering = asyncio.create_task(self._later.run())

    def __len__(self) -> int:
        return len(self._tasks)

    def take(self, connected: socket.socket, *, secure: bool) -> "asyncio.Task[None]":
        """Serve a connection just accepted, over TLS where `secure`; the task ends when it does."""
        task = asyncio.create_task(self._serve(connected, secure=secure))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    async def stop(self) -> None:
        """Take no more messages, answer those that are under way, close."""
        await asyncio.gather(*[connection.stop() for connection in self._connections])
        for task in (*self._tasks, self._answering):
            task.cancel()
        await asyncio.gather(*self._tasks, self._answering, return_exceptions=True)
        await self._admission.close()

    async def _serve(self, connected: socket.socket, *, secure: bool) -> None:
        try:
            address = read_address(connected.getpeername()[0])
            keep_alive(connected)
            reader, writer = await self._open(connected, secure=secure)
        except (OSError, TimeoutError) as fault:
            log.info("a connection ended before it began", fault=type(fault).__name__)
            connected.close()
            return
        peer = Peer(address, certificate_names(writer))
        connection = Connection(peer, reader, writer, self._admission, self._later, self._large)
        self._connections.add(connection)
        try:
            with CONNECTIONS.track_inprogress():
                await connection.converse()
        finally:
            self._connections.discard(connection)
            self._later.forget(connection)

    async def _open(
        self, connected: socket.socket, *, secure: bool
    ) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        loop = asyncio.get_running_loop()
        reader = asyncio.StreamReader()
        protocol = asyncio.StreamReaderProtocol(reader)
        transport, _ = await loop.connect_accepted_socket(
            lambda: protocol,
            connected,
            ssl=self._security if secure else None,
            ssl_handshake_timeout=HANDSHAKE_SECONDS if secure else None,
        )
        return reader, asyncio.StreamWriter(transport, protocol, reader, loop)


class MllpListener:
    """Listens on one address, and on another port of it over TLS; stop it to finish what is under way."""

    def __init__(
        self,
        conversations: Conversations,
        partners: Partners | None = None,
        *,
        host: str,
        port: int,
        most_of_one_address: int,
        tls_port: int | None = None,
    ) -> None:
        self._conversations = conversations
        self._partners = partners
        self._crowding = Crowding(most_of_one_address)
        self._host = host
        self._wanted = [port] if tls_port is None else [port, tls_port]
        self._listening: list[socket.socket] = []
        self._accepting: list[asyncio.Task[None]] = []

    def start(self) -> int:
        """Begin to listen; return the port of the plain protocol."""
        for port in self._wanted:
            listening = _listen(self._host, port)
            self._listening.append(listening)
            secure = len(self._listening) > 1
            self._accepting.append(asyncio.create_task(self._accept(listening, secure=secure)))
        if self._partners:
            self._partners.start()
        return self.ports[0]

    @property
    def ports(self) -> list[int]:
        """The ports listened on: plain, then over TLS."""
        return [int(listening.getsockname()[1]) for listening in self._listening]

    async def stop(self) -> None:
        """Accept nobody any more, and stop the conversations of every process."""
        for task in self._accepting:
            task.cancel()
        await asyncio.gather(*self._accepting, return_exceptions=True)
        for listening in self._listening:
            listening.close()
        others = [self._partners.stop()] if self._partners else []
        await asyncio.gather(self._conversations.stop(), *others)

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
                CROWDED.inc()
                connected.close()

    def _place(self, connected: socket.socket, left: Callable[[], None], *, secure: bool) -> None:
        """Give a connection to the process with the fewest; to this one last, which also accepts."""
        partners, most = self._partners, len(self._conversations)
        if not (partners and partners.take(connected, left, most, secure=secure)):
            self._conversations.take(connected, secure=secure).add_done_callback(lambda _: left())


def _listen(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listening = socket.create_server((host, port), family=family, backlog=BACKLOG)
    listening.setblocking(False)
    return listening
