"""Laboratories sending without pause over MLLP; on each connection a message waits for the answer before.

A process of its own (`python -m bench.mllp_load`): the job comes as JSON on stdin, what came of it goes to
stdout.
"""

import asyncio
import itertools
import sys
import time
from collections.abc import Iterator

import msgspec
import uvloop

__all__ = ["NUMBER", "Job", "Outcome", "run"]

NUMBER = "NNNNNNNN"
"""Stands in a message wherever its own number belongs."""
START, END = b"\x0b", b"\x1c\r"
ACCEPTED = b"\rMSA|AA|"


class Job(msgspec.Struct, frozen=True):
    """Connection k sends `messages[k]` over and over until `seconds` are over or `most` are sent."""

    host: str
    port: int
    messages: list[list[str]]
    seconds: float
    most: int
    first_number: int = 1


class Outcome(msgspec.Struct):
    """`began_at` is the Unix time of the first message; `last_number` the highest that was sent.

    `cpu_seconds` is what sending took of this process.
    """

    accepted: int = 0
    refused: int = 0
    began_at: float = 0.0
    seconds: float = 0.0
    cpu_seconds: float = 0.0
    last_number: int = 0
    first_refusal: str = ""

    @property
    def per_second(self) -> float:
        return self.accepted / self.seconds


async def send(job: Job, templates: list[str], numbers: Iterator[int], outcome: Outcome) -> None:
    """Send on one connection."""
    reader, writer = await asyncio.open_connection(job.host, job.port)
    until = time.perf_counter() + job.seconds
    for template, number in zip(itertools.cycle(templates), numbers, strict=False):
        if time.perf_counter() >= until or number >= job.first_number + job.most:
            break
        outcome.last_number = max(outcome.last_number, number)
        writer.write(START + template.replace(NUMBER, f"{number:08d}").encode() + END)
        answer = await reader.readuntil(END)
        if ACCEPTED in answer and f"|C{number:08d}".encode() in answer:
            outcome.accepted += 1
        else:
            outcome.refused += 1
            outcome.first_refusal = outcome.first_refusal or answer.decode(errors="replace")
    writer.close()


async def run(job: Job) -> Outcome:
    """Send until time or most is up, and wait for the answers under way."""
    outcome, numbers = Outcome(began_at=time.time()), itertools.count(job.first_number)
    began, used = time.perf_counter(), time.process_time()
    await asyncio.gather(*[send(job, templates, numbers, outcome) for templates in job.messages])
    outcome.seconds, outcome.cpu_seconds = time.perf_counter() - began, time.process_time() - used
    return outcome


if __name__ == "__main__":
    given = msgspec.json.decode(sys.stdin.buffer.read(), type=Job)
    sys.stdout.buffer.write(msgspec.json.encode(uvloop.run(run(given))))
