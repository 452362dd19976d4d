"""HTTP connections that cannot be held for nothing: a head has its time and size, an answer its time.

uvicorn bounds none of these: a connection on which nothing comes, a head that comes byte by byte or never
ends, an answer that is not taken. Bodies are read elsewhere, connections are counted where they are accepted.
"""

import asyncio
from typing import Any
from uuid import uuid4

from prometheus_client import Counter
from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol

from yijian.kit.errors import Problem
from yijian.kit.http import problem_response

__all__ = ["BoundedConnection"]

HEAD_SECONDS = 20.0
MOST_HEAD_BYTES = 64 * 1024
ANSWER_SECONDS = 300.0
"""Within which a caller that does not keep up takes some of its answer."""
LINGER_SECONDS = 2.0
"""For which what a refused caller still sends is dropped, so that it reads the refusal."""
REFUSED = Counter("yijian_http_connections_refused", "HTTP connections ended by us", ["code"])


class BoundedConnection(HttpToolsProtocol):
    """uvicorn's connection within bounds; one that is `crowded` hears that its address has too many."""

    head_seconds = HEAD_SECONDS
    answer_seconds = ANSWER_SECONDS

    def __init__(self, *args: Any, crowded: bool = False, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.ended = self.loop.create_future()
        self._crowded = crowded
        self._refused = self._begun = False
        self._head_bytes = 0
        self._head_due: asyncio.TimerHandle | None = None
        self._answer_due: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        if self._crowded:
            self._refuse(
                "connections.too_many", "Too many connections of one address: close some first.", 429
            )
        else:
            self._await_head()

    def connection_lost(self, exc: Exception | None) -> None:
        self._forget_head()
        self._forget_answer()
        super().connection_lost(exc)
        if not self.ended.done():
            self.ended.set_result(None)

    def data_received(self, data: bytes) -> None:
        if self._refused:
            return
        if self._head_due is None and (self.cycle is None or self.cycle.response_complete):
            self._await_head()
        self._head_bytes += len(data)
        super().data_received(data)
        if self._head_due is not None and self._head_bytes > MOST_HEAD_BYTES:
            self._refuse(
                "request.head_too_large", f"A head holds at most {MOST_HEAD_BYTES // 1024} KiB.", 431
            )

    def on_message_begin(self) -> None:
        self._begun = True
        super().on_message_begin()

    def on_headers_complete(self) -> None:
        self._forget_head()
        self._begun, self._head_bytes = False, 0
        super().on_headers_complete()

    def pause_writing(self) -> None:
        super().pause_writing()
        self._answer_due = self.loop.call_later(self.answer_seconds, self._cut_off)

    def resume_writing(self) -> None:
        self._forget_answer()
        super().resume_writing()

    def _await_head(self) -> None:
        self._head_bytes = 0
        self._head_due = self.loop.call_later(self.head_seconds, self._miss_head)

    def _forget_head(self) -> None:
        if self._head_due is not None:
            self._head_due.cancel()
            self._head_due = None

    def _forget_answer(self) -> None:
        if self._answer_due is not None:
            self._answer_due.cancel()
            self._answer_due = None

    def _miss_head(self) -> None:
        """Refuse a head that is not whole in time; where none began there is nothing to answer."""
        self._head_due = None
        if self._begun:
            self._refuse("request.too_slow", f"A head must be here within {self.head_seconds:g} s.", 408)
        else:
            self.transport.close()

    def _cut_off(self) -> None:
        self._answer_due = None
        REFUSED.labels("answer.not_taken").inc()
        self.transport.abort()

    def _refuse(self, code: str, detail: str, status: int) -> None:
        """Answer a problem and close; where an answer is under way, only close."""
        self._refused = True
        self._forget_head()
        REFUSED.labels(code).inc()
        if self.cycle is not None and not self.cycle.response_complete:
            self.transport.close()
            return
        answer = problem_response(Problem(code, detail, status), uuid4().hex)
        headers = (*answer.headers, ("content-length", str(len(answer.body))), ("connection", "close"))
        lines = b"".join(f"{name}: {value}\r\n".encode("latin-1") for name, value in headers)
        self.transport.write(STATUS_LINE[status] + lines + b"\r\n" + answer.body)
        self.transport.write_eof()
        self.loop.call_later(LINGER_SECONDS, self.transport.close)
