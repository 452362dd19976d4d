"""MLLP: HL7 v2 over TCP, every message on disk before it is answered."""

import asyncio
import socket

import asyncpg
import structlog
from prometheus_client import Counter, Gauge

from yijian.dataplane.admission import Admission
from yijian.dataplane.certificates import certificate_names, server_context
from yijian.dataplane.crowding import read_address
from yijian.dataplane.later_answers import LaterAnswers
from yijian.dataplane.mllp_connection import Connection, keep_alive
from yijian.dataplane.settings import MllpTls
from yijian.foundation.inbox.hot import Peer
from yijian.kit.crypto import FieldCipher

__all__ = ["Conversations"]

CONNECTIONS = Gauge("yijian_mllp_connections", "Open MLLP connections of this process")
CROWDED = Counter("yijian_mllp_crowded", "MLLP connections closed at once: their address had too many")
HANDSHAKE_SECONDS = 10
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

    def turn_away(self, connected: socket.socket) -> None:
        """Close a connection of an address that has too many."""
        CROWDED.inc()
        connected.close()

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
