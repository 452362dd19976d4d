"""What the catalogue is made of: items, panels, and how a printed result compares with an item's unit."""

from datetime import timedelta
from decimal import Decimal
from enum import StrEnum
from typing import Literal

import msgspec

from yijian.domains.terminology.body_part import parts_differ
from yijian.domains.terminology.specimen import Specimen, specimen_of, specimen_satisfies

__all__ = [
    "Category",
    "CodeMeaning",
    "Comparability",
    "Comparable",
    "ComparableState",
    "Contrast",
    "Item",
    "Kind",
    "Laterality",
    "Panel",
    "PanelMember",
    "ResultType",
    "Sensitivity",
    "Specimen",
    "UnitAlias",
    "parts_differ",
    "specimen_of",
    "specimen_satisfies",
]


class Category(StrEnum):
    LAB = "lab"
    IMAGING = "imaging"
    ULTRASOUND = "ultrasound"
    NUCLEAR = "nuclear"
    ECG = "ecg"
    PATHOLOGY = "pathology"
    ELECTROPHYSIOLOGY = "electrophysiology"
    ENDOSCOPY = "endoscopy"
    FUNCTION = "function"
    INTERVENTION = "intervention"


class Kind(StrEnum):
    """How an item is ordered and answered: rows of a lab report, an exam report, members, or not at all."""

    LAB = "lab"
    EXAM = "exam"
    PANEL = "panel"
    INTERVENTION = "intervention"


class ResultType(StrEnum):
    QUANTITATIVE = "quantitative"
    QUALITATIVE = "qualitative"
    IMAGE = "image"
    REPORT = "report"
    """Measurements and curves inside an exam report (lung function, ambulatory blood pressure)."""
    PANEL = "panel"
    NONE = "none"


class Laterality(StrEnum):
    PAIRED = "paired"
    """The part has two sides and the item does not say which; the order and the report must."""


class Contrast(StrEnum):
    PLAIN = "plain"
    ENHANCED = "enhanced"


class Comparability(StrEnum):
    """Where results stand in for each other only inside one class."""

    METHOD = "method"
    UNIT = "unit"
    """The class is part of the unit: D-dimer in FEU or in DDU."""


class Sensitivity(StrEnum):
    HIV = "hiv"
    STI = "sti"
    PSYCHIATRIC = "psychiatric"
    GENETIC = "genetic"
    REPRODUCTIVE = "reproductive"


class Struct(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Base of the catalogue's rows: a column nobody knows is refused with its name."""


class Item(Struct, frozen=True):
    """One recognition item, panel or intervention. Codes are case-sensitive: `PS` is not `Ps`.

    Plausible bounds and critical limits are in `unit`; a figure *on* a critical limit is critical.
    """

    code: str
    name_zh: str
    name_en: str
    category: Category
    section: str
    kind: Kind
    result_type: ResultType
    window_hours: int
    wst886: str = ""
    loinc: str = ""
    specimen: Specimen | None = None
    unit: str = ""
    molar_mass: Decimal | None = None
    """g/mol; present where mass and amount of substance may be converted."""
    valence: int | None = None
    """Charge number; present where milliequivalents may be converted."""
    body_part: str = ""
    modality: str = ""
    laterality: Laterality | None = None
    contrast: Contrast | None = None
    family: str = ""
    """Exams that differ only by contrast or projection share it."""
    comparability: Comparability | None = None
    sensitive: Sensitivity | None = None
    fast_changing: bool = False
    conclusion_only: bool = False
    negative_list: bool = False
    images_are_result: bool = False
    plausible_low: Decimal | None = None
    plausible_high: Decimal | None = None
    critical_low: Decimal | None = None
    critical_high: Decimal | None = None
    source: str = ""
    assumed: tuple[str, ...] = ()

    @property
    def window(self) -> timedelta:
        """Default validity; an agreement's own window goes before it."""
        return timedelta(hours=self.window_hours)


class CodeMeaning(Struct, frozen=True):
    """What a code stands for, with what it says beyond the item; `specimen` narrows an institution's code."""

    item: Item
    specimen: Specimen | None = None
    laterality: str = ""
    body_site: str = ""
    contrast: str = ""


class PanelMember(Struct, frozen=True):
    panel_code: str
    item_code: str
    sort: int


class Panel(Struct, frozen=True):
    """A panel's code and its members' codes in printed order."""

    code: str
    members: tuple[str, ...]


class UnitAlias(Struct, frozen=True):
    """A unit as laboratories print it, and its UCUM code."""

    spelling: str
    ucum: str


class ComparableState(StrEnum):
    SAME = "same"
    """In the item's unit, the figure untouched."""
    CONVERTED = "converted"
    NOT_COMPARABLE = "not_comparable"
    NOT_NUMERIC = "not_numeric"


class Comparable(Struct, frozen=True):
    """A printed result read against its item; `value` is present only when `same` or `converted`.

    `unit` is then the item's UCUM unit, else the printed one's UCUM code ('' = unknown or not printed).
    """

    state: ComparableState
    value: Decimal | None = None
    unit: str = ""
    comparator: Literal["", "<", ">", "<=", ">="] = ""
