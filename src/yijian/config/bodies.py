"""Requests read whole before a thread works on them: a slow caller costs a connection, never a thread.

And a caller that sends many at once gets some of the threads, never all of them.
"""

import asyncio
from contextlib import AsyncExitStack
from hashlib import sha256
from tempfile import SpooledTemporaryFile
from typing import Any
from uuid import uuid4
from weakref import WeakValueDictionary

import structlog

from yijian.dataplane.router import BODY_SECONDS, Receive, Scope, Send, send_response, too_slow
from yijian.kit.errors import Problem
from yijian.kit.http import problem_response

__all__ = ["WholeBodies"]

IN_MEMORY_BYTES = 1024 * 1024
"""Larger bodies wait in a file, `LARGE_AT_ONCE` at a time: what bounds memory and disk."""
LARGE_AT_ONCE, LARGE_OF_ONE = 8, 4
"""Of one address only so many, that some are left while it dawdles."""
MOST_BYTES = 120 * 1024 * 1024
MOST_DROPPED = 256 * 1024 * 1024
"""Until there, what is too large is read and dropped, so that its sender hears the refusal."""
PIECE_BYTES = 256 * 1024

log = structlog.get_logger(__name__)


class Turns:
    """So many at a time of each caller; nothing is kept of callers that want nothing."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._of: WeakValueDictionary[bytes, asyncio.Semaphore] = WeakValueDictionary()

    def of(self, caller: bytes) -> asyncio.Semaphore:
        """Return what a caller waits on, to be held for as long as it has its turn."""
        return self._of.setdefault(caller, asyncio.Semaphore(self._most))


def address_of(scope: Scope) -> bytes:
    """Return whence a request comes, as a proxy of ours says."""
    return str((scope.get("client") or ("",))[0]).encode()


def caller_of(scope: Scope) -> bytes:
    """Return what tells callers apart: a program's token, a person's session, else whence it comes."""
    headers = dict(scope["headers"])
    shown = headers.get(b"authorization") or headers.get(b"cookie")
    return sha256(shown).digest() if shown else address_of(scope)


class WholeBodies:
    """Calls an ASGI application once a request's body is there; refuses what is too large or too slow.

    Of one caller `at_once` requests are under way at a time; the next wait for them.
    """

    def __init__(self, application: Any, at_once: int) -> None:
        self._application = application
        self._large = asyncio.Semaphore(LARGE_AT_ONCE)
        self._large_of = Turns(LARGE_OF_ONE)
        self._turns = Turns(at_once)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async with AsyncExitStack() as stack:
            body = stack.enter_context(SpooledTemporaryFile(IN_MEMORY_BYTES))  # noqa: SIM115 - the stack closes it
            try:
                async with asyncio.timeout(BODY_SECONDS):
                    connected = await self._read(scope, receive, body, stack)
            except TimeoutError:
                await send_response(send, problem_response(too_slow(), uuid4().hex))
            except Problem as problem:
                await send_response(send, problem_response(problem, uuid4().hex))
            else:
                if connected:
                    async with self._turns.of(caller_of(scope)):
                        await self._application(scope, _replay(body, receive), send)

    async def _read(
        self, scope: Scope, receive: Receive, body: "SpooledTemporaryFile[bytes]", stack: AsyncExitStack
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
                await stack.enter_async_context(self._large_of.of(address_of(scope)))
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
