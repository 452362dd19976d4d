"""A bare ASGI application: the candidate statement over a pool, its rows as JSON, and nothing else.

A process of its own (`python -m bench.bare`), on the same server, event loop, driver and pool size as ours.
What it leaves out: token, identity, rules, words, the match and its audit on disk.
"""

import os
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import msgspec
import uvicorn

from bench.history import ITEMS
from bench.raw import STATEMENT
from yijian.dataplane.app import POOL_SIZE
from yijian.dataplane.pool import create_pool

__all__ = ["Bare"]

HEADERS = [(b"content-type", b"application/json")]


class Bare:
    """Answers `{"person": …}` with the rows of that person."""

    def __init__(self, database_url: str) -> None:
        self._database_url = database_url
        self._pool: Any = None

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "lifespan":
            await self._live(receive, send)
            return
        asked = msgspec.json.decode((await receive())["body"])
        async with self._pool.acquire() as connection:
            rows = await connection.fetch(STATEMENT, UUID(asked["person"]), ITEMS, datetime.now(UTC))
        body = msgspec.json.encode({"rows": [dict(row) for row in rows]})
        headers = [*HEADERS, (b"content-length", str(len(body)).encode())]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": body})

    async def _live(self, receive: Any, send: Any) -> None:
        await receive()
        self._pool = await create_pool(self._database_url, application_name="bare", max_size=POOL_SIZE)
        await send({"type": "lifespan.startup.complete"})
        await receive()
        await self._pool.close()
        await send({"type": "lifespan.shutdown.complete"})


if __name__ == "__main__":
    uvicorn.run(
        Bare(os.environ["YIJIAN_DATABASE_URL"]),
        port=int(os.environ["YIJIAN_HTTP_PORT"]),
        loop="uvloop",
        http="httptools",
        lifespan="on",
        access_log=False,
        log_config=None,
    )
