"""The MLLP listener: HL7 v2 over TCP, every message on disk before it is answered."""

import asyncio
import socket
from collections.abc import Sequence
from contextlib import suppress
from ipaddress import IPv4Address, IPv6Address, ip_address
from typing import Any

import asyncpg
import structlog
from prometheus_client import Gauge

from yijian.dataplane.admission import Admission, Admitted
from yijian.dataplane.certificates import certificate_names, server_context
from yijian.dataplane.later_answers import LaterAnswers
from yijian.dataplane.settings import MllpTls
from yijian.foundation.inbox.hot import Peer
from yijian.gateways.hl7v2 import hot as hl7
from yijian.gateways.hl7v2.codec import Batch, MllpDecoder, answer_batch, frame, split_batch
from yijian.kit import clock
from yijian.kit.crypto import FieldCipher
from yijian.kit.ids import new_id

__all__ = ["MllpListener"]

CONNECTIONS = Gauge("yijian_mllp_connections", "Open MLLP connections")
READ_BYTES = 64 * 1024
GRACE_SECONDS = 10
HANDSHAKE_SECONDS = 10
BACKLOG = 512
LARGE_BYTES = 4 * 1024 * 1024
LARGE_AT_ONCE = 2
"""Of how many senders frames above that size are read on at a time: what bounds our memory."""
LARGE_PAUSE_SECONDS = 60
KEEPALIVE = {"TCP_KEEPIDLE": 120, "TCP_KEEPINTVL": 30, "TCP_KEEPCNT": 4}
"""Seconds of silence, seconds between probes, probes: what frees us of peers that vanished."""

log = structlog.get_logger(__name__)


class MllpListener:
    """Listens on one address, and on another port of it over TLS; stop it to finish what is under way."""

    def __init__(
        self,
        pool: asyncpg.Pool,
        cipher: FieldCipher,
        *,
        host: str,
        port: int,
        tls: MllpTls | None = None,
        sender_seconds: float = 3,
        later_seconds: float = 0.25,
    ) -> None:
        self._address = (host, port)
        self._tls = tls
        self._admission = Admission(pool, cipher, sender_seconds=sender_seconds)
        self._later = LaterAnswers(pool, seconds=later_seconds)
        self._large = asyncio.Semaphore(LARGE_AT_ONCE)
        self._connections: set[Connection] = set()
        self._servers: list[asyncio.Server] = []
        self._answering: asyncio.Task[None] | None = None

    async def start(self) -> int:
        """Begin to listen; return the port of the plain protocol."""
        await self._listen(*self._address)
        if self._tls:
            await self._listen(
                self._address[0],
                self._tls.port,
                ssl=server_context(self._tls),
                ssl_handshake_timeout=HANDSHAKE_SECONDS,
            )
        self._answering = asyncio.create_task(self._later.run())
        return self.ports[0]

    @property
    def ports(self) -> list[int]:
        """The ports listened on: plain, then over TLS."""
        return [int(server.sockets[0].getsockname()[1]) for server in self._servers]

    async def _listen(self, host: str, port: int, **security: Any) -> None:
        server = await asyncio.start_server(self._meet, host, port, backlog=BACKLOG, **security)
        self._servers.append(server)

    async def stop(self) -> None:
        """Take no more messages, answer those that are under way, close."""
        for server in self._servers:
            server.close()
        await asyncio.gather(*[connection.stop() for connection in self._connections])
        await self._admission.close()
        if self._answering:
            self._answering.cancel()
            with suppress(asyncio.CancelledError):
                await self._answering

    async def _meet(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        connection = Connection(reader, writer, self._admission, self._later, self._large)
        self._connections.add(connection)
        CONNECTIONS.inc()
        try:
            await connection.converse()
        finally:
            CONNECTIONS.dec()
            self._connections.discard(connection)
            self._later.forget(connection)


class Connection:
    """One sender's connection: its messages are judged, kept and answered one after the other."""

    def __init__(
        self,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        admission: Admission,
        later: LaterAnswers,
        large: asyncio.Semaphore,
    ) -> None:
        self._reader = reader
        self._large = large
        self._writer = writer
        self._admission = admission
        self._later = later
        self._peer = Peer(peer_address(writer), certificate_names(writer))
        self._reading = False
        self._stopping = False
        self._ended = asyncio.Event()
        keep_alive(writer)

    async def stop(self) -> None:
        """End, after the message under way is answered; a peer that does not take its answer is cut off."""
        self._stopping = True
        if self._reading:
            self._writer.close()
        try:
            async with asyncio.timeout(GRACE_SECONDS):
                await self._ended.wait()
        except TimeoutError:
            self._writer.transport.abort()

    def say(self, answer: bytes) -> None:
        """Send an answer without waiting for the peer to take it."""
        if answer and not self._writer.is_closing():
            self._writer.write(frame(answer))

    async def converse(self) -> None:
        """Serve the connection until its end."""
        try:
            await self._serve()
        except (asyncpg.PostgresError, asyncpg.InterfaceError, OSError) as error:
            if not isinstance(error, ConnectionError):
                log.exception("messages cannot be kept: closing the connection unanswered")
        finally:
            self._writer.close()
            self._ended.set()

    async def _serve(self) -> None:
        decoder = MllpDecoder()
        while not self._stopping and (data := await self._read()):
            await self._take(decoder, data)
            if decoder.pending_bytes > LARGE_BYTES:
                await self._take_large(decoder)
        decoder.close()
        await self._take_problems(decoder)

    async def _take(self, decoder: MllpDecoder, data: bytes) -> None:
        for raw in decoder.feed(data):
            if batches := split_batch(raw):
                await self._take_batches(batches)
            else:
                await self._answer(await self._admission.admit(raw, self._peer))
        await self._take_problems(decoder)

    async def _take_batches(self, batches: Sequence[Batch]) -> None:
        """Keep each message of a batch by itself; one batch of acknowledgements answers each."""
        for batch in batches:
            found = [await self._admission.admit(raw, self._peer) for raw in batch.messages]
            admitted = [one for one in found if one]
            answers = [one.kept.answer for one in admitted]
            self.say(answer_batch(batch, answers, now=clock.now(), control_id=new_id().hex))
            for one in admitted:
                self._promise(one)
            await self._writer.drain()

    async def _take_large(self, decoder: MllpDecoder) -> None:
        """Take the rest of a large frame when it is its turn; a sender that pauses for long gives it up."""
        async with self._large:
            while decoder.pending_bytes and not self._stopping:
                try:
                    async with asyncio.timeout(LARGE_PAUSE_SECONDS):
                        data = await self._read()
                except TimeoutError:
                    data, self._stopping = b"", True
                if not data:
                    return
                await self._take(decoder, data)

    async def _read(self) -> bytes:
        self._reading = True
        try:
            return await self._reader.read(READ_BYTES)
        except ConnectionError:
            return b""
        finally:
            self._reading = False

    async def _take_problems(self, decoder: MllpDecoder) -> None:
        for problem in decoder.take_problems():
            admitted = await self._admission.keep_fragment(problem, self._peer)
            if problem.kind == "oversized":
                await self._answer(admitted)

    async def _answer(self, admitted: Admitted | None) -> None:
        if admitted is None:
            return
        self.say(admitted.kept.answer)
        self._promise(admitted)
        await self._writer.drain()

    def _promise(self, admitted: Admitted) -> None:
        kept = admitted.kept
        if not kept.reason.code and hl7.wants_later_answer(admitted.peek):
            self._later.promise(kept.message_id, admitted.peek, self)


def peer_address(writer: asyncio.StreamWriter) -> IPv4Address | IPv6Address:
    """Return the peer's address; an IPv4 peer on an IPv6 socket is an IPv4 peer."""
    address = ip_address(writer.get_extra_info("peername")[0].partition("%")[0])
    if isinstance(address, IPv6Address) and address.ipv4_mapped:
        return address.ipv4_mapped
    return address


def keep_alive(writer: asyncio.StreamWriter) -> None:
    """Have the system notice peers that are gone without a word."""
    connected: socket.socket = writer.get_extra_info("socket")
    connected.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    for name, value in KEEPALIVE.items():
        option = getattr(socket, name, None)
        if option is not None:
            connected.setsockopt(socket.IPPROTO_TCP, option, value)
