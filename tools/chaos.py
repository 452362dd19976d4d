"""`make chaos`: kill -9 at random moments while senders send; then count: nothing lost, nothing twice.

Senders do as interface engines do: what was not acknowledged they send again, the same bytes. In the end each
message that was acknowledged is there once and processed once; so is each JSON report and each match.
"""

import argparse
import asyncio
import os
import random
import signal
import sys
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import count

import httpx
import psycopg

from bench import machine
from bench.installation import Installation, installed
from bench.processes import free_port
from yijian.config.processes import Children, keep_database_up
from yijian.gateways.hl7v2.codec import MllpDecoder, frame

COMMANDS = ("serve", "mllp", "worker")
PARTNERS = {"serve's partner": "serve", "mllp's partner": "mllp"}
"""The second process of each, by whose child it is."""
DATABASE = "postgres"
VICTIMS = (*COMMANDS, *PARTNERS, DATABASE)
INSTITUTION = "42010602"
CONNECTIONS = 4
RESIDENTS = 40
ANSWER_SECONDS = 15
"""After which a sender takes an answer for lost and sends again."""
SETTLE_SECONDS = 600
LOST = (OSError, TimeoutError, asyncio.IncompleteReadError, httpx.TransportError)
COUNTS = {
    "messages kept more or less than once": """
        SELECT count(*) FROM unnest(%(sent)s::text[]) AS given (control_id)
        WHERE (SELECT count(*) FROM inbox_inboxmessage i WHERE i.control_id = given.control_id) <> 1""",
    "messages acknowledged and not recorded": """
        SELECT count(*) FROM inbox_inboxmessage
        WHERE control_id = ANY (%(sent)s) AND state <> 'recorded'""",
    "reports acknowledged and not there": """
        SELECT count(*) FROM unnest(%(reports)s::text[]) AS given (report_no)
        WHERE NOT EXISTS (SELECT FROM results_reportkey k WHERE k.report_no = given.report_no)""",
    "reports recorded twice": """
        SELECT count(*) FROM results_reportkey k JOIN results_reportversion v USING (person_id, report_id)
        WHERE k.report_no = ANY (%(reports)s) AND v.version <> 1""",
    "matches answered and not there": """
        SELECT count(*) FROM unnest(%(matches)s::uuid[]) AS given (match_id)
        WHERE NOT EXISTS (SELECT FROM recognition_matchkey m WHERE m.match_id = given.match_id)""",
}
"""What must be none of each."""


@dataclass
class Tally:
    """What was acknowledged, and how often something had to be sent again."""

    sent: list[str] = field(default_factory=list)
    reports: list[str] = field(default_factory=list)
    matches: list[str] = field(default_factory=list)
    again: int = 0
    kills: Counter[str] = field(default_factory=Counter)

    @property
    def done(self) -> int:
        return len(self.reports) + len(self.matches)


class Region:
    """An installation whose processes are watched as the demo watches its own."""

    def __init__(self, installation: Installation) -> None:
        self._installation = installation
        self.ports = {"YIJIAN_HTTP_PORT": free_port(), "YIJIAN_MLLP_PORT": free_port()}
        given = {name: str(port) for name, port in self.ports.items()}
        given |= {"YIJIAN_MLLP_PROCESSES": "2", "YIJIAN_WEB_PROCESSES": "2"}
        self._children = Children(installation.home, os.environ | installation.environment | given)

    @property
    def base_url(self) -> str:
        return f"http://127.0.0.1:{self.ports['YIJIAN_HTTP_PORT']}"

    def start(self) -> None:
        for command in COMMANDS:
            self._children.start(command)

    def stop(self) -> None:
        self._children.stop()

    def kill(self, name: str) -> None:
        """End one process at once, be it dead already."""
        with suppress(ProcessLookupError, FileNotFoundError):
            if name == DATABASE:
                lock = (self._installation.server.data / "postmaster.pid").read_text()
                os.kill(int(lock.split()[0]), signal.SIGKILL)
            elif name in PARTNERS:
                for child in machine.children_of(self._children.process_id(PARTNERS[name])):
                    os.kill(child, signal.SIGKILL)
            else:
                os.kill(self._children.process_id(name), signal.SIGKILL)

    async def keep_up(self) -> None:
        server = self._installation.server
        await asyncio.gather(self._children.keep_up(print), keep_database_up(server, print))


async def until_answered(attempt: Callable[[], Awaitable[bool]], tally: Tally) -> None:
    """Send until there is an answer."""
    while True:
        try:
            async with asyncio.timeout(ANSWER_SECONDS):
                if await attempt():
                    return
        except LOST:
            pass
        tally.again += 1
        await asyncio.sleep(0.1)


class MllpSender:
    """One connection; a message is sent until it is acknowledged."""

    def __init__(self, port: int, tally: Tally) -> None:
        self._port = port
        self._tally = tally
        self._stream: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    async def send(self, message: str, number: str) -> None:
        await until_answered(lambda: self._attempt(frame(message.encode())), self._tally)
        self._tally.sent.append(f"C{number}")
        self._tally.reports.append(f"R{number}")

    async def _attempt(self, wire: bytes) -> bool:
        try:
            if self._stream is None:
                self._stream = await asyncio.open_connection("127.0.0.1", self._port)
            reader, writer = self._stream
            writer.write(wire)
            answers, decoder = [], MllpDecoder()
            while not answers:
                data = await reader.read(65536)
                if not data:
                    raise ConnectionError("the listener hung up")
                answers = decoder.feed(data)
        except (*LOST, asyncio.CancelledError):
            self.close()
            raise
        if b"\rMSA|AA|" not in answers[0]:
            raise RuntimeError(answers[0].decode(errors="replace"))
        return True

    def close(self) -> None:
        if self._stream:
            self._stream[1].close()
        self._stream = None


class HttpSender:
    """A hospital's program: reports and matches by JSON, sent until they are answered 200."""

    def __init__(self, base_url: str, secret: str, tally: Tally) -> None:
        self._http = httpx.AsyncClient(base_url=base_url, timeout=ANSWER_SECONDS, trust_env=False)
        self._secret = secret
        self._tally = tally

    async def report(self, body: bytes, report_no: str) -> None:
        await until_answered(lambda: self._post("/api/v1/reports", body), self._tally)
        self._tally.reports.append(report_no)

    async def match(self, body: bytes) -> None:
        async def attempt() -> bool:
            return await self._post("/api/v1/recognition/match", body, self._tally.matches)

        await until_answered(attempt, self._tally)

    async def close(self) -> None:
        await self._http.aclose()

    async def _post(self, path: str, body: bytes, ids: list[str] | None = None) -> bool:
        if "Authorization" not in self._http.headers:
            await self._authorize()
        answer = await self._http.post(path, content=body, headers={"Content-Type": "application/json"})
        if answer.status_code >= 500:
            return False
        if answer.status_code != 200:
            raise RuntimeError(answer.text)
        if ids is not None:
            ids.append(answer.json()["match_id"])
        return True

    async def _authorize(self) -> None:
        form = {"grant_type": "client_credentials", "client_id": "chaos", "client_secret": self._secret}
        answer = await self._http.post("/oauth/token", data=form)
        if answer.status_code == 200:
            self._http.headers["Authorization"] = f"Bearer {answer.json()['access_token']}"
        elif answer.status_code < 500:
            raise RuntimeError(answer.text)


async def storm(region: Region, secret: str, messages: int, kills: int, seed: int) -> Tally:
    """Send everything while processes die; return once all is acknowledged."""
    tally, numbers = Tally(), count(1)
    senders = [MllpSender(region.ports["YIJIAN_MLLP_PORT"], tally) for _ in range(CONNECTIONS)]
    http = HttpSender(region.base_url, secret, tally)
    watching = asyncio.create_task(region.keep_up())
    killing = asyncio.create_task(kill_at_random(region, tally, messages, kills, random.Random(seed)))  # noqa: S311
    try:
        work = [send_mllp(sender, numbers, messages) for sender in senders]
        await asyncio.gather(*work, send_json(http, max(messages // 20, 1)), killing)
        await asyncio.to_thread(wait_until_processed, region)
    finally:
        for task in (killing, watching):
            task.cancel()
        await asyncio.gather(killing, watching, return_exceptions=True)
        await http.close()
        for sender in senders:
            sender.close()
    return tally


async def send_mllp(sender: MllpSender, numbers: Iterator[int], most: int) -> None:
    """Send reports of residents in turns, each with a number of its own."""
    from bench.mllp_load import NUMBER  # noqa: PLC0415 - Django is set up by now
    from bench.oru import message_of  # noqa: PLC0415

    templates = [message_of(resident, INSTITUTION) for resident in residents()]
    for number in numbers:
        if number > most:
            return
        text = f"{number:08d}"
        await sender.send(templates[number % len(templates)].replace(NUMBER, text), text)


async def send_json(http: HttpSender, most: int) -> None:
    """Send reports by JSON, and ask for matches of the same residents."""
    import msgspec  # noqa: PLC0415 - with the next, which wants Django set up

    from bench.history import issue_report  # noqa: PLC0415

    people = residents()
    for number in range(most):
        resident, report_no = people[number % len(people)], f"J{number:08d}"
        report = issue_report(resident, INSTITUTION, 1, report_no)
        await http.report(msgspec.json.encode(report), report_no)
        question = {
            "patient": {"identifiers": msgspec.to_builtins(report.patient.identifiers)},
            "encounter": {"type": "outpatient", "number": "OP1"},
            "items": [{"system": "item", "code": "K"}],
        }
        await http.match(msgspec.json.encode(question))


def residents() -> list["Resident"]:  # noqa: F821
    from yijian.demo.people import make_residents  # noqa: PLC0415 - Django is set up by now
    from yijian.kit.clock import now  # noqa: PLC0415

    return list(make_residents(now().date(), RESIDENTS, random.Random(1)))[:RESIDENTS]  # noqa: S311


async def kill_at_random(
    region: Region, tally: Tally, messages: int, kills: int, chance: random.Random
) -> None:
    """Kill each process `kills` times, spread over the messages at random."""
    victims = [name for name in VICTIMS for _ in range(kills)]
    chance.shuffle(victims)
    moments = sorted(chance.uniform(0.02, 0.95) * messages for _ in victims)
    for victim, moment in zip(victims, moments, strict=True):
        while len(tally.sent) < moment:  # noqa: ASYNC110 - an event for each message would tell no more
            await asyncio.sleep(0.01)
        region.kill(victim)
        tally.kills[victim] += 1
        print(f"{len(tally.sent)} of {messages} acknowledged: killed {victim}", flush=True)
        await asyncio.sleep(chance.uniform(0.1, 1.0))


def wait_until_processed(region: Region) -> None:
    """Return when nothing waits to be processed any more; a killed database may be away meanwhile."""
    deadline = time.monotonic() + SETTLE_SECONDS
    while time.monotonic() < deadline:
        with suppress(psycopg.OperationalError):
            if ask(region, "SELECT count(*) FROM inbox_inboxmessage WHERE state = 'received'") == 0:
                return
        time.sleep(0.5)
    raise RuntimeError(f"not everything is processed after {SETTLE_SECONDS} s")


def ask(region: Region, question: str, **values: list[str]) -> int:
    with psycopg.connect(region._installation.server.url) as connection:
        row = connection.execute(question, values or None).fetchone()
        return int(row[0]) if row else 0


def main() -> int:
    """Return 1 and say what is amiss, else 0."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--messages", type=int, default=20_000)
    options.add_argument("--kills", type=int, default=20, help="of each process")
    options.add_argument("--seed", type=int, default=random.SystemRandom().randrange(2**32))
    given = options.parse_args()
    print(f"seed {given.seed}", flush=True)
    with installed() as installation:
        from yijian.foundation.accounts.api import register_client  # noqa: PLC0415 - Django is set up by now

        scopes = ["report.write", "recognition.match"]
        secret = register_client("chaos", INSTITUTION, "chaos", scopes)
        region = Region(installation)
        region.start()
        try:
            tally = asyncio.run(storm(region, secret, given.messages, given.kills, given.seed))
            values = {"sent": tally.sent, "reports": tally.reports, "matches": tally.matches}
            amiss = {what: ask(region, question, **values) for what, question in COUNTS.items()}
        finally:
            region.stop()
    print(
        f"seed {given.seed}: {len(tally.sent)} messages, {len(tally.reports) - len(tally.sent)} JSON reports"
        f" and {len(tally.matches)} matches acknowledged, {tally.again} attempts repeated,"
        f" killed {dict(tally.kills)}"
    )
    for what, number in amiss.items():
        print(f"{number} {what}")
    return 1 if any(amiss.values()) or len(tally.sent) != given.messages else 0


if __name__ == "__main__":
    sys.exit(main())
