"""An installation of its own: home, a PostgreSQL that really syncs, schema, catalogue, the demo's region."""

import os
import shutil
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import django
from django.apps import apps
from django.core.management import call_command
from django.db import connection

from yijian.demo.calendar import Calendar
from yijian.foundation.database.embedded import EmbeddedPostgres
from yijian.foundation.secrets import load_keys
from yijian.kit.clock import now

__all__ = ["Installation", "installed", "say", "warm"]

SHARED_BUFFERS = "2GB"
"""As whoever runs a database of ten million results would set it; the demo has less."""
CHUNK_BYTES = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Installation:
    """A database URL, its server, and the environment that leads a process of ours to it."""

    home: Path
    server: EmbeddedPostgres
    database_url: str
    environment: dict[str, str]


def say(text: str) -> None:
    """Tell whoever waits what is going on."""
    print(text, file=sys.stderr, flush=True)


@contextmanager
def installed() -> Iterator[Installation]:
    """Set an installation up, let this process's Django speak to it, and leave nothing behind."""
    home = Path(tempfile.mkdtemp(prefix="yijian-bench-"))
    home.chmod(0o711)
    server = EmbeddedPostgres(home, fsync="on", shared_buffers=SHARED_BUFFERS)
    try:
        say(f"setting up an installation; load average {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores")
        url = server.start()
        yield _set_up(home, server, url)
    finally:
        if apps.ready:
            connection.close()
        server.stop()
        shutil.rmtree(server.data.parent)
        shutil.rmtree(home)


def warm(installation: Installation) -> None:
    """Read what the server holds once, as a machine with memory for it has long done.

    Right after it was written, part of it is on disk only, and the first questions would measure the disk.
    """
    began, size = time.monotonic(), 0
    for path in sorted((installation.server.data / "base").rglob("*")):
        if path.is_file():
            with path.open("rb", buffering=0) as file:
                while part := len(file.read(CHUNK_BYTES)):
                    size += part
    say(f"{size / 1e9:.1f} GB are in memory after {time.monotonic() - began:.0f} s")


def _set_up(home: Path, server: EmbeddedPostgres, url: str) -> Installation:
    environment = load_keys(home, {}, demo=True).environment() | {
        "DJANGO_SETTINGS_MODULE": "yijian.config.settings",
        "YIJIAN_HOME": str(home),
        "YIJIAN_DATABASE_URL": url,
    }
    os.environ |= environment
    django.setup()
    call_command("migrate", verbosity=0)
    from yijian.demo.master_data import store_region  # noqa: PLC0415 - Django is set up by now

    store_region(Calendar(now()))
    return Installation(home, server, url, environment)
