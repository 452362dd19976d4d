"""Insert many rows by one statement of literal VALUES; move a person's rows to another person.

Django's `bulk_create` unnests arrays instead, which a cluster pulls to its coordinator (design: data layer).
"""

from collections.abc import Sequence
from typing import Literal
from uuid import UUID

from django.db import connection, models

__all__ = ["insert_rows", "move_rows"]

BATCH = 500


def insert_rows(rows: Sequence[models.Model], *, on_conflict: Literal["fail", "nothing"] = "fail") -> int:
    """Insert rows of one model; return how many went in, which is fewer only with `on_conflict="nothing"`."""
    if not rows:
        return 0
    quote, table, fields = connection.ops.quote_name, rows[0]._meta.db_table, rows[0]._meta.concrete_fields
    columns = ", ".join(quote(str(field.column)) for field in fields)
    one_row = f"({', '.join(['%s'] * len(fields))})"
    statement = f"INSERT INTO {quote(table)} ({columns}) VALUES {', '.join([one_row] * len(rows))}"  # noqa: S608 - names of ours
    if on_conflict == "nothing":
        statement += " ON CONFLICT DO NOTHING"
    values = [
        field.get_db_prep_save(getattr(row, field.attname), connection) for row in rows for field in fields
    ]
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        return int(cursor.rowcount)


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
