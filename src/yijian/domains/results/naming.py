"""Give a unit that nobody knows its meaning, and read what waited for it."""

from collections.abc import Iterable
from datetime import datetime
from itertools import groupby
from operator import attrgetter

from django.db import transaction
from django.db.models import QuerySet

from yijian.domains.results.mending import UNMAPPED_UNIT
from yijian.domains.results.models import Result
from yijian.domains.results.remapping import BATCH, meaning_of, write_understood
from yijian.domains.results.values import UnitRow
from yijian.domains.terminology.api import confirm_unit, fold_unit, look_up
from yijian.foundation.inbox.models import WorkItem
from yijian.foundation.inbox.work_items import Only, resolve_work_items

__all__ = ["list_unit_rows", "name_unit"]

Waiting = QuerySet[WorkItem]


def list_unit_rows(institution_code: str, unit: str, *, limit: int = 6) -> list[UnitRow]:
    """Return rows that wait for a unit's meaning, the last reported first, for whoever has to give it."""
    open_items = WorkItem.objects.filter(
        institution_code=institution_code, kind=UNMAPPED_UNIT, subject=unit, resolved_at=None
    )
    newest = list(open_items.order_by("-opened_at")[:BATCH])
    rows = sorted(_rows_of(newest, {unit}), key=attrgetter("reported_at"), reverse=True)
    return [
        UnitRow(
            item_code=row.item_code,
            name=row.name,
            value=row.value,
            reference_range=row.reference_range,
            reported_at=row.reported_at,
        )
        for row in rows[:limit]
    ]


@transaction.atomic
def name_unit(
    institution_code: str, unit: str, ucum: str, *, everywhere: bool = False, by: str, at: datetime
) -> int:
    """Say what an unknown unit means, there or everywhere, and read every row anew; return how many rows.

    Rows that somebody had confirmed as not comparable are read anew, too.
    """
    confirm_unit("" if everywhere else institution_code, unit, ucum, author=by)
    asked = WorkItem.objects.filter(kind=UNMAPPED_UNIT)
    if not everywhere:
        asked = asked.filter(institution_code=institution_code)
    subjects = {each for each in _subjects(asked) if fold_unit(each) == fold_unit(unit)} | {unit}
    items = asked.filter(subject__in=subjects).order_by("institution_code", "work_item_id")
    count = sum(
        _read_anew(code, list(group), subjects)
        for code, group in groupby(items.iterator(BATCH), key=attrgetter("institution_code"))
    )
    only: Only = {"subjects": subjects}
    if not everywhere:
        only["institution_code"] = institution_code
    resolve_work_items(UNMAPPED_UNIT, by=by, resolution="named", at=at, **only)
    return count


def _subjects(asked: Waiting) -> Iterable[str]:
    return asked.values_list("subject", flat=True).distinct()


def _read_anew(institution_code: str, items: list[WorkItem], units: set[str]) -> int:
    count = 0
    for start in range(0, len(items), BATCH):
        rows = list(_rows_of(items[start : start + BATCH], units))
        meanings = look_up(institution_code, {(row.code_system, row.code) for row in rows})
        understood = [(row, meaning) for row in rows if (meaning := meaning_of(row, meanings))]
        write_understood(understood, meanings.units)
        count += len(understood)
    return count


def _rows_of(items: list[WorkItem], units: set[str]) -> QuerySet[Result]:
    return Result.objects.filter(
        person_id__in={each.person_id for each in items},
        report_id__in={each.report_id for each in items},
        unit__in={unit[:64] for unit in units},
    )
