"""Names of people as one shows them."""

import re

from .segment import Composite

__all__ = ["display_name", "read_person_name"]

HAN = re.compile("[\u3007\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff]")


def display_name(*parts: str) -> str | None:
    """Join name parts: Chinese without any space (`张  晋` is 张晋), others with single ones."""
    joined = " ".join(" ".join(parts).split())
    return (re.sub(r"\s", "", joined) if HAN.search(joined) else joined) or None


def read_person_name(name: Composite, family: int = 1) -> str | None:
    """Read XPN (family name in component 1) or XCN (in 2): family, given, further given names.

    Of a family name in parts (`EVERYMAN&&&&Aniston`) the first, the surname itself, is shown.
    """
    return display_name(name.text(family), name.text(family + 1), name.text(family + 2))
