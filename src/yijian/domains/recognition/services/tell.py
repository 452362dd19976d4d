"""Tell decisions, citations and revocations upwards, with the reports they rest on."""

from collections.abc import Iterable
from datetime import datetime

import msgspec
from django.db.models import Q

from yijian.domains.recognition.events import (
    RecognitionCited,
    RecognitionDecided,
    RecognitionRevoked,
    ReliedOn,
)
from yijian.domains.recognition.models import Decision, MatchItem
from yijian.foundation.outbox.api import publish
from yijian.kit.ids import member_id

__all__ = ["tell_cited", "tell_decided", "tell_revoked"]


def tell_decided(decision: Decision, bound: Iterable[MatchItem]) -> None:
    """Tell that a decision was made, in its transaction; `bound`: the item and, for a panel, its members."""
    _tell(
        RecognitionDecided(
            match_item_id=member_id(decision.match_id, decision.sequence),
            institution_code=decision.institution_code,
            decision=decision.decision,
            reason_code=decision.reason_code,
            technical_code=decision.technical_code,
            decided_at=decision.decided_at,
            reports=_reports_of(bound),
        )
    )


def tell_cited(decision: Decision, cited_at: datetime) -> None:
    """Tell that what was accepted was cited, in the citation's transaction."""
    _tell(
        RecognitionCited(
            match_item_id=member_id(decision.match_id, decision.sequence),
            institution_code=decision.institution_code,
            cited_at=cited_at,
            reports=_relied_on(decision),
        )
    )


def tell_revoked(decision: Decision, revoked_at: datetime) -> None:
    """Tell that a decision was taken back, in the revocation's transaction."""
    _tell(
        RecognitionRevoked(
            match_item_id=member_id(decision.match_id, decision.sequence),
            institution_code=decision.institution_code,
            decision=decision.decision,
            revoked_at=revoked_at,
            reports=_relied_on(decision),
        )
    )


def _relied_on(decision: Decision) -> tuple[ReliedOn, ...]:
    """Return the reports of an item and, for a panel, of its members: each report and item once."""
    bound = MatchItem.objects.filter(
        Q(sequence=decision.sequence) | Q(parent=decision.sequence),
        person_id=decision.person_id,
        match_id=decision.match_id,
    )
    return _reports_of(bound.order_by("sequence"))


def _reports_of(bound: Iterable[MatchItem]) -> tuple[ReliedOn, ...]:
    found = {
        ReliedOn(
            report_id=row.report_id,
            report_version=row.report_version,
            item_code=row.item_code,
            source_institution_code=row.source_institution_code,
        ): None
        for row in bound
        if row.report_id is not None and row.report_version is not None
    }
    return tuple(found)


def _tell(event: msgspec.Struct) -> None:
    publish(type(event).__name__, msgspec.to_builtins(event))
