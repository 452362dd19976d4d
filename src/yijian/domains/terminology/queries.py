"""Reads: what codes mean. One statement for the catalogue's systems, one for an institution's own codes."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Any

import msgspec
from django.db.models import Q

from yijian.domains.terminology.models import CatalogueItem, CodeMap, MapState, UnitAlias
from yijian.domains.terminology.printed import fold_unit
from yijian.domains.terminology.units import normalise_unit
from yijian.domains.terminology.values import (
    CodeMeaning,
    Item,
    Specimen,
    specimen_of,
    specimen_satisfies,
)

__all__ = ["Meanings", "Units", "find_item", "list_items", "look_up", "sensitive_codes"]

FIELDS = tuple(sorted(set(Item.__struct_fields__) - {"assumed"}))
OF_ITEM = tuple(f"item__{name}" for name in FIELDS)
OF_MAP = ("local_code", "specimen", "laterality", "body_site", "contrast")
CODED = ("specimen", "laterality", "contrast", "comparability", "sensitive")


class Units:
    """The units of an institution, with what was said of spellings that nobody knows."""

    def __init__(self, institution_code: str) -> None:
        self._institution_code = institution_code

    def of(self, printed: str) -> str:
        """Return the UCUM code a person gave an unknown spelling; else the unit as printed."""
        if not printed.strip() or normalise_unit(printed) is not None:
            return printed
        return self._said.get(fold_unit(printed), printed)

    @cached_property
    def _said(self) -> dict[str, str]:
        rows = UnitAlias.objects.filter(institution_code__in={"", self._institution_code})
        return dict(rows.order_by("institution_code").values_list("spelling", "ucum"))


@dataclass(frozen=True, slots=True)
class Meanings:
    """What the codes that were asked for mean, by (system, code); and the units of who uses them."""

    _meanings: dict[tuple[str, str], tuple[CodeMeaning, ...]]
    units: Units

    def of(self, system: str, code: str, specimen: Specimen | None = None) -> CodeMeaning | None:
        """Return the one meaning of a code, for that specimen where the code is split by specimen."""
        meanings = self._meanings.get((system, code), ())
        exact = [m for m in meanings if m.specimen is not None and m.specimen == specimen]
        fitting = [
            m for m in meanings if m.specimen and specimen and specimen_satisfies(m.specimen, specimen)
        ]
        general = [m for m in meanings if m.specimen is None]
        unasked = list(meanings) if specimen is None and len(meanings) == 1 else []
        for choice in (exact, general, fitting, unasked):
            if len(choice) == 1:
                return choice[0]
        return None


def look_up(institution_code: str, codes: Collection[tuple[str, str]]) -> Meanings:
    """Look codes of any system up; a local code counts once its mapping is confirmed."""
    local = {code for system, code in codes if system == "local"}
    public = {code for system, code in codes if system != "local"}
    meanings = _local_meanings(institution_code, local) | _public_meanings(public)
    return Meanings(meanings, Units(institution_code))


def _local_meanings(institution_code: str, codes: set[str]) -> dict[tuple[str, str], tuple[CodeMeaning, ...]]:
    if not codes:
        return {}
    rows = CodeMap.objects.filter(
        institution_code=institution_code, local_code__in=codes, state=MapState.CONFIRMED
    )
    found: dict[tuple[str, str], tuple[CodeMeaning, ...]] = {}
    for local_code, specimen, laterality, body_site, contrast, *columns in rows.values_list(
        *OF_MAP, *OF_ITEM
    ):
        meaning = CodeMeaning(
            item=_item(tuple(columns)),
            specimen=specimen_of(specimen, None),
            laterality=laterality,
            body_site=body_site,
            contrast=contrast,
        )
        key = ("local", local_code)
        found[key] = (*found.get(key, ()), meaning)
    return found


def _public_meanings(codes: set[str]) -> dict[tuple[str, str], tuple[CodeMeaning, ...]]:
    """Index items by every code of theirs; a LOINC that several items share has no one meaning."""
    if not codes:
        return {}
    rows = CatalogueItem.objects.filter(Q(code__in=codes) | Q(wst886__in=codes) | Q(loinc__in=codes))
    found: dict[tuple[str, str], tuple[CodeMeaning, ...]] = {}
    for columns in rows.values_list(*FIELDS):
        item = _item(columns)
        meaning = CodeMeaning(item=item)
        for key in (("item", item.code), ("wst886", item.wst886), ("loinc", item.loinc)):
            found[key] = (*found.get(key, ()), meaning)
    return found


@lru_cache(maxsize=4096)
def _item(columns: tuple[Any, ...]) -> Item:
    """Return the value of a row's `FIELDS`; the catalogue's rows are few and met over and over."""
    fields = dict(zip(FIELDS, columns, strict=True))
    for name in CODED:
        fields[name] = fields[name] or None
    return msgspec.convert(fields, Item, strict=False)


def find_item(code: str) -> Item | None:
    """Return a catalogue item by its own code."""
    columns = CatalogueItem.objects.filter(code=code).values_list(*FIELDS).first()
    return _item(columns) if columns else None


def list_items(codes: Iterable[str] | None = None) -> list[Item]:
    """Return catalogue items by code, all of them where none are named."""
    rows = CatalogueItem.objects.all()
    if codes is not None:
        rows = rows.filter(code__in=list(codes))
    return [_item(columns) for columns in rows.order_by("code").values_list(*FIELDS)]


def sensitive_codes() -> frozenset[str]:
    """Return the items of a sensitive class."""
    return frozenset(CatalogueItem.objects.exclude(sensitive="").values_list("code", flat=True))
