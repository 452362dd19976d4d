"""The region of the order checks, its data plane called without a socket, and its programs' tokens."""

import asyncio
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

import pytest

from tests.flow.order_check.conftest import World, migrated_database, world  # noqa: F401 - fixtures
from yijian.foundation.accounts.tokens import BearerTokens
from yijian.foundation.accounts.values import ClientRecord

SCOPES = (
    "recognition.match",
    "recognition.match.replay",
    "recognition.decide",
    "report.write",
    "order.write",
    "marks.read",
)


@dataclass(frozen=True)
class Answer:
    status: int
    headers: Mapping[str, str]
    body: bytes


Call = Callable[..., Answer]


@pytest.fixture(scope="module")
def authorization(world: World) -> str:  # noqa: F811
    """Return a bearer token of the county hospital that may do everything a program may."""
    environment = world.environment
    client = ClientRecord("county", "COUNTY", frozenset(SCOPES))
    tokens = BearerTokens(environment.secret_key, environment.namespace)
    return f"Bearer {tokens.issue(client, SCOPES, datetime.now(UTC))}"


@pytest.fixture(scope="module")
def call(world: World) -> Iterator[Call]:  # noqa: F811
    """Return what sends one request to the data plane."""
    from yijian.dataplane.app import create_application  # noqa: PLC0415 - Django is set up after this file is read

    with asyncio.Runner() as runner:
        plane = create_application(world.environment)
        running = plane.running()
        runner.run(running.__aenter__())

        async def send_request(method: str, path: str, body: bytes, headers: Mapping[str, str]) -> Answer:
            sent: list[Mapping[str, object]] = []

            async def receive() -> Mapping[str, object]:
                return {"type": "http.request", "body": body, "more_body": False}

            async def send(event: Mapping[str, object]) -> None:
                sent.append(event)

            named = {"host": "testserver", "content-type": "application/json"} | dict(headers)
            scope = {
                "type": "http",
                "method": method,
                "path": path,
                "scheme": "http",
                "client": ("127.0.0.1", 9),
                "query_string": b"",
                "headers": [(name.encode(), value.encode("latin-1")) for name, value in named.items()],
            }
            await plane(scope, receive, send)
            start, content = sent
            answered = {name.decode(): value.decode() for name, value in start["headers"]}  # type: ignore[attr-defined]
            return Answer(int(str(start["status"])), answered, bytes(content["body"]))  # type: ignore[call-overload]

        yield lambda method, path, body=b"", **headers: runner.run(send_request(method, path, body, headers))
        runner.run(running.__aexit__(None, None, None))
