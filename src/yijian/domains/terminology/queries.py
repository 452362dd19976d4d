"""Reads: what codes mean. One statement for the catalogue's systems, one for an institution's own codes."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass

import msgspec
from django.db.models import Q

from yijian.domains.terminology.models import CatalogueItem, CodeMap, MapState
from yijian.domains.terminology.values import (
    CodeMeaning,
    Item,
    Specimen,
    specimen_of,
    specimen_satisfies,
)

__all__ = ["Meanings", "find_item", "list_items", "look_up", "sensitive_codes"]

FIELDS = tuple(set(Item.__struct_fields__) - {"assumed"})
CODED = ("specimen", "laterality", "contrast", "comparability", "sensitive")


@dataclass(frozen=True, slots=True)
class Meanings:
    """What the codes that were asked for mean, by (system, code)."""

    _meanings: dict[tuple[str, str], tuple[CodeMeaning, ...]]

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
    return Meanings(_local_meanings(institution_code, local) | _public_meanings(public))


def _local_meanings(institution_code: str, codes: set[str]) -> dict[tuple[str, str], tuple[CodeMeaning, ...]]:
    if not codes:
        return {}
    rows = CodeMap.objects.select_related("item").filter(
        institution_code=institution_code, local_code__in=codes, state=MapState.CONFIRMED
    )
    found: dict[tuple[str, str], tuple[CodeMeaning, ...]] = {}
    for row in rows:
        meaning = CodeMeaning(
            item=item_of(row.item),
            specimen=specimen_of(row.specimen, None),
            laterality=row.laterality,
            body_site=row.body_site,
            contrast=row.contrast,
        )
        key = ("local", row.local_code)
        found[key] = (*found.get(key, ()), meaning)
    return found


def _public_meanings(codes: set[str]) -> dict[tuple[str, str], tuple[CodeMeaning, ...]]:
    """Index items by every code of theirs; a LOINC that several items share has no one meaning."""
    if not codes:
        return {}
    rows = CatalogueItem.objects.filter(Q(code__in=codes) | Q(wst886__in=codes) | Q(loinc__in=codes))
    found: dict[tuple[str, str], tuple[CodeMeaning, ...]] = {}
    for row in rows:
        meaning = CodeMeaning(item=item_of(row))
        for key in (("item", row.code), ("wst886", row.wst886), ("loinc", row.loinc)):
            found[key] = (*found.get(key, ()), meaning)
    return found


def item_of(row: CatalogueItem) -> Item:
    """Return the value of a row."""
    fields = {name: getattr(row, name) for name in FIELDS}
    for name in CODED:
        fields[name] = fields[name] or None
    return msgspec.convert(fields, Item, strict=False)


def find_item(code: str) -> Item | None:
    """Return a catalogue item by its own code."""
    row = CatalogueItem.objects.filter(code=code).first()
    return item_of(row) if row else None


def list_items(codes: Iterable[str] | None = None) -> list[Item]:
    """Return catalogue items by code, all of them where none are named."""
    rows = CatalogueItem.objects.all()
    if codes is not None:
        rows = rows.filter(code__in=list(codes))
    return [item_of(row) for row in rows.order_by("code")]


def sensitive_codes() -> frozenset[str]:
    """Return the items of a sensitive class."""
    return frozenset(CatalogueItem.objects.exclude(sensitive="").values_list("code", flat=True))
