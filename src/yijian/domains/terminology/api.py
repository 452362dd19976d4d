"""The only synchronous door to the catalogue and to the meanings of codes."""

from yijian.domains.terminology.printed import fold_unit
from yijian.domains.terminology.queries import (
    Meanings,
    Units,
    find_item,
    list_items,
    look_up,
    sensitive_codes,
)
from yijian.domains.terminology.services import (
    Qualifiers,
    confirm_code,
    confirm_unit,
    load_catalogue,
    propose_code,
    reject_code,
)
from yijian.domains.terminology.units import comparable, normalise_unit

__all__ = [
    "Meanings",
    "Qualifiers",
    "Units",
    "comparable",
    "confirm_code",
    "confirm_unit",
    "find_item",
    "fold_unit",
    "list_items",
    "load_catalogue",
    "look_up",
    "normalise_unit",
    "propose_code",
    "reject_code",
    "sensitive_codes",
]
