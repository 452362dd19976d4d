"""The load generators count what is whole, and nothing else."""

import asyncio
import json

import pytest

from bench import http_load, mllp_load


def answer(*, status: str = "200 OK", match_id: str | None = "m", items: int = 2) -> bytes:
    body = json.dumps({"match_id": match_id, "items": [{"outcome": "none", "reasons": []}] * items}).encode()
    return f"HTTP/1.1 {status}\r\nContent-Length: {len(body)}\r\n\r\n".encode() + body


async def ask(response: bytes) -> http_load.Outcome:
    """Ask a server that always says the same, in two pieces."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while await reader.readline():
            await reader.readuntil(b"\r\n\r\n{}")
            writer.write(response[:30])
            await asyncio.sleep(0)
            writer.write(response[30:])
        writer.close()

    async with await asyncio.start_server(serve, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        return await http_load.run(http_load.Job("127.0.0.1", port, "/", "token", 2, 0.05, ["{}"], 2))


async def test_counts_whole_answers() -> None:
    outcome = await ask(answer())
    assert outcome.answered > 0
    assert outcome.failed == 0
    assert len(outcome.latencies) == outcome.answered


@pytest.mark.parametrize(
    "response", [answer(status="503 Service Unavailable"), answer(match_id=None), answer(items=1)]
)
async def test_does_not_count_an_answer_that_lacks_something(response: bytes) -> None:
    outcome = await ask(response)
    assert outcome.answered == 0
    assert outcome.failed > 0
    assert outcome.first_failure


async def send(code: str, control_id: str) -> mllp_load.Outcome:
    """Send two messages to a listener that always answers the same."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        for _ in range(2):
            await reader.readuntil(mllp_load.END)
            writer.write(f"\x0bMSH|^~\\&\rMSA|{code}|{control_id}\r\x1c\r".encode())
        await reader.read()
        writer.close()

    async with await asyncio.start_server(serve, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        messages = [[f"MSH|C{mllp_load.NUMBER}\r"]]
        return await mllp_load.run(mllp_load.Job("127.0.0.1", port, messages, 30, 2, 7))


async def test_counts_a_message_accepted_under_its_own_number() -> None:
    outcome = await send("AA", "C00000007")
    assert (outcome.accepted, outcome.refused, outcome.last_number) == (1, 1, 8)


async def test_does_not_count_a_refused_message() -> None:
    outcome = await send("AE", "C00000007")
    assert (outcome.accepted, outcome.refused) == (0, 2)
    assert "AE" in outcome.first_refusal
