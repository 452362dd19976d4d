"""The small region behind a live server, and a browser before it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from time import sleep
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import Page, sync_playwright

if TYPE_CHECKING:  # Django is set up after this file is read
    from tests.browser.small_region import SmallRegion

DESK, PHONE = (1366, 768), (390, 844)


@pytest.fixture
def region(db: None) -> SmallRegion:
    from tests.browser.small_region import make_small_region  # noqa: PLC0415 - after Django

    return make_small_region()


@pytest.fixture
def live_region(transactional_db: None) -> SmallRegion:
    """Return the same, committed, for a server in another thread."""
    from tests.browser.small_region import make_small_region  # noqa: PLC0415 - after Django

    return make_small_region()


@pytest.fixture
def open_page(
    chromium: Path,
    live_region: SmallRegion,
    live_server: object,
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[Callable[[tuple[int, int]], Page]]:
    """Return what opens a window of a size; whatever the browser complains of fails the test.

    Playwright keeps an event loop in this thread, beside which Django would refuse to tidy the database up.
    """
    monkeypatch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "1")
    from django.db import connections  # noqa: PLC0415 - after Django

    complaints: list[str] = []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])

        def open_window(size: tuple[int, int] = DESK) -> Page:
            width, height = size
            page = browser.new_page(
                viewport={"width": width, "height": height}, locale="zh-CN", base_url=str(live_server)
            )
            page.set_default_timeout(20_000)
            page.on("pageerror", lambda error: complaints.append(str(error)))
            page.on("console", lambda line: complaints.append(line.text) if _is_grave(line.text) else None)
            return page

        yield open_window
        browser.close()
        connections.close_all()  # a loop has connections of its own
    _wait_for_the_servers_threads()
    assert complaints == []


def _wait_for_the_servers_threads() -> None:
    """Wait until the live server's threads have noticed that the browser is gone: they hold connections."""
    from django.db import connection  # noqa: PLC0415 - after Django

    others = """SELECT count(*) FROM pg_stat_activity
        WHERE datname = current_database() AND pid <> pg_backend_pid() AND backend_type = 'client backend'"""
    with connection.cursor() as cursor:
        cursor.execute(others)
        while cursor.fetchone()[0]:
            sleep(0.05)
            cursor.execute(others)


def _is_grave(line: str) -> bool:
    return "Content Security Policy" in line or "evalDisallowed" in line


@pytest.fixture
def page(open_page: Callable[..., Page]) -> Page:
    return open_page(DESK)
