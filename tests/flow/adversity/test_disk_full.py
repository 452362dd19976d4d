"""A full disk: nothing is acknowledged that is not kept, and service resumes when there is room again."""

import os
import random
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from tests.flow.messages import oru
from tests.flow.mllp import Engine, RunningListener, code_of, listening
from yijian.foundation.database.embedded import EmbeddedPostgres

DISK = "192m"
SETTINGS = {
    "shared_buffers": "16MB",
    "max_wal_size": "64MB",
    "min_wal_size": "32MB",
    "wal_recycle": "off",
    "fsync": "off",
}
REGISTER = """
INSERT INTO inbox_sender (facility, institution_code, encoding, addresses, certificates, active)
VALUES ('H001', 'H001', '', '["127.0.0.1/32"]', '[]', true)
"""


@pytest.fixture
def small_disk() -> Iterator[Path]:
    """Mount a disk that a few hundred messages fill."""
    with tempfile.TemporaryDirectory(prefix="yijian-test-") as name:
        mount = ["mount", "-t", "tmpfs", "-o", f"size={DISK},mode=0711", "tmpfs", name]
        if os.geteuid() or subprocess.run(mount, capture_output=True, check=False).returncode:
            pytest.skip("only root may mount a small disk")
        try:
            yield Path(name)
        finally:
            subprocess.run(["umount", name], check=True)


@pytest.fixture
def server(small_disk: Path) -> Iterator[EmbeddedPostgres]:
    server = EmbeddedPostgres(small_disk, **SETTINGS)
    url = server.start()
    environment = os.environ | {"YIJIAN_DATABASE_URL": url}
    command = [sys.executable, "-m", "yijian.config.cli", "migrate"]
    subprocess.run(command, env=environment, check=True, capture_output=True)
    try:
        with psycopg.connect(url, autocommit=True) as connection:
            connection.execute(REGISTER)
        yield server
    finally:
        server.stop()


@pytest.fixture
def listener(server: EmbeddedPostgres) -> Iterator[RunningListener]:
    with listening(server.url) as running:
        yield running


def big(control_id: str) -> bytes:
    """Return a report with half a megabyte that nothing compresses."""
    noise = random.Random(control_id).randbytes(256 * 1024).hex().encode()  # noqa: S311 - no secret
    return oru(control_id) + b"NTE|1||" + noise + b"\r"


def send(listener: RunningListener, control_id: str) -> bool:
    """Tell whether a message was acknowledged; a sender that hears nothing sends again."""
    try:
        with Engine(listener.port) as engine:
            answer = engine.send(big(control_id))
    except ConnectionError:
        return False
    assert answer is None or code_of(answer) == "AA"
    return answer is not None


def test_full_disk_refuses_what_it_cannot_keep_and_serves_on_when_there_is_room(
    small_disk: Path, server: EmbeddedPostgres, listener: RunningListener
) -> None:
    ballast = small_disk / "ballast"
    ballast.write_bytes(bytes(24 * 1024 * 1024))
    acknowledged: list[str] = []
    for number in range(400):
        if not send(listener, f"m{number}"):
            break
        acknowledged.append(f"m{number}")
    else:
        pytest.fail("the disk was never full")
    assert acknowledged
    ballast.unlink()
    server.restart_if_ended()
    while not send(listener, "after"):
        server.restart_if_ended()
    with psycopg.connect(server.url) as connection:
        kept = {row[0] for row in connection.execute("SELECT control_id FROM inbox_inboxmessage")}
    assert {*acknowledged, "after"} <= kept
