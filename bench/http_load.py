"""A hospital's system asking without pause: HTTP/1.1, keep-alive, one question at a time per connection.

A process of its own (`python -m bench.http_load`): the job comes as JSON on stdin, what came of it goes to
stdout. Only what is a whole answer counts: 200, a match id, and every item asked for.
"""

import asyncio
import itertools
import random
import sys
import time
from collections.abc import Iterator
from typing import Any, Literal

import msgspec
import uvloop

__all__ = ["Job", "Outcome", "run"]

END_OF_HEAD = b"\r\n\r\n"


class Job(msgspec.Struct, frozen=True):
    """Bodies are sent in random order; each answer holds as many `counted` as `items` says.

    Where there are several tokens, each serves once, and the load ends with the last of them.
    """

    host: str
    port: int
    path: str
    tokens: list[str]
    connections: int
    seconds: float
    bodies: list[str]
    items: int
    seed: int = 1
    counted: Literal["items", "cards", "rows"] = "items"


class Outcome(msgspec.Struct):
    """What was answered, and in how long; latencies in seconds, sorted."""

    answered: int = 0
    failed: int = 0
    seconds: float = 0.0
    latencies: list[float] = []
    first_failure: str = ""

    @property
    def per_second(self) -> float:
        return self.answered / self.seconds

    def quantile(self, share: float) -> float:
        """Return the latency below which `share` of the answers lie, in milliseconds."""
        return 1000 * self.latencies[min(int(share * len(self.latencies)), len(self.latencies) - 1)]


class Answer(msgspec.Struct):
    """What our order check, our CDS service and the bare application answer with."""

    match_id: str = ""
    items: list[msgspec.Raw] = []
    cards: list[msgspec.Raw] = []
    rows: list[msgspec.Raw] = []

    def is_whole(self, job: Job) -> bool:
        return len(getattr(self, job.counted)) == job.items and (
            bool(self.match_id) or job.counted != "items"
        )


class Asker(asyncio.Protocol):
    """One connection: the next question goes out when the answer is in, until the time is over."""

    def __init__(self, questions: Iterator[bytes], job: Job, until: float, outcome: Outcome) -> None:
        self._questions = questions
        self._job = job
        self._until = until
        self._outcome = outcome
        self._decoder = msgspec.json.Decoder(Answer)
        self._received = bytearray()
        self._asked_at = 0.0
        self.ended: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: Any) -> None:
        self._transport = transport
        self._ask()

    def data_received(self, data: bytes) -> None:
        self._received += data
        head = self._received.find(END_OF_HEAD)
        if head < 0:
            return
        body = head + len(END_OF_HEAD)
        if len(self._received) >= body + content_length(self._received[:head]):
            self._take(bytes(self._received[:head]), bytes(self._received[body:]))
            self._received.clear()
            self._ask()

    def connection_lost(self, error: Exception | None) -> None:
        if not self.ended.done():
            self._fail(f"the connection was closed: {error}")
            self.ended.set_result(None)

    def _ask(self) -> None:
        question = next(self._questions, None) if time.perf_counter() < self._until else None
        if question is not None:
            self._asked_at = time.perf_counter()
            self._transport.write(question)
        else:
            self.ended.set_result(None)
            self._transport.close()

    def _take(self, head: bytes, body: bytes) -> None:
        self._outcome.latencies.append(time.perf_counter() - self._asked_at)
        try:
            whole = head.startswith(b"HTTP/1.1 200") and self._decoder.decode(body).is_whole(self._job)
        except msgspec.ValidationError:
            whole = False
        if whole:
            self._outcome.answered += 1
        else:
            self._fail(f"{head.splitlines()[0].decode()}: {body[:400].decode(errors='replace')}")

    def _fail(self, why: str) -> None:
        self._outcome.failed += 1
        self._outcome.first_failure = self._outcome.first_failure or why


def content_length(head: bytes | bytearray) -> int:
    for line in bytes(head).lower().splitlines():
        if line.startswith(b"content-length:"):
            return int(line.partition(b":")[2])
    raise ValueError("an answer without Content-Length")


def questions(job: Job) -> Iterator[bytes]:
    """Yield whole requests, bodies over and over in an order of chance."""
    bodies = [f"{len(body.encode())}\r\n\r\n{body}".encode() for body in job.bodies]
    random.Random(job.seed).shuffle(bodies)
    tokens = itertools.cycle(job.tokens) if len(job.tokens) == 1 else iter(job.tokens)
    for token, body in zip(tokens, itertools.cycle(bodies), strict=False):
        yield head_of(job, token) + body


def head_of(job: Job, token: str) -> bytes:
    return (
        f"POST {job.path} HTTP/1.1\r\nHost: {job.host}:{job.port}\r\nAuthorization: Bearer {token}\r\n"
        "Content-Type: application/json\r\nContent-Length: "
    ).encode()


async def run(job: Job) -> Outcome:
    """Ask until the time is over, and wait for the answers under way."""
    loop, outcome, asked = asyncio.get_running_loop(), Outcome(), questions(job)
    began = time.perf_counter()
    until = began + job.seconds
    askers = [
        (await loop.create_connection(lambda: Asker(asked, job, until, outcome), job.host, job.port))[1]
        for _ in range(job.connections)
    ]
    await asyncio.gather(*[asker.ended for asker in askers])
    outcome.seconds = time.perf_counter() - began
    outcome.latencies.sort()
    return outcome


if __name__ == "__main__":
    given = msgspec.json.decode(sys.stdin.buffer.read(), type=Job)
    sys.stdout.buffer.write(msgspec.json.encode(uvloop.run(run(given))))
