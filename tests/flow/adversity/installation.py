"""An installation beside the tests' own: a PostgreSQL that nobody keeps up, the web process, the listener."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

import httpx
import psycopg

from bench.processes import free_port
from yijian.config.processes import Children
from yijian.foundation.database.embedded import EmbeddedPostgres

PATIENCE = 60
INSTITUTION = "H001"
REGISTER = f"""
INSERT INTO inbox_sender (facility, institution_code, encoding, addresses, certificates, active)
VALUES ('{INSTITUTION}', '{INSTITUTION}', '', '["127.0.0.1/32"]', '[]', true);
INSERT INTO institutions_region (code, name_zh, name_en, kind, mark_label)
VALUES ('CN', '全国', 'China', 'nation', '全国HR');
INSERT INTO institutions_institution
    (code, name_zh, name_en, region_id, level, grade, kind, ownership, active_from)
VALUES ('{INSTITUTION}', '第一医院', '', 'CN', 3, '', 'hospital', 'public', '2020-01-01');
INSERT INTO institutions_campus (institution_id, code, name_zh, main)
VALUES ('{INSTITUTION}', 'main', '本部', true)
"""  # noqa: S608 - our own constant
ADD_CLIENT = (
    "clients",
    "add",
    "his",
    "--institution",
    INSTITUTION,
    "--scope",
    "report.write",
    "--scope",
    "recognition.match",
)


class Installation:
    """Runs what it is told to; the database server is the test's to stop and start."""

    def __init__(
        self, home: Path, environment: Mapping[str, str], commands: Sequence[str], **settings: str
    ) -> None:
        self._commands = commands
        self.server = EmbeddedPostgres(home, **settings)
        self.url = self.server.start()
        self.http_port, self.mllp_port = free_port(), free_port()
        self._environment = os.environ | {
            "YIJIAN_DATABASE_URL": self.url,
            "YIJIAN_HTTP_PORT": str(self.http_port),
            "YIJIAN_MLLP_PORT": str(self.mllp_port),
            "YIJIAN_MLLP_PROCESSES": "1",
            "YIJIAN_WEB_PROCESSES": "2",
            "YIJIAN_HOME": str(home),
            "TMPDIR": str(home),
        }
        self._environment |= environment
        self._children = Children(home, self._environment)

    def open(self) -> None:
        self.command("migrate")
        with psycopg.connect(self.url, autocommit=True) as connection:
            connection.execute(REGISTER)
        self._secret = self.command(*ADD_CLIENT).strip()
        for command in self._commands:
            self._children.start(command)
        until(self.is_ready)

    def close(self) -> None:
        self._children.stop()
        self.server.stop()

    def command(self, *words: str) -> str:
        """Run a command of ours; return what it says."""
        command = [sys.executable, "-m", "yijian.config.cli", *words]
        return subprocess.run(
            command, env=self._environment, check=True, capture_output=True, text=True
        ).stdout

    def get(self, path: str) -> httpx.Response | None:
        """Return the answer to a question, or none where nobody listens yet."""
        try:
            return httpx.get(f"http://127.0.0.1:{self.http_port}{path}", timeout=PATIENCE, trust_env=False)
        except httpx.TransportError:
            return None

    def is_ready(self) -> bool:
        answer = self.get("/readyz")
        return answer is not None and answer.status_code == 200

    def program(self) -> httpx.Client:
        """Return a hospital's program with its token."""
        base_url = f"http://127.0.0.1:{self.http_port}"
        form = {"grant_type": "client_credentials", "client_id": "his", "client_secret": self._secret}
        answer = httpx.post(f"{base_url}/oauth/token", data=form, timeout=PATIENCE, trust_env=False)
        bearer = {"Authorization": f"Bearer {answer.json()['access_token']}"}
        return httpx.Client(base_url=base_url, headers=bearer, timeout=PATIENCE, trust_env=False)

    def stop_database(self) -> None:
        """Have the server shut down fast, as its service manager does to restart it."""
        postmaster = int((self.server.data / "postmaster.pid").read_text().split()[0])
        os.kill(postmaster, signal.SIGINT)
        until(lambda: not (self.server.data / "postmaster.pid").exists())

    def start_database(self) -> None:
        until(self.server.restart_if_ended)


@contextmanager
def installed(
    home: Path,
    environment: Mapping[str, str] | None = None,
    commands: Sequence[str] = ("serve", "mllp"),
    **settings: str,
) -> Iterator[Installation]:
    """Run these commands over a PostgreSQL with these settings."""
    installation = Installation(home, environment or {}, commands, **settings)
    try:
        installation.open()
        yield installation
    finally:
        installation.close()


def until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.05)
