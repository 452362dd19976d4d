"""Writes: the shipped catalogue into its tables, and what institutions' own codes mean."""

from typing import NamedTuple

from django.db import transaction

from yijian.domains.terminology import catalogue
from yijian.domains.terminology.events import CodeMapped
from yijian.domains.terminology.models import CatalogueItem, CodeMap, MapState, PanelMember, UnitAlias
from yijian.domains.terminology.printed import fold_unit
from yijian.domains.terminology.specimen import Specimen
from yijian.domains.terminology.units import normalise_unit
from yijian.domains.terminology.values import Item
from yijian.foundation.outbox.api import publish
from yijian.kit.errors import FieldError, Problem

__all__ = [
    "Qualifiers",
    "announce_mapping",
    "confirm_code",
    "confirm_unit",
    "load_catalogue",
    "propose_code",
    "reject_code",
]

COLUMNS = [field.name for field in CatalogueItem._meta.concrete_fields]
TEXTS = frozenset({"specimen", "laterality", "contrast", "comparability", "sensitive"})


class Qualifiers(NamedTuple):
    """What a code of an examination says beyond its item."""

    laterality: str = ""
    body_site: str = ""
    contrast: str = ""


UNQUALIFIED = Qualifiers()


@transaction.atomic
def load_catalogue() -> int:
    """Bring the tables to the shipped catalogue; return its size. Items of a region's own stay."""
    items = catalogue.load_items()
    CatalogueItem.objects.bulk_create(
        [_row_of(item) for item in items],
        update_conflicts=True,
        unique_fields=["code"],
        update_fields=[name for name in COLUMNS if name != "code"],
    )
    panels = catalogue.load_panels()
    PanelMember.objects.filter(panel_id__in=[panel.code for panel in panels]).delete()
    PanelMember.objects.bulk_create(
        PanelMember(panel_id=panel.code, item_id=member, sort=sort)
        for panel in panels
        for sort, member in enumerate(panel.members)
    )
    return len(items)


def _row_of(item: Item) -> CatalogueItem:
    values = {name: getattr(item, name) for name in COLUMNS}
    return CatalogueItem(**values | {name: values[name] or "" for name in TEXTS})


def propose_code(
    institution_code: str, local_code: str, item_code: str, *, author: str, specimen: str = ""
) -> None:
    """Note what a code probably means; nothing is understood by it until somebody confirms."""
    _check(item_code, specimen)
    CodeMap.objects.get_or_create(
        institution_code=institution_code,
        local_code=local_code,
        specimen=specimen,
        defaults={"item_id": item_code, "author": author, "state": MapState.PROPOSED},
    )


@transaction.atomic
def confirm_code(
    institution_code: str,
    local_code: str,
    item_code: str,
    *,
    author: str,
    specimen: str = "",
    local_name: str = "",
    qualifiers: Qualifiers = UNQUALIFIED,
) -> None:
    """Say what an institution's own code means, for one specimen where the code has several meanings."""
    _check(item_code, specimen)
    CodeMap.objects.update_or_create(
        institution_code=institution_code,
        local_code=local_code,
        specimen=specimen,
        defaults={
            "item_id": item_code,
            "local_name": local_name,
            "laterality": qualifiers.laterality,
            "body_site": qualifiers.body_site,
            "contrast": qualifiers.contrast,
            "author": author,
            "state": MapState.CONFIRMED,
        },
    )
    announce_mapping(institution_code, local_code)


def confirm_unit(institution_code: str, printed: str, ucum: str, *, author: str) -> None:
    """Say what a unit means that an institution, or with '' anybody, spells as nobody does."""
    code = normalise_unit(ucum)
    if code is None:
        remedy = (FieldError("ucum", "name a unit of UCUM, such as mmol/L"),)
        raise Problem("unit.unknown", "There is no such unit.", 422, remedy)
    if normalise_unit(printed) is not None:
        remedy = (FieldError("unit", "it needs no meaning"),)
        raise Problem("unit.known", "Everybody knows this unit.", 422, remedy)
    UnitAlias.objects.update_or_create(
        institution_code=institution_code,
        spelling=fold_unit(printed),
        defaults={"ucum": code, "author": author},
    )


def announce_mapping(institution_code: str, local_code: str) -> None:
    """Tell, in the caller's transaction, that a local code has a confirmed meaning."""
    publish(CodeMapped.__name__, {"institution_code": institution_code, "local_code": local_code})


def reject_code(institution_code: str, local_code: str, *, author: str, specimen: str = "") -> None:
    """Withdraw a proposal."""
    CodeMap.objects.filter(
        institution_code=institution_code,
        local_code=local_code,
        specimen=specimen,
        state=MapState.PROPOSED,
    ).update(state=MapState.REJECTED, author=author)


def _check(item_code: str, specimen: str) -> None:
    errors = []
    if not CatalogueItem.objects.filter(code=item_code).exists():
        errors.append(FieldError("item_code", "name an item of the catalogue"))
    if specimen and specimen not in set(Specimen):
        errors.append(FieldError("specimen", "name a specimen of the catalogue, or none"))
    if errors:
        raise Problem("code_map.invalid", "The mapping names something unknown.", 422, tuple(errors))
