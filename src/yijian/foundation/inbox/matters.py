"""Work queues: what is open, a matter for all that is mended together, and who looks after it."""

from collections.abc import Sequence
from datetime import datetime

from django.db import transaction

from yijian.foundation.database.sync import fetch
from yijian.foundation.inbox.models import MatterOwner, WorkItem
from yijian.foundation.inbox.values import OpenMatter
from yijian.kit.sql import read_sql

__all__ = ["assign_matter", "count_open_matters", "list_open_matters", "release_matter"]

MATTERS, MATTER_COUNTS = (
    read_sql("yijian.foundation.inbox", name) for name in ("open_matters", "matter_counts")
)
Place = tuple[int, datetime, str, str]


def count_open_matters(institution_codes: Sequence[str] | None = None) -> dict[str, tuple[int, int]]:
    """Return by kind how many matters are open, and how many work items stand in them."""
    codes = None if institution_codes is None else list(institution_codes)
    return {row["kind"]: (row["matters"], row["items"]) for row in fetch(MATTER_COUNTS, codes)}


def list_open_matters(
    institution_codes: Sequence[str] | None = None,
    *,
    kind: str,
    owner: str | None = None,
    after: Place | None = None,
    most: int = 50,
) -> list[OpenMatter]:
    """Return open matters of a kind, what stops most first; `after` is the place of the last one shown.

    `owner`: only those this person looks after; an empty name means those nobody looks after.
    """
    codes = None if institution_codes is None else list(institution_codes)
    number, opened_at, institution, subject = after or (None, None, None, None)
    rows = fetch(MATTERS, kind, codes, owner, number, opened_at, institution, subject, most)
    return [OpenMatter(**row) for row in rows]


@transaction.atomic
def assign_matter(
    institution_code: str, kind: str, subject: str, *, owner: str, by: str, at: datetime
) -> bool:
    """Have a person look after a matter; False where it is no longer open."""
    is_open = WorkItem.objects.filter(
        institution_code=institution_code, kind=kind, subject=subject, resolved_at=None
    ).exists()
    if is_open:
        MatterOwner.objects.update_or_create(
            institution_code=institution_code,
            kind=kind,
            subject=subject,
            defaults={"owner": owner, "assigned_by": by, "assigned_at": at},
        )
    return is_open


def release_matter(institution_code: str, kind: str, subject: str) -> None:
    """Have nobody look after a matter."""
    MatterOwner.objects.filter(institution_code=institution_code, kind=kind, subject=subject).delete()
