"""Open matters of the exchange as pages show them, and what an unmapped code might mean."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from typing import NamedTuple
from urllib.parse import urlencode

from django.utils.functional import Promise
from msgspec import DecodeError, json

from yijian.domains.results.api import (
    IMAGE_WITHOUT_REPORT,
    ORDER_WITHOUT_REPORT,
    UNMAPPED_CODE,
    UNMAPPED_UNIT,
)
from yijian.domains.results.values import UnitRow, UnmappedRow
from yijian.domains.sharing.api import get_rulebook
from yijian.domains.terminology.api import Units, comparable
from yijian.domains.terminology.values import Comparable, Item, Kind, Specimen
from yijian.foundation.accounts.models import Role, User
from yijian.foundation.inbox.api import OpenMatter
from yijian.web import words
from yijian.web.catalogue import search_items
from yijian.web.institutions import ShownInstitution, show_institution
from yijian.web.operations import MATTERS

__all__ = [
    "MAPPABLE",
    "MENDERS",
    "Fit",
    "ShownMatter",
    "Tab",
    "UnitFit",
    "colleagues_of",
    "fits_of",
    "read_place",
    "show_matters",
    "specimens_of",
    "suggest",
    "tabs_of",
    "unit_fits_of",
    "write_place",
]

MAPPABLE = "local"
"""The code system whose codes an institution may give a meaning."""
MENDERS = (Role.TECHNICIAN, Role.INTEGRATOR, Role.ADMINISTRATOR)
QUEUES = (UNMAPPED_CODE, UNMAPPED_UNIT, "identity_uncertain", ORDER_WITHOUT_REPORT, IMAGE_WITHOUT_REPORT)
"""Queues that are shown even when empty."""
Place = tuple[int, datetime, str, str]
"""Where a page ends: number, age, institution and subject of its last matter."""
RESULT_KINDS = frozenset({Kind.LAB, Kind.EXAM})


class Tab(NamedTuple):
    """A kind of matter and how many are open."""

    kind: str
    name: Promise | str
    number: int


class ShownMatter(NamedTuple):
    """What is mended together. `code` is set where an institution's own code wants a meaning."""

    matter: OpenMatter
    institution: ShownInstitution
    subject: str
    code: str = ""
    owner: str = ""

    @property
    def address(self) -> str:
        """What names this code in the address of its page."""
        return urlencode({"institution": self.institution.code, "code": self.code})

    @property
    def unit_address(self) -> str:
        """What names this unit in the address of its page."""
        return urlencode({"institution": self.institution.code, "unit": self.subject})


class UnitFit(NamedTuple):
    """A row that waits, read as if its unit meant a certain one; None where none is chosen."""

    row: UnitRow
    item: Item
    read: Comparable | None


class Fit(NamedTuple):
    """A row that waits, read as if its code meant a certain item."""

    row: UnmappedRow
    read: Comparable


def tabs_of(counts: Mapping[str, tuple[int, int]]) -> list[Tab]:
    """Return the kinds, in the order of `MATTERS`; those of the work queues always, others where open."""
    kinds = [*MATTERS, *sorted(counts.keys() - MATTERS.keys())]
    return [
        Tab(kind, MATTERS[kind][0] if kind in MATTERS else kind, counts.get(kind, (0, 0))[0])
        for kind in kinds
        if kind in counts or kind in QUEUES
    ]


def show_matters(matters: Iterable[OpenMatter]) -> list[ShownMatter]:
    """Return matters as the page of their queue shows them."""
    rulebook = get_rulebook()
    found = list(matters)
    owners = names_of({matter.owner for matter in found if matter.owner})
    return [
        _shown(
            matter,
            show_institution(rulebook, matter.institution_code),
            owners.get(matter.owner, matter.owner),
        )
        for matter in found
    ]


def _shown(matter: OpenMatter, institution: ShownInstitution, owner: str) -> ShownMatter:
    if matter.kind != UNMAPPED_CODE:
        return ShownMatter(matter, institution, matter.subject, owner=owner)
    system, _, code = matter.subject.partition("|")
    return ShownMatter(matter, institution, code, code if system == MAPPABLE else "", owner)


def names_of(usernames: Collection[str]) -> dict[str, str]:
    """Return what people are called."""
    people = User.objects.filter(username__in=usernames).values_list("username", "display_name")
    return {username: name or username for username, name in people}


def colleagues_of(user: User) -> list[tuple[str, str]]:
    """Return who may be asked to look after a matter: those who mend, of one's own institution."""
    people = User.objects.filter(is_active=True, institution_code=user.institution_code, role__in=MENDERS)
    named = people.order_by("display_name", "username").values_list("username", "display_name")
    return [(username, name or username) for username, name in named]


def write_place(place: Place) -> str:
    """Write where a page of matters ends, for the address of the next."""
    return json.encode(place).decode()


def read_place(text: str) -> Place | None:
    """Read it again; None for anything else."""
    try:
        place: Place = json.decode(text, type=Place)
    except DecodeError:
        return None
    return place


def suggest(word: str) -> list[Item]:
    """Return items a result may be of, under a word as laboratories write it: 钾(K), 血钾[K+]."""
    parts = [word, *word.replace("(", "（").replace("[", "（").split("（")]
    for part in parts:
        found = [item for item in search_items(part) if item.kind in RESULT_KINDS]
        if found:
            return found
    return []


def fits_of(rows: Iterable[UnmappedRow], item: Item, units: Units) -> list[Fit]:
    """Return what is printed in the rows, each value once, as it would read under an item."""
    printed = {(row.value, row.unit): row for row in rows}
    return [Fit(row, comparable(row.value, units.of(row.unit), item)) for row in printed.values()]


def unit_fits_of(rows: Iterable[UnitRow], ucum: str) -> list[UnitFit]:
    """Return each row as it would read in a unit; unread where none is chosen."""
    items = get_rulebook().items
    return [
        UnitFit(
            row, items[row.item_code], comparable(row.value, ucum, items[row.item_code]) if ucum else None
        )
        for row in rows
        if row.item_code in items
    ]


def specimens_of(rows: Sequence[UnmappedRow]) -> list[tuple[str, str]]:
    """Return the specimens that the waiting rows name, for a code that means another thing in each."""
    column = "name_en" if words.language() == "en" else "name_zh"
    named = {row.specimen for row in rows}
    return [(each.value, getattr(each, column)) for each in Specimen if each.value in named]
