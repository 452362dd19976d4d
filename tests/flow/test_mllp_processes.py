"""The listener as two processes: connections are shared, and nobody can tell which of them serves him."""

import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import ExitStack, suppress
from pathlib import Path

import pytest

from bench.processes import free_port
from tests.flow.conftest import Register
from tests.flow.messages import oru
from tests.flow.mllp import Engine, code_of, field
from tests.flow.processing import work_off
from yijian.foundation.inbox.models import InboxMessage

PATIENCE = 60
MOST = 12
"""Connections of one address."""


class Door:
    """`yijian mllp` with one partner, as its supervisor runs it."""

    def __init__(self, database_url: str, log: Path) -> None:
        self.port, self._metrics, self._log = free_port(), free_port_pair(), log
        self._starts = 0
        self._environment = os.environ | {
            "YIJIAN_DATABASE_URL": database_url,
            "YIJIAN_MLLP_PORT": str(self.port),
            "YIJIAN_MLLP_PROCESSES": "2",
            "YIJIAN_MLLP_CONNECTIONS": str(MOST),
            "YIJIAN_MLLP_METRICS_PORT": str(self._metrics),
        }
        self.start()

    def start(self) -> None:
        """Start it, and wait until both processes take connections."""
        with self._log.open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "yijian.config.cli", "mllp"], env=self._environment, stderr=log
            )
        self.wait_until_ready()

    def wait_until_ready(self) -> None:
        """Wait until the partner was started once more and is ready."""
        self._starts += 1
        until(lambda: self.told.count("a further process is ready") == self._starts)

    @property
    def told(self) -> str:
        return self._log.read_text()

    @property
    def partner(self) -> int:
        """Return the pid of the second process."""
        children = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text()
        return int(children.split()[0])

    def count(self, number: int, name: str) -> float:
        """Return what a process counts under this name, over all labels."""
        with urllib.request.urlopen(f"http://127.0.0.1:{self._metrics + number}/metrics") as answer:
            found = re.findall(rf"^{name}(?:{{.*}})? (\S+)$", answer.read().decode(), re.MULTILINE)
        return sum(map(float, found))

    def messages(self) -> list[float]:
        return [self.count(number, "yijian_hl7_messages_total") for number in (0, 1)]

    def open_connections(self) -> list[float]:
        return [self.count(number, "yijian_mllp_connections") for number in (0, 1)]


def free_port_pair() -> int:
    """Return the first of two ports in a row that nobody listens on."""
    while True:
        port = free_port()
        with suppress(OSError), ExitStack() as stack:
            for number in (port, port + 1):
                stack.enter_context(socket.create_server(("127.0.0.1", number)))
            return port


def until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)


@pytest.fixture(scope="module")
def house(database_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Door]:
    opened = Door(database_url, tmp_path_factory.mktemp("door") / "mllp.log")
    yield opened
    opened.process.terminate()
    assert opened.process.wait(PATIENCE) == 0, opened.told


@pytest.fixture
def door(house: Door, register: Register) -> Door:
    """Return the running listener; one that a test ended is started anew."""
    register("H001")
    if house.process.poll() is not None:
        house.start()
    until(lambda: house.open_connections() == [0, 0])
    return house


@pytest.fixture
def engines(door: Door) -> Iterator[list[Engine]]:
    """Return eight connections."""
    with ExitStack() as stack:
        yield [stack.enter_context(Engine(door.port)) for _ in range(8)]


def test_both_serve_half_of_the_connections_and_count_what_they_took(
    door: Door, engines: list[Engine]
) -> None:
    before = door.messages()
    answers = [code_of(engine.send(oru(f"m{number}"))) for number, engine in enumerate(engines)]
    assert answers == ["AA"] * 8
    assert door.open_connections() == [4, 4]
    assert [now - then for now, then in zip(door.messages(), before, strict=True)] == [4, 4]
    for engine in engines[:4]:
        engine.hang_up()
    until(lambda: sum(door.open_connections()) == 4)
    with ExitStack() as stack:
        for number in range(4):
            engine = stack.enter_context(Engine(door.port))
            assert code_of(engine.send(oru(f"n{number}"))) == "AA"
        until(lambda: door.open_connections() == [4, 4])


def test_connections_of_an_address_are_counted_over_both(door: Door, engines: list[Engine]) -> None:
    with ExitStack() as stack:
        more = [stack.enter_context(Engine(door.port)) for _ in range(MOST - len(engines))]
        with Engine(door.port) as one_too_many:
            assert one_too_many.read() is None
        assert [code_of(engine.send(oru(f"m{n}"))) for n, engine in enumerate(more)] == ["AA"] * len(more)
        for engine in more:
            engine.hang_up()

        def admitted_again() -> bool:
            with Engine(door.port) as engine:
                answer = engine.send(oru("again"))
                return answer is not None and code_of(answer) == "AA"

        until(admitted_again)


def test_same_message_on_all_connections_at_once_is_kept_once(engines: list[Engine]) -> None:
    for round_ in range(10):
        begin = threading.Barrier(len(engines))
        answers: list[str | None] = []

        def send(engine: Engine, raw: bytes, begin: threading.Barrier, answers: list[str | None]) -> None:
            begin.wait()
            answers.append(engine.send(raw))

        at_once(send, engines, oru(f"same-{round_}"), begin, answers)
        assert len(set(answers)) == 1
        assert code_of(answers[0]) == "AA"
    assert InboxMessage.objects.count() == 10


def test_one_of_several_contents_under_the_same_control_id_is_taken(engines: list[Engine]) -> None:
    answers: list[str] = []

    def send(engine: Engine) -> None:
        value = f"4.{engines.index(engine)}"
        answers.append(code_of(engine.send(oru("same", value=value))))

    at_once(send, engines)
    assert sorted(answers) == ["AA"] + ["AE"] * 7
    assert InboxMessage.objects.filter(state="received").count() == 1


def at_once(work: Callable[..., None], engines: list[Engine], *arguments: object) -> None:
    threads = [threading.Thread(target=work, args=(engine, *arguments)) for engine in engines]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def test_later_answer_comes_on_the_connection_of_its_message(engines: list[Engine]) -> None:
    for number, engine in enumerate(engines):
        raw = oru(f"e{number}", patient_no=f"P{number}", accept="AL", application="AL")
        assert code_of(engine.send(raw)) == "CA"
    work_off()
    for number, engine in enumerate(engines):
        answer = engine.read()
        assert (code_of(answer), field(answer, "MSA", 2)) == ("AA", f"e{number}")


def test_sender_registered_meanwhile_is_known_to_both(engines: list[Engine], register: Register) -> None:
    assert {code_of(engine.send(oru(f"x{n}", facility="NEW"))) for n, engine in enumerate(engines)} == {"AR"}
    register("NEW")
    waiting = dict(enumerate(engines))

    def all_taken() -> bool:
        for number, engine in list(waiting.items()):
            if code_of(engine.send(oru(f"x{number}", facility="NEW"))) == "AA":
                del waiting[number]
        return not waiting

    until(all_taken)


def test_partner_that_is_killed_costs_its_connections_and_is_started_again(
    door: Door, engines: list[Engine]
) -> None:
    assert [code_of(e.send(oru(f"a{n}"))) for n, e in enumerate(engines)] == ["AA"] * 8
    os.kill(door.partner, signal.SIGKILL)
    answers = [engine.send(oru(f"b{number}")) for number, engine in enumerate(engines)]
    assert [code_of(answer) for answer in answers if answer] == ["AA"] * 4
    with ExitStack() as stack:
        for number in (number for number, answer in enumerate(answers) if answer is None):
            again = stack.enter_context(Engine(door.port))
            assert code_of(again.send(oru(f"b{number}"))) == "AA"
    door.wait_until_ready()
    assert InboxMessage.objects.count() == 16


def test_stop_lets_both_answer_what_is_under_way_and_frees_the_port(
    door: Door, engines: list[Engine]
) -> None:
    for number, engine in enumerate(engines):
        assert code_of(engine.send(oru(f"a{number}"))) == "AA"
    partner = door.partner
    door.process.terminate()
    assert [engine.read_raw() for engine in engines] == [None] * 8
    assert door.process.wait(PATIENCE) == 0
    assert not Path(f"/proc/{partner}").exists()
    with pytest.raises(ConnectionRefusedError):
        Engine(door.port)


def test_partner_ends_with_the_listener_that_is_killed_and_another_takes_the_port(
    door: Door, engines: list[Engine]
) -> None:
    for number, engine in enumerate(engines):
        assert code_of(engine.send(oru(f"a{number}"))) == "AA"
    partner = Path(f"/proc/{door.partner}")
    door.process.kill()
    door.process.wait()
    assert [engine.read_raw() for engine in engines] == [None] * 8
    until(lambda: not partner.exists() or "\nState:\tZ" in (partner / "status").read_text())
    door.start()
    with Engine(door.port) as engine:
        assert code_of(engine.send(oru("again"))) == "AA"
