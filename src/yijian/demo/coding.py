"""Which code each institution prints for an item, and what its own codes mean: some are mapped, a few not."""

from functools import cache
from random import Random

from yijian.demo.tables import Institution
from yijian.domains.results.values import ItemCode
from yijian.domains.terminology.catalogue import load_items
from yijian.domains.terminology.values import Item, Kind

__all__ = ["LocalMeaning", "code_of", "list_meanings"]

UNMAPPED = {
    "42011701": ("HE4", "TgAb", "US-CAROTID"),
    "42052801": ("TRAb", "PCT", "TgAb"),
    "42050301": ("HBDH", "IMG-MR-BRAIN-PLAIN"),
}
"""Items whose local code nobody has mapped yet: their reports wait for a person."""
PROPOSED = {"42011502": ("GGT",), "42050201": ("TRF",)}
"""Mappings that still await confirmation count as none."""

LocalMeaning = tuple[str, str, str]
"""(local code, item code, state)"""


@cache
def orderable() -> dict[str, Item]:
    return {item.code: item for item in load_items() if item.kind is not Kind.INTERVENTION}


@cache
def local_codes(institution_code: str) -> dict[str, str]:
    """Return an institution's own codes by item code: its system's letters and a number."""
    random = Random(f"codes {institution_code}")
    prefix = random.choice(["JY", "LIS", "XM", "T", "H"])
    numbers = random.sample(range(1000, 9999), len(orderable()))
    return {code: f"{prefix}{number}" for code, number in zip(orderable(), numbers, strict=True)}


@cache
def code_of(institution: Institution, item_code: str) -> ItemCode:
    """Return what the institution prints: the best code of its own system, else its local one."""
    item = orderable()[item_code]
    candidates = {"item": item.code, "wst886": item.wst886, "loinc": _unshared_loinc(item)}
    code = candidates.get(institution.coding, "")
    if code:
        return ItemCode(system=institution.coding, code=code, name=item.name_zh)
    return ItemCode(system="local", code=local_codes(institution.code)[item_code], name=item.name_zh)


def list_meanings(institution: Institution) -> list[LocalMeaning]:
    """Return the mappings of an institution's local codes: confirmed, proposed, and a few missing."""
    missing = UNMAPPED.get(institution.code, ())
    proposed = PROPOSED.get(institution.code, ())
    return [
        (local, code, "proposed" if code in proposed else "confirmed")
        for code, local in local_codes(institution.code).items()
        if code not in missing and code_of(institution, code).system == "local"
    ]


@cache
def _shared_loincs() -> frozenset[str]:
    codes = [item.loinc for item in load_items() if item.loinc]
    return frozenset(code for code in codes if codes.count(code) > 1)


def _unshared_loinc(item: Item) -> str:
    return "" if item.loinc in _shared_loincs() else item.loinc
