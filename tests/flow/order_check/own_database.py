"""A database of a test module's own: tests commit in it, servers connect to it, and nobody else sees."""

from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit

import psycopg

__all__ = ["own_database"]


@contextmanager
def own_database(server_url: str, name: str) -> Iterator[str]:
    """Make a migrated database, turn Django to it, and return its URL.

    It is copied from Django's test database where this run has made one. Threads of a server give their
    connections back after each request, for nobody could close them later.
    """
    from django.core.management import call_command  # noqa: PLC0415 - Django is set up after this file is read
    from django.db import connection  # noqa: PLC0415

    settings = connection.settings_dict
    before, age = settings["NAME"], settings["CONN_MAX_AGE"]
    template = before if before.startswith("test_") else "template1"
    connection.close()
    with psycopg.connect(server_url, autocommit=True) as server:
        server.execute(f'CREATE DATABASE "{name}" TEMPLATE "{template}" STRATEGY file_copy')
        settings |= {"NAME": name, "CONN_MAX_AGE": 0}
        try:
            if template != before:
                call_command("migrate", verbosity=0)
            yield urlsplit(server_url)._replace(path=f"/{name}").geturl()
        finally:
            connection.close()
            settings |= {"NAME": before, "CONN_MAX_AGE": age}
            server.execute(f'DROP DATABASE "{name}" WITH (FORCE)')
