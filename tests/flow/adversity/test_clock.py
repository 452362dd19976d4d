"""The clock of serving and working processes jumps by a year and back: everything goes on, once each.

libfaketime moves the clock of processes that run; their monotonic time and PostgreSQL's clock stay.
"""

from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from tests.conftest import UNDER_CI
from tests.flow.adversity.installation import Installation, installed, until
from tests.flow.messages import oru
from tests.flow.mllp import Engine, code_of
from tests.service.region import lab_report, order_check

JUMPS = {"ahead": "+365d", "back": "+0d", "behind": "-5h", "right": "+0d"}
"""From each to the next: a year forwards, a year back, five hours back, five hours forwards."""
UNPROCESSED = "SELECT count(*) FROM inbox_inboxmessage WHERE state = 'received'"
MESSAGES = "SELECT control_id, count(*) FROM inbox_inboxmessage WHERE protocol = 'hl7' GROUP BY 1"
REPORTS = """
SELECT report_no, count(*) FROM results_reportkey JOIN results_reportversion USING (person_id, report_id)
WHERE report_no LIKE 'J-%' GROUP BY 1
"""
UNDELIVERED = "SELECT count(*) FROM outbox_outboxevent WHERE delivered_at IS NULL"


class Clock:
    """What libfaketime reads the clock's shift from, each time anew."""

    def __init__(self, library: Path, file: Path) -> None:
        self._file = file
        self.shift("+0d")
        self.environment = {
            "LD_PRELOAD": str(library),
            "FAKETIME_TIMESTAMP_FILE": str(file),
            "FAKETIME_NO_CACHE": "1",
            "FAKETIME_DONT_FAKE_MONOTONIC": "1",
        }

    def shift(self, by: str) -> None:
        fresh = self._file.with_suffix(".new")
        fresh.write_text(by)
        fresh.replace(self._file)


@pytest.fixture
def clock(tmp_path: Path) -> Clock:
    library = next(Path("/usr/lib").glob("*/faketime/libfaketime.so.1"), None)
    if library is None and not UNDER_CI:
        pytest.skip("no libfaketime found: install libfaketime")
    assert library, "no libfaketime found: install libfaketime"
    return Clock(library, tmp_path / "clock")


@pytest.fixture
def installation(tmp_path: Path, clock: Clock) -> Iterator[Installation]:
    for parent in (tmp_path, *tmp_path.parents[:2]):
        parent.chmod(0o711)  # the user that PostgreSQL runs as passes through
    with installed(tmp_path, clock.environment, ("serve", "mllp", "worker"), fsync="off") as running:
        yield running


def test_nothing_is_lost_doubled_or_stuck_when_the_clock_jumps(
    installation: Installation, clock: Clock
) -> None:
    with Engine(installation.mllp_port) as engine:
        take_part(installation, engine, "first")
        for name, shift in JUMPS.items():
            with installation.program() as before:
                clock.shift(shift)
                stale = before.post("/api/v1/recognition/match", json=order_check())
                assert (stale.status_code, stale.json()["code"]) == (401, "token.expired"), name
            take_part(installation, engine, name)
    names = ["first", *JUMPS]
    with psycopg.connect(installation.url) as connection:
        assert dict(connection.execute(MESSAGES).fetchall()) == dict.fromkeys(names, 1)
        assert dict(connection.execute(REPORTS).fetchall()) == {f"J-{name}": 1 for name in names}
    assert installation.command("audit", "verify")


def take_part(installation: Installation, engine: Engine, name: str) -> None:
    """Send a message and a report and ask for a match; all of it is processed and told on."""
    assert code_of(engine.send(oru(name))) == "AA"
    assert code_of(engine.send(oru(name))) == "AA", "the same again"
    with installation.program() as program:
        report = program.post("/api/v1/reports", json=lab_report(f"J-{name}"))
        assert report.status_code == 200, report.text
        match = program.post("/api/v1/recognition/match", json=order_check())
        assert match.status_code == 200, match.text
    until(lambda: count(installation, UNPROCESSED) == 0)
    until(lambda: count(installation, UNDELIVERED) == 0)


def count(installation: Installation, question: str) -> int:
    with psycopg.connect(installation.url) as connection:
        row = connection.execute(question).fetchone()
    assert row
    return int(row[0])
