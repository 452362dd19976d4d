"""Rules of regions as readable files: one TOML per region, its sources, and what had to be assumed. Pure."""

import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields
from functools import cache
from importlib.resources import files
from typing import Any, TypeVar

import msgspec

from yijian.domains.sharing.values import Agreement, RegionOptions
from yijian.kit.errors import Problem

__all__ = ["PublishedRules", "get_published", "list_published", "read_rules"]

DATA = files("yijian.domains.sharing") / "data"
Value = TypeVar("Value", Agreement, RegionOptions)


@dataclass(frozen=True, slots=True)
class PublishedRules:
    """What one file says; `assumed` names what its sources leave open and how it was filled."""

    region: str
    name_zh: str
    name_en: str
    assumed: tuple[str, ...]
    agreements: tuple[Agreement, ...]
    options: tuple[RegionOptions, ...]


def list_published() -> tuple[str, ...]:
    """Return the regions whose rules come with the product."""
    return tuple(sorted(f.name.removesuffix(".toml") for f in DATA.iterdir() if f.name.endswith(".toml")))


@cache
def get_published(region: str) -> PublishedRules:
    """Return the rules that come with the product for a region, such as `hubei`."""
    if region not in list_published():
        choice = ", ".join(list_published())
        raise Problem("rules.unknown", f"There are no rules of this name; choose one of {choice}.", 404)
    return read_rules((DATA / f"{region}.toml").read_text(encoding="utf-8"), region)


def read_rules(text: str, region: str) -> PublishedRules:
    """Return what a file says; raise ValueError naming a field that has no meaning."""
    table = tomllib.loads(text)
    return PublishedRules(
        region,
        table["name_zh"],
        table["name_en"],
        tuple(table.get("assumed", ())),
        tuple(_agreement(each) for each in table.get("agreements", ())),
        tuple(_value(each, RegionOptions) for each in table.get("options", ())),
    )


def _agreement(table: dict[str, Any]) -> Agreement:
    table["windows"] = [window for each in table.get("windows", ()) for window in _windows(each)]
    table["parties"] = [{"scope": _scope(party)} for party in table.get("parties", ())]
    if "items" in table:
        table["items"] = table["items"].split()
    return _value(table, Agreement)


def _windows(table: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """Yield one window per item named, or one for the category or everything."""
    hours = table["hours"] if "hours" in table else 24 * table["days"]
    rest = {name: table[name] for name in ("category", "care_setting") if name in table}
    for code in table.get("items", "").split() or [""]:
        yield {"hours": hours, "item_code": code} | rest


def _scope(text: str) -> dict[str, str]:
    kind, _, code = text.partition(":")
    return {"kind": kind, "code": code}


def _value(table: Mapping[str, Any], shape: type[Value]) -> Value:
    unknown = set(table) - {field.name for field in fields(shape)}
    if unknown:
        raise ValueError(f"{', '.join(sorted(unknown))}: no such field in {shape.__name__}")
    return msgspec.convert({**table, "scope": _scope(table["scope"])}, shape)
