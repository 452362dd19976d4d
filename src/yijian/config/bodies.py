"""Requests read whole before a thread works on them: a slow caller costs a connection, never a thread."""

import asyncio
from contextlib import AsyncExitStack
from tempfile import SpooledTemporaryFile
from typing import Any
from uuid import uuid4

import structlog

from yijian.dataplane.router import BODY_SECONDS, Receive, Scope, Send, send_response, too_slow
from yijian.kit.errors import Problem
from yijian.kit.http import problem_response

__all__ = ["WholeBodies"]

IN_MEMORY_BYTES = 1024 * 1024
"""Larger bodies wait in a file, `LARGE_AT_ONCE` at a time: what bounds memory and disk."""
LARGE_AT_ONCE = 8
MOST_BYTES = 120 * 1024 * 1024
MOST_DROPPED = 256 * 1024 * 1024
"""Until there, what is too large is read and dropped, so that its sender hears the refusal."""
PIECE_BYTES = 256 * 1024

log = structlog.get_logger(__name__)


class WholeBodies:
    """Calls an ASGI application once a request's body is there; refuses what is too large or too slow."""

    def __init__(self, application: Any) -> None:
        self._application = application
        self._large = asyncio.Semaphore(LARGE_AT_ONCE)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async with AsyncExitStack() as stack:
            body = stack.enter_context(SpooledTemporaryFile(IN_MEMORY_BYTES))  # noqa: SIM115 - the stack closes it
            try:
                async with asyncio.timeout(BODY_SECONDS):
                    connected = await self._read(receive, body, stack)
            except TimeoutError:
                await send_response(send, problem_response(too_slow(), uuid4().hex))
            except Problem as problem:
                await send_response(send, problem_response(problem, uuid4().hex))
            else:
                if connected:
                    await self._application(scope, _replay(body, receive), send)

    async def _read(
        self, receive: Receive, body: "SpooledTemporaryFile[bytes]", stack: AsyncExitStack
    ) -> bool:
        """Put the body into the file; tell whether the caller is still there."""
        size, more, large, full = 0, True, False, False
        while more:
            event = await receive()
            if event["type"] == "http.disconnect":
                return False
            piece, more = event.get("body", b""), event.get("more_body", False)
            size += len(piece)
            if size > IN_MEMORY_BYTES and not large:
                large = True
                await stack.enter_async_context(self._large)
            if size <= MOST_BYTES:
                full = full or not _fits(body, piece)
            elif not more or size > MOST_DROPPED:
                limit = MOST_BYTES // 1024**2
                raise Problem("request.too_large", f"A request holds at most {limit} MiB.", 413)
        if full:
            raise Problem("service.unavailable", "Nothing was kept: send it again later.", 503)
        body.seek(0)
        return True


def _fits(body: "SpooledTemporaryFile[bytes]", piece: bytes) -> bool:
    """Write a piece; False where the disk is full."""
    try:
        body.write(piece)
    except OSError:
        log.exception("a request's body cannot be put aside")
        return False
    return True


def _replay(body: "SpooledTemporaryFile[bytes]", receive: Receive) -> Receive:
    """Return what gives the body in pieces, then whatever comes after it."""
    ended = False

    async def receive_piece() -> dict[str, Any]:
        nonlocal ended
        if ended:
            return dict(await receive())
        piece = body.read(PIECE_BYTES)
        ended = len(piece) < PIECE_BYTES
        return {"type": "http.request", "body": piece, "more_body": not ended}

    return receive_piece
