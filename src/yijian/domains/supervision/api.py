"""The door to figures about recognition."""

from datetime import datetime

from yijian.domains.sharing.api import get_rulebook
from yijian.domains.supervision import queries
from yijian.domains.supervision.policy import visible_institutions
from yijian.domains.supervision.values import Facts, Overview, Rate

__all__ = ["Facts", "Overview", "Rate", "get_overview", "list_supervised"]


def get_overview(supervisor_institution_code: str | None, since: datetime, until: datetime) -> Overview:
    """Return the figures of the institutions this supervisor may see, for [since, until); None sees all."""
    return queries.get_overview(
        visible_institutions(get_rulebook(), supervisor_institution_code), since, until
    )


def list_supervised(supervisor_institution_code: str | None) -> tuple[str, ...]:
    """Return the institutions this supervisor watches over; None sees all."""
    return visible_institutions(get_rulebook(), supervisor_institution_code)
