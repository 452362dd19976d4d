"""Which HR mark a laboratory may print on an item now, and if none, why not (Measures 2022). Pure."""

from dataclasses import dataclass
from datetime import date, datetime

from yijian.domains.sharing.rules import find_suspension, options_for
from yijian.domains.sharing.values import DEFAULT_OPTIONS, Right, Rulebook, ScopeKind, SuspensionKind
from yijian.kit.clock import CHINA

__all__ = ["Mark", "Marks", "marks_of"]

SENTENCES = {
    "right.valid": ("资格有效", "The right is valid"),
    "right.absent": ("该机构未取得该项目的互认资格", "The institution holds no right for this item"),
    "right.lapsed": ("互认资格已于{day}终止", "The right ended on {day}"),
    "right.not_yet": ("互认资格自{day}起生效", "The right takes effect on {day}"),
    "right.suspended": ("资格已暂停：{reason}", "The right is suspended: {reason}"),
    "item.negative_list": ("该项目在互认负面清单内", "The item is on the negative list"),
    "item.suspended": ("该项目已暂停互认：{reason}", "The item is suspended: {reason}"),
}


@dataclass(frozen=True, slots=True)
class Mark:
    label: str
    scope: str
    valid_until: date
    sign: str | None = None
    """What may be printed before the item instead, such as ★ with a footnote."""


@dataclass(frozen=True, slots=True)
class Marks:
    """Marks that may be printed, the widest first, and the reasons for what may not."""

    marks: tuple[Mark, ...]
    reasons: tuple[tuple[str, dict[str, str]], ...]

    def sentences(self, language: str) -> list[dict[str, str]]:
        column = 1 if language == "en" else 0
        return [
            {"code": code, "text": SENTENCES[code][column].format(**blanks)} for code, blanks in self.reasons
        ]


def marks_of(rulebook: Rulebook, institution_code: str, item_code: str, at: datetime) -> Marks:
    """Return what the institution may print on the item at an instant."""
    item = rulebook.items[item_code]
    forbidden = _forbidden(rulebook, institution_code, item_code, at)
    if item.negative_list and not forbidden:
        forbidden = ("item.negative_list", {})
    if forbidden:
        return Marks((), (forbidden,))
    on = at.astimezone(CHINA).date()
    rights = sorted(rulebook.rights.get((institution_code, item_code), ()), key=lambda r: -r.scope.width)
    signs = _signs(rulebook, institution_code, on)
    valid = tuple(_mark(right, signs.get(right.label)) for right in rights if right.holds(on))
    if valid:
        return Marks(valid, (("right.valid", {}),))
    if not rights:
        return Marks((), (("right.absent", {}),))
    return Marks((), tuple(_why_not(right, on) for right in rights))


def _forbidden(
    rulebook: Rulebook, institution_code: str, item_code: str, at: datetime
) -> tuple[str, dict[str, str]] | None:
    codes = {
        SuspensionKind.NEGATIVE_LIST: "item.negative_list",
        SuspensionKind.ITEM: "item.suspended",
        SuspensionKind.INSTITUTION: "right.suspended",
    }
    for kind, code in codes.items():
        if found := find_suspension(rulebook, kind, institution_code, item_code, at=at, spanning=at):
            return code, {"reason": found.reason}
    return None


def _signs(rulebook: Rulebook, institution_code: str, on: date) -> dict[str, str]:
    institution = rulebook.institutions.get(institution_code)
    options = options_for(rulebook, institution, on) if institution else DEFAULT_OPTIONS
    return {label: sign for sign, label in options.mark_signs}


def _mark(right: Right, sign: str | None) -> Mark:
    code = "CN" if right.scope.kind is ScopeKind.NATION else right.scope.code
    return Mark(right.label, f"{right.scope.kind.value}:{code}", right.last_day(), sign)


def _why_not(right: Right, on: date) -> tuple[str, dict[str, str]]:
    if right.valid_from > on:
        return "right.not_yet", {"day": right.valid_from.isoformat()}
    return "right.lapsed", {"day": right.last_day().isoformat()}
