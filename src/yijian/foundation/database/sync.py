"""Run a hot statement on Django's connection: same text, same `$1` placeholders as on the data plane."""

from typing import Any

import psycopg
from django.db import connection
from psycopg.rows import dict_row
from psycopg.types.json import JsonbLoader

__all__ = ["execute", "fetch"]


def fetch(statement: str, *arguments: object) -> list[dict[str, Any]]:
    """Return the rows of one statement, inside the caller's transaction."""
    connection.ensure_connection()
    with psycopg.RawCursor(connection.connection, row_factory=dict_row) as cursor:
        cursor.adapters.register_loader("jsonb", JsonbLoader)  # Django leaves it to its own fields
        return cursor.execute(statement, list(arguments)).fetchall()


def execute(statement: str, *arguments: object) -> int:
    """Run one statement, inside the caller's transaction; return how many rows it wrote."""
    connection.ensure_connection()
    with psycopg.RawCursor(connection.connection) as cursor:
        return cursor.execute(statement, list(arguments)).rowcount
