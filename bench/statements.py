"""Count what is asked of the database."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from unittest.mock import patch

import psycopg

__all__ = ["counting"]


@contextmanager
def counting() -> Iterator[list[str]]:
    """Yield the statements of this process, savepoints and copies among them, as they are run."""
    run: list[str] = []
    execute, copy = psycopg.Cursor.execute, psycopg.Cursor.copy

    def noting_execute(cursor: Any, query: Any, *arguments: Any, **options: Any) -> Any:
        run.append(str(query))
        return execute(cursor, query, *arguments, **options)

    def noting_copy(cursor: Any, statement: Any, *arguments: Any, **options: Any) -> Any:
        run.append(str(statement))
        return copy(cursor, statement, *arguments, **options)

    with (
        patch.object(psycopg.Cursor, "execute", noting_execute),
        patch.object(psycopg.Cursor, "copy", noting_copy),
    ):
        yield run
