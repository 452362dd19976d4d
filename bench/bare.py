"""A bare ASGI application: the candidate statement over a pool, its rows as JSON, and nothing else.

On the same server, event loop, driver and pool size as ours, in as many processes (`python -m bench.bare`).
What it leaves out: token, identity, rules, words, the match and its audit on disk.
"""

import argparse
import os
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import msgspec

from bench.history import ITEMS
from bench.raw import STATEMENT
from yijian.config.environment import read_environment
from yijian.config.serve import serve_http
from yijian.dataplane.app import POOL_SIZE
from yijian.dataplane.pool import create_pool

__all__ = ["Bare", "application"]

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
        self._pool = await create_pool(
            self._database_url, application_name="bare", max_size=POOL_SIZE, planned_once=True
        )
        await send({"type": "lifespan.startup.complete"})
        await receive()
        await self._pool.close()
        await send({"type": "lifespan.shutdown.complete"})


application = Bare(os.environ.get("YIJIAN_DATABASE_URL", ""))


def main() -> None:
    """Serve it, or what a process that does passes on."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--partner", type=int, default=0)
    options.add_argument("--control", type=int)
    given = options.parse_args()
    environment = read_environment(os.environ)
    serve_http(
        environment,
        "bench.bare:application",
        ("-m", "bench.bare"),
        number=given.partner,
        control=given.control,
    )


if __name__ == "__main__":
    main()
