"""The server as two processes: connections are shared, and nobody can tell which of them serves him."""

import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from functools import partial
from http.client import HTTPConnection
from pathlib import Path

import msgspec
import pytest
from prometheus_client.multiprocess import MultiProcessCollector

from tests.flow.order_check.conftest import World
from tests.flow.order_check.test_match import MATCH, PERSON, person_id, question  # noqa: F401 - a fixture
from tests.flow.order_check.test_match_server import free_port
from yijian.config.counts import KINDS

PATIENCE = 60
MOST = 20
"""Connections of one address."""


class Connection(HTTPConnection):
    """One connection, kept open from request to request."""

    def __init__(self, port: int) -> None:
        super().__init__("127.0.0.1", port, timeout=PATIENCE)
        self.connect()

    def get(self, path: str) -> tuple[int, bytes]:
        self.request("GET", path)
        return self.read()

    def read(self) -> tuple[int, bytes]:
        answer = self.getresponse()
        return answer.status, answer.read()

    def begin(self, path: str, body: bytes, headers: dict[str, str]) -> None:
        """Send a request without the last byte of its body."""
        self.putrequest("POST", path)
        for name, value in {"Content-Length": str(len(body)), **headers}.items():
            self.putheader(name, value)
        self.endheaders(body[:-1])

    def is_closed(self) -> bool:
        """Tell whether the other end has closed, once something comes."""
        try:
            return not self.sock.recv(1)
        except ConnectionResetError:
            return True


class House:
    """`yijian serve` with one partner, as its supervisor runs it."""

    def __init__(self, world: World, home: Path) -> None:
        self.port, self._home, self._starts = free_port(), home, 0
        self.log = home / "serve.log"
        self._environment = os.environ | {
            "YIJIAN_DATABASE_URL": world.environment.database_url,
            "YIJIAN_HOME": str(home),
            "YIJIAN_HTTP_PORT": str(self.port),
            "YIJIAN_WEB_PROCESSES": "2",
            "YIJIAN_HTTP_CONNECTIONS": str(MOST),
            "YIJIAN_PROXIES": "192.0.2.1/32",
        }
        self.start()

    def start(self) -> None:
        """Start it, and wait until it answers: both processes serve by then."""
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "yijian.config.cli", "serve"], env=self._environment, stderr=log
            )
        until(lambda: self.listens() or self.process.poll() is not None)
        self.wait_for_partner()

    def wait_for_partner(self) -> None:
        """Wait until the partner was started once more and is ready."""
        self._starts += 1
        until(lambda: self.log.read_text().count("a further process is ready") == self._starts)

    def listens(self) -> bool:
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", self.port)) == 0

    @property
    def partner(self) -> int:
        """Return the pid of the second process."""
        children = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text()
        return int(children.split()[0])

    @property
    def files(self) -> list[Path]:
        return sorted((self._home / "run" / f"counts-{self.port}").iterdir())

    def answered(self, number: int) -> float:
        """Return how many requests a process has answered, by its own file."""
        (file,) = [path for path in self.files if path.name == f"counter_{number}.db"]
        metrics = MultiProcessCollector.merge([str(file)])
        return sum(s.value for metric in metrics for s in metric.samples if s.name == "yijian_requests_total")


def until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def count(connection: Connection, name: str) -> float:
    """Return what `/metrics` shows under this name, over all labels."""
    status, text = connection.get("/metrics")
    assert status == 200
    return sum(map(float, re.findall(rf"^{name}(?:{{.*}})? (\S+)$", text.decode(), re.MULTILINE)))


@pytest.fixture(scope="module")
def running(world: World, tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    house = House(world, tmp_path_factory.mktemp("house"))
    yield house
    house.process.terminate()
    house.process.wait(PATIENCE)
    assert "Traceback" not in house.log.read_text()


@pytest.fixture
def house(running: House) -> House:
    """Return the running server; one that a test ended is started anew."""
    if running.process.poll() is not None:
        running.start()
    return running


@pytest.fixture
def connect(house: House) -> Iterator[Callable[[], Connection]]:
    with ExitStack() as stack:
        yield lambda: stack.enter_context(closing(Connection(house.port)))


@pytest.fixture
def caller(house: House, world: World) -> dict[str, str]:
    """Return the headers of the county hospital's requests."""
    form = f"grant_type=client_credentials&client_id=county&client_secret={world.secrets['county']}"
    with closing(Connection(house.port)) as connection:
        typed = {"Content-Type": "application/x-www-form-urlencoded"}
        connection.request("POST", "/oauth/token", form, typed)
        _, answer = connection.read()
    token = msgspec.json.decode(answer)["access_token"]
    return {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}


def test_sixteen_connections_are_shared_by_halves(house: House) -> None:
    def halved() -> bool:
        before = [house.answered(number) for number in (0, 1)]
        with ExitStack() as stack:
            connections = [stack.enter_context(closing(Connection(house.port))) for _ in range(16)]
            assert {each.get("/.well-known/jwks.json")[0] for each in connections} == {200}
            until(lambda: house.answered(0) + house.answered(1) == sum(before) + 16)
        return [house.answered(number) - then for number, then in enumerate(before)] == [8, 8]

    until(halved)  # the end of a test before may not have been told yet


def test_each_tells_the_counts_of_both(house: House, connect: Callable[[], Connection]) -> None:
    connections = [connect() for _ in range(8)]
    assert {each.get("/.well-known/jwks.json")[0] for each in connections} == {200}

    def adds_up(connection: Connection) -> bool:
        before = house.answered(0) + house.answered(1)
        return count(connection, "yijian_requests_total") == before

    for connection in connections:
        until(partial(adds_up, connection))


def test_files_of_the_counts_are_there_beforehand(house: House) -> None:
    assert [path.name for path in house.files] == sorted(f"{kind}_{n}.db" for kind in KINDS for n in (0, 1))
    assert all(path.stat().st_blocks * 512 >= path.stat().st_size for path in house.files)


def test_token_and_record_of_one_process_are_known_to_the_other(
    connect: Callable[[], Connection],
    caller: dict[str, str],
    person_id: object,  # noqa: F811
) -> None:
    ours, theirs = connect(), connect()
    committed = count(ours, "yijian_footprints_committed_total")
    for connection in (ours, theirs):
        connection.request("POST", MATCH, msgspec.json.encode(question(PERSON)), caller)
        assert connection.read()[0] == 200
    assert count(theirs, "yijian_footprints_committed_total") == committed + 2


def test_connections_of_an_address_are_counted_over_both(house: House) -> None:
    def admitted(connection: Connection) -> bool:
        try:
            return connection.get("/healthz")[0] == 200
        except OSError:  # refused while we asked
            return False

    def is_full() -> bool:
        with ExitStack() as stack:
            crowd = [stack.enter_context(closing(Connection(house.port))) for _ in range(MOST)]
            all_in = all(map(admitted, crowd))
            return all_in and not admitted(stack.enter_context(closing(Connection(house.port))))

    def admitted_again() -> bool:
        with closing(Connection(house.port)) as connection:
            return admitted(connection)

    until(is_full)
    until(admitted_again)


def test_partner_that_is_killed_comes_back_while_the_other_answers(
    house: House, connect: Callable[[], Connection]
) -> None:
    connections = [connect() for _ in range(8)]
    assert {each.get("/.well-known/jwks.json")[0] for each in connections} == {200}
    total = count(connections[0], "yijian_requests_total")
    os.kill(house.partner, signal.SIGKILL)
    until(lambda: house.log.read_text().count("a further process ended") == 1)
    assert connect().get("/readyz")[0] == 200
    house.wait_for_partner()
    assert count(connect(), "yijian_requests_total") > total
    again = [connect() for _ in range(8)]
    before = house.answered(1)
    assert {each.get("/.well-known/jwks.json")[0] for each in again} == {200}
    assert house.answered(1) >= before + 4


def test_stop_lets_both_answer_what_is_under_way_and_frees_the_port(
    house: House,
    connect: Callable[[], Connection],
    caller: dict[str, str],
    person_id: object,  # noqa: F811
) -> None:
    idle, working = [connect(), connect()], [connect() for _ in range(4)]
    body, partner = msgspec.json.encode(question(PERSON)), house.partner
    for connection in working:
        connection.begin(MATCH, body, caller)
    assert {each.get("/healthz")[0] for each in idle} == {200}
    house.process.terminate()
    assert [each.is_closed() for each in idle] == [True, True]
    assert not house.listens()
    for connection in working:
        connection.send(body[-1:])
    assert [each.read()[0] for each in working] == [200] * 4
    assert house.process.wait(PATIENCE) in (0, -signal.SIGTERM)
    assert not Path(f"/proc/{partner}").exists()


def test_partner_ends_with_the_server_that_is_killed_and_another_takes_the_port(
    house: House, connect: Callable[[], Connection]
) -> None:
    connections = [connect() for _ in range(4)]
    assert {each.get("/healthz")[0] for each in connections} == {200}
    partner = Path(f"/proc/{house.partner}")
    house.process.kill()
    house.process.wait()
    assert [each.is_closed() for each in connections] == [True] * 4
    until(lambda: not partner.exists() or "\nState:\tZ" in (partner / "status").read_text())
    house.start()
    with closing(Connection(house.port)) as connection:
        assert connection.get("/readyz")[0] == 200


def test_taken_port_is_named_in_one_sentence(world: World, tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        environment = os.environ | {
            "YIJIAN_DATABASE_URL": world.environment.database_url,
            "YIJIAN_HOME": str(tmp_path),
            "YIJIAN_HTTP_PORT": str(taken.getsockname()[1]),
            "YIJIAN_WEB_PROCESSES": "2",
        }
        done = subprocess.run(
            [sys.executable, "-m", "yijian.config.cli", "serve"],
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )
    assert done.returncode == 1
    assert "Address already in use" in done.stderr.splitlines()[-1]
    assert "Traceback" not in done.stderr
