"""Understand rows and orders that came before their code was mapped."""

from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec
from django.db import connection, transaction

from yijian.domains.results.mending import UNMAPPED_CODE, code_subject, open_for_rows
from yijian.domains.results.models import OrderFact, Result
from yijian.domains.results.rows import VersionKey, understand
from yijian.domains.terminology.api import Meanings, Units, look_up
from yijian.domains.terminology.events import CodeMapped
from yijian.domains.terminology.values import CodeMeaning, Kind, specimen_of
from yijian.foundation.inbox.work_items import resolve_work_items
from yijian.kit.clock import now

__all__ = ["meaning_of", "on_code_mapped", "remap", "write_understood"]

BATCH = 500
LEARNT = (
    "item_code",
    "comparable_value",
    "comparable_unit",
    "unit_state",
    "critical",
    "specimen",
    "laterality",
    "body_site",
    "contrast",
)
"""What a mapping adds to a row; nothing printed is among it."""
KEY = ("person_id", "report_id", "version", "row_no")
UPDATE = (
    f"UPDATE results_result SET {', '.join(f'{name} = %s' for name in LEARNT)}"  # noqa: S608 - names of ours
    f" WHERE {' AND '.join(f'{name} = %s' for name in KEY)}"
)


@transaction.atomic
def remap(
    institution_code: str, code_system: str, code: str, *, by: str = "terminology", at: datetime | None = None
) -> int:
    """Give every row that waited for a code its meaning, in all versions; return how many rows."""
    at = at or now()
    meanings = look_up(institution_code, {(code_system, code)})
    waiting: set[UUID] = set()
    mended: set[UUID] = set()
    count = 0
    for batch in _batches(institution_code, code_system, code):
        understood = [(row, meaning) for row in batch if (meaning := meaning_of(row, meanings))]
        write_understood(understood, meanings.units)
        _open_for_units(understood, at)
        waiting |= {row.report_id for row in batch if not row.item_code}
        mended |= {row.report_id for row, _ in understood}
        count += len(understood)
    resolve_work_items(
        UNMAPPED_CODE,
        subjects=[code_subject(code_system, code)],
        institution_code=institution_code,
        report_ids=mended - waiting,
        by=by,
        resolution="mapped",
        at=at,
    )
    _remap_orders(institution_code, code_system, code, meanings, by=by, at=at)
    return count


def _remap_orders(
    institution_code: str, code_system: str, code: str, meanings: Meanings, *, by: str, at: datetime
) -> None:
    """Give the orders that waited for a code its meaning."""
    meaning = meanings.of(code_system, code)
    if meaning is None:
        return
    OrderFact.objects.filter(
        institution_code=institution_code, code_system=code_system, code=code, item_code=""
    ).update(item_code=meaning.item.code, intervention=meaning.item.kind is Kind.INTERVENTION)
    resolve_work_items(
        UNMAPPED_CODE,
        subjects=[code_subject(code_system, code)],
        institution_code=institution_code,
        without_report=True,
        by=by,
        resolution="mapped",
        at=at,
    )


def on_code_mapped(body: dict[str, Any], occurred_at: datetime) -> None:
    """Understand what waited for an institution's own code."""
    event = msgspec.convert(body, CodeMapped)
    remap(event.institution_code, "local", event.local_code, at=occurred_at)


def _batches(institution_code: str, code_system: str, code: str) -> Iterator[list[Result]]:
    rows = list(
        Result.objects.filter(
            institution_code=institution_code, code_system=code_system, code=code, item_code=""
        ).order_by(*KEY)
    )
    for start in range(0, len(rows), BATCH):
        yield rows[start : start + BATCH]


def meaning_of(row: Result, meanings: Meanings) -> CodeMeaning | None:
    return meanings.of(row.code_system, row.code, specimen_of(row.specimen, None))


def write_understood(understood: Iterable[tuple[Result, CodeMeaning]], units: Units) -> None:
    """Write what rows mean under their codes and units; nothing printed changes."""
    values = []
    for row, meaning in understood:
        _learn(row, meaning, units)
        values.append([getattr(row, name) for name in (*LEARNT, *KEY)])
    if values:
        with connection.cursor() as cursor:
            cursor.executemany(UPDATE, values)


def _learn(row: Result, meaning: CodeMeaning, units: Units) -> None:
    """Fill in what the code says; an examined item has an image status, and no figure to compare."""
    row.item_code = meaning.item.code
    row.laterality = row.laterality or meaning.laterality
    row.body_site = row.body_site or meaning.body_site
    row.contrast = row.contrast or meaning.contrast
    if row.image_status:
        return
    read = understand(row.value, units.of(row.unit), meaning)
    row.comparable_value, row.comparable_unit = read.comparable_value, read.comparable_unit
    row.unit_state = read.unit_state
    row.critical = row.critical or read.alarming
    row.specimen = row.specimen or (meaning.specimen.value if meaning.specimen else "")


def _open_for_units(understood: Iterable[tuple[Result, CodeMeaning]], at: datetime) -> None:
    for row, meaning in understood:
        key = VersionKey(row.person_id, row.report_id, row.version, row.institution_code, row.effective_at)
        open_for_rows([(row, meaning)], key, None, at)
