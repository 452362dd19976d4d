"""`oru.*`: reports of twenty rows over MLLP, answered when they are on disk; then taken in by the worker."""

import os
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from statistics import median

from django.apps import apps
from django.db.models import Max
from msgspec import structs

from bench import machine, pgbench, raw
from bench.figures import Figure, of_runs, rounded
from bench.history import ITEMS, SOURCES, History, forget_reports, issue_report
from bench.installation import Installation, say
from bench.mllp_load import NUMBER, Job, Outcome
from bench.processes import load, serving
from bench.statements import counting
from yijian.config.environment import read_environment
from yijian.demo.events import Sent
from yijian.demo.hl7 import write_message
from yijian.demo.people import Resident
from yijian.demo.tables import find_institution

__all__ = ["measure"]

CONNECTIONS = 8
TEMPLATES = 50
"""Residents whose reports a connection sends, in turns."""
RUNS = 3
SECONDS = 6
WARM_UP_SECONDS = 2
MESSAGES = 2000
"""Of one run from end to end."""
ENDURANCE = int(os.environ.get("MESSAGES", "20000"))
"""Over which the worker's memory is to stay flat."""
LANES = 4
"""Connections of the worker that write."""
START_SECONDS = 60
PATIENCE_SECONDS = 300 + ENDURANCE // 40
UNLIMITED = 10**7
ACKNOWLEDGED_GOAL = 1000


@dataclass
class Runs:
    """What each run reached per second, in order."""

    ours: list[float] = field(default_factory=list)
    engine: list[float] = field(default_factory=list)


@dataclass
class Door:
    """What the door reached; milliseconds of CPU a message took of the listener, PostgreSQL and the load."""

    rates: Runs = field(default_factory=Runs)
    listener_ms: list[float] = field(default_factory=list)
    postgres_ms: list[float] = field(default_factory=list)
    load_ms: list[float] = field(default_factory=list)


@dataclass
class Work:
    """What the worker reached and used up: milliseconds of CPU a message; memory in MiB, and its growth."""

    rates: Runs = field(default_factory=Runs)
    worker_ms: list[float] = field(default_factory=list)
    postgres_ms: list[float] = field(default_factory=list)
    memory: float = 0.0
    growth: float = 0.0
    statements: float = 0.0


def measure(installation: Installation, past: History) -> Sequence[Figure]:
    """Measure the door alone, then door and worker together."""
    messages = [_messages(past, connection_no) for connection_no in range(CONNECTIONS)]
    door = _measure_door(installation, messages)
    work = _measure_worker(installation, messages)
    work.statements = _count_statements(installation, messages)
    forget_reports()
    return _figures(door, work, len(messages[0][0].encode()))


def _messages(past: History, connection_no: int) -> list[str]:
    """Return the messages of one connection: one laboratory's, of many residents, without their numbers."""
    source = list(SOURCES)[connection_no % len(SOURCES)]
    residents = past.residents[connection_no * TEMPLATES : (connection_no + 1) * TEMPLATES]
    return [message_of(resident, source) for resident in residents]


def message_of(resident: Resident, institution_code: str) -> str:
    """Return an ORU^R01 as the demo's laboratories write it; NUMBER stands where its number belongs."""
    institution = find_institution(institution_code)
    sent = Sent(institution, issue_report(resident, institution_code, 1, f"R{NUMBER}"))
    return write_message(sent, f"C{NUMBER}").decode(institution.charset or "UTF-8")


def _send(job: Job) -> Outcome:
    outcome = load("bench.mllp_load", job, Outcome)
    if outcome.refused:
        raise RuntimeError(f"{outcome.refused} messages were not accepted: {outcome.first_refusal}")
    return outcome


def _measure_door(installation: Installation, messages: list[list[str]]) -> Door:
    """Count what is acknowledged with the worker at rest, and that all of it was kept; then forget it."""
    door, kept = Door(), apps.get_model("inbox.InboxMessage").objects
    script = raw.keeping(len(messages[0][0].encode()))
    with serving(installation, "mllp") as ports:
        port = ports["mllp"]
        _wait_for_partners(installation)
        warm = _send(Job("127.0.0.1", port, messages, WARM_UP_SECONDS, UNLIMITED))
        total, following = warm.accepted, warm.last_number + 1
        for number in range(1, RUNS + 1):
            outcome = _send_counted(Job("127.0.0.1", port, messages, SECONDS, UNLIMITED, following), door)
            total, following = total + outcome.accepted, outcome.last_number + 1
            if kept.count() != total:
                raise RuntimeError(f"{total} messages were acknowledged, {kept.count()} are kept")
            ours, engine = door.rates.ours, door.rates.engine
            ours.append(outcome.per_second)
            engine.append(_ask_engine(installation, script, CONNECTIONS))
            kept.filter(facility="").delete()
            say(f"run {number}: {ours[-1]:.0f}/s acknowledged beside {engine[-1]:.0f}/s of pgbench")
    kept.all().delete()
    return door


def _wait_for_partners(installation: Installation) -> None:
    """Return when every process of the listener takes connections."""
    log, deadline = installation.home / "mllp.log", time.monotonic() + START_SECONDS
    further = read_environment(os.environ | installation.environment).mllp_processes - 1
    while log.read_text(errors="replace").count("a further process is ready") < further:
        if time.monotonic() > deadline:
            raise RuntimeError(f"the listener's processes are not ready within {START_SECONDS} s")
        time.sleep(0.05)


def _send_counted(job: Job, door: Door) -> Outcome:
    """Send a job's messages and note what each message took of every side's CPU."""
    listener, server = machine.child_running("mllp"), machine.postmaster()
    used = machine.cpu_seconds(listener), machine.cpu_seconds(server)
    outcome = _send(job)
    per_message = 1000 / outcome.accepted
    door.listener_ms.append((machine.cpu_seconds(listener) - used[0]) * per_message)
    door.postgres_ms.append((machine.cpu_seconds(server) - used[1]) * per_message)
    door.load_ms.append(outcome.cpu_seconds * per_message)
    return outcome


def _ask_engine(installation: Installation, script: str, clients: int) -> float:
    return pgbench.transactions_per_second(
        installation.database_url, script, clients=clients, threads=2, seconds=SECONDS
    )


def _measure_worker(installation: Installation, messages: list[list[str]]) -> Work:
    """Count what is processed per second, from the first message sent to the last one recorded."""
    work, following, script = Work(), UNLIMITED, raw.recording()
    with serving(installation, "mllp", "worker") as ports:
        job = Job("127.0.0.1", ports["mllp"], messages, PATIENCE_SECONDS, MESSAGES, following)
        worker, server = machine.child_running("worker"), machine.postmaster()
        for number in range(RUNS + 1):
            used = machine.cpu_seconds(worker), machine.cpu_seconds(server)
            rate, job = _process(job)
            if not number:
                continue
            work.rates.ours.append(rate)
            work.worker_ms.append((machine.cpu_seconds(worker) - used[0]) / MESSAGES * 1000)
            work.postgres_ms.append((machine.cpu_seconds(server) - used[1]) / MESSAGES * 1000)
            work.rates.engine.append(_ask_engine(installation, script, LANES))
            say(f"run {number}: {rate:.0f}/s processed beside {work.rates.engine[-1]:.0f}/s of pgbench")
        work.memory = machine.memory_mib(worker)
        rate, job = _process(structs.replace(job, most=ENDURANCE))
        work.growth = machine.memory_mib(worker) - work.memory
        say(f"{ENDURANCE} messages at {rate:.0f}/s: the worker grew by {work.growth:.1f} MiB")
    return work


def _process(job: Job) -> tuple[float, Job]:
    """Send a job's messages and wait for them; return how many per second, and the job that follows."""
    outcome = _send(job)
    rate = outcome.accepted / (_wait_until_recorded() - outcome.began_at)
    return rate, structs.replace(job, first_number=outcome.last_number + 1)


def _count_statements(installation: Installation, messages: list[list[str]]) -> float:
    """Return how many statements a message takes; the worker's work is done in this process for once."""
    from yijian.config.worker import PROCESSORS  # noqa: PLC0415 - Django is set up by now
    from yijian.foundation.inbox.lane import drain  # noqa: PLC0415

    with serving(installation, "mllp") as ports:
        job = Job("127.0.0.1", ports["mllp"], messages, PATIENCE_SECONDS, MESSAGES, 9 * UNLIMITED)
        accepted = _send(job).accepted
    with counting() as statements:
        for lane in range(LANES):
            while drain(lane, PROCESSORS):
                pass
    _wait_until_recorded()
    return len(statements) / accepted


def _wait_until_recorded() -> float:
    """Return when the last message was recorded, in Unix time; refuse it if any report is not there."""
    waiting = apps.get_model("inbox.InboxMessage").objects
    deadline = time.monotonic() + PATIENCE_SECONDS
    while waiting.filter(state="received").exists():
        if time.monotonic() > deadline:
            raise RuntimeError(f"the worker has not finished within {PATIENCE_SECONDS} s")
        time.sleep(0.05)
    fates = list(waiting.exclude(state="recorded").values_list("state", "reason_code", "reason_text"))
    if fates:
        raise RuntimeError(f"{len(fates)} messages were not recorded, the first is {fates[0]}")
    messages = waiting.count()
    reports = apps.get_model("results.ReportKey").objects.filter(report_no__startswith="R").count()
    if reports != messages:
        raise RuntimeError(f"{messages} messages were recorded, {reports} of their reports are there")
    return float(waiting.aggregate(at=Max("processed_at"))["at"].timestamp())


def _figures(door: Door, work: Work, size: int) -> Sequence[Figure]:
    engine, record = rounded(median(door.rates.engine)), rounded(median(work.rates.engine))
    listener, server, load = map(rounded, map(median, (door.listener_ms, door.postgres_ms, door.load_ms)))
    return (
        of_runs(
            "oru.acknowledged_per_second",
            "1/s",
            door.rates.ours,
            goal=ACKNOWLEDGED_GOAL,
            against=f"pgbench -c {CONNECTIONS} committing one row of {size} bytes at a time: {engine}/s;"
            f" CPU a message: listener {listener} ms, PostgreSQL {server} ms, load {load} ms",
        ),
        of_runs(
            "oru.processed_per_s",
            "1/s",
            work.rates.ours,
            against=f"pgbench -c {LANES} committing such a report's rows ({len(ITEMS)} results): {record}/s",
        ),
        of_runs(
            "oru.worker_cpu_per_message",
            "ms",
            work.worker_ms,
            against="4 ms of one core",
            better="lower",
        ),
        of_runs(
            "oru.postgres_cpu_per_message",
            "ms",
            work.postgres_ms,
            against="3 ms of one core, the door's share included",
            better="lower",
        ),
        of_runs(
            "oru.statements_per_message",
            "1",
            [work.statements],
            against="19 where every message had a transaction of its own",
            better="lower",
        ),
        of_runs(
            "oru.memory_growth",
            "MiB",
            [work.growth],
            against=f"{work.memory:.0f} MiB before; over {ENDURANCE} messages",
            better="lower",
        ),
    )
