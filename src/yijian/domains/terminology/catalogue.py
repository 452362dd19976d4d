"""The catalogue as shipped: the CSV files in `data/`, read once and checked row by row.

Where the facts come from, and which are assumed, is said in `data/README.md`.
"""

import csv
from collections.abc import Iterator
from decimal import Decimal
from functools import cache
from importlib.resources import files
from typing import TypeVar

import msgspec

from yijian.domains.terminology.values import Item, Kind, Panel, PanelMember, UnitAlias

__all__ = ["CatalogueFault", "load_demo_prices", "load_items", "load_panels", "load_unit_aliases"]

DATA = files("yijian.domains.terminology") / "data"
Row = TypeVar("Row", bound=msgspec.Struct)


class CatalogueFault(ValueError):
    """A shipped file does not keep its shape; the message names file, line and column."""


class DemoPrice(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    code: str
    price: Decimal


def read_rows(name: str, shape: type[Row]) -> Iterator[Row]:
    """Yield the rows of `data/<name>` as `shape`; an empty cell leaves the field's default."""
    reader = csv.DictReader((DATA / name).read_text(encoding="utf-8").splitlines(), strict=True)
    for cells in reader:
        try:
            yield msgspec.convert(given(cells), shape, strict=False)
        except (msgspec.ValidationError, ValueError) as fault:
            raise CatalogueFault(f"{name} line {reader.line_num}: {fault}") from fault


def given(cells: dict[str, str]) -> dict[str, object]:
    """Return the cells that hold something; `assumed` is a list parted by semicolons."""
    if None in cells or None in cells.values():
        raise ValueError("has more or fewer cells than the header")
    row: dict[str, object] = {column: text for column, text in cells.items() if text}
    if assumed := cells.get("assumed"):
        row["assumed"] = assumed.split(";")
    return row


@cache
def load_items() -> tuple[Item, ...]:
    """Return every item of the catalogue in its printed order: exams, tests, panels, interventions."""
    items = tuple(read_rows("item.csv", Item))
    for code in repeated(item.code for item in items):
        raise CatalogueFault(f"item.csv: code {code} is given twice")
    return items


@cache
def load_panels() -> tuple[Panel, ...]:
    """Return the panels with their members; every code is known and of its kind."""
    kinds = {item.code: item.kind for item in load_items()}
    members: dict[str, list[PanelMember]] = {code: [] for code, kind in kinds.items() if kind is Kind.PANEL}
    for row in read_rows("panel.csv", PanelMember):
        if row.panel_code not in members:
            raise CatalogueFault(f"panel.csv: {row.panel_code} is no panel of item.csv")
        if kinds.get(row.item_code) not in {Kind.LAB, Kind.EXAM}:
            raise CatalogueFault(
                f"panel.csv: {row.item_code} in {row.panel_code} is no single item of item.csv"
            )
        members[row.panel_code].append(row)
    return tuple(panel_of(code, rows) for code, rows in members.items())


def panel_of(code: str, rows: list[PanelMember]) -> Panel:
    if not rows or list(repeated(row.item_code for row in rows)) or list(repeated(row.sort for row in rows)):
        raise CatalogueFault(f"panel.csv: {code} needs members, each once and each at its own place")
    return Panel(code=code, members=tuple(row.item_code for row in sorted(rows, key=lambda row: row.sort)))


@cache
def load_unit_aliases() -> tuple[UnitAlias, ...]:
    """Return how laboratories print units, each with its UCUM code."""
    return tuple(read_rows("unit_alias.csv", UnitAlias))


@cache
def load_demo_prices() -> dict[str, Decimal]:
    """Return plausible CNY prices by item code; for the demonstration region alone, nobody's tariff."""
    return {row.code: row.price for row in read_rows("demo_price.csv", DemoPrice)}


def repeated(values: Iterator[object]) -> Iterator[object]:
    """Yield each value that came before."""
    seen: set[object] = set()
    for value in values:
        if value in seen:
            yield value
        seen.add(value)
