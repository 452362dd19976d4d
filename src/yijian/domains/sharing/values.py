"""Agreements, HR rights and the facts that take away, as rules see them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from typing import Any

from yijian.domains.institutions.values import InstitutionProfile
from yijian.domains.terminology.values import Item

__all__ = [
    "DEFAULT_OPTIONS",
    "Agreement",
    "AuthorisationPolicy",
    "ClockStart",
    "ConsentWay",
    "Direction",
    "GradeBand",
    "GradeRule",
    "LocalCode",
    "Method",
    "Party",
    "Permission",
    "Price",
    "RegionOptions",
    "RegionalReason",
    "Right",
    "RightState",
    "Rulebook",
    "Scope",
    "ScopeKind",
    "Suspension",
    "SuspensionKind",
    "Window",
]


class ScopeKind(StrEnum):
    NATION = "nation"
    ALLIANCE = "alliance"
    PROVINCE = "province"
    CITY = "city"
    COUNTY = "county"
    CONSORTIUM = "consortium"


SCOPE_WIDTH = {kind: width for width, kind in enumerate(reversed(ScopeKind))}


class Direction(StrEnum):
    SAME = "same"
    DOWN = "down"
    """A lower institution accepts a higher one's result."""
    UP = "up"
    """A higher institution accepts a lower one's result."""


class Permission(StrEnum):
    """What an agreement says of a way from one institution to another."""

    ACCEPT = "accept"
    MAY = "may"
    """May be accepted where the quality suffices; nobody is obliged."""
    EXCLUDED = "excluded"


class ClockStart(StrEnum):
    COLLECTION = "collection"
    REPORT = "report"


class SuspensionKind(StrEnum):
    ITEM = "item"
    NEGATIVE_LIST = "negative_list"
    INSTITUTION = "institution"
    QUALITY = "quality"


class AuthorisationPolicy(StrEnum):
    """What looking at another institution's results needs; sensitive items need a consent everywhere."""

    NONE_NEEDED = "none_needed"
    """The treatment relation suffices."""
    NOTICE = "notice"
    """The patient is told; an objection counts."""
    CONSENT = "consent"
    """Nothing from elsewhere is shown without the patient's authorisation."""


class ConsentWay(StrEnum):
    CODE = "code"
    """A code the patient shows."""
    SIGNED_FORM = "signed_form"
    GUARDIAN = "guardian"


class RightState(StrEnum):
    VALID = "valid"
    NOT_COVERING = "not_covering"
    LAPSED = "lapsed"
    ABSENT = "absent"


@dataclass(frozen=True, slots=True)
class Scope:
    """An area or community: the nation, a division (GB/T 2260), an alliance or a consortium."""

    kind: ScopeKind
    code: str

    @property
    def width(self) -> int:
        return SCOPE_WIDTH[self.kind]


@dataclass(frozen=True, slots=True)
class Party:
    """A party to an agreement: one institution, or everything inside a scope."""

    institution_code: str = ""
    scope: Scope | None = None


@dataclass(frozen=True, slots=True)
class GradeBand:
    """Institutions from one standing up to another, both included: `二级甲等`; '' leaves an end open."""

    lowest: str = ""
    highest: str = ""


@dataclass(frozen=True, slots=True)
class GradeRule:
    """Whether a band of institutions takes the results of another band."""

    source: GradeBand
    receiver: GradeBand
    permission: Permission = Permission.ACCEPT


@dataclass(frozen=True, slots=True)
class Window:
    """Validity for an item, a category or everything, in one care setting or in all ('').

    `category` is a category of the catalogue (`lab`), one of its sections (`临床化学-尿液`) or the sections'
    common beginning (`免疫`).
    """

    hours: int
    item_code: str = ""
    category: str = ""
    care_setting: str = ""


@dataclass(frozen=True, slots=True)
class Agreement:
    """One version of an agreement. It only ever grants."""

    code: str
    version: int
    name_zh: str
    name_en: str
    scope: Scope
    directions: frozenset[Direction]
    clock: ClockStart
    effective_from: date
    effective_until: date | None = None
    accepted_marks: frozenset[ScopeKind] = frozenset()
    """Kinds of mark that count here; empty: any mark whose area covers the receiver."""
    mark_required: bool = True
    items: frozenset[str] | None = None
    """None: all items."""
    upward_within: ScopeKind | None = None
    grade_rules: tuple[GradeRule, ...] = ()
    """Where there are any, they decide the direction by level and grade instead of `directions`."""
    shared_within: ScopeKind | None = None
    """Both sides must lie in one area or community of this kind."""
    public_only: bool = False
    parties: tuple[Party, ...] = ()
    """Empty: every institution inside the scope."""
    windows: tuple[Window, ...] = ()
    source: str = ""
    source_url: str = ""


@dataclass(frozen=True, slots=True)
class RegionalReason:
    """A region's own reason for a repeat, and the legal situation (1 to 6) it belongs to."""

    code: str
    situation: str
    name_zh: str
    name_en: str = ""

    def name(self, language: str) -> str:
        """Return what it is called in `zh` or `en`; in Chinese where it has no English name."""
        return self.name_en if language == "en" and self.name_en else self.name_zh


@dataclass(frozen=True, slots=True)
class RegionOptions:
    """One dated version of what a region settles for itself besides its agreements."""

    scope: Scope
    version: int
    effective_from: date
    effective_until: date | None = None
    authorisation: AuthorisationPolicy = AuthorisationPolicy.NONE_NEEDED
    consent_ways: frozenset[ConsentWay] = frozenset(ConsentWay)
    consent_days: int = 30
    """How long a consent lasts that names no end."""
    break_glass: bool = True
    """An emergency may look without consent, with a reason and a later review."""
    revocation_allowed: bool = False
    """A decision may be taken back."""
    same_institution_reminders: bool = True
    same_institution_exclusion_hours: int = 0
    """An institution's own results younger than this bring no reminder."""
    suppress_emergency: bool = False
    suppress_preoperative: bool = False
    preoperative_items: frozenset[str] = frozenset()
    """Items and panels that count as a pre-operative set whatever the purpose."""
    suppress_answered_in_encounter: bool = False
    image_access_required: bool = False
    """An examination is recognised only where its images open over the internet."""
    decline_reasons: tuple[RegionalReason, ...] = ()
    mark_signs: tuple[tuple[str, str], ...] = ()
    """(sign, mark): what is printed before an item instead of the mark, such as ★ for 鄂HR."""
    source: str = ""
    source_url: str = ""

    @property
    def silences(self) -> bool:
        """Whether any reminder might stay silent."""
        return (
            self.suppress_emergency
            or self.suppress_preoperative
            or self.suppress_answered_in_encounter
            or not self.same_institution_reminders
            or self.same_institution_exclusion_hours > 0
        )


DEFAULT_OPTIONS = RegionOptions(Scope(ScopeKind.NATION, "CN"), 0, date.min)
"""What holds where no region has settled anything."""


@dataclass(frozen=True, slots=True)
class Right:
    """An HR right; `valid_until` is its last day, `ended_on` the first day after an early end."""

    scope: Scope
    label: str
    valid_from: date
    valid_until: date
    ended_on: date | None = None
    evidence: str = ""

    def last_day(self) -> date:
        early = self.ended_on
        return self.valid_until if early is None else min(self.valid_until, early - timedelta(days=1))

    def holds(self, on: date) -> bool:
        return self.valid_from <= on <= self.last_day()

    def lapsed(self, on: date) -> bool:
        return self.last_day() < on


@dataclass(frozen=True, slots=True)
class Suspension:
    kind: SuspensionKind
    starts_at: datetime
    raised_at: datetime
    ends_at: datetime | None = None
    withdrawn_at: datetime | None = None
    institution_code: str = ""
    item_code: str = ""
    reason: str = ""
    region_code: str = ""
    """Only where the source or the receiver lies in this division."""

    def concerns(self, institution_code: str, item_code: str) -> bool:
        return self.institution_code in ("", institution_code) and self.item_code in ("", item_code)

    def reaches(self, *sides: InstitutionProfile) -> bool:
        """Tell whether it counts between these institutions."""
        return not self.region_code or any(self.region_code in side.regions for side in sides)

    def known(self, at: datetime) -> bool:
        """Tell whether it had been raised and not withdrawn at `at`."""
        return self.raised_at <= at and (self.withdrawn_at is None or at < self.withdrawn_at)

    def spans(self, at: datetime) -> bool:
        return self.starts_at <= at and (self.ends_at is None or at < self.ends_at)


@dataclass(frozen=True, slots=True)
class Price:
    amount: Decimal
    valid_from: date
    valid_until: date | None = None


@dataclass(frozen=True, slots=True)
class Method:
    method_class: str
    valid_from: date
    valid_until: date | None = None


@dataclass(frozen=True, slots=True)
class Rulebook:
    """Everything a decision may depend on besides the order and the results, under one version name."""

    version: str
    items: Mapping[str, Item]
    panels: Mapping[str, tuple[str, ...]]
    institutions: Mapping[str, InstitutionProfile]
    agreements: tuple[Agreement, ...] = ()
    rights: Mapping[tuple[str, str], tuple[Right, ...]] = field(default_factory=dict)
    """By (institution code, item code)."""
    suspensions: tuple[Suspension, ...] = ()
    methods: Mapping[tuple[str, str], tuple[Method, ...]] = field(default_factory=dict)
    prices: Mapping[tuple[str, str, str], tuple[Price, ...]] = field(default_factory=dict)
    """By (institution code, campus code, item code)."""
    codes: Mapping[tuple[str, str], str] = field(default_factory=dict)
    """(system, code) → item code, for `item`, `wst886` and `loinc`."""
    local_codes: Mapping[tuple[str, str], tuple["LocalCode", ...]] = field(default_factory=dict)
    """By (institution code, local code); confirmed mappings only."""
    families: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    options: tuple[RegionOptions, ...] = ()
    memory: dict[Any, Any] = field(init=False, default_factory=dict, compare=False, repr=False)
    """What `sharing.rules` worked out from this very rulebook; bounded there."""


@dataclass(frozen=True, slots=True)
class LocalCode:
    """A confirmed meaning of an institution's own code, with what the code itself says."""

    item_code: str
    specimen: str = ""
    laterality: str = ""
    body_site: str = ""
    contrast: str = ""
