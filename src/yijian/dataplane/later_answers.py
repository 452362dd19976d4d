"""Application acknowledgements of enhanced mode: sent once a message is processed, if its sender listens."""

import asyncio
from dataclasses import dataclass
from typing import Protocol
from uuid import UUID

import asyncpg
import structlog

from yijian.foundation.inbox import hot as inbox
from yijian.gateways.hl7v2 import hot as hl7
from yijian.gateways.hl7v2.codec import Peek
from yijian.kit import clock

__all__ = ["LaterAnswers"]

log = structlog.get_logger(__name__)


class Listening(Protocol):
    """A connection that takes an answer at any time, without waiting."""

    def say(self, answer: bytes) -> None: ...


@dataclass(frozen=True, slots=True)
class Promise:
    peek: Peek
    connection: Listening


class LaterAnswers:
    """Looks every `seconds` whether the messages somebody waits for are processed."""

    def __init__(self, pool: asyncpg.Pool, *, seconds: float = 0.25) -> None:
        self._pool = pool
        self._seconds = seconds
        self._promises: dict[UUID, Promise] = {}
        self._some = asyncio.Event()

    def promise(self, message_id: UUID, peek: Peek, connection: Listening) -> None:
        """Answer this message on this connection once it is processed."""
        self._promises[message_id] = Promise(peek, connection)
        self._some.set()

    def forget(self, connection: Listening) -> None:
        """Drop what was promised on a connection that is gone."""
        for message_id in [i for i, promise in self._promises.items() if promise.connection is connection]:
            del self._promises[message_id]

    async def run(self) -> None:
        """Keep promises until cancelled."""
        while True:
            await self._some.wait()
            await asyncio.sleep(self._seconds)
            try:
                await self._keep_promises()
            except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError):
                log.exception("cannot look for processed messages")
            if not self._promises:
                self._some.clear()

    async def _keep_promises(self) -> None:
        settled = await inbox.list_settled(self._pool, self._promises)
        for message_id, (state, reason) in settled.items():
            promise = self._promises.pop(message_id, None)
            if promise:
                answer = hl7.later_answer(promise.peek, state, reason.code, reason.text, clock.now())
                promise.connection.say(answer)
