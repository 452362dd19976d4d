"""The demo as a newcomer meets it: from an empty directory to `ready`, asked, stopped, and started again."""

import asyncio
import json
import os
import re
import select
import signal
import socket
import stat
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any

import httpx
import psycopg
import pytest
from hl7.client import MLLPClient

from tests.conftest import REPOSITORY
from yijian.config.processes import Children
from yijian.demo.calendar import Calendar
from yijian.demo.hosting import SEED
from yijian.demo.people import make_residents
from yijian.foundation.accounts.brake import MOST_OF_NAME
from yijian.foundation.database.embedded import EmbeddedPostgres
from yijian.foundation.errors import CannotGoOn

Json = dict[str, Any]
PATIENCE = 300
RESIDENTS = "15"


class RunningDemo:
    """A demo process and what it has said so far."""

    def __init__(self, home: Path, ports: list[int]) -> None:
        inherited = {name: value for name, value in os.environ.items() if not name.startswith("YIJIAN_")}
        names = ("YIJIAN_HTTP_PORT", "YIJIAN_MLLP_PORT", "YIJIAN_DIMSE_PORT")
        own = dict(zip(names, map(str, ports), strict=True)) | {"YIJIAN_HOME": str(home)}
        inherited.pop("DJANGO_SETTINGS_MODULE", None)
        self.said: list[str] = []
        self.process = subprocess.Popen(
            [sys.executable, "-m", "yijian.config.cli", "demo", "--residents", RESIDENTS],
            cwd=REPOSITORY,
            env=inherited | own,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )

    def wait_until_it_says(self, beginning: str) -> None:
        """Read until a line begins so; an end before it is a failure that shows what was said."""
        assert self.process.stdout
        deadline = time.monotonic() + PATIENCE
        pending = b""
        while not any(line.startswith(beginning) for line in self.said):
            left = deadline - time.monotonic()
            assert select.select([self.process.stdout], [], [], max(left, 0))[0], self.said
            data = os.read(self.process.stdout.fileno(), 65536)
            assert data, "\n".join([*self.said, pending.decode()])
            *lines, pending = (pending + data).split(b"\n")
            self.said += [line.decode().rstrip() for line in lines]

    def stop(self, number: signal.Signals = signal.SIGTERM) -> int:
        """Send the signal, wait for the end and return the exit status."""
        self.process.send_signal(number)
        rest, _ = self.process.communicate(timeout=60)
        self.said += rest.decode().splitlines()
        return self.process.returncode


def free_ports(count: int) -> list[int]:
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [each.getsockname()[1] for each in sockets]
    for each in sockets:
        each.close()
    return ports


class Premises:
    """One home and its ports: the demo there is started whenever a test finds it ended."""

    def __init__(self, home: Path, ports: list[int]) -> None:
        self.home, self.ports = home, ports
        self._demo: RunningDemo | None = None

    @property
    def demo(self) -> RunningDemo:
        if self._demo is None or self._demo.process.poll() is not None:
            self._demo = RunningDemo(self.home, self.ports)
            self._demo.wait_until_it_says("ready")
        return self._demo

    @property
    def handover(self) -> Json:
        document: Json = json.loads((self.home / "demo.json").read_text(encoding="utf-8"))
        return document

    def close(self) -> None:
        if self._demo and self._demo.process.poll() is None:
            self._demo.stop()
        server = EmbeddedPostgres(self.home)  # a demo that was killed leaves it running
        server.start()
        server.stop()


@pytest.fixture(scope="module")
def premises(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Premises]:
    with closing(Premises(_open_directory(tmp_path_factory) / "home", free_ports(3))) as opened:
        yield opened


def _open_directory(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a directory that the user PostgreSQL runs as may pass through."""
    path = tmp_path_factory.mktemp("demo")
    for parent in (path, *path.parents[:2]):
        parent.chmod(0o711)
    return path


@pytest.fixture
def handover(premises: Premises) -> Json:
    """Return what the running demo handed over."""
    assert premises.demo.process.poll() is None
    return premises.handover


class Hospital:
    """One institution's program, calling with the credential it was handed."""

    def __init__(self, handover: Json, institution_code: str) -> None:
        client = next(c for c in handover["clients"] if c["institution_code"] == institution_code)
        form = {"grant_type": "client_credentials"}
        self._http = httpx.Client(base_url=handover["base_url"], trust_env=False, timeout=60)
        answer = self._http.post(
            "/oauth/token", data=form, auth=(client["client_id"], client["client_secret"])
        )
        self._http.headers["Authorization"] = f"Bearer {answer.json()['access_token']}"

    def call(self, path: str, body: Json) -> Json:
        response = self._http.post(f"/api/v1/{path}", json=body)
        assert response.status_code == 200, response.text
        answer: Json = response.json()
        return answer

    def close(self) -> None:
        self._http.close()


@pytest.fixture
def hospital(handover: Json) -> Iterator[Callable[[str], Hospital]]:
    opened: list[Hospital] = []

    def enter(institution_code: str) -> Hospital:
        opened.append(Hospital(handover, institution_code))
        return opened[-1]

    yield enter
    for each in opened:
        each.close()


def question(patient: Json) -> Json:
    trial = patient["try"]
    asked: Json = {
        "patient": {
            "identifiers": [{"type": "resident_id", "value": patient["resident_id"]}],
            **{name: patient[name] for name in ("name", "sex", "birth_date")},
        },
        "encounter": {"type": trial["encounter_type"], "number": "T1"},
        "purpose": trial["purpose"],
        "items": trial["items"],
    }
    return asked | ({"authorisation": trial["authorisation"]} if trial["authorisation"] else {})


def test_handover_has_the_shape_of_the_contract(handover: Json, premises: Premises) -> None:
    assert stat.S_IMODE((premises.home / "demo.json").stat().st_mode) == 0o600
    ports = premises.ports
    assert set(handover) == {"base_url", "mllp", "dimse", "clients", "users", "patients"}
    assert handover["base_url"] == f"http://127.0.0.1:{ports[0]}"
    assert handover["mllp"] == {"host": "127.0.0.1", "port": ports[1]}
    assert handover["dimse"] == {"host": "127.0.0.1", "port": ports[2], "ae_title": "YIJIAN"}
    for client in handover["clients"]:
        names = "institution_code institution_name level client_id client_secret scopes cds"
        assert set(client) == set(names.split())
        assert set(client["cds"]) == {"iss", "kid", "private_key_jwk"}
        assert "d" in client["cds"]["private_key_jwk"]
    roles = {"clinician", "technician", "integrator", "supervisor", "administrator", "patient"}
    assert {user["role"] for user in handover["users"]} == roles
    assert all(
        {"role", "institution_code", "username", "password"} <= set(user) for user in handover["users"]
    )


def test_every_patient_is_answered_as_promised(handover: Json, hospital: Callable[[str], Hospital]) -> None:
    for patient in handover["patients"]:
        answer = hospital(patient["try"]["institution_code"]).call("recognition/match", question(patient))
        assert answer["items"][0]["outcome"] == patient["try"]["expect"], patient["story_code"]


def sign_in(handover: Json, username: str, password: str, address: str = "127.0.0.1") -> int:
    """Return the status a try to sign in is answered with, from where a proxy says that it comes."""
    headers = {"X-Forwarded-For": address}
    with httpx.Client(base_url=handover["base_url"], trust_env=False, timeout=60, headers=headers) as browser:
        page = browser.get("/sign-in")
        token = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', page.text)
        assert token
        form = {"username": username, "password": password, "csrfmiddlewaretoken": token[1]}
        return browser.post("/sign-in", data=form).status_code


def test_every_user_can_sign_in(handover: Json) -> None:
    for user in handover["users"]:
        assert sign_in(handover, user["username"], user["password"]) == 302, user["username"]


def test_brake_on_wrong_passwords_outlives_the_process(premises: Premises, handover: Json) -> None:
    user, address = handover["users"][0], "203.0.113.5"
    for number in range(MOST_OF_NAME):
        assert sign_in(handover, user["username"], f"wrong {number}", address) == 422
    killed = _child(premises, "serve")
    os.kill(killed, signal.SIGKILL)
    _until(lambda: _child(premises, "serve") not in (0, killed) and _is_ready(handover))
    assert sign_in(handover, user["username"], user["password"], address) == 422
    assert sign_in(handover, user["username"], user["password"], "203.0.113.6") == 302


def test_no_log_holds_names_numbers_or_secrets(
    premises: Premises, handover: Json, hospital: Callable[[str], Hospital]
) -> None:
    """Whatever ran before: the loading of the year at least, and what is refused here."""
    patient, user = handover["patients"][0], handover["users"][0]
    assert sign_in(handover, user["username"], f"{user['password']}!", "203.0.113.7") == 422
    with pytest.raises(AssertionError, match="invalid"):
        hospital("42010201").call("reports", {"report_no": patient["name"], "patient": patient})
    unread = (
        f"MSH|^~\\&|LIS|42010602||||||ORU^R01|X|P|2.4\rPID|||{patient['resident_id']}||{patient['name']}\r"
    )
    with MLLPClient(handover["mllp"]["host"], handover["mllp"]["port"]) as client:
        assert b"MSA|A" in client.send_message(unread.encode())
    logs = {path: path.read_text(errors="replace") for path in _logs(premises.home)}
    assert {path.name for path in logs} >= {"serve.log", "mllp.log", "worker.log", "log"}
    private = _private(premises.home, handover)
    assert len(private) > 3 * int(RESIDENTS)
    assert not {path.name: word for path, text in logs.items() for word in private if word in text}


def _logs(home: Path) -> list[Path]:
    """Return our logs, those of imports and PostgreSQL's."""
    return [*home.glob("**/*.log"), *(home / "postgres").glob("log*")]


def _private(home: Path, handover: Json) -> set[str]:
    """Return what no log may hold: of all residents, and every secret of the installation."""
    moment = datetime.fromisoformat(json.loads((home / "demo-progress.json").read_text())["moment"])
    residents = make_residents(Calendar(moment).today, int(RESIDENTS), Random(SEED))  # noqa: S311 - no secret
    persons = [(each.resident_id, each.name, each.phone) for each in residents]
    stories = [(each["resident_id"], each["name"]) for each in handover["patients"]]
    programs = [(each["client_secret"], each["cds"]["private_key_jwk"]["d"]) for each in handover["clients"]]
    people = [(each["password"],) for each in handover["users"]]
    files = [
        ((home / name).read_text().strip(),) for name in ("secret.key", "field.key", "postgres/password")
    ]
    return {word for words in (*persons, *stories, *programs, *people, *files) for word in words}


def test_result_of_one_hospital_is_recognised_accepted_and_cited_at_another(
    handover: Json, hospital: Callable[[str], Hospital]
) -> None:
    patient = next(p for p in handover["patients"] if p["story_code"] == "nothing")
    _send(handover, patient, "14920-3^游离甲状腺素^LN", "13.42", "pmol/L", "9.01-19.05")
    receiver = hospital("42010201")
    asked = question(patient) | {"items": [{"system": "item", "code": "FT4"}]}
    item = _await_candidate(receiver, asked)
    assert item["items"][0]["outcome"] == "recognise"
    candidate = item["items"][0]["candidate"]
    assert candidate["mark"] == "全国HR"
    assert candidate["results"][0]["value"] == "13.42"
    assert {"right.covers", "window.within"} <= {r["code"] for r in item["items"][0]["reasons"]}
    decided_at = datetime.now(UTC).isoformat()
    decision = {"match_item_id": candidate["match_item_id"], "decision": "accept"}
    submission = {"match_id": item["match_id"], "decided_at": decided_at, "items": [decision]}
    accepted = receiver.call("recognition/decisions", submission)
    assert float(accepted["items"][0]["estimated_saving"]) > 0
    citation = {"match_item_id": candidate["match_item_id"], "cited_at": datetime.now(UTC).isoformat()}
    assert receiver.call("recognition/citations", citation)["recorded_at"]


def _send(handover: Json, patient: Json, code: str, value: str, unit: str, limits: str) -> None:
    """Send a result of five hours ago with a stock HL7 client."""
    taken = (datetime.now(UTC) - timedelta(hours=5)).strftime("%Y%m%d%H%M%S+0000")
    sex, born = patient["sex"][0].upper(), patient["birth_date"].replace("-", "")
    number = f"T-{code[:5]}"
    message = "\r".join(
        (
            rf"MSH|^~\&|LIS|42010602|YIJIAN|P|{taken}||ORU^R01^ORU_R01|{number}|P|2.5.1||||||UNICODE UTF-8",
            f"PID|1||{patient['resident_id']}^^^^NNCHN||{patient['name']}||{born}|{sex}",
            f"OBR|1||{number}|{code}|||{taken}|||||||||||||||{taken}||LAB|F",
            f"OBX|1|NM|{code}||{value}|{unit}|{limits}|N|||F|||{taken}",
            "",
        )
    )
    with MLLPClient(handover["mllp"]["host"], handover["mllp"]["port"]) as client:
        assert f"MSA|AA|{number}".encode() in client.send_message(message.encode())


def _await_candidate(receiver: Hospital, asked: Json) -> Json:
    """Ask until the message is processed: acknowledged means kept, not yet recorded."""
    deadline = time.monotonic() + 60
    while True:
        answer = receiver.call("recognition/match", asked)
        if answer["items"][0]["outcome"] != "none" or time.monotonic() > deadline:
            return answer
        time.sleep(0.1)


def test_second_start_keeps_accounts_and_tells_aged_stories_again(
    premises: Premises, handover: Json, hospital: Callable[[str], Hospital]
) -> None:
    patient = next(p for p in handover["patients"] if p["story_code"] == "nothing")
    _send(handover, patient, "3016-3^促甲状腺激素^LN", "1.87", "mIU/L", "0.350-4.940")
    receiver = hospital(patient["try"]["institution_code"])
    assert _await_candidate(receiver, question(patient))["items"][0]["outcome"] != "none"
    assert premises.demo.stop() == 0
    assert not (premises.home / "postgres" / "data" / "postmaster.pid").exists()
    _let_forty_days_pass(premises.home)
    said, again = premises.demo.said, premises.handover
    assert {**again, "patients": []} == {**handover, "patients": []}
    assert _expectations(again) == _expectations(handover) | {"nothing": {"not_recognisable"}}
    assert not any(line.startswith("reports of the year") for line in said)
    assert any(line.startswith("stories told again") for line in said)
    assert any(line.startswith("changed since it was told: nothing") for line in said)


def _expectations(handover: Json) -> dict[str, set[str]]:
    """Return the outcomes by story; the one that had nothing has an old result by now."""
    return {
        code: {p["try"]["expect"] for p in handover["patients"] if p["story_code"] == code}
        for code in {p["story_code"] for p in handover["patients"]}
    }


def _let_forty_days_pass(home: Path) -> None:
    server = EmbeddedPostgres(home)
    with psycopg.connect(server.start()) as connection:
        for table in ("results_result", "results_report"):
            connection.execute(
                f"UPDATE {table} SET effective_at = effective_at - interval '40 days'"  # noqa: S608
            )
        connection.execute("UPDATE results_result SET reported_at = reported_at - interval '40 days'")
    server.stop()


@pytest.mark.parametrize("command", ["serve", "mllp", "worker"])
def test_killed_process_is_started_again_and_that_is_logged(
    premises: Premises, handover: Json, command: str
) -> None:
    log = premises.home / "log" / "demo.log"
    said = f"`yijian {command}` ended with status -9 and starts again"
    before = log.read_text().count(said) if log.exists() else 0
    killed = _child(premises, command)
    os.kill(killed, signal.SIGKILL)
    _until(lambda: log.exists() and log.read_text().count(said) == before + 1)
    _until(lambda: _child(premises, command) not in (0, killed))
    _until(lambda: all(_listens(port) for port in premises.ports[:2]))
    _until(lambda: _is_ready(handover))


def _child(premises: Premises, command: str) -> int:
    """Return the pid of the demo's child that runs a command, 0 where there is none just now."""
    demo = premises.demo.process.pid
    for pid in map(int, Path(f"/proc/{demo}/task/{demo}/children").read_text().split()):
        if command.encode() in Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0"):
            return pid
    return 0


def _is_ready(handover: Json) -> bool:
    try:
        return httpx.get(f"{handover['base_url']}/readyz", trust_env=False).status_code == 200
    except httpx.TransportError:
        return False


def _until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.1)


def test_taken_port_is_named_in_one_sentence(tmp_path: Path) -> None:
    tmp_path.chmod(0o711)
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        demo = RunningDemo(tmp_path / "home", [port, *free_ports(2)])
        output, _ = demo.process.communicate(timeout=PATIENCE)
    assert demo.process.returncode == 1
    assert output.decode().startswith(f"yijian: Port {port} of 127.0.0.1 cannot be used")
    assert output.count(b"\n") == 1


def test_first_start_that_was_cut_off_is_gone_on_with(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Reports corrected and withdrawn by then are sent again from the first."""
    with closing(Premises(_open_directory(tmp_path_factory) / "home", free_ports(3))) as premises:
        cut_off = RunningDemo(premises.home, premises.ports)
        cut_off.wait_until_it_says("reports of the year")
        cut_off.stop(signal.SIGKILL)
        _until(lambda: not any(_listens(port) for port in premises.ports[:2]))
        assert premises.demo.said[-1] == "ready"


def test_killed_demo_takes_its_processes_along(premises: Premises) -> None:
    assert premises.demo.stop(signal.SIGKILL) == -signal.SIGKILL
    deadline = time.monotonic() + 60
    while any(_listens(port) for port in premises.ports[:2]):
        assert time.monotonic() < deadline
        time.sleep(0.1)


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


async def test_child_that_ends_is_started_again_and_told(tmp_path: Path) -> None:
    told: asyncio.Queue[str] = asyncio.Queue()
    children = Children(tmp_path, os.environ)
    children.start("no-such-command")
    keeping = asyncio.create_task(children.keep_up(told.put_nowait))
    first, second = await told.get(), await told.get()
    keeping.cancel()
    children.stop()
    assert "`yijian no-such-command` ended with status 2 and starts again in 0.4 s" in first
    assert "starts again in 0.8 s" in second
    assert children.log_of("no-such-command").read_text().count("No such command") == 2


async def test_child_that_ends_is_named_with_its_log(tmp_path: Path) -> None:
    children = Children(tmp_path, os.environ)
    children.start("no-such-command")
    with pytest.raises(CannotGoOn, match=r"`yijian no-such-command` ended with status 2; see .*\.log\."):
        await children.watch()
    assert "No such command" in children.log_of("no-such-command").read_text()
    children.stop()
