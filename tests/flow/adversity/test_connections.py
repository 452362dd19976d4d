"""HTTP connections held for nothing: each is ended in its time, and others are served meanwhile."""

import json
import socket
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from ipaddress import ip_network
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest

from tests.flow.adversity.test_crowds import IDLE, many_files  # noqa: F401 - a fixture
from tests.flow.order_check.conftest import serving
from yijian.config.connections import BoundedConnection
from yijian.dataplane.crowding import Crowding

PATIENCE = 30
ANSWER_BYTES = 64 * 1024 * 1024
GET = b"GET / HTTP/1.1\r\nHost: here\r\n\r\n"


async def application(scope: Any, receive: Any, send: Any) -> None:
    """Answer `/` at once, and `/large` by more than a socket holds."""
    while scope["type"] == "lifespan":
        event = await receive()
        await send({"type": f"{event['type']}.complete"})
        if event["type"] == "lifespan.shutdown":
            return
    body = bytes(ANSWER_BYTES) if scope["path"] == "/large" else b"here"
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-type", b"text/plain")]})
    await send({"type": "http.response.body", "body": body})


@contextmanager
def served(
    most: int = 1000, *proxies: str, head: float = PATIENCE, answer: float = PATIENCE
) -> Iterator[int]:
    """Serve within these bounds; yield the port."""

    class Connection(BoundedConnection):
        head_seconds = head
        answer_seconds = answer

    crowding = Crowding(most, [ip_network(each) for each in proxies])
    with serving(application, crowding, Connection) as base_url:
        yield int(urlsplit(base_url).port or 0)


def connect(port: int, address: str = "127.0.0.1") -> socket.socket:
    return socket.create_connection(("127.0.0.1", port), PATIENCE, source_address=(address, 0))


def read(connection: socket.socket) -> bytes:
    """Read until the other end has closed."""
    answer = b""
    with suppress(ConnectionResetError):
        while data := connection.recv(1 << 16):
            answer += data
    return answer


def ask(port: int, address: str = "127.0.0.1") -> int:
    transport = httpx.HTTPTransport(local_address=address)
    with httpx.Client(transport=transport, timeout=PATIENCE, trust_env=False) as client:
        return client.get(f"http://127.0.0.1:{port}/").status_code


def problem_of(answer: bytes) -> tuple[int, str]:
    """Return status and code of a refusal, held to RFC 9457."""
    head, _, body = answer.partition(b"\r\n\r\n")
    assert b"content-type: application/problem+json" in head.lower()
    document = json.loads(body)
    assert int(head.split()[1]) == document["status"]
    return document["status"], document["code"]


def test_head_that_comes_byte_by_byte_is_refused_and_others_are_served() -> None:
    with served(head=0.5) as port, connect(port) as slow:
        ended = threading.Event()

        def drip() -> None:
            with suppress(OSError):
                slow.sendall(b"GET / HTTP/1.1\r\nX-Slow: ")
                while not ended.wait(0.02):
                    slow.sendall(b"x")

        dripping = threading.Thread(target=drip)
        dripping.start()
        assert ask(port) == 200
        assert problem_of(read(slow)) == (408, "request.too_slow")
        ended.set()
        dripping.join()


@pytest.mark.parametrize("sent", [b"", b"\r\n\r\n", GET, GET + b"\r\n"])
def test_connection_without_a_request_is_closed_without_a_word(sent: bytes) -> None:
    with served(head=0.3) as port, connect(port) as idle:
        idle.sendall(sent)
        answer = read(idle)
        assert answer.count(b"HTTP/1.1") == sent.count(b"GET")
        assert ask(port) == 200


def test_empty_lines_keep_no_connection_open() -> None:
    with served(head=0.3) as port, connect(port) as idle:
        idle.sendall(GET)
        with suppress(OSError):
            for _ in range(500):
                idle.sendall(b"\r\n")
                threading.Event().wait(0.02)
            pytest.fail("it was still open")


def test_head_without_end_is_refused() -> None:
    with served() as port, connect(port) as endless:
        with suppress(OSError):
            endless.sendall(b"GET / HTTP/1.1\r\n" + b"X-More: 1\r\n" * 8000)
        assert problem_of(read(endless)) == (431, "request.head_too_large")
        assert ask(port) == 200


def test_connections_above_those_of_an_address_are_refused_until_one_ends() -> None:
    with served(3) as port, ExitStack() as stack:
        crowd = [stack.enter_context(connect(port)) for _ in range(3)]
        with connect(port) as one_too_many:
            one_too_many.sendall(GET)
            assert problem_of(read(one_too_many)) == (429, "connections.too_many")
        assert ask(port, "127.0.0.2") == 200
        crowd[0].close()
        while ask(port) == 429:  # its end may not have been counted yet
            pass
        crowd[1].sendall(GET)
        assert b"200 OK" in crowd[1].recv(1 << 16)


def test_proxies_are_not_counted() -> None:
    with served(1, "127.0.0.0/30") as port, ExitStack() as stack:
        for _ in range(5):
            stack.enter_context(connect(port))
        assert ask(port) == 200
        stack.enter_context(connect(port, "127.0.0.9"))
        assert ask(port, "127.0.0.9") == 429


def test_answer_that_is_not_taken_is_cut_off_and_others_get_theirs() -> None:
    with served(answer=0.3) as port, connect(port) as deaf:
        deaf.sendall(GET.replace(b"/ ", b"/large "))
        assert ask(port) == 200
        threading.Event().wait(1.0)
        assert len(read(deaf)) < ANSWER_BYTES


def test_answer_that_is_taken_is_whole() -> None:
    with served() as port:
        answer = httpx.get(f"http://127.0.0.1:{port}/large", timeout=PATIENCE, trust_env=False)
        assert len(answer.content) == ANSWER_BYTES


def test_thousand_idle_connections_leave_room_for_one_that_asks(many_files: None) -> None:  # noqa: F811
    with served() as port, ExitStack() as stack:
        for _ in range(IDLE):
            stack.enter_context(connect(port, "127.0.0.3"))
        assert ask(port) == 200
        assert ask(port, "127.0.0.3") == 429
