"""Cultures: organisms and the drugs tried on them, out of the OBX that tell of both (HL7 v2.5.1 §7.4.2).

Drugs hang on their organism by OBX-4 (`1` and `1.2`), by the parent result of a child OBR (OBR-26), or by
standing after it. Every other row of a culture stays an ordinary row.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Literal

import msgspec

from yijian.domains.results.values import ItemCode, Measure, Organism, Susceptibility

from .coding import display_text, read_item
from .form import names_organism, read_row_status, read_unit
from .notes import Notes
from .row import note_left_out, read_comment
from .segment import Segment
from .structure import Observation, OrderGroup
from .tables import CONCLUSIONS, MICROBIOLOGY_SECTIONS
from .value import POINTERS, read_value

__all__ = ["read_culture"]

ORGANISM_NAME = re.compile(
    r"(?:细菌|真菌|培养)鉴定|鉴定结果|菌种|病原[菌体]|细菌名称|培养结果|organism|bacteria identified", re.I
)
NOTHING_GREW = re.compile(
    r"无.{0,8}生长|未(?:检出|见|培养出|分离出|生长)|阴性|正常.{0,4}菌群"
    r"|no .{0,12}growth|not (?:isolated|detected)",
    re.I,
)
QUANTITY_NAME = re.compile(r"菌落计数|菌落数|生长量|计数|colony count|quantity", re.I)
FIGURE = re.compile(
    r"(?P<comparator><=|>=|≤|≥|<|>|=)?\s*(?P<value>\d{1,9}(?:\.\d{1,6})?)"
    r"\s*(?P<unit>mm|[uμµ]g/ml|mg/l)?(?:\s*\(?(?:S|I|R|SDD|NS)\)?)?",
    re.I,
)
"""A figure, with its unit and conclusion where they are printed beside it: `17 mm`, `≤0.5 ug/ml`, `0.5 S`."""
COMPARATORS: dict[str, Literal["<", "<=", ">=", ">"]] = {
    "<": "<", "≤": "<=", "<=": "<=", ">": ">", "≥": ">=", ">=": ">=",
}  # fmt: skip
DISC = re.compile(r"\d+(?:\.\d+)?(?:/\d+(?:\.\d+)?)?\s*(?:[uμµ]g|IU|U)\b", re.I)
DISC_METHOD = re.compile(r"K-?B|纸片|disk|disc|zone", re.I)
SUB_ID_STEP = re.compile(r"[.\-_&/]?[^.\-_&/]*$")


@dataclass(slots=True)
class Growing:
    """An organism on its way. `marks` are the sub-ids it is known by."""

    name: str
    code: str | None
    sub_id: str
    quantity: str | None = None
    tried: dict[tuple[str, str], Susceptibility] = field(default_factory=dict)

    def take(self, tried: Susceptibility) -> None:
        """Add what was found of a drug; figure and conclusion sent apart become one."""
        key = (tried.drug.system, tried.drug.code)
        before = self.tried.get(key)
        self.tried[key] = completed(before, tried) if before else tried


def read_culture(groups: list[OrderGroup], notes: Notes) -> tuple[tuple[Organism, ...], list[OrderGroup]]:
    """Return the organisms, and the groups without the observations that tell of drugs tried on them."""
    if not is_culture(groups):
        return (), groups
    found: list[Growing] = []
    for group in groups:
        found.extend(organisms_of(group))
    if not found:
        return (), groups
    rest = [replace(group, observations=list(take_drugs(group, found, notes))) for group in groups]
    return tuple(finished(organism) for organism in found), rest


def is_culture(groups: list[OrderGroup]) -> bool:
    """Tell whether susceptibilities, or organisms, may be in it."""
    return any(
        group.obr.text(24).upper() in MICROBIOLOGY_SECTIONS
        or any(observation.form.is_of_culture for observation in group.observations)
        for group in groups
    )


def organisms_of(group: OrderGroup) -> Iterator[Growing]:
    """Yield what grew by one OBR, each with the quantity told under its sub-id."""
    rows = [o.obx for o in group.observations if holds_value(o.obx)]
    parents = {step for obx in rows if conclusion_of(obx) for step in steps_of(obx.text(4))}
    marked = [obx for obx in rows if is_organism(obx)]
    if not marked and not group.is_child:
        marked = [obx for obx in rows if obx.text(4) in parents and not conclusion_of(obx) and is_words(obx)]
    taken: set[str] = set()
    for obx in marked:
        name = read_value(obx).text
        if NOTHING_GREW.search(name) or (obx.text(4) and obx.text(4) in taken):
            continue
        taken.add(obx.text(4))
        yield Growing(
            name, obx.text(5) if is_coded(obx) else None, obx.text(4), quantity_of(obx.text(4), rows)
        )


def holds_value(obx: Segment) -> bool:
    return obx.text(2).upper() not in POINTERS and read_row_status(obx) not in ("withdrawn", "pending")


def is_organism(obx: Segment) -> bool:
    """Tell whether a row names what grew."""
    if conclusion_of(obx) or not read_value(obx).text:
        return False
    return names_organism(obx) or bool(ORGANISM_NAME.search(display_text(obx.first(3))))


def is_words(obx: Segment) -> bool:
    return read_value(obx).kind != "number" and not QUANTITY_NAME.search(display_text(obx.first(3)))


def is_coded(obx: Segment) -> bool:
    return bool(obx.text(5, 2))


def quantity_of(sub_id: str, rows: list[Segment]) -> str | None:
    """Return the count told under an organism's sub-id, with its unit."""
    for obx in rows:
        if obx.text(4) == sub_id and QUANTITY_NAME.search(display_text(obx.first(3))):
            return " ".join(filter(None, (read_value(obx).text, read_unit(obx))))
    return None


def take_drugs(group: OrderGroup, found: list[Growing], notes: Notes) -> Iterator[Observation]:
    """Give each drug to its organism; yield the observations that are none."""
    latest: Growing | None = None
    drugs = {drug_key(o.obx) for o in group.observations if conclusion_of(o.obx)}
    for observation in group.observations:
        obx = observation.obx
        latest = next((o for o in found if is_organism(obx) and o.sub_id == obx.text(4)), latest)
        about_drug = bool(conclusion_of(obx)) or drug_key(obx) in drugs or is_child_row(group, obx)
        organism = organism_of(group, obx, found, latest) if about_drug and not is_organism(obx) else None
        if organism is None or obx.text(2).upper() in POINTERS:
            yield observation
        elif not holds_value(obx):
            note_left_out(obx, read_row_status(obx), notes)
        elif tried := read_susceptibility(observation):
            organism.take(tried)


def drug_key(obx: Segment) -> tuple[str, str]:
    return obx.raw(3), obx.text(4)


def is_child_row(group: OrderGroup, obx: Segment) -> bool:
    """Tell whether a row stands under a child order, which was made to try drugs on one organism."""
    return group.is_child and bool(read_value(obx).text)


def organism_of(
    group: OrderGroup, obx: Segment, found: list[Growing], latest: Growing | None
) -> Growing | None:
    """Find a drug's organism: the parent result of its OBR, its sub-id, the one before it, the only one."""
    by_sub_id = {organism.sub_id: organism for organism in found if organism.sub_id}
    parent_sub_id, parent_name = group.obr.text(26, 2), group.obr.text(26, 3)
    if group.is_child:
        named = next((o for o in found if o.name == parent_name or (o.code and o.code == parent_name)), None)
        return by_sub_id.get(parent_sub_id) or named or (found[0] if len(found) == 1 else None)
    step = next((step for step in steps_of(obx.text(4)) if step in by_sub_id), None)
    return by_sub_id[step] if step else latest or (found[0] if len(found) == 1 else None)


def steps_of(sub_id: str) -> Iterator[str]:
    """Yield a sub-id and those above it: `1.2`, `1`."""
    while sub_id:
        yield sub_id
        sub_id = SUB_ID_STEP.sub("", sub_id)


def conclusion_of(obx: Segment) -> Literal["S", "I", "R", "SDD", "NS"] | None:
    """Read S, I or R from OBX-8, else from the value itself."""
    flags = [part.text(1).upper() for part in obx.repetitions(8)]
    return next(
        (CONCLUSIONS[text] for text in (*flags, read_value(obx).text.upper()) if text in CONCLUSIONS), None
    )


def read_susceptibility(observation: Observation) -> Susceptibility | None:
    """Read one drug row: millimetres, or a disc method, make a zone of its figure, else it is a MIC."""
    obx = observation.obx
    drug, printed = read_item(obx.first(3)), read_value(obx).text
    if drug is None:
        return None
    figure, method = read_figure(printed, read_unit(obx)), display_text(obx.first(17)) or None
    unit = figure.unit if figure else read_unit(obx)
    is_zone = (unit or "").casefold() == "mm" or bool(method and DISC_METHOD.search(method))
    return Susceptibility(
        drug=drug,
        conclusion=conclusion_of(obx),
        value=None if printed.upper() in CONCLUSIONS else printed or None,
        mic=None if is_zone else figure,
        zone=figure if is_zone else None,
        disc_content=read_disc(drug, method) if is_zone else None,
        breakpoints=obx.first(7).whole().strip() or None,
        method=method,
        comment=read_comment(observation.notes),
    )


def read_figure(printed: str, unit: str | None) -> Measure | None:
    found = FIGURE.fullmatch(printed)
    if found is None:
        return None
    comparator = COMPARATORS.get(found["comparator"] or "")
    return Measure(value=Decimal(found["value"]), comparator=comparator, unit=unit or found["unit"])


def read_disc(drug: ItemCode, method: str | None) -> str | None:
    """Find what a disc holds, printed with the method or with the drug's name."""
    found = next((hit for text in (method, drug.name) if text and (hit := DISC.search(text))), None)
    return found[0] if found else None


def completed(before: Susceptibility, more: Susceptibility) -> Susceptibility:
    """Fill in what an earlier row of the same drug left out."""
    names = [name for name in Susceptibility.__struct_fields__ if getattr(before, name) is None]
    return msgspec.structs.replace(before, **{name: getattr(more, name) for name in names})


def finished(organism: Growing) -> Organism:
    return Organism(
        name=organism.name,
        code=organism.code,
        sub_id=organism.sub_id or None,
        quantity=organism.quantity,
        susceptibilities=tuple(organism.tried.values()),
    )
