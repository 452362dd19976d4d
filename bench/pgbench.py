"""The raw engine: `pgbench` of the same PostgreSQL, asked the same statement over the same socket."""

import os
import re
import subprocess
import tempfile
from urllib.parse import unquote, urlsplit

from yijian.foundation.database.placement import locate_programs, service_user

__all__ = ["transactions_per_second"]

RATE = re.compile(r"^tps = (?P<rate>[\d.]+)", re.MULTILINE)
FAILED = re.compile(r"^number of failed transactions: (?P<failed>\d+)", re.MULTILINE)


def transactions_per_second(url: str, script: str, *, clients: int, threads: int, seconds: int) -> float:
    """Return what pgbench reaches with prepared statements, connecting not counted."""
    parts = urlsplit(url)
    with tempfile.NamedTemporaryFile("w", suffix=".sql") as file:
        file.write(script)
        file.flush()
        command = [
            str(locate_programs(service_user()) / "pgbench"),
            *("--no-vacuum", "--protocol=prepared", f"--client={clients}", f"--jobs={threads}"),
            *(f"--time={seconds}", f"--file={file.name}"),
            *(f"--host={parts.hostname}", f"--port={parts.port}", f"--username={parts.username}"),
            parts.path.lstrip("/"),
        ]
        environment = os.environ | {"PGPASSWORD": unquote(parts.password or "")}
        done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)  # noqa: S603
    rate, failed = RATE.search(done.stdout), FAILED.search(done.stdout)
    if done.returncode or rate is None or failed is None or failed["failed"] != "0":
        raise RuntimeError(f"pgbench failed: {done.stderr or done.stdout}")
    return float(rate["rate"])
