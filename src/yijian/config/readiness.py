"""Wait until the services of this machine answer."""

import asyncio
import socket
from http import HTTPStatus
from http.client import HTTPConnection, HTTPException
from typing import Any
from urllib.parse import urlsplit

from yijian.foundation.errors import CannotGoOn

__all__ = ["until_ready"]

READY_SECONDS = 60
POLL_SECONDS = 0.1
ANSWER_SECONDS = 10


async def until_ready(addresses: dict[str, Any]) -> None:
    """Return when web and MLLP answer at the hand-over's addresses; `CannotGoOn` if they take too long."""
    try:
        async with asyncio.timeout(READY_SECONDS):
            while True:
                if await asyncio.to_thread(_answer, addresses):
                    return
                await asyncio.sleep(POLL_SECONDS)
    except TimeoutError:
        raise CannotGoOn(f"The services are not ready after {READY_SECONDS} s; see their logs.") from None


def _answer(addresses: dict[str, Any]) -> bool:
    connection = HTTPConnection(urlsplit(addresses["base_url"]).netloc, timeout=ANSWER_SECONDS)
    try:
        connection.request("GET", "/readyz")
        with socket.create_connection((addresses["mllp"]["host"], addresses["mllp"]["port"]), ANSWER_SECONDS):
            return connection.getresponse().status == HTTPStatus.OK
    except (OSError, HTTPException):
        return False
    finally:
        connection.close()
