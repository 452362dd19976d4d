"""The control plane's door to the rules: rulebook, prices, marks."""

from datetime import datetime
from decimal import Decimal

from yijian.domains.sharing.marks import Marks, marks_of
from yijian.domains.sharing.queries import get_rulebook
from yijian.domains.sharing.rules import find_price
from yijian.kit.clock import CHINA

__all__ = ["Marks", "current_price", "get_rulebook", "list_marks", "marks_of"]


def current_price(institution_code: str, campus_code: str, item_code: str, at: datetime) -> Decimal | None:
    """Return what a campus charged for an item at an instant, in CNY."""
    return find_price(get_rulebook(), institution_code, campus_code, item_code, at.astimezone(CHINA).date())


def list_marks(institution_code: str, item_code: str, at: datetime) -> Marks | None:
    """Return which HR marks an institution may print on an item; None for an item nobody knows."""
    rulebook = get_rulebook()
    return marks_of(rulebook, institution_code, item_code, at) if item_code in rulebook.items else None
