"""Whatever stands where a request should: an answer that is not our failure, or none; others are served."""

import socket
from collections.abc import Iterator
from contextlib import suppress
from urllib.parse import urlsplit

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.flow.order_check.conftest import CONNECTIONS, World, serving
from tests.fuzz.mangling import fuzzing, mangled
from yijian.config.connections import BoundedConnection

PATHS = (
    *("/api/v1/recognition/match", "/api/v1/reports", "/api/v1/marks?item=K", "/cds-services", "/sign-in"),
    *("/oauth/token", "/cds-services/recognition-order-sign/feedback", "/nowhere/%zz/..//%00"),
)
END_SECONDS = 0.5
"""After which nothing more comes: heads that are not whole are refused sooner."""


class Impatient(BoundedConnection):
    head_seconds = 0.05


@pytest.fixture(scope="module")
def address(world: World) -> Iterator[tuple[str, int]]:
    """Return where both planes are served to those who send their heads at once."""
    from yijian.config.planes import BothPlanes  # noqa: PLC0415 - Django is set up after this file is read
    from yijian.config.wsgi import application  # noqa: PLC0415
    from yijian.dataplane.app import create_application  # noqa: PLC0415

    with serving(
        BothPlanes(create_application(world.environment), application), CONNECTIONS, Impatient
    ) as url:
        yield "127.0.0.1", int(urlsplit(url).port or 0)


def request(path: str, body: bytes, chunked: bool) -> bytes:
    length = b"Transfer-Encoding: chunked" if chunked else b"Content-Length: %d" % len(body)
    head = (
        f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
        "Authorization: Bearer a.b.c\r\nCookie: sessionid=1; csrftoken=2\r\nAccept-Language: en;q=0.5\r\n"
        "Connection: close\r\n"
    )
    sent = b"%x\r\n%s\r\n0\r\n\r\n" % (len(body), body) if chunked else body
    return head.encode() + length + b"\r\n\r\n" + sent


REQUESTS = st.builds(request, st.sampled_from(PATHS), st.sampled_from([b"{}", b"[" * 40]), st.booleans())


def test_mangled_requests_are_answered_or_dropped_and_the_next_is_served(address: tuple[str, int]) -> None:
    answered: set[int] = set()

    @fuzzing(60)
    @given(REQUESTS.flatmap(mangled))
    def send(wire: bytes) -> None:
        answered.update(found := statuses(address, wire))
        assert all(status < 500 for status in found)
        assert httpx.get(f"http://{address[0]}:{address[1]}/healthz", trust_env=False).status_code == 200

    send()
    assert answered, "nothing was answered at all"


def statuses(address: tuple[str, int], wire: bytes) -> list[int]:
    """Send, and return the statuses of the answers; a request whose end is missing has none."""
    answer = b""
    with socket.create_connection(address, END_SECONDS) as connection, suppress(OSError):
        connection.sendall(wire)
        while data := connection.recv(65536):
            answer += data
    return [int(part[:3]) for part in answer.split(b"HTTP/1.1 ")[1:]]
