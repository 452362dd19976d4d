"""The tables of the supervisor's page as CSV files that a spreadsheet opens by a double click."""

import csv
from collections.abc import Callable, Iterator, Mapping, Sequence
from io import StringIO

from django.utils.functional import Promise
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from yijian.domains.sharing.values import Rulebook
from yijian.domains.supervision.api import Facts, Overview
from yijian.web.figures import decline_rows, institution_rows, item_rows, percent, rate_rows, step_rows

__all__ = ["TABLES", "write_csv"]

BOM = "\ufeff"
"""Tells Excel that the file is UTF-8."""
FORMULA_SIGNS = ("=", "+", "-", "@", "\t", "\r", "\n", *"＝＋－＠")

Row = Sequence[object]


def write_csv(rows: Iterator[Row]) -> str:
    """Write rows as CSV (RFC 4180); a text that a spreadsheet would compute is marked as text."""
    file = StringIO(BOM)
    file.seek(len(BOM))
    csv.writer(file).writerows([_inert(cell) for cell in row] for row in rows)
    return file.getvalue()


def _inert(cell: object) -> object:
    return f"'{cell}" if isinstance(cell, str) and cell.startswith(FORMULA_SIGNS) else cell


def _summary(figures: Overview, rulebook: Rulebook) -> Iterator[Row]:
    yield gettext("指标"), gettext("数值"), gettext("口径"), gettext("分子"), gettext("分母")
    for step in step_rows(figures):
        yield str(step.name), step.number, "", "", ""
    yield gettext("不采纳"), figures.total.declined, "", "", ""
    yield gettext("估算节约（元）"), figures.total.saving, "", "", ""
    for row in rate_rows(figures):
        yield str(row.name), percent(row.rate), str(row.formula), row.rate.numerator, row.rate.denominator
    yield gettext("不可互认结果"), figures.not_recognisable, "", "", ""
    yield gettext("其中由医师判断采纳"), figures.accepted_on_judgement, "", "", ""


def _institutions(figures: Overview, rulebook: Rulebook) -> Iterator[Row]:
    yield gettext("机构代码"), gettext("机构"), gettext("级别"), *_fact_names()
    for row in institution_rows(figures, rulebook):
        shown = row.institution
        yield shown.code, shown.name, shown.level_name, *_fact_cells(row.facts), percent(row.rate)


def _items(figures: Overview, rulebook: Rulebook) -> Iterator[Row]:
    yield gettext("项目代码"), gettext("项目"), *_fact_names()
    for row in item_rows(figures, rulebook):
        yield row.code, row.name, *_fact_cells(row.facts), percent(row.rate)


def _declines(figures: Overview, rulebook: Rulebook) -> Iterator[Row]:
    yield gettext("情形"), gettext("法定情形"), gettext("其中"), gettext("次数"), gettext("占比")
    for row in decline_rows(figures, rulebook):
        yield row.code, row.name, "", row.number, percent(row.share)
        for part in row.parts:
            yield row.code, row.name, part.name, part.number, percent(part.share)


def _fact_names() -> Row:
    return (
        gettext("提醒"),
        gettext("查看"),
        gettext("采纳"),
        gettext("不采纳"),
        gettext("引用"),
        gettext("估算节约（元）"),
        gettext("同期互认率"),
    )


def _fact_cells(facts: Facts) -> Row:
    return facts.reminders, facts.views, facts.accepted, facts.declined, facts.citations, facts.saving


TABLES: Mapping[str, tuple[Promise, Callable[[Overview, Rulebook], Iterator[Row]]]] = {
    "summary": (_("互认指标"), _summary),
    "institutions": (_("互认指标_按机构"), _institutions),
    "items": (_("互认指标_按项目"), _items),
    "declines": (_("不采纳原因"), _declines),
}
