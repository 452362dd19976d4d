"""The embedded PostgreSQL survives what happens to demos: kills, restarts, second processes."""

import os
import shutil
import signal
import stat
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from yijian.foundation.database import embedded
from yijian.foundation.database.embedded import EmbeddedPostgres, database_url
from yijian.foundation.errors import CannotGoOn


@pytest.fixture
def home() -> Iterator[Path]:
    """Give a home that any user can pass through, so that all of the server's files stay inside."""
    with tempfile.TemporaryDirectory(prefix="yijian-test-") as path:
        Path(path).chmod(0o711)
        yield Path(path)


@pytest.fixture
def server(home: Path) -> Iterator[EmbeddedPostgres]:
    server = EmbeddedPostgres(home, fsync="off", shared_buffers="16MB")
    server.start()
    yield server
    server.stop()


def ask(url: str, question: str) -> object:
    with psycopg.connect(url, autocommit=True) as connection:
        row = connection.execute(question).fetchone()
        return row[0] if row else None


def tell(url: str, statement: str) -> None:
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(statement)


def postmaster_process(server: EmbeddedPostgres) -> int:
    return int((server.data / "postmaster.pid").read_text().split()[0])


def start_elsewhere(home: Path) -> subprocess.Popen[str]:
    """Start the server in a process of its own, which then waits for its input to end."""
    program = (
        "import sys; from pathlib import Path;"
        "from yijian.foundation.database.embedded import EmbeddedPostgres;"
        "server = EmbeddedPostgres(Path(sys.argv[1])); print(server.start(), flush=True);"
        "sys.stdin.read(); server.stop()"
    )
    return subprocess.Popen(
        [sys.executable, "-c", program, str(home)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )


def first_line(process: subprocess.Popen[str]) -> str:
    assert process.stdout
    return process.stdout.readline().strip()


def test_serves_utf8_with_checksums_on_loopback_alone(server: EmbeddedPostgres) -> None:
    assert ask(server.url, "SELECT current_database()") == "yijian"
    assert ask(server.url, "SELECT upper('é检')") == "É检"
    assert ask(server.url, "SHOW data_checksums") == "on"
    assert ask(server.url, "SHOW listen_addresses") == "127.0.0.1"
    assert ask(server.url, "SHOW timezone") == "UTC"
    assert ask(server.url, "SHOW synchronous_commit") == "on"


def test_killed_server_is_started_again_at_its_address(server: EmbeddedPostgres) -> None:
    url = server.url
    tell(url, "CREATE TABLE kept AS SELECT 7 AS number")
    assert not server.restart_if_ended()
    os.kill(postmaster_process(server), signal.SIGKILL)
    while not server.restart_if_ended():
        pass
    assert server.url == url
    assert ask(url, "SELECT number FROM kept") == 7


def test_refuses_a_wrong_password(server: EmbeddedPostgres) -> None:
    name, _, address = server.url.rpartition("@")
    wrong = f"{name.rpartition(':')[0]}:wrong@{address}"
    with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
        ask(wrong, "SELECT 1")


def test_keeps_password_and_log_from_other_users(server: EmbeddedPostgres) -> None:
    directory = server.data.parent
    modes = {name: stat.S_IMODE((directory / name).stat().st_mode) for name in ("data", "password", "log")}
    assert modes == {"data": 0o700, "password": 0o600, "log": 0o600}


def test_log_holds_no_values(server: EmbeddedPostgres) -> None:
    tell(server.url, "CREATE TABLE patient (name text PRIMARY KEY)")
    tell(server.url, "INSERT INTO patient VALUES ('张三丰')")
    with pytest.raises(psycopg.errors.UniqueViolation):
        tell(server.url, "INSERT INTO patient VALUES ('张三丰')")
    log = server.log.read_text()
    assert "duplicate key" in log
    assert "张三丰" not in log


def test_second_start_keeps_what_was_written(server: EmbeddedPostgres) -> None:
    tell(server.url, "CREATE TABLE kept AS SELECT 42 AS answer")
    server.stop()
    assert ask(server.start(), "SELECT answer FROM kept") == 42


def test_start_of_a_running_server_attaches(server: EmbeddedPostgres, home: Path) -> None:
    before = server.url
    assert server.start() == before
    attached = EmbeddedPostgres(home)
    assert attached.start() == before
    attached.stop()
    assert ask(before, "SELECT 1") == 1


def test_recovers_after_the_server_was_killed(server: EmbeddedPostgres) -> None:
    tell(server.url, "CREATE TABLE kept AS SELECT 42 AS answer")
    os.kill(postmaster_process(server), signal.SIGKILL)
    assert ask(server.start(), "SELECT answer FROM kept") == 42


def test_takes_over_the_server_of_a_killed_owner(home: Path) -> None:
    with start_elsewhere(home) as owner:
        url = first_line(owner)
        owner.kill()
    heir = EmbeddedPostgres(home)
    assert heir.start() == url
    heir.stop()
    with pytest.raises(psycopg.OperationalError):
        ask(url, "SELECT 1")


def test_recovers_when_owner_and_server_were_killed(home: Path) -> None:
    with start_elsewhere(home) as owner:
        first_line(owner)
        server = EmbeddedPostgres(home)
        server.start()
        tell(server.url, "CREATE TABLE kept AS SELECT 42 AS answer")
        owner.kill()
        os.kill(postmaster_process(server), signal.SIGKILL)
    assert ask(server.start(), "SELECT answer FROM kept") == 42
    server.stop()


def test_processes_that_start_at_once_share_one_server(home: Path) -> None:
    with start_elsewhere(home) as one, start_elsewhere(home) as two:
        assert first_line(one) == first_line(two)
        for process in (one, two):
            assert process.stdin
            process.stdin.close()
    assert one.returncode == two.returncode == 0


def test_ignores_a_lock_file_that_names_a_stranger(server: EmbeddedPostgres) -> None:
    lock_file = server.data / "postmaster.pid"
    lines = lock_file.read_text().splitlines()
    server.stop()
    lock_file.write_text("\n".join([str(os.getppid()), *lines[1:], ""]))
    shutil.chown(lock_file, server.data.owner(), server.data.group())
    assert ask(server.start(), "SELECT 1") == 1


def test_a_terminals_interrupt_does_not_reach_the_server(server: EmbeddedPostgres) -> None:
    assert os.getsid(postmaster_process(server)) == postmaster_process(server)


def test_begins_anew_when_making_was_interrupted(home: Path) -> None:
    server = EmbeddedPostgres(home, fsync="off")
    draft = server.data.parent / "data.new"
    draft.mkdir()
    (draft / "PG_VERSION").write_text("18\n")
    assert ask(server.start(), "SELECT 1") == 1
    server.stop()


def test_refuses_data_of_another_version(server: EmbeddedPostgres) -> None:
    server.stop()
    (server.data / "PG_VERSION").write_text("16\n")
    with pytest.raises(CannotGoOn, match="made by PostgreSQL 16"):
        server.start()


def test_says_why_it_does_not_start(home: Path) -> None:
    server = EmbeddedPostgres(home, max_connections="none")
    with pytest.raises(CannotGoOn, match="max_connections"):
        server.start()
    server.stop()


def test_server_by_url_needs_no_embedded_one(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(embedded, "EmbeddedPostgres", None)
    given = {"YIJIAN_HOME": str(home), "YIJIAN_DATABASE_URL": "postgresql://elsewhere/yijian"}
    assert database_url(given) == "postgresql://elsewhere/yijian"
    assert not list(home.iterdir())
