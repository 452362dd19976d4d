"""Match on the control plane: rules, statements and records are the data plane's."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec
from django.db import transaction

from yijian.domains.consent.hot import RIDING
from yijian.domains.identity.api import get_birth_date, resolve_patient
from yijian.domains.identity.values import Certainty
from yijian.domains.recognition.models import Match, MatchItem, MatchKey
from yijian.domains.recognition.ordering import build_order, wanted_codes
from yijian.domains.recognition.posing import pose
from yijian.domains.recognition.presentation import View, present
from yijian.domains.recognition.records import (
    MATCH_COLUMNS,
    MATCH_ITEM_COLUMNS,
    MATCH_KEY_COLUMNS,
    MatchRecord,
    access_detail,
    record_of,
)
from yijian.domains.recognition.rules import decide
from yijian.domains.recognition.values import MatchRequest
from yijian.domains.results.api import fetch_candidates
from yijian.domains.sharing.api import get_rulebook
from yijian.foundation.audit.api import record_access
from yijian.kit.ids import new_parent_id

__all__ = ["Matched", "match_order"]


@dataclass(frozen=True, slots=True)
class Matched:
    """An answer: its id (None where nothing was found), the document of contract §5, and the person."""

    match_id: UUID | None
    document: dict[str, Any]
    person_id: UUID | None


@transaction.atomic
def match_order(
    institution_code: str, request: MatchRequest, *, channel: str, actor: str, at: datetime, view: View
) -> Matched:
    """Answer what can stand in for what is about to be ordered, and record it with its access."""
    rulebook = get_rulebook()
    resolution = resolve_patient(request.patient, institution_code)
    certain = resolution.certainty is Certainty.CERTAIN
    person_id = resolution.person_id if certain else None
    born = get_birth_date(person_id) if person_id else None
    order = build_order(rulebook, institution_code, request, resolution.certainty, at)
    codes = wanted_codes(rulebook, order.items)
    rows = fetch_candidates(person_id, codes, at, riding=RIDING) if person_id else []
    posed = pose(rulebook, order, request, person_id, born, at, rows)
    order, sight = posed.order, posed.sight
    answer = decide(rulebook, order, posed.candidates)
    match_id = new_parent_id() if person_id and answer.has_candidate else None
    if match_id and person_id:
        record = record_of(
            person_id, match_id, request, rulebook, order, answer, channel=channel, recorded_at=at
        )
        _store(record)
    record_access(
        actor=actor,
        institution_code=institution_code,
        action="recognition.match",
        person_id=person_id,
        legal_basis=sight.basis,
        detail=access_detail(match_id, len(order.items), sight),
    )
    document = msgspec.json.encode(present(rulebook, order, answer, match_id, view))
    return Matched(match_id, msgspec.json.decode(document), person_id)


def _store(record: MatchRecord) -> None:
    MatchKey.objects.create(**dict(zip(MATCH_KEY_COLUMNS, record.key, strict=True)))
    Match.objects.create(**dict(zip(MATCH_COLUMNS, record.match, strict=True)))
    MatchItem.objects.bulk_create(
        [MatchItem(**dict(zip(MATCH_ITEM_COLUMNS, row, strict=True))) for row in record.items]
    )
