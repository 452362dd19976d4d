"""Tables are ready to be distributed: classes declared, keys and foreign keys as a cluster demands."""

from typing import Any

import pytest
from django.apps import apps
from django.db import connection

from yijian.foundation.distribution import BORROWED, Distribution, DistributionClass, declared

pytestmark = pytest.mark.django_db

KEYED = (DistributionClass.PERSON, DistributionClass.STUDY, DistributionClass.IDENTIFIER)


def classes() -> dict[str, Distribution]:
    by_table = {model._meta.db_table: spread for model, spread in declared().items()}  # type: ignore[attr-defined]
    many_to_many = {
        field.remote_field.through._meta.db_table: Distribution(DistributionClass.REFERENCE)
        for model in apps.get_models()
        for field in model._meta.many_to_many
    }
    return BORROWED | many_to_many | by_table


def select(statement: str) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(statement)
        return cursor.fetchall()


def tables() -> set[str]:
    rows = select("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
    return {row[0] for row in rows}


def test_every_table_has_a_class() -> None:
    assert tables() == set(classes())


def test_unique_keys_contain_the_distribution_column() -> None:
    """Person tables: every primary key and unique index begins with person_id (architecture §4)."""
    rows = select(
        """
        SELECT t.relname, i.relname, array_agg(a.attname::text ORDER BY k.position)
        FROM pg_index AS x
        JOIN pg_class AS t ON t.oid = x.indrelid
        JOIN pg_class AS i ON i.oid = x.indexrelid
        JOIN pg_namespace AS n ON n.oid = t.relnamespace AND n.nspname = 'public'
        CROSS JOIN LATERAL unnest(x.indkey::int[]) WITH ORDINALITY AS k (attnum, position)
        JOIN pg_attribute AS a ON a.attrelid = t.oid AND a.attnum = k.attnum
        WHERE x.indisunique
        GROUP BY t.relname, i.relname
        """
    )
    spread = classes()
    wrong = [
        (table, index, columns)
        for table, index, columns in rows
        if spread[table].kind in KEYED and columns[0] != spread[table].column
    ]
    assert rows
    assert wrong == []


def test_foreign_keys_stay_inside_a_class_or_lead_to_reference_tables() -> None:
    rows = select(
        """
        SELECT t.relname, f.relname,
               ARRAY(SELECT attname::text FROM unnest(c.conkey) WITH ORDINALITY AS k (n, p)
                     JOIN pg_attribute ON attrelid = t.oid AND attnum = k.n ORDER BY k.p)
        FROM pg_constraint AS c
        JOIN pg_class AS t ON t.oid = c.conrelid
        JOIN pg_class AS f ON f.oid = c.confrelid
        WHERE c.contype = 'f' AND c.connamespace = 'public'::regnamespace
        """
    )
    spread = classes()
    wrong = []
    for table, target, columns in rows:
        mine, theirs = spread[table], spread[target]
        to_reference = theirs.kind is DistributionClass.REFERENCE
        together = mine == theirs and mine.kind in KEYED and columns[0] == mine.column
        local = mine.kind is DistributionClass.LOCAL and to_reference
        if not (together or (to_reference and mine.kind in (*KEYED, DistributionClass.REFERENCE)) or local):
            wrong.append((table, target, columns))
    assert len(rows) > 10
    assert wrong == []


def test_no_sequence_numbers_in_tables_that_would_be_distributed() -> None:
    """Ids from sequences on workers exceed 2^53 and are not safe in JSON (data-layer.md)."""
    rows = select(
        """
        SELECT table_name FROM information_schema.columns
        WHERE table_schema = 'public' AND (is_identity = 'YES' OR column_default LIKE 'nextval%')
        """
    )
    spread = classes()
    assert [name for (name,) in rows if spread[name].kind in KEYED] == []
