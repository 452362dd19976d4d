"""`match.*`: order checks of twenty items over HTTP, each recorded durably, beside the bare statement."""

import base64
import urllib.request
from collections.abc import Sequence
from dataclasses import dataclass, field
from statistics import median

import msgspec
from django.apps import apps

from bench import pgbench, raw
from bench.figures import Figure, of_runs, rounded
from bench.history import ITEMS, History
from bench.http_load import Job, Outcome
from bench.installation import Installation, say
from bench.processes import load, serving
from yijian.demo.people import Resident

__all__ = ["measure"]

CONNECTIONS = 16
PGBENCH_THREADS = 2
RUNS = 3
SECONDS = 8
WARM_UP_SECONDS = 3
RECEIVER = "42011501"
"""A county's general hospital: the province's marks, the city's and those of its own consortium reach it."""
CLIENT = "bench-his"
PATH = "/api/v1/recognition/match"


@dataclass
class Runs:
    """What each run reached, in order."""

    ours: list[Outcome] = field(default_factory=list)
    engine: list[float] = field(default_factory=list)

    @property
    def rates(self) -> list[float]:
        return [outcome.per_second for outcome in self.ours]


def measure(installation: Installation, past: History) -> Sequence[Figure]:
    """Measure the product and the engine in turns, and count what is in the database in the end."""
    secret = register_his()
    with serving(installation, "serve") as ports:
        port = ports["serve"]
        runs = _take_turns(installation, _job(port, get_token(port, secret), past))
    return _figures(runs, past)


def register_his() -> str:
    """Register the receiving hospital's system; return its secret."""
    from yijian.foundation.accounts.api import register_client  # noqa: PLC0415 - Django is set up by now

    return register_client(CLIENT, RECEIVER, "HIS", {"recognition.match"})


def get_token(port: int, secret: str) -> str:
    """Get a bearer token by client credentials."""
    basic = base64.b64encode(f"{CLIENT}:{secret}".encode()).decode()
    request = urllib.request.Request(
        f"http://127.0.0.1:{port}/oauth/token",
        b"grant_type=client_credentials",
        {"Authorization": f"Basic {basic}", "Content-Type": "application/x-www-form-urlencoded"},
    )
    with urllib.request.urlopen(request) as answer:  # noqa: S310 - loopback
        return str(msgspec.json.decode(answer.read())["access_token"])


def _job(port: int, token: str, past: History) -> Job:
    bodies = [msgspec.json.encode(question(resident)).decode() for resident in past.residents]
    return Job("127.0.0.1", port, PATH, token, CONNECTIONS, SECONDS, bodies, len(ITEMS))


def question(resident: Resident) -> dict[str, object]:
    """Return an order check as a hospital's system sends it: who, where, by whom, and twenty items."""
    number = resident.local_number(RECEIVER)
    return {
        "patient": {
            "identifiers": [
                {"type": "resident_id", "value": resident.resident_id},
                {"type": "local", "value": number},
            ],
            "name": resident.name,
            "sex": resident.sex,
            "birth_date": resident.birth_date,
        },
        "encounter": {"type": "outpatient", "number": f"V{number}"},
        "practitioner": {"id": "2041", "name": "周平"},
        "department": {"code": "03", "name": "内科"},
        "items": [
            {"system": "item", "code": code, "order_no": f"{number}-{index}"}
            for index, code in enumerate(ITEMS, start=1)
        ],
    }


def _take_turns(installation: Installation, job: Job) -> Runs:
    script, runs = raw.candidates(), Runs()
    say("warming up")
    answered = _ask(msgspec.structs.replace(job, seconds=WARM_UP_SECONDS)).answered
    _ask_engine(installation, script, WARM_UP_SECONDS)
    for number in range(1, RUNS + 1):
        runs.engine.append(_ask_engine(installation, script, SECONDS))
        runs.ours.append(_ask(msgspec.structs.replace(job, seed=number)))
        say(f"run {number}: {runs.rates[-1]:.0f}/s beside {runs.engine[-1]:.0f}/s of pgbench")
    check_durable(answered + sum(outcome.answered for outcome in runs.ours))
    return runs


def _ask(job: Job) -> Outcome:
    outcome = load("bench.http_load", job, Outcome)
    if outcome.failed:
        raise RuntimeError(f"{outcome.failed} of the questions were not answered: {outcome.first_failure}")
    return outcome


def _ask_engine(installation: Installation, script: str, seconds: int) -> float:
    return pgbench.transactions_per_second(
        installation.database_url, script, clients=CONNECTIONS, threads=PGBENCH_THREADS, seconds=seconds
    )


def check_durable(answered: int) -> None:
    """Refuse figures that were answered and not kept: a match, its items and its audit entry each."""
    expected = {
        "recognition.Match": answered,
        "recognition.MatchItem": answered * len(ITEMS),
        "audit.AuditEntry": answered,
    }
    for name, count in expected.items():
        found = apps.get_model(name).objects.count()
        if found != count:
            raise RuntimeError(f"{count} rows of {name} were answered for, {found} are in the database")


def _figures(runs: Runs, past: History) -> Sequence[Figure]:
    engine = median(runs.engine)
    beside = (
        f"pgbench -M prepared -c {CONNECTIONS} -j {PGBENCH_THREADS} with the same candidate statement,"
        f" {len(ITEMS)} items against {past.results} results: {rounded(engine)}/s"
    )
    ratios = [ours / raw for ours, raw in zip(runs.rates, runs.engine, strict=True)]
    load_of = f"{CONNECTIONS} connections, {len(ITEMS)} items each, against {past.results} results"
    median_latency = rounded(median(outcome.quantile(0.5) for outcome in runs.ours))
    return (
        of_runs("match.vs_pgbench", "ratio", ratios, against=beside),
        of_runs("match.requests_per_s", "1/s", runs.rates, against=beside),
        of_runs(
            "match.p99_ms",
            "ms",
            [outcome.quantile(0.99) for outcome in runs.ours],
            better="lower",
            against=f"the median answer under the same load ({load_of}): {median_latency} ms",
        ),
    )
