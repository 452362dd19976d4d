"""The demo's hospitals at our doors: MLLP connections and HTTP calls, as any hospital makes them."""

import asyncio
import re
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import httpx

from yijian.demo.events import Message, Mishap
from yijian.demo.hl7 import control_id_of, write_message
from yijian.demo.progress import Step
from yijian.demo.tables import Institution
from yijian.gateways.hl7v2.codec import MllpDecoder, frame

__all__ = ["Credential", "Doors", "Refused", "open_doors"]

ANSWER = re.compile(rb"^MSA\|(?P<code>[A-Z]{2})\|", re.MULTILINE)
READ_BYTES = 64 * 1024
TIMEOUT = 60.0
CONNECTIONS = 8


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


class Doors:
    """Calls as the institutions: each with its own credential and its own connection."""

    def __init__(
        self, http: httpx.AsyncClient, mllp: tuple[str, int], credentials: dict[str, Credential]
    ) -> None:
        self._http = http
        self._mllp = mllp
        self._credentials = credentials
        self._tokens: dict[str, asyncio.Task[str]] = {}

    async def call(self, institution_code: str, path: str, body: bytes) -> httpx.Response:
        """Post JSON as an institution; the token is fetched once."""
        if institution_code not in self._tokens:
            self._tokens[institution_code] = asyncio.create_task(self._fetch_token(institution_code))
        token = await self._tokens[institution_code]
        headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
        return await self._http.post(path, content=body, headers=headers)

    async def _fetch_token(self, institution_code: str) -> str:
        credential = self._credentials[institution_code]
        form = {"grant_type": "client_credentials", "scope": " ".join(credential.scopes)}
        identity = (credential.client_id, credential.client_secret)
        response = await self._http.post("/oauth/token", data=form, auth=identity)
        response.raise_for_status()
        token: str = response.json()["access_token"]
        return token

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


@asynccontextmanager
async def open_doors(
    base_url: str, mllp: tuple[str, int], credentials: dict[str, Credential]
) -> AsyncIterator[Doors]:
    """Yield the doors of a running system."""
    limits = httpx.Limits(max_connections=CONNECTIONS)
    # nothing of the environment's: a proxy has no business between us and ourselves
    async with httpx.AsyncClient(base_url=base_url, limits=limits, timeout=TIMEOUT, trust_env=False) as http:
        yield Doors(http, mllp, credentials)


def problem_of(response: httpx.Response) -> str:
    """Return what a refusal says."""
    try:
        document: dict[str, Any] = response.json()
    except ValueError:
        return f"HTTP {response.status_code}"
    return f"HTTP {response.status_code} {document.get('code')}: {document.get('detail')}"
