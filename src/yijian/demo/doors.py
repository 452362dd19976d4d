"""The demo's hospitals at our doors: MLLP connections and HTTP calls, as any hospital makes them."""

import asyncio
import base64
import re
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from http import HTTPStatus
from http.client import HTTPConnection, RemoteDisconnected
from typing import Any
from urllib.parse import urlencode, urlsplit

import msgspec

from yijian.demo.events import Message, Mishap
from yijian.demo.hl7 import control_id_of, write_message
from yijian.demo.progress import Step
from yijian.demo.tables import Institution
from yijian.gateways.hl7v2.codec import MllpDecoder, frame

__all__ = ["Credential", "Doors", "Refused", "Response", "open_doors", "problem_of"]

ANSWER = re.compile(rb"^MSA\|(?P<code>[A-Z]{2})\|", re.MULTILINE)
READ_BYTES = 64 * 1024
TIMEOUT = 60.0
CONNECTIONS = 8
PAUSES = (0.5, 1.0, 2.0, 5.0, 10.0)
"""Seconds before a call is made again that was answered 503."""


@dataclass(frozen=True, slots=True)
class Credential:
    client_id: str
    client_secret: str
    scopes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Refused:
    """A message or a call that was not taken, and why."""

    institution_code: str
    what: str
    answer: str


@dataclass(frozen=True, slots=True)
class Response:
    """What a call was answered."""

    status: int
    body: bytes

    def json(self) -> dict[str, Any]:
        document: dict[str, Any] = msgspec.json.decode(self.body, type=dict)
        return document


class Doors:
    """Calls as the institutions: each with its own credential and, for messages, its own connection.

    HTTP goes by the standard library's client in threads: asynchronous ones cost as much as the service does.
    """

    def __init__(self, base_url: str, mllp: tuple[str, int], credentials: dict[str, Credential]) -> None:
        self._mllp = mllp
        self._credentials = credentials
        self._tokens: dict[str, asyncio.Task[str]] = {}
        self._idle: asyncio.LifoQueue[HTTPConnection] = asyncio.LifoQueue()
        for _ in range(CONNECTIONS):
            self._idle.put_nowait(HTTPConnection(urlsplit(base_url).netloc, timeout=TIMEOUT))

    async def call(self, institution_code: str, path: str, body: bytes) -> Response:
        """Post JSON as an institution; the token is fetched once."""
        if institution_code not in self._tokens:
            self._tokens[institution_code] = asyncio.create_task(self._fetch_token(institution_code))
        token = await self._tokens[institution_code]
        headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
        return await self._post(path, body, headers)

    async def _fetch_token(self, institution_code: str) -> str:
        credential = self._credentials[institution_code]
        form = {"grant_type": "client_credentials", "scope": " ".join(credential.scopes)}
        identity = f"{credential.client_id}:{credential.client_secret}".encode()
        headers = {
            "Authorization": f"Basic {base64.b64encode(identity).decode()}",
            "Content-Type": "application/x-www-form-urlencoded",
        }
        response = await self._post("/oauth/token", urlencode(form).encode(), headers)
        if response.status != 200:
            raise ConnectionError(f"{institution_code} gets no token: {problem_of(response)}")
        token: str = response.json()["access_token"]
        return token

    async def _post(self, path: str, body: bytes, headers: dict[str, str]) -> Response:
        """Post, and again where the answer is to come back later: a small machine may be short of breath."""
        for pause in PAUSES:
            response = await self._post_once(path, body, headers)
            if response.status != HTTPStatus.SERVICE_UNAVAILABLE:
                return response
            await asyncio.sleep(pause)
        return await self._post_once(path, body, headers)

    async def _post_once(self, path: str, body: bytes, headers: dict[str, str]) -> Response:
        connection = await self._idle.get()
        try:
            return await asyncio.to_thread(_post, connection, path, body, headers)
        finally:
            self._idle.put_nowait(connection)

    def close(self) -> None:
        while not self._idle.empty():
            self._idle.get_nowait().close()

    async def send_messages(
        self, institution: Institution, events: Sequence[Message], told: Step
    ) -> list[Refused]:
        """Send an institution's messages one after the other, each acknowledged before the next."""
        reader, writer = await asyncio.open_connection(*self._mllp)
        decoder, refused = MllpDecoder(), []
        try:
            for event in events:
                control_id, raw, expected = _spoken(event)
                writer.write(frame(raw))
                answer = await _read_answer(reader, decoder)
                if _code_of(answer) != expected:
                    refused.append(Refused(institution.code, control_id, answer.decode("utf-8", "replace")))
                told()
        finally:
            writer.close()
        return refused


def _spoken(event: Message) -> tuple[str, bytes, str]:
    """Return a message's number, the message, and the answer it has to get."""
    if isinstance(event, Mishap):
        return event.control_id, event.raw, event.answer
    control_id = control_id_of(event)
    return control_id, write_message(event, control_id), "AA"


def _code_of(answer: bytes) -> str:
    found = ANSWER.search(answer.replace(b"\r", b"\n"))
    return found["code"].decode() if found else ""


async def _read_answer(reader: asyncio.StreamReader, decoder: MllpDecoder) -> bytes:
    while True:
        data = await asyncio.wait_for(reader.read(READ_BYTES), TIMEOUT)
        if not data:
            raise ConnectionError("the MLLP listener closed the connection unanswered; see its log")
        for answer in decoder.feed(data):
            return answer


def _post(connection: HTTPConnection, path: str, body: bytes, headers: dict[str, str]) -> Response:
    """Post over a connection that may have been closed meanwhile: then once more, over a new one."""
    try:
        connection.request("POST", path, body, headers)
        answer = connection.getresponse()
    except (RemoteDisconnected, BrokenPipeError, ConnectionResetError):
        connection.close()
        connection.request("POST", path, body, headers)
        answer = connection.getresponse()
    return Response(answer.status, answer.read())


@asynccontextmanager
async def open_doors(
    base_url: str, mllp: tuple[str, int], credentials: dict[str, Credential]
) -> AsyncIterator[Doors]:
    """Yield the doors of a running system."""
    doors = Doors(base_url, mllp, credentials)
    try:
        yield doors
    finally:
        doors.close()


def problem_of(response: Response) -> str:
    """Return what a refusal says."""
    try:
        document = response.json()
    except msgspec.MsgspecError:
        return f"HTTP {response.status}"
    return f"HTTP {response.status} {document.get('code')}: {document.get('detail')}"
