"""Slow callers and large uploads over HTTP: each waits for itself, and all the others are served."""

import base64
import json
import random
import socket
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

import httpx
import psycopg
import pytest

from tests.flow.order_check.conftest import World, migrated_database, serving, world  # noqa: F401 - fixtures
from tests.service.region import lab_report
from yijian.config.bodies import IN_MEMORY_BYTES, LARGE_AT_ONCE
from yijian.config.planes import THREADS, THREADS_OF_ONE
from yijian.foundation.accounts.tokens import BearerTokens
from yijian.foundation.accounts.values import ClientRecord

DOCUMENT_BYTES = 80 * 1024 * 1024


@pytest.fixture(scope="module")
def http(world: World) -> Iterator[httpx.Client]:  # noqa: F811
    """Return a client of both planes, with the county hospital's token."""
    from yijian.config.planes import BothPlanes  # noqa: PLC0415 - Django is set up after this file is read
    from yijian.config.wsgi import application  # noqa: PLC0415
    from yijian.dataplane.app import create_application  # noqa: PLC0415

    record = ClientRecord("county", "COUNTY", frozenset({"report.write"}))
    tokens = BearerTokens(world.environment.secret_key, world.environment.namespace)
    bearer = f"Bearer {tokens.issue(record, ['report.write'], datetime.now(UTC))}"
    with (
        serving(BothPlanes(create_application(world.environment), application)) as base_url,
        httpx.Client(base_url=base_url, timeout=120, trust_env=False) as client,
    ):
        client.headers.update({"Authorization": bearer, "Content-Type": "application/json"})
        yield client


def with_document(size: int) -> dict[str, Any]:
    """Return a report with a PDF of so many bytes."""
    content = b"%PDF-1.7\n" + random.Random(1).randbytes(size - 9)  # noqa: S311 - no secret
    return lab_report("PDF1", pdf=base64.b64encode(content).decode())


def head(http: httpx.Client, path: str, length: int) -> bytes:
    lines = [
        f"POST {path} HTTP/1.1",
        f"Host: {urlsplit(str(http.base_url)).netloc}",
        f"Authorization: {http.headers['Authorization']}",
        "Content-Type: application/json",
        f"Content-Length: {length}",
        "Connection: close",
    ]
    return "\r\n".join([*lines, "", ""]).encode()


def connect(http: httpx.Client) -> socket.socket:
    address = urlsplit(str(http.base_url))
    return socket.create_connection((address.hostname, address.port), 60)


def read_status(connection: socket.socket) -> int:
    """Read an answer to its end; return its status."""
    answer = b""
    while data := connection.recv(65536):
        answer += data
    return int(answer.split()[1])


@pytest.mark.parametrize("path", ["/api/v1/reports", "/api/v1/recognition/match"])
def test_others_are_served_between_the_bytes_of_slow_callers(http: httpx.Client, path: str) -> None:
    """More of them than there are threads."""
    body = json.dumps(lab_report()).encode()
    wire = head(http, path, len(body)) + body
    with ExitStack() as stack:
        slow = [stack.enter_context(connect(http)) for _ in range(2 * THREADS)]
        for place in range(0, len(wire), 40):
            for connection in slow:
                for byte in wire[place : place + 40]:
                    connection.sendall(bytes([byte]))
            if place % 200 == 0:
                assert http.post("/api/v1/reports", content=b"{").status_code in (400, 422)
                assert http.get("/healthz").status_code == 200
        assert {read_status(connection) for connection in slow} <= {200, 403}


def test_callers_that_stop_in_the_middle_hold_up_nobody(http: httpx.Client) -> None:
    with ExitStack() as stack:
        for _ in range(2 * THREADS):
            stack.enter_context(connect(http)).sendall(head(http, "/api/v1/reports", 5_000_000) + b"{" * 100)
        answer = http.post("/api/v1/reports", json=lab_report("L9"))
        assert answer.status_code == 200, answer.text


def test_flood_of_one_caller_leaves_threads_for_others(http: httpx.Client, world: World) -> None:  # noqa: F811
    """While nothing of it can be written: more uploads than there are threads."""
    flood = [lab_report(f"F{number}") for number in range(3 * THREADS)]
    with ThreadPoolExecutor(len(flood)) as pool:
        with psycopg.connect(world.environment.database_url) as connection:
            connection.execute("LOCK TABLE inbox_inboxmessage IN ACCESS EXCLUSIVE MODE")
            answers = [pool.submit(http.post, "/api/v1/reports", json=report) for report in flood]
            until_waiting(connection, THREADS_OF_ONE)
            other = httpx.get(http.base_url.join("/sign-in"), timeout=60, trust_env=False)
            assert other.status_code == 200
        assert {answer.result().status_code for answer in answers} == {200}


def until_waiting(connection: psycopg.Connection, number: int) -> None:
    """Wait until so many others wait for a lock."""
    waiting = "SELECT count(*) FROM pg_locks WHERE NOT granted"
    while (row := connection.execute(waiting).fetchone()) is None or row[0] < number:
        time.sleep(0.01)


def test_large_uploads_that_stop_leave_room_for_those_of_others(http: httpx.Client) -> None:
    with ExitStack() as stack:
        for _ in range(2 * LARGE_AT_ONCE):
            begun = head(http, "/api/v1/reports", 5_000_000) + b" " * (2 * IN_MEMORY_BYTES)
            stack.enter_context(connect(http)).sendall(begun)
        elsewhere = httpx.HTTPTransport(local_address="127.0.0.2")
        with httpx.Client(
            transport=elsewhere, base_url=http.base_url, headers=http.headers, timeout=60
        ) as other:
            answer = other.post("/api/v1/reports", json=with_document(2 * IN_MEMORY_BYTES))
        assert answer.status_code == 200, answer.text


def test_document_of_80_mib_is_taken(http: httpx.Client) -> None:
    answer = http.post("/api/v1/reports", json=with_document(DOCUMENT_BYTES))
    assert answer.status_code == 200, answer.text
    assert answer.json()["outcome"] == "recorded"


@pytest.mark.parametrize("mebibytes", [112, 130])
def test_larger_body_is_refused_in_form(http: httpx.Client, mebibytes: int) -> None:
    answer = http.post("/api/v1/reports", content=bytes(mebibytes * 1024 * 1024))
    assert answer.status_code == 413
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["code"] == "request.too_large"
    assert http.get("/healthz").status_code == 200
