"""Open matters of the exchange as pages show them, and what an unmapped code might mean."""

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import NamedTuple
from urllib.parse import urlencode

from django.utils.functional import Promise

from yijian.domains.results.api import UNMAPPED_CODE
from yijian.domains.results.values import UnmappedRow
from yijian.domains.sharing.api import get_rulebook
from yijian.domains.terminology.api import comparable
from yijian.domains.terminology.values import Comparable, Item, Kind, Specimen
from yijian.foundation.inbox.api import OpenMatter
from yijian.web import words
from yijian.web.catalogue import search_items
from yijian.web.institutions import ShownInstitution, show_institution
from yijian.web.operations import MATTERS

__all__ = [
    "MAPPABLE",
    "Fit",
    "ShownMatter",
    "Tab",
    "fits_of",
    "show_matters",
    "specimens_of",
    "suggest",
    "tabs_of",
]

MAPPABLE = "local"
"""The code system whose codes an institution may give a meaning."""
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

    @property
    def address(self) -> str:
        """What names this code in the address of its page."""
        return urlencode({"institution": self.institution.code, "code": self.code})


class Fit(NamedTuple):
    """A row that waits, read as if its code meant a certain item."""

    row: UnmappedRow
    read: Comparable


def tabs_of(matters: Iterable[OpenMatter]) -> list[Tab]:
    """Return the kinds, in the order of `MATTERS`; the first always, the others where something is open."""
    numbers = Counter(matter.kind for matter in matters)
    kinds = [*MATTERS, *sorted(numbers.keys() - MATTERS.keys())]
    return [
        Tab(kind, MATTERS[kind][0] if kind in MATTERS else kind, numbers[kind])
        for kind in kinds
        if numbers[kind] or kind == UNMAPPED_CODE
    ]


def show_matters(matters: Iterable[OpenMatter], kind: str) -> list[ShownMatter]:
    """Return the open matters of a kind; what stops most comes first."""
    rulebook = get_rulebook()
    return [
        _shown(matter, show_institution(rulebook, matter.institution_code))
        for matter in matters
        if matter.kind == kind
    ]


def _shown(matter: OpenMatter, institution: ShownInstitution) -> ShownMatter:
    if matter.kind != UNMAPPED_CODE:
        return ShownMatter(matter, institution, matter.subject)
    system, _, code = matter.subject.partition("|")
    return ShownMatter(matter, institution, code, code if system == MAPPABLE else "")


def suggest(word: str) -> list[Item]:
    """Return items a result may be of, under a word as laboratories write it: 钾(K), 血钾[K+]."""
    parts = [word, *word.replace("(", "（").replace("[", "（").split("（")]
    for part in parts:
        found = [item for item in search_items(part) if item.kind in RESULT_KINDS]
        if found:
            return found
    return []


def fits_of(rows: Iterable[UnmappedRow], item: Item) -> list[Fit]:
    """Return what is printed in the rows, each value once, as it would read under an item."""
    printed = {(row.value, row.unit): row for row in rows}
    return [Fit(row, comparable(row.value, row.unit, item)) for row in printed.values()]


def specimens_of(rows: Sequence[UnmappedRow]) -> list[tuple[str, str]]:
    """Return the specimens that the waiting rows name, for a code that means another thing in each."""
    column = "name_en" if words.language() == "en" else "name_zh"
    named = {row.specimen for row in rows}
    return [(each.value, getattr(each, column)) for each in Specimen if each.value in named]
