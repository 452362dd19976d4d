"""An institution as a page shows it."""

from typing import NamedTuple

from yijian.domains.sharing.api import get_rulebook
from yijian.domains.sharing.values import Rulebook
from yijian.web import words

__all__ = [
    "ShownInstitution",
    "find_institution",
    "list_care_providers",
    "list_institutions",
    "show_institution",
]


class ShownInstitution(NamedTuple):
    code: str
    name: str
    level_name: str = ""


def find_institution(code: str) -> ShownInstitution:
    """Return an institution's name and level in the reader's language; an unknown code stands for itself."""
    return show_institution(get_rulebook(), code)


def show_institution(rulebook: Rulebook, code: str) -> ShownInstitution:
    """Return the same out of a rulebook at hand, for pages that name many."""
    known = rulebook.institutions.get(code)
    if known is None:
        return ShownInstitution(code, code)
    name = known.name_en if words.language() == "en" and known.name_en else known.name_zh
    grade = "" if words.language() == "en" else known.grade
    return ShownInstitution(code, name, f"{words.LEVELS[known.level]}{grade}")


def list_institutions() -> list[ShownInstitution]:
    """Return every institution, by code."""
    rulebook = get_rulebook()
    return [show_institution(rulebook, code) for code in sorted(rulebook.institutions)]


def list_care_providers() -> list[tuple[str, str]]:
    """Return code and name of every institution that treats patients, by name."""
    rulebook = get_rulebook()
    codes = (code for code, each in rulebook.institutions.items() if each.treats_patients)
    return sorted(((code, show_institution(rulebook, code).name) for code in codes), key=lambda pair: pair[1])
