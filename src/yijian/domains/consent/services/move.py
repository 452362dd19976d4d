"""The will follows when two persons are found to be one."""

from uuid import UUID

from django.db import models, transaction

from yijian.domains.consent.models import BreakGlass, Consent, ConsentCode, Objection, PatientAccount
from yijian.foundation.database.rows import move_rows

__all__ = ["move_will"]

TABLES: tuple[type[models.Model], ...] = (Consent, Objection, BreakGlass, ConsentCode)


@transaction.atomic
def move_will(from_id: UUID, to_id: UUID) -> None:
    """Move every fact of the will to the person it belongs to; doing it again changes nothing."""
    move_rows(TABLES, from_id, to_id)
    PatientAccount.objects.filter(person_id=from_id).update(person_id=to_id)
