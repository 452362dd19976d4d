"""Matches, decisions and citations follow when two persons are found to be one."""

from uuid import UUID

from django.db import models, transaction

from yijian.domains.recognition.models import (
    Citation,
    Decision,
    FollowUp,
    Match,
    MatchItem,
    MatchKey,
    MatchView,
    RevokedDecision,
)
from yijian.foundation.database.rows import move_rows

__all__ = ["move_matches"]

TABLES: tuple[type[models.Model], ...] = (
    Match,
    MatchItem,
    MatchView,
    Decision,
    RevokedDecision,
    Citation,
    FollowUp,
)


@transaction.atomic
def move_matches(from_id: UUID, to_id: UUID) -> None:
    """Move every fact of recognition to the person it belongs to; doing it again changes nothing."""
    move_rows(TABLES, from_id, to_id)
    MatchKey.objects.filter(person_id=from_id).update(person_id=to_id)
