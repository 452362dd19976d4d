"""Every hot statement finds its rows by an index: a sequential scan over a large table is refused."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.db import connection

import yijian
from yijian.foundation.distribution import DistributionClass, declared

pytestmark = pytest.mark.django_db

STATEMENTS = sorted(Path(yijian.__file__).parent.rglob("sql/*.sql"))
PLACEHOLDER = re.compile(r"\$(\d+)")


def large_tables() -> set[str]:
    return {
        model._meta.db_table  # type: ignore[attr-defined]
        for model, spread in declared().items()
        if spread.kind is not DistributionClass.REFERENCE
    }


def plan_of(text: str) -> dict[str, Any]:
    """Return the generic plan, with sequential scans priced out wherever an index can serve."""
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
        cursor.execute("SET LOCAL plan_cache_mode = force_generic_plan")
        cursor.execute(f"PREPARE hot AS {text}")
        try:
            count = max(map(int, PLACEHOLDER.findall(text)), default=0)
            arguments = f"({', '.join(['NULL'] * count)})" if count else ""
            cursor.execute(f"EXPLAIN (FORMAT JSON) EXECUTE hot {arguments}")
            (plan,) = cursor.fetchone()
        finally:
            cursor.execute("DEALLOCATE hot")
    return dict(plan[0]["Plan"])


def nodes(plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield plan
    for child in plan.get("Plans", ()):
        yield from nodes(child)


def test_there_are_statements_to_explain() -> None:
    assert len(STATEMENTS) >= 10


@pytest.mark.parametrize("path", STATEMENTS, ids=lambda path: f"{path.parent.parent.name}/{path.stem}")
def test_no_sequential_scan_on_a_large_table(path: Path) -> None:
    plan = plan_of(path.read_text(encoding="utf-8"))
    scanned = {
        node["Relation Name"]
        for node in nodes(plan)
        if node["Node Type"] == "Seq Scan" and "Relation Name" in node
    }
    assert scanned & large_tables() == set()
