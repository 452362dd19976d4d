"""What every test stands on: a home and a PostgreSQL of the run's own, the shared samples, a browser."""

import os
import shutil
import tempfile
from pathlib import Path
from urllib.parse import urlsplit

import django
import pytest

from yijian.foundation.database.embedded import EmbeddedPostgres
from yijian.foundation.secrets import load_keys

REPOSITORY = Path(__file__).resolve().parent.parent
BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
UNDER_CI = bool(os.environ.get("CI"))
HOME = pytest.StashKey[Path]()
SERVER = pytest.StashKey[EmbeddedPostgres]()


def pytest_configure(config: pytest.Config) -> None:
    """Start PostgreSQL, set the environment, and only then let Django read it.

    Of several processes (pytest-xdist) each has a home and a server of its own; who hands out tests has none.
    """
    if config.getoption("numprocesses", None) and not hasattr(config, "workerinput"):
        return
    home = config.stash[HOME] = Path(tempfile.mkdtemp(prefix="yijian-test-"))
    home.chmod(0o711)
    server = config.stash[SERVER] = EmbeddedPostgres(home, fsync="off")
    os.environ |= load_keys(home, {}, demo=True).environment() | {
        "DJANGO_SETTINGS_MODULE": "yijian.config.settings",
        "YIJIAN_HOME": str(home),
        "YIJIAN_DATABASE_URL": server.start(),
    }
    django.setup()


def pytest_unconfigure(config: pytest.Config) -> None:
    """Stop PostgreSQL and leave nothing of the run behind."""
    server = config.stash.get(SERVER, None)
    if server:
        server.stop()
        shutil.rmtree(server.data.parent)
        shutil.rmtree(config.stash[HOME])


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Skip browser tests where there is no Chromium; under CI they fail instead."""
    wanting = [item for item in items if item.get_closest_marker("browser")]
    if wanting and not UNDER_CI and find_chromium() is None:
        for item in wanting:
            item.add_marker(pytest.mark.skip(reason="no Chromium found: install chromium"))


def find_chromium() -> Path | None:
    """Return the system's Chromium, else the one Playwright has downloaded."""
    found = next(filter(None, map(shutil.which, BROWSERS)), None)
    if found:
        return Path(found)
    downloads = Path(os.environ.get("PLAYWRIGHT_BROWSERS_PATH") or Path.home() / ".cache" / "ms-playwright")
    return max(downloads.glob("chromium-*/chrome-linux*/chrome"), default=None)


@pytest.fixture(scope="session")
def chromium() -> Path:
    """Return the path of the browser; a test that asks for it carries the marker `browser`."""
    path = find_chromium()
    assert path, "no Chromium found: install chromium"
    return path


@pytest.fixture(scope="session")
def shared() -> Path:
    """Return the shared material: `../shared`, or where YIJIAN_SHARED says."""
    path = Path(os.environ.get("YIJIAN_SHARED") or REPOSITORY.parent / "shared")
    if not path.is_dir() and not UNDER_CI:
        pytest.skip("the shared material is not beside the repository: set YIJIAN_SHARED")
    assert path.is_dir(), "the shared material is not beside the repository: set YIJIAN_SHARED"
    return path


@pytest.fixture(scope="session")
def server_url(pytestconfig: pytest.Config) -> str:
    """Return the URL of the run's own server, at the database that no test changes."""
    return pytestconfig.stash[SERVER].url


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup: None) -> None:
    """Let the end of a transactional test empty append-only tables too, past the triggers that forbid it."""
    from django.db import connection  # noqa: PLC0415 - Django is set up after this file is read

    flush = connection.ops.execute_sql_flush

    def flush_past_triggers(statements: list[str]) -> None:
        flush(["SET LOCAL session_replication_role = replica", *statements])

    connection.ops.execute_sql_flush = flush_past_triggers  # type: ignore[method-assign]


@pytest.fixture(scope="session")
def database_url(server_url: str, django_db_setup: None) -> str:
    """Return the URL of the migrated test database, for drivers that work beside Django."""
    from django.db import connection  # noqa: PLC0415 - Django is set up after this file is read

    return urlsplit(server_url)._replace(path=f"/{connection.settings_dict['NAME']}").geturl()
