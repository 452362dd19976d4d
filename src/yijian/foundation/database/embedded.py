"""Supervisor of an embedded PostgreSQL: one server per home, for set-up, demo and tests.

It listens on a free port of the loopback address alone, with SCRAM and a password kept 0600, and on no Unix
socket: the same URL serves every driver, and no directory need be short or shared. Its log holds neither
statements nor details, which would carry patients' data.
"""

import atexit
import fcntl
import os
import secrets
import shutil
import socket
import subprocess
import time
from collections.abc import Mapping
from pathlib import Path
from typing import IO, Any, Literal

import psycopg

from yijian.foundation.database.lock_file import LockFile
from yijian.foundation.database.placement import MAJOR_VERSION, find_place, locate_programs, service_user
from yijian.foundation.errors import CannotGoOn
from yijian.foundation.secrets import keep_secret

__all__ = ["EmbeddedPostgres", "database_url"]

NAME = "yijian"
"""Of the database, and of the role that owns it."""
SETTINGS = {
    "shared_buffers": "256MB",
    "max_connections": "100",
    "synchronous_commit": "on",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "log_min_error_statement": "panic",
    "log_error_verbosity": "terse",
}
"""Written once by initdb; an operator may change them by ALTER SYSTEM."""
START_SECONDS = 600
"""Longest crash recovery we wait for."""
STOP_SECONDS = 120
ORPHAN_SECONDS = 30
"""How long processes of a killed server may take to notice and end."""


def database_url(env: Mapping[str, str]) -> str:
    """Return YIJIAN_DATABASE_URL, else start the embedded server, which stops when this process ends."""
    given = env.get("YIJIAN_DATABASE_URL")
    if given:
        return given
    server = EmbeddedPostgres(Path(env.get("YIJIAN_HOME") or "./var"))
    atexit.register(server.stop)
    return server.start()


class EmbeddedPostgres:
    """The server of one home. The process that starts it owns it and alone stops it; others attach.

    `settings` go on the server's command line and override those that are kept.
    """

    def __init__(self, home: Path, **settings: str) -> None:
        self._user = service_user()
        self._place = find_place(home.resolve(), self._user)
        self._programs = locate_programs(self._user)
        self._password = keep_secret(self._place.password, lambda: secrets.token_urlsafe(32))
        self._lock_file = LockFile(self._place.data)
        self._settings = settings
        self._ownership: IO[bytes] | None = None
        self._process: subprocess.Popen[bytes] | None = None
        self._port = 0

    @property
    def url(self) -> str:
        """The address of the running server's database, password included."""
        return self._url(NAME)

    @property
    def data(self) -> Path:
        """The data directory."""
        return self._place.data

    @property
    def log(self) -> Path:
        """The server's log; that of the run before stands beside it as `log.1`."""
        return self._place.log

    def start(self) -> str:
        """Start the server, or attach where it runs already; return the URL of the database."""
        deadline = time.monotonic() + START_SECONDS
        while (state := self._probe()) != "up":
            if state == "down" and self._own():
                self._initialise()
                self._launch(deadline)
                break
            if time.monotonic() > deadline:
                raise CannotGoOn(f"PostgreSQL, started elsewhere, does not get ready; see {self.log}.")
            time.sleep(0.05)
        self._own()
        self._port = int(self._lock_file.port)
        return self.url

    def stop(self) -> None:
        """Stop the server if this process owns it; open transactions are rolled back."""
        if self._ownership is None:
            return
        if self._probe() != "down":
            self._run("pg_ctl", "stop", "-D", self.data, "-m", "fast", "-t", STOP_SECONDS)
        self._reap()
        self._ownership.close()
        self._ownership = None
        self._port = 0

    def restart_if_ended(self) -> bool:
        """Start the server this process owns again if it ended, at its old address; tell whether it had."""
        if self._ownership is None or self._is_alive():
            return False
        self._launch(time.monotonic() + START_SECONDS)
        return True

    def _is_alive(self) -> bool:
        """Tell whether the server runs; one that was here before us is no child of ours."""
        return self._process.poll() is None if self._process else self._lock_file.names_living_process()

    def _reap(self) -> None:
        """Wait for the end of the server this process started; a killed one is a zombie till then."""
        if self._process:
            self._process.wait(STOP_SECONDS)
        self._process = None

    def _own(self) -> bool:
        """Become the owner unless a living process is: the lock goes with its holder, even by kill -9."""
        if self._ownership is None:
            lock = self._place.owner_lock.open("wb")
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                lock.close()
                return False
            self._ownership = lock
        return True

    def _probe(self) -> Literal["up", "busy", "down"]:
        """Ask the port named in the lock file; it may be anybody's by now. Busy: starting or stopping."""
        if not self._lock_file.port:
            return "down"
        try:
            with psycopg.connect(self._url("postgres"), connect_timeout=5) as connection:
                row = connection.execute("SHOW data_directory").fetchone()
        except psycopg.OperationalError as refusal:
            return "busy" if "the database system is" in str(refusal) else "down"
        return "up" if row and Path(row[0]) == self.data else "down"

    def _initialise(self) -> None:
        """Make the data directory, wholly or not at all."""
        if self.data.exists():
            self._check_version()
            return
        draft = self._place.directory / "data.new"
        shutil.rmtree(draft, ignore_errors=True)
        draft.mkdir(mode=0o700)
        if self._user:
            os.chown(draft, self._user.uid, self._user.gid)
            os.chown(self._place.password, self._user.uid, self._user.gid)
        self._run(
            *("initdb", "-D", draft, "-U", NAME, "--pwfile", self._place.password, "--auth=scram-sha-256"),
            *("--encoding=UTF8", "--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"),
            *("--data-checksums", *_options(SETTINGS)),
        )
        self._run("postgres", "--single", "-D", draft, "postgres", feed=f"CREATE DATABASE {NAME};\n")
        draft.rename(self.data)

    def _check_version(self) -> None:
        version = (self.data / "PG_VERSION").read_text().strip()
        if version != str(MAJOR_VERSION):
            raise CannotGoOn(
                f"{self.data} was made by PostgreSQL {version} and these programs are {MAJOR_VERSION}:"
                " dump it with the old ones and restore it into an empty home."
            )

    def _launch(self, deadline: float) -> None:
        """Start the server and wait until it is ready, a crash recovery included."""
        patience = time.monotonic() + ORPHAN_SECONDS
        while not self._comes_up(deadline):
            report = self.log.read_text(errors="replace")
            passing = "could not bind" in report or "shared memory block" in report
            if not passing or time.monotonic() > patience:
                last_line = (report.strip().splitlines() or ["no word of why"])[-1]
                raise CannotGoOn(f"PostgreSQL does not start ({last_line}); see {self.log}.")
            time.sleep(0.5)

    def _comes_up(self, deadline: float) -> bool:
        """Run the server in a session of its own: a terminal's Ctrl-C must not reach it."""
        self._reap()
        self._lock_file.mark_stale()
        network = {
            "listen_addresses": "127.0.0.1",
            "port": str(self._port or _free_port()),
            "unix_socket_directories": "",
        }
        command = self._command("postgres", "-D", self.data, *_options(self._settings | network))
        with self._fresh_log() as log:
            self._process = subprocess.Popen(  # noqa: S603 - a program of ours
                command,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
                **self._context(),
            )
        while self._process.poll() is None:
            if self._lock_file.says_ready(self._process.pid):
                return True
            if time.monotonic() > deadline:
                raise CannotGoOn(f"PostgreSQL is not ready after {START_SECONDS} s; see {self.log}.")
            time.sleep(0.02)
        return False

    def _fresh_log(self) -> IO[bytes]:
        if self.log.exists():
            self.log.replace(self.log.with_name("log.1"))
        self.log.touch(mode=0o600)
        return self.log.open("wb")

    def _run(self, program: str, *arguments: object, feed: str = "") -> None:
        command = self._command(program, *arguments)
        done = subprocess.run(  # noqa: S603 - a program of ours
            command, input=feed, capture_output=True, text=True, check=False, **self._context()
        )
        if done.returncode:
            raise CannotGoOn(f"{program} of PostgreSQL failed: {(done.stderr or done.stdout).strip()}")

    def _command(self, program: str, *arguments: object) -> list[str]:
        return [str(self._programs / program), *map(str, arguments)]

    def _context(self) -> dict[str, Any]:
        """Return how every program runs: unprivileged, in English, without our secrets in its environment."""
        environment = {"LC_ALL": "C", "PATH": "/usr/bin:/bin"}
        return {
            "cwd": self._place.directory,
            "env": environment,
            **(self._user.credentials() if self._user else {}),
        }

    def _url(self, database: str) -> str:
        return f"postgresql://{NAME}:{self._password}@127.0.0.1:{self._lock_file.port}/{database}"


def _options(settings: Mapping[str, str]) -> list[str]:
    return [word for name, value in settings.items() for word in ("-c", f"{name}={value}")]


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
