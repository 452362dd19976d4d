"""One sender's connection: its messages are judged, kept and answered one after the other."""

import asyncio
import socket
from collections.abc import Sequence

import asyncpg
import structlog

from yijian.dataplane.admission import Admission, Admitted
from yijian.dataplane.later_answers import LaterAnswers
from yijian.foundation.inbox.hot import Peer
from yijian.gateways.hl7v2 import hot as hl7
from yijian.gateways.hl7v2.codec import Batch, MllpDecoder, answer_batch, frame, split_batch
from yijian.kit import clock
from yijian.kit.ids import new_id

__all__ = ["Connection", "keep_alive"]

READ_BYTES = 64 * 1024
GRACE_SECONDS = 10
LARGE_BYTES = 4 * 1024 * 1024
LARGE_PAUSE_SECONDS = 60
KEEPALIVE = {"TCP_KEEPIDLE": 120, "TCP_KEEPINTVL": 30, "TCP_KEEPCNT": 4}
"""Seconds of silence, seconds between probes, probes: what frees us of peers that vanished."""

log = structlog.get_logger(__name__)


class Connection:
    """A peer and its stream; `large` is shared by all that read a frame above `LARGE_BYTES`."""

    def __init__(
        self,
        peer: Peer,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        admission: Admission,
        later: LaterAnswers,
        large: asyncio.Semaphore,
    ) -> None:
        self._peer = peer
        self._reader = reader
        self._writer = writer
        self._admission = admission
        self._later = later
        self._large = large
        self._reading = False
        self._stopping = False
        self._ended = asyncio.Event()

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


def keep_alive(connected: socket.socket) -> None:
    """Have the system notice peers that are gone without a word."""
    connected.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    for name, value in KEEPALIVE.items():
        option = getattr(socket, name, None)
        if option is not None:
            connected.setsockopt(socket.IPPROTO_TCP, option, value)
