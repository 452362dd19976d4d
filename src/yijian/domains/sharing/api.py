"""The control plane's door to the rules: rulebook, prices, marks, versions, suspensions."""

from datetime import datetime
from decimal import Decimal

from yijian.domains.sharing.compare import Difference, compare_versions
from yijian.domains.sharing.hypothesis import is_concerned, rulebook_with
from yijian.domains.sharing.marks import Marks, marks_of
from yijian.domains.sharing.matrix import Matrix, matrix_of
from yijian.domains.sharing.policy import holds_for, may_manage, may_suspend
from yijian.domains.sharing.published import PublishedRules, get_published, list_published
from yijian.domains.sharing.queries import get_rulebook
from yijian.domains.sharing.rules import find_price, options_for
from yijian.domains.sharing.services.suspensions import (
    ListedSuspension,
    list_suspensions,
    raise_suspension,
    withdraw_suspension,
)
from yijian.domains.sharing.services.versions import (
    draft_published,
    draft_version,
    edit_draft,
    return_version,
    sign_version,
    submit_version,
    withdraw_draft,
)
from yijian.domains.sharing.values import RegionOptions
from yijian.domains.sharing.versions import RuleVersion, VersionKey, get_version, list_versions
from yijian.kit.clock import CHINA

__all__ = [
    "Difference",
    "ListedSuspension",
    "Marks",
    "Matrix",
    "PublishedRules",
    "RuleVersion",
    "VersionKey",
    "compare_versions",
    "current_price",
    "draft_published",
    "draft_version",
    "edit_draft",
    "get_options",
    "get_published",
    "get_rulebook",
    "get_version",
    "holds_for",
    "is_concerned",
    "list_marks",
    "list_published",
    "list_suspensions",
    "list_versions",
    "marks_of",
    "matrix_of",
    "may_manage",
    "may_suspend",
    "raise_suspension",
    "return_version",
    "rulebook_with",
    "sign_version",
    "submit_version",
    "withdraw_draft",
    "withdraw_suspension",
]


def current_price(institution_code: str, campus_code: str, item_code: str, at: datetime) -> Decimal | None:
    """Return what a campus charged for an item at an instant, in CNY."""
    return find_price(get_rulebook(), institution_code, campus_code, item_code, at.astimezone(CHINA).date())


def get_options(institution_code: str, at: datetime) -> RegionOptions:
    """Return what the institution's region settled for itself, as it holds at an instant."""
    rulebook = get_rulebook()
    on = at.astimezone(CHINA).date()
    return options_for(rulebook, rulebook.institutions[institution_code], on)


def list_marks(institution_code: str, item_code: str, at: datetime) -> Marks | None:
    """Return which HR marks an institution may print on an item; None for an item nobody knows."""
    rulebook = get_rulebook()
    return marks_of(rulebook, institution_code, item_code, at) if item_code in rulebook.items else None
