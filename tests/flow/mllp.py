"""A hospital's interface engine, as plain as they come, and a listener for it to talk to."""

import asyncio
import base64
import os
import socket
import ssl
import threading
from collections.abc import Coroutine, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

import asyncpg
import uvloop

from yijian.dataplane.crowding import Crowding
from yijian.dataplane.listener import Listener
from yijian.dataplane.mllp import Conversations
from yijian.dataplane.partners import Partners, spawning
from yijian.dataplane.pool import create_pool
from yijian.dataplane.settings import MllpTls
from yijian.gateways.hl7v2.codec import MllpDecoder, frame
from yijian.kit.crypto import FieldCipher

Result = TypeVar("Result")
PATIENCE = 30
"""Seconds after which an answer that does not come is a failure."""


class RunningListener:
    """A listener in a thread and an event loop of its own."""

    def __init__(
        self, database_url: str, tls: MllpTls | None = None, sender_seconds: float = 0, most: int = 256
    ) -> None:
        self._url = database_url
        self._most = most
        self._tls = tls
        self._sender_seconds = sender_seconds
        self._loop = uvloop.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever)
        self.pool: asyncpg.Pool
        self.port = 0

    def start(self) -> None:
        self._thread.start()
        self.port = self.run(self._open())

    def run(self, work: Coroutine[Any, Any, Result]) -> Result:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(PATIENCE)

    def stop(self) -> None:
        """Stop the listener as its process would on SIGTERM."""
        self.run(self.listener.stop())

    def close(self) -> None:
        self.stop()
        self.run(self.pool.close())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    async def _open(self) -> int:
        cipher = FieldCipher(base64.b64decode(os.environ["YIJIAN_FIELD_KEY"]))
        self.pool = await create_pool(self._url, application_name="yijian-test", max_size=2)
        conversations = Conversations(
            self.pool, cipher, tls=self._tls, sender_seconds=self._sender_seconds, later_seconds=0.02
        )
        ports = [0, 0] if self._tls else [0]
        alone = Partners(0, spawning())
        self.listener = Listener(conversations, alone, Crowding(self._most), host="127.0.0.1", ports=ports)
        self.listener.bind()
        self.listener.start()
        return self.listener.ports[0]


@contextmanager
def listening(
    database_url: str, tls: MllpTls | None = None, sender_seconds: float = 0, most: int = 256
) -> Iterator[RunningListener]:
    """Run a listener that takes up to `most` connections of one address."""
    running = RunningListener(database_url, tls, sender_seconds, most)
    running.start()
    try:
        yield running
    finally:
        running.close()


class Engine:
    """One connection: sends messages, reads answers; None where the peer closed without one."""

    def __init__(self, port: int, address: str = "127.0.0.1", *, tls: ssl.SSLContext | None = None) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port), PATIENCE, source_address=(address, 0))
        if tls:
            self.socket = tls.wrap_socket(self.socket, server_hostname="127.0.0.1")
        self._decoder = MllpDecoder()
        self._answers: list[bytes] = []

    def __enter__(self) -> "Engine":
        return self

    def __exit__(self, *_: object) -> None:
        self.socket.close()

    def send(self, message: bytes) -> str | None:
        """Send one message and return the answer's text."""
        self.socket.sendall(frame(message))
        return self.read()

    def read(self) -> str | None:
        raw = self.read_raw()
        return None if raw is None else raw.decode("gb18030" if b"GB" in raw.split(b"\r")[0] else "utf-8")

    def read_raw(self) -> bytes | None:
        while not self._answers:
            try:
                data = self.socket.recv(65536)
            except ConnectionError:
                return None
            if not data:
                return None
            self._answers += self._decoder.feed(data)
        return self._answers.pop(0)

    def hang_up(self) -> None:
        """Send no more, and wait until the listener has closed too."""
        self.socket.shutdown(socket.SHUT_WR)
        assert self.read_raw() is None


def code_of(answer: str | None) -> str:
    """Return MSA-1."""
    return field(answer, "MSA", 1)


def field(answer: str | None, segment: str, number: int) -> str:
    """Return a field of the first such segment, empty where there is none."""
    assert answer is not None, "the listener closed without an answer"
    line = next((line for line in answer.split("\r") if line.startswith(segment + "|")), "")
    parts = line.split("|")
    return parts[number] if number < len(parts) else ""
