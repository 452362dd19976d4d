"""What an OBX says of an item rather than of a patient (HL7 v2.5.1 §7.4.2): the same again and again."""

from functools import lru_cache

import msgspec

from yijian.domains.results.values import ItemCode

from .coding import display_text, read_alternates, read_item
from .segment import Segment
from .syntax import Syntax
from .tables import CONCLUSIONS, CRITICAL_FLAGS, FLAGS, ORGANISM_CODES, PRINTED_FLAGS, ROW_STATUSES, RowStatus

__all__ = ["Form", "names_organism", "read_form", "read_row_status", "read_unit"]

REMEMBERED_CHARACTERS = 512
REMEMBERED_FORMS = 4096


class Form(msgspec.Struct, frozen=True, gc=False):
    """An OBX without its value, its sub-id, its times and its people.

    `flag` is a code of Table 0078, of several a critical one; `has_unknown_flag` tells of others beside it.
    """

    data_type: str
    item: ItemCode | None
    alternates: tuple[ItemCode, ...]
    unit: str | None
    reference_range: str | None
    flag: str | None
    has_unknown_flag: bool
    status_code: str
    status: RowStatus
    method: str | None
    instrument: str | None
    is_of_culture: bool
    """Whether it names an organism, or concludes on a drug."""


def read_form(obx: Segment) -> Form:
    """Read the fields of an OBX that a laboratory sends with every result of one item."""
    fields = obx.fields
    kept = (*fields[2:4], "", "", *fields[6:9], "", "", *fields[11:12], "", "", "", "", "", *fields[17:19])
    line = obx.syntax.field.join(("OBX", "", *kept))
    if len(line) > REMEMBERED_CHARACTERS:
        return form_of(line, obx.syntax)
    return remembered_form(line, obx.syntax)


def form_of(line: str, syntax: Syntax) -> Form:
    obx = Segment(line, 1, syntax)
    coded, flags = obx.first(3), read_flags(obx)
    known = [flag for flag in flags if flag in FLAGS]
    return Form(
        data_type=obx.text(2).upper(),
        item=read_item(coded),
        alternates=read_alternates(coded),
        unit=read_unit(obx),
        reference_range=obx.first(7).whole().strip() or None,
        flag=next((flag for flag in known if flag in CRITICAL_FLAGS), known[0] if known else None),
        has_unknown_flag=len(known) < len(flags),
        status_code=obx.text(11).upper(),
        status=read_row_status(obx),
        method=display_text(obx.first(17)) or None,
        instrument=obx.first(18).first_of(1, 2) or None,
        is_of_culture=obx.text(8).upper() in CONCLUSIONS or names_organism(obx),
    )


remembered_form = lru_cache(REMEMBERED_FORMS)(form_of)


def names_organism(obx: Segment) -> bool:
    """Tell whether the code of OBX-3 is one for what grew."""
    return obx.text(3, 1).upper() in ORGANISM_CODES or obx.text(3, 4).upper() in ORGANISM_CODES


def read_flags(obx: Segment) -> list[str]:
    """Read OBX-8 as codes; arrows and Chinese words are translated."""
    printed = (part.text() for part in obx.repetitions(8))
    return [PRINTED_FLAGS.get(each, each.upper()) for each in printed if each]


def read_row_status(obx: Segment) -> RowStatus:
    """Read OBX-11; None where absent or not in the table."""
    return ROW_STATUSES.get(obx.text(11).upper())


def read_unit(obx: Segment) -> str | None:
    """Read OBX-6: the code, else the text some dialects put into the second component."""
    return obx.text(6) or obx.text(6, 2) or None
