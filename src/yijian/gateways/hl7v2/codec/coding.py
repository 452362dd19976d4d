"""Coded fields (CE, CWE, CNE) and the people and places of a report (XCN, NDL, XON)."""

from collections.abc import Iterator
from typing import Literal

from yijian.domains.identity.values import Coded, Practitioner
from yijian.domains.results.values import ItemCode

from .names import HAN, display_name, read_person_name
from .segment import Composite, remembering

__all__ = [
    "display_text",
    "read_alternates",
    "read_coded",
    "read_item",
    "read_named_code",
    "read_practitioner",
    "read_specimen_source",
]

System = Literal["item", "wst886", "loinc", "local"]

SYSTEMS: dict[str, System] = {"YJITEM": "item", "WST886": "wst886", "LN": "loinc"}
"""Contract §4. Any other coding system, or none, is the institution's own."""

PREFERENCE: tuple[System, ...] = ("item", "wst886", "loinc", "local")
TRIPLETS = ((1, 2, 3), (4, 5, 6), (10, 11, 12))
"""Identifier, text and coding system of a CWE: primary, alternate, second alternate (v2.7)."""


def codings(field: Composite) -> Iterator[ItemCode]:
    """Yield the codings of a CWE that have a code."""
    for code, text, system in TRIPLETS:
        if field.text(code):
            known = SYSTEMS.get(field.text(system).upper(), "local")
            yield ItemCode(system=known, code=field.text(code), name=field.text(text) or None)


@remembering
def read_item(field: Composite) -> ItemCode | None:
    """Choose the coding that says most: catalogue, WS/T 886, LOINC, the sender's own.

    The name is the sender's own where one is given, since that is what was printed. A name without any
    code stands for a code of the sender's; nothing at all is None.
    """
    found = list(codings(field))
    printed = next((c.name for c in found if c.system == "local" and c.name), None)
    name = printed or field.first_of(2, 5, 9, 11) or None
    if not found:
        return ItemCode(system="local", code=name, name=name) if name else None
    best = min(found, key=lambda coding: PREFERENCE.index(coding.system))
    return ItemCode(system=best.system, code=best.code, name=printed or best.name or name)


@remembering
def read_alternates(field: Composite) -> tuple[ItemCode, ...]:
    """Return the codings of a field beside its item, the one that says most first."""
    chosen = read_item(field)
    rest = [c for c in codings(field) if chosen and (c.system, c.code) != (chosen.system, chosen.code)]
    return tuple(sorted(rest, key=lambda coding: PREFERENCE.index(coding.system)))


def display_text(field: Composite) -> str:
    """Return what a person reads in a coded value: original text, text, alternate text, else the code."""
    return field.first_of(9, 2, 5, 1, 4)


def read_coded(field: Composite) -> Coded | None:
    """Return the sender's own code and name: the alternate coding where it is the local one."""
    item = next((c for c in codings(field) if c.system == "local"), None) or next(codings(field), None)
    name = field.first_of(2, 5, 9) or None
    if item is None:
        return Coded(name=name) if name else None
    return Coded(code=item.code, name=item.name or name)


def read_named_code(text: str) -> Coded | None:
    """Return a place or department of which only one text was sent."""
    return Coded(name=text) if text else None


def read_practitioner(field: Composite) -> Practitioner | None:
    """Read XCN (`id^family^given`) or the NDL form with subcomponents (`id&family&given`)."""
    nested = not field.text(2) and field.text(1, 2)
    person = field.subcomposite() if nested else field
    identifier, name = person.text(1) or None, read_person_name(person, family=2)
    return Practitioner(id=identifier, name=name) if identifier or name else None


def read_specimen_source(field: Composite) -> tuple[str | None, str | None]:
    """Read OBR-15.1 as (code, name): `SER&血清`, `血浆&17` (swapped by some), `BLD`, or `静脉血` alone."""
    first, second = field.text(1, 1), field.text(1, 2)
    if HAN.search(first) and not HAN.search(second):
        first, second = second, first
    return first or None, display_name(second)
