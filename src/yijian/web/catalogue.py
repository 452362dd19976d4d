"""Find what to order: by code, Chinese or English name; and the panels ordered most."""

from collections.abc import Iterable

from yijian.domains.sharing.api import get_rulebook
from yijian.domains.terminology.values import Item, Kind
from yijian.web import words

__all__ = ["COMMON", "is_exam", "item_name", "list_items", "search_items"]

COMMON = (
    "CBC", "LFT", "RFT", "ELECTROLYTE", "LIPID", "COAG", "THYROID", "CARDIAC", "HBV5", "HbA1c",
    "IMG-CT-CHEST-PLAIN", "IMG-DX-CHEST",
)  # fmt: skip
"""One touch each."""
LIMIT = 12


def item_name(item: Item) -> str:
    """Return an item's name in the reader's language."""
    return item.name_en if words.language() == "en" else item.name_zh


def list_items(codes: Iterable[str]) -> list[Item]:
    """Return the items of these codes, once each, without those nobody knows."""
    items = get_rulebook().items
    return [items[code] for code in dict.fromkeys(codes) if code in items]


def is_exam(code: str) -> bool:
    """Tell whether an item is answered by an exam report, not by rows of values."""
    items = list_items([code])
    return bool(items) and items[0].kind is Kind.EXAM


def search_items(text: str) -> list[Item]:
    """Return what can be ordered under a word, the best fit first."""
    wanted = text.strip().casefold()
    if not wanted:
        return []
    fits = [
        (fit, item)
        for item in get_rulebook().items.values()
        if item.kind is not Kind.INTERVENTION and (fit := _fit(item, wanted)) is not None
    ]
    fits.sort(key=lambda pair: pair[0])
    return [item for _, item in fits[:LIMIT]]


def _fit(item: Item, wanted: str) -> tuple[int, bool, int, str] | None:
    """Rank a fit: exact, then a beginning, then anywhere; panels and short names first."""
    spellings = [text.casefold() for text in (item.code, item.name_zh, item.name_en, item.loinc, item.wst886)]
    if wanted in spellings:
        closeness = 0
    elif any(spelling.startswith(wanted) for spelling in spellings):
        closeness = 1
    elif any(wanted in spelling for spelling in spellings):
        closeness = 2
    else:
        return None
    return closeness, item.kind is not Kind.PANEL, len(item.name_zh), item.code
