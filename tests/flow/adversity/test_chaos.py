"""A small sample of `make chaos`: each process dies while senders send; nothing is lost or doubled."""

import subprocess
import sys

from tests.conftest import REPOSITORY


def test_nothing_is_lost_or_doubled_when_processes_are_killed() -> None:
    words = ["-m", "tools.chaos", "--messages", "60", "--kills", "1"]
    done = subprocess.run(
        [sys.executable, *words], cwd=REPOSITORY, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    for name in ("serve", "serve's partner", "mllp", "mllp's partner", "worker", "postgres"):
        assert f"killed {name}" in done.stdout
