"""`match.*`: order checks of twenty items over HTTP, each recorded durably, beside the statement alone.

The statement alone is asked twice: by pgbench, and by an ASGI application that does nothing else. The three
take turns, and so does our own server over a database of a hundredth of the size.
"""

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from statistics import median
from urllib.parse import urlsplit

import msgspec
import psycopg
from django.apps import apps
from django.db import connection

from bench import pgbench, raw
from bench.figures import Figure, of_runs, rounded
from bench.history import ITEMS, RESULTS_EACH, History, analyse, make_history
from bench.hospital import get_token, question, register_his
from bench.http_load import Job, Outcome
from bench.installation import Installation, say, warm
from bench.processes import load, running, serving
from yijian.demo.people import Resident

__all__ = ["CONNECTIONS", "PATH", "ask", "check_durable", "count_kept", "measure", "ratios"]

CONNECTIONS = 16
PGBENCH_THREADS = 2
RUNS = 3
SECONDS = 8
WARM_UP_SECONDS = 5
RESIDENTS = 200_000
"""Ten million results; YIJIAN_BENCH_RESIDENTS names another size."""
ASKED_ABOUT = 20_000
"""Residents whose questions the load holds ready."""
PATH = "/api/v1/recognition/match"


@dataclass
class Runs:
    """What each run reached, in order."""

    ours: list[Outcome] = field(default_factory=list)
    small: list[Outcome] = field(default_factory=list)
    bare: list[Outcome] = field(default_factory=list)
    engine: list[float] = field(default_factory=list)

    @property
    def rates(self) -> list[float]:
        return [outcome.per_second for outcome in self.ours]


def measure(installation: Installation, past: History) -> Sequence[Figure]:
    """Let the past grow to full size, measure in turns, and count what is in the database in the end."""
    secret = register_his()
    with kept_small(installation) as small_installation:
        grown = make_history(int(os.environ.get("YIJIAN_BENCH_RESIDENTS", RESIDENTS)))
        analyse()
        warm(installation)
        with (
            serving(installation, "serve") as ports,
            serving(small_installation, "serve") as small_ports,
            running(installation, "bench.bare") as bare_port,
        ):
            job = _job(ports["serve"], get_token(ports["serve"], secret), grown)
            small = _job(small_ports["serve"], get_token(small_ports["serve"], secret), past)
            runs = _take_turns(installation, job, small, _bare_job(bare_port, grown), len(grown.residents))
    return _figures(runs, past, grown)


@contextmanager
def kept_small(installation: Installation) -> Iterator[Installation]:
    """Keep the database as it is under another name; yield an installation on it."""
    url = urlsplit(installation.database_url)
    name = f"{url.path.lstrip('/')}_small"
    connection.close()
    with psycopg.connect(url._replace(path="/postgres").geturl(), autocommit=True) as maintenance:
        maintenance.execute(f'CREATE DATABASE "{name}" TEMPLATE "{url.path.lstrip("/")}"'.encode())
        copied = url._replace(path=f"/{name}").geturl()
        environment = installation.environment | {"YIJIAN_DATABASE_URL": copied}
        yield replace(installation, database_url=copied, environment=environment)
        maintenance.execute(f'DROP DATABASE "{name}" WITH (FORCE)'.encode())


def _job(port: int, token: str, past: History) -> Job:
    bodies = [msgspec.json.encode(question(resident)).decode() for resident in _chosen(past)]
    return Job("127.0.0.1", port, PATH, [token], CONNECTIONS, SECONDS, bodies, len(ITEMS))


def _bare_job(port: int, past: History) -> Job:
    step = _step(past)
    numbers = range(1, len(past.residents) + 1, step)
    bodies = [f'{{"person": "{past.person_id(number)}"}}' for number in numbers]
    return Job("127.0.0.1", port, "/", [""], CONNECTIONS, SECONDS, bodies, RESULTS_EACH, counted="rows")


def _chosen(past: History) -> Sequence[Resident]:
    """Return residents from all over the tables, as many as the load can hold questions about."""
    return past.residents[:: _step(past)]


def _step(past: History) -> int:
    return max(1, len(past.residents) // ASKED_ABOUT)


def _take_turns(installation: Installation, job: Job, small: Job, bare: Job, residents: int) -> Runs:
    runs, script, before = Runs(), raw.candidates(residents), count_kept()

    def engine(seconds: int) -> float:
        return pgbench.transactions_per_second(
            installation.database_url,
            script,
            clients=CONNECTIONS,
            threads=PGBENCH_THREADS,
            seconds=seconds,
        )

    say("warming up")
    answered = ask(job, 0, WARM_UP_SECONDS).answered
    ask(small, 0, WARM_UP_SECONDS)
    ask(bare, 0, WARM_UP_SECONDS)
    engine(WARM_UP_SECONDS)
    for number in range(1, RUNS + 1):
        runs.engine.append(engine(SECONDS))
        runs.ours.append(ask(job, number))
        runs.bare.append(ask(bare, number))
        runs.small.append(ask(small, number))
        say(
            f"run {number}: {runs.rates[-1]:.0f}/s beside {runs.engine[-1]:.0f}/s of pgbench and"
            f" {runs.bare[-1].per_second:.0f}/s of the bare application"
        )
    check_durable(before, answered + sum(outcome.answered for outcome in runs.ours))
    return runs


def ask(job: Job, seed: int, seconds: float | None = None) -> Outcome:
    """Put a job's load on; raise RuntimeError where a question was not answered in full."""
    turn = msgspec.structs.replace(job, seed=seed, seconds=seconds or job.seconds)
    outcome = load("bench.http_load", turn, Outcome)
    if outcome.failed:
        raise RuntimeError(f"{outcome.failed} of the questions were not answered: {outcome.first_failure}")
    return outcome


def count_kept() -> dict[str, int]:
    """Return how many rows there are of what an order check leaves behind."""
    names = ("recognition.Match", "recognition.MatchItem", "audit.AuditEntry")
    return {name: apps.get_model(name).objects.count() for name in names}


def check_durable(before: dict[str, int], answered: int) -> None:
    """Refuse figures that were answered and not kept: a match, its items and its audit entry each."""
    rows_each = {"recognition.MatchItem": len(ITEMS)}
    for name, count in count_kept().items():
        expected = before[name] + answered * rows_each.get(name, 1)
        if count != expected:
            raise RuntimeError(f"{expected} rows of {name} were answered for, {count} are in the database")


def _figures(runs: Runs, past: History, grown: History) -> Sequence[Figure]:
    load_of = f"{CONNECTIONS} connections, {len(ITEMS)} items each, against {grown.results} results"
    engine = (
        f"pgbench -M prepared -c {CONNECTIONS} -j {PGBENCH_THREADS} with the same candidate statement,"
        f" {len(ITEMS)} items against {grown.results} results: {rounded(median(runs.engine))}/s"
    )
    bare_rate = rounded(median(outcome.per_second for outcome in runs.bare))
    bare = f"bare ASGI + asyncpg answering the same statement's rows, same server and pool: {bare_rate}/s"
    middle = [outcome.quantile(0.5) for outcome in runs.ours]
    small_middle = [outcome.quantile(0.5) for outcome in runs.small]
    return (
        of_runs("match.vs_pgbench", "ratio", ratios(runs.rates, runs.engine), goal=0.08, against=engine),
        of_runs(
            "match.vs_bare_asgi",
            "ratio",
            ratios(runs.rates, [outcome.per_second for outcome in runs.bare]),
            goal=0.4,
            against=bare,
        ),
        of_runs("match.rate", "1/s", runs.rates, against=engine),
        of_runs(
            "match.p99_ms",
            "ms",
            [outcome.quantile(0.99) for outcome in runs.ours],
            better="lower",
            goal=50,
            against=f"the median answer under the same load ({load_of}): {rounded(median(middle))} ms",
        ),
        of_runs(
            "match.median_10m_vs_100k",
            "ratio",
            ratios(middle, small_middle),
            better="lower",
            goal=1.3,
            against=f"the median against {past.results} results: {rounded(median(small_middle))} ms",
        ),
    )


def ratios(ours: Sequence[float], theirs: Sequence[float]) -> list[float]:
    """Divide run by run: both of a run had the same neighbours."""
    return [one / other for one, other in zip(ours, theirs, strict=True)]
