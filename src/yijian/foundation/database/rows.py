"""Write many rows by one statement, COPY or literal VALUES; move a person's rows to another person.

Django's `bulk_create` unnests arrays instead, which a cluster pulls to its coordinator (design: data layer).
"""

from collections.abc import Callable, Iterable, Sequence
from functools import cache
from operator import attrgetter
from typing import Any, Literal
from uuid import UUID

import msgspec
from django.db import connection, models
from psycopg.types.json import Jsonb

__all__ = ["insert_rows", "move_rows", "upsert_rows"]

BATCH = 500


def insert_rows(rows: Sequence[models.Model], *, on_conflict: Literal["fail", "nothing"] = "fail") -> int:
    """Insert rows of one model; return how many went in, which is fewer only with `on_conflict="nothing"`."""
    if not rows:
        return 0
    return _copy(rows) if on_conflict == "fail" else _insert(rows, "ON CONFLICT DO NOTHING")


def upsert_rows(rows: Sequence[models.Model], *, key: Iterable[str], update: Iterable[str]) -> None:
    """Insert rows of one model, or update these columns of those that are there; no two rows share a key."""
    if rows:
        changes = ", ".join(f"{name} = EXCLUDED.{name}" for name in map(_quoted, update))
        _insert(rows, f"ON CONFLICT ({', '.join(map(_quoted, key))}) DO UPDATE SET {changes}")


def _copy(rows: Sequence[models.Model]) -> int:
    model = type(rows[0])
    values_of = _reader(model)
    with connection.cursor() as cursor, cursor.copy(f"COPY {_target(model)} FROM STDIN") as copy:
        for row in rows:
            copy.write_row(values_of(row))
    return len(rows)


def _insert(rows: Sequence[models.Model], on_conflict: str) -> int:
    model = type(rows[0])
    one_row = f"({', '.join(['%s'] * len(model._meta.concrete_fields))})"
    statement = f"INSERT INTO {_target(model)} VALUES {', '.join([one_row] * len(rows))} {on_conflict}"  # noqa: S608 - names of ours
    values_of = _reader(model)
    with connection.cursor() as cursor:
        cursor.execute(statement, [value for row in rows for value in values_of(row)])
        return int(cursor.rowcount)


@cache
def _target(model: type[models.Model]) -> str:
    columns = ", ".join(_quoted(str(field.column)) for field in model._meta.concrete_fields)
    return f"{_quoted(model._meta.db_table)} ({columns})"


@cache
def _reader(model: type[models.Model]) -> Callable[[models.Model], Sequence[Any]]:
    """Return what reads a row's values for the driver, which knows every type of ours but JSON's."""
    fields = model._meta.concrete_fields
    values_of: Callable[[models.Model], tuple[Any, ...]] = attrgetter(*(field.attname for field in fields))
    documents = [place for place, field in enumerate(fields) if isinstance(field, models.JSONField)]
    if not documents:
        return values_of

    def with_documents(row: models.Model) -> list[Any]:
        values = list(values_of(row))
        for place in documents:
            if values[place] is not None:
                values[place] = Jsonb(values[place], dumps=msgspec.json.encode)
        return values

    return with_documents


def _quoted(name: str) -> str:
    return str(connection.ops.quote_name(name))


def move_rows(tables: Sequence[type[models.Model]], from_id: UUID, to_id: UUID) -> None:
    """Move the rows of tables of the person class: insert anew and delete, for a row lives with its person.

    Foreign keys among them are deferred, so the order of the tables does not matter inside a transaction.
    """
    for table in tables:
        rows = list(table._default_manager.filter(person_id=from_id))
        table._default_manager.filter(person_id=from_id).delete()
        for row in rows:
            row.person_id = to_id  # type: ignore[attr-defined]
        for start in range(0, len(rows), BATCH):
            insert_rows(rows[start : start + BATCH])
