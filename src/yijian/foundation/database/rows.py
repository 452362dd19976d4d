"""Insert many rows by one statement of literal VALUES.

Django's `bulk_create` unnests arrays instead, which a cluster pulls to its coordinator (design: data layer).
"""

from collections.abc import Sequence
from typing import Literal

from django.db import connection, models
from psycopg import sql

__all__ = ["insert_rows"]


def insert_rows(rows: Sequence[models.Model], *, on_conflict: Literal["fail", "nothing"] = "fail") -> int:
    """Insert rows of one model; return how many went in, which is fewer only with `on_conflict="nothing"`."""
    if not rows:
        return 0
    fields = rows[0]._meta.concrete_fields
    one_row = sql.SQL("({})").format(sql.SQL(", ").join([sql.Placeholder()] * len(fields)))
    statement = sql.SQL("INSERT INTO {} ({}) VALUES {}{}").format(
        sql.Identifier(rows[0]._meta.db_table),
        sql.SQL(", ").join([sql.Identifier(str(field.column)) for field in fields]),
        sql.SQL(", ").join([one_row] * len(rows)),
        sql.SQL(" ON CONFLICT DO NOTHING" if on_conflict == "nothing" else ""),
    )
    values = [
        field.get_db_prep_save(getattr(row, field.attname), connection) for row in rows for field in fields
    ]
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        return int(cursor.rowcount)
