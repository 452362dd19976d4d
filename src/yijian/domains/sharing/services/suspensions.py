"""Raise and withdraw what takes away: the negative list, a suspended item or institution, doubt."""

from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.db.models import Q

from yijian.domains.sharing import errors, models
from yijian.domains.sharing.values import Suspension, SuspensionKind

__all__ = ["ListedSuspension", "list_suspensions", "raise_suspension", "withdraw_suspension"]

ABOUT_ITEMS = (SuspensionKind.ITEM, SuspensionKind.NEGATIVE_LIST)


@dataclass(frozen=True, slots=True)
class ListedSuspension:
    """One fact that takes away, as a screen lists it."""

    suspension_id: int
    kind: SuspensionKind
    institution_code: str
    item_code: str
    region_code: str
    starts_at: datetime
    ends_at: datetime | None
    reason: str
    source: str
    raised_by: str
    raised_at: datetime
    withdrawn_by: str
    withdrawn_at: datetime | None
    withdraw_reason: str


@transaction.atomic
def raise_suspension(fact: Suspension, *, source: str, by: str) -> int:
    """Take away from a moment on, and return the suspension's id; answers given before it was raised stay."""
    if not fact.reason.strip():
        raise errors.suspension_incomplete("reason", "say why")
    if fact.kind in ABOUT_ITEMS and not fact.item_code:
        raise errors.suspension_incomplete("item_code", "name the item")
    if fact.kind not in ABOUT_ITEMS and not fact.institution_code:
        raise errors.suspension_incomplete("institution_code", "name the institution")
    if fact.region_code and (fact.kind not in ABOUT_ITEMS or fact.institution_code):
        raise errors.suspension_incomplete("region_code", "give a region to an item alone")
    if fact.ends_at is not None and fact.ends_at <= fact.starts_at:
        raise errors.suspension_incomplete("ends_at", "end after the start, or leave it open")
    row = models.Suspension.objects.create(
        kind=fact.kind.value,
        institution_id=fact.institution_code or None,
        item_id=fact.item_code or None,
        region_id=fact.region_code or None,
        starts_at=fact.starts_at,
        ends_at=fact.ends_at,
        raised_at=fact.raised_at,
        raised_by=by[:128],
        reason=fact.reason[:255],
        source=source[:255],
    )
    return row.pk


@transaction.atomic
def withdraw_suspension(suspension_id: int, *, reason: str, by: str, at: datetime) -> None:
    """End a suspension with a reason; withdrawing twice changes nothing."""
    row = models.Suspension.objects.select_for_update().filter(pk=suspension_id).first()
    if row is None:
        raise errors.suspension_unknown()
    if not reason.strip():
        raise errors.suspension_incomplete("reason", "say why")
    if row.withdrawn_at is None:
        row.withdrawn_at, row.withdrawn_by, row.withdraw_reason = at, by[:128], reason[:255]
        row.save()


def list_suspensions(*, standing_at: datetime | None = None) -> list[ListedSuspension]:
    """Return all suspensions, newest first; with `standing_at` only those that still count then.

    What counts by the date of the examination does so until it is withdrawn.
    """
    rows = models.Suspension.objects.order_by("-raised_at", "-pk")
    if standing_at is not None:
        not_over = Q(ends_at=None) | Q(ends_at__gt=standing_at) | ~Q(kind__in=ABOUT_ITEMS)
        rows = rows.filter(not_over, withdrawn_at=None)
    return [
        ListedSuspension(
            row.pk,
            SuspensionKind(row.kind),
            row.institution_id or "",
            row.item_id or "",
            row.region_id or "",
            row.starts_at,
            row.ends_at,
            row.reason,
            row.source,
            row.raised_by,
            row.raised_at,
            row.withdrawn_by,
            row.withdrawn_at,
            row.withdraw_reason,
        )
        for row in rows
    ]
