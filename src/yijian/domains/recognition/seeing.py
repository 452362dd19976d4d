"""What of the patient's rows may be weighed: the patient's will, asked once for both planes. Pure."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any, TypeVar

from yijian.domains.consent.hot import will_of
from yijian.domains.consent.rules import assess, looker_of
from yijian.domains.consent.values import Sight
from yijian.domains.recognition.values import MatchRequest
from yijian.domains.sharing.rules import options_for
from yijian.domains.sharing.values import RegionOptions, Rulebook
from yijian.kit.clock import CHINA

__all__ = ["options_on", "see"]

Row = TypeVar("Row", bound=Mapping[str, Any])


def options_on(rulebook: Rulebook, institution_code: str, at: datetime) -> RegionOptions:
    """Return the options the asking institution lives under on the day."""
    return options_for(rulebook, rulebook.institutions[institution_code], at.astimezone(CHINA).date())


def see(
    rulebook: Rulebook,
    institution_code: str,
    request: MatchRequest,
    birth_date: date | None,
    at: datetime,
    rows: Sequence[Row],
    *,
    claimed_at: datetime | None = None,
) -> tuple[Sight, Sequence[Row]]:
    """Return what may be seen, by the will that rides on the rows, and the rows that may be.

    Sensitive items are left out by `decide`; here go other institutions' rows and refused classes.
    `claimed_at`: when an earlier request claimed what the patient allows.
    """
    sight = assess(
        options_on(rulebook, institution_code, at),
        will_of(rows),
        request.authorisation,
        looker_of(rulebook.institutions[institution_code], at, request.purpose.value),
        request.patient.birth_date or birth_date,
        at,
        claimed_at=claimed_at,
    )
    if not sight.shows_anything:
        return sight, ()
    if sight.own_only:
        rows = [row for row in rows if row["institution_code"] == institution_code]
    if sight.hidden:
        rows = [row for row in rows if sight.shows(rulebook.items[row["item_code"]].sensitive)]
    return sight, rows
