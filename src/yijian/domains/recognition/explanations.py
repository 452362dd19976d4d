"""Why an order check answers as it does: one that was recorded, or one that somebody imagines."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from yijian.domains.consent.hot import RIDING
from yijian.domains.identity.api import get_birth_date
from yijian.domains.identity.values import Certainty
from yijian.domains.recognition import errors
from yijian.domains.recognition.models import Match, MatchItem, MatchKey
from yijian.domains.recognition.ordering import build_order, wanted_codes
from yijian.domains.recognition.posing import pose, recorded_request
from yijian.domains.recognition.records import read_told
from yijian.domains.recognition.rules.explain import Explained, explain
from yijian.domains.recognition.seeing import see
from yijian.domains.recognition.values import MatchRequest, Order
from yijian.domains.results.hot import CANDIDATES_AT, with_riding
from yijian.domains.sharing.api import get_rulebook
from yijian.domains.sharing.values import Rulebook
from yijian.foundation.database.sync import fetch
from yijian.kit.clock import now

__all__ = ["Explanation", "RecordedAnswer", "RecordedMatch", "explain_match", "explain_order", "get_match"]

STATEMENT = with_riding(CANDIDATES_AT, RIDING)


@dataclass(frozen=True, slots=True)
class RecordedAnswer:
    """What one item of a match was answered, as it was recorded then."""

    item_code: str
    outcome: str
    reasons: tuple[str, ...]
    report_id: UUID | None
    report_version: int | None


@dataclass(frozen=True, slots=True)
class RecordedMatch:
    """A match as it was recorded, with the version of the rules that answered it."""

    match_id: UUID
    person_id: UUID
    institution_code: str
    policy_version: str
    channel: str
    matched_at: datetime
    answers: tuple[RecordedAnswer, ...]


@dataclass(frozen=True, slots=True)
class Explanation:
    """An order check with its whole evaluation, by the rules in force today."""

    person_id: UUID
    policy_version: str
    order: Order
    items: tuple[Explained, ...]
    recorded: RecordedMatch | None = None


def get_match(match_id: UUID) -> RecordedMatch:
    """Return a match as it was recorded; raise `Problem` 404 for an unknown one."""
    return _recorded(*_find(match_id))


def explain_match(match_id: UUID, viewer_code: str) -> Explanation:
    """Explain a recorded match: the reports as they stood then, by the rules and the will of today.

    `viewer_code`: the institution whose sight bounds what is shown.
    """
    match, rows = _find(match_id)
    request = recorded_request(match, [row.item_code for row in rows if row.parent is None])
    asked_at = match.matched_at
    explained = _explain(
        match.institution_code, viewer_code, match.person_id, request, asked_at, claimed_at=asked_at
    )
    return Explanation(match.person_id, *explained, recorded=_recorded(match, rows))


def explain_order(
    institution_code: str, viewer_code: str, person_id: UUID, request: MatchRequest, at: datetime
) -> Explanation:
    """Explain what an institution would be answered at a moment; nothing is recorded as a match."""
    return Explanation(person_id, *_explain(institution_code, viewer_code, person_id, request, at))


def _explain(
    institution_code: str,
    viewer_code: str,
    person_id: UUID,
    request: MatchRequest,
    at: datetime,
    *,
    claimed_at: datetime | None = None,
) -> tuple[str, Order, tuple[Explained, ...]]:
    rulebook = get_rulebook()
    order = build_order(rulebook, institution_code, request, Certainty.CERTAIN, at)
    rows: Sequence[Mapping[str, Any]] = fetch(STATEMENT, person_id, wanted_codes(rulebook, order.items), at)
    born, today = get_birth_date(person_id), now()
    if viewer_code != institution_code:
        rows = _visible(rulebook, viewer_code, request, person_id, rows)
    posed = pose(rulebook, order, request, person_id, born, today, rows, claimed_at=claimed_at)
    return rulebook.version, posed.order, explain(rulebook, posed.order, posed.candidates)


def _visible(
    rulebook: Rulebook,
    viewer_code: str,
    request: MatchRequest,
    person_id: UUID,
    rows: Sequence[Mapping[str, Any]],
) -> Sequence[Mapping[str, Any]]:
    """Leave out what the person before the screen may not see, whoever the order is imagined to come from."""
    sight, seen = see(rulebook, viewer_code, request, get_birth_date(person_id), now(), rows)
    if sight.shows_sensitive:
        return seen
    return [row for row in seen if not rulebook.items[row["item_code"]].sensitive]


def _find(match_id: UUID) -> tuple[Match, list[MatchItem]]:
    key = MatchKey.objects.filter(match_id=match_id).first()
    match = Match.objects.filter(person_id=key.person_id, match_id=match_id).first() if key else None
    if match is None:
        raise errors.match_unknown()
    rows = MatchItem.objects.filter(person_id=match.person_id, match_id=match_id).order_by("sequence")
    return match, list(rows)


def _recorded(match: Match, rows: Sequence[MatchItem]) -> RecordedMatch:
    return RecordedMatch(
        match_id=match.match_id,
        person_id=match.person_id,
        institution_code=match.institution_code,
        policy_version=match.policy_version,
        channel=match.channel,
        matched_at=match.matched_at,
        answers=tuple(
            RecordedAnswer(
                row.item_code,
                row.outcome,
                tuple(reason.code for reason in read_told(match.told, row.told, row.reasons)),
                row.report_id,
                row.report_version,
            )
            for row in rows
            if row.parent is None
        ),
    )
