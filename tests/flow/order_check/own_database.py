"""Databases of a test module's own: tests commit in them, servers connect to them, and nobody else sees."""

from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit

import psycopg

__all__ = ["database", "django_turned_to"]


@contextmanager
def database(server_url: str, name: str, template: str = "template1") -> Iterator[str]:
    """Make a database for a while and return its URL."""
    with psycopg.connect(server_url, autocommit=True) as server:
        server.execute(f'CREATE DATABASE "{name}" TEMPLATE "{template}" STRATEGY file_copy')
        try:
            yield urlsplit(server_url)._replace(path=f"/{name}").geturl()
        finally:
            server.execute(f'DROP DATABASE "{name}" WITH (FORCE)')


@contextmanager
def django_turned_to(name: str) -> Iterator[None]:
    """Let Django work in another database for a while.

    Threads of a server give their connections back after each request: nobody could close them later. The
    rulebook read in one database is forgotten in the other: both count changes from the same number on.
    """
    from django.db import connection  # noqa: PLC0415 - Django is set up after this file is read

    from yijian.domains.sharing import queries  # noqa: PLC0415

    settings = connection.settings_dict
    before = {key: settings[key] for key in ("NAME", "CONN_MAX_AGE")}
    connection.close()
    settings |= {"NAME": name, "CONN_MAX_AGE": 0}
    queries._cached = None
    try:
        yield
    finally:
        connection.close()
        settings |= before
        queries._cached = None
