"""When a report changes after someone relied on it, the institution that did must hear of it."""

from datetime import datetime
from uuid import UUID

from django.db import transaction

from yijian.domains.recognition import errors
from yijian.domains.recognition.models import Decision, FollowUp, MatchItem
from yijian.domains.recognition.values import DecisionKind
from yijian.kit.ids import new_id

__all__ = ["close_follow_up", "open_follow_ups"]


@transaction.atomic
def open_follow_ups(
    person_id: UUID, report_id: UUID, *, new_version: int | None, void_reason: str, at: datetime
) -> int:
    """Open a task for every accepted decision that relied on an older version; return how many are new."""
    rows = MatchItem.objects.filter(person_id=person_id, report_id=report_id)
    if new_version is not None:
        rows = rows.filter(report_version__lt=new_version)
    opened = 0
    for row in rows:
        decided = {row.sequence} if row.parent is None else {row.sequence, row.parent}
        for sequence in sorted(decided):
            opened += _open_if_accepted(row, sequence, new_version, void_reason, at)
    return opened


def report_id_of(row: MatchItem) -> UUID:
    """Return the report a row relied on; only rows with a candidate are decided."""
    if row.report_id is None:
        raise ValueError("a match item without candidate relies on no report")
    return row.report_id


def _open_if_accepted(
    row: MatchItem, sequence: int, new_version: int | None, void_reason: str, at: datetime
) -> bool:
    accepted = Decision.objects.filter(
        person_id=row.person_id,
        match_id=row.match_id,
        sequence=sequence,
        decision=DecisionKind.ACCEPT.value,
    ).exists()
    if not accepted:
        return False
    _, created = FollowUp.objects.get_or_create(
        person_id=row.person_id,
        match_id=row.match_id,
        sequence=sequence,
        kind="report_corrected" if new_version is not None else "report_voided",
        new_version=new_version,
        defaults={
            "follow_up_id": new_id(),
            "institution_code": row.institution_code,
            "report_id": report_id_of(row),
            "old_version": row.report_version,
            "reason": void_reason[:255],
            "opened_at": at,
        },
    )
    return created


@transaction.atomic
def close_follow_up(
    institution_code: str, person_id: UUID, follow_up_id: UUID, *, by: str, at: datetime
) -> None:
    """Close a task of one's own institution, else `Problem` 404; closing twice changes nothing."""
    task = FollowUp.objects.filter(
        person_id=person_id, follow_up_id=follow_up_id, institution_code=institution_code
    )
    if not task.exists():
        raise errors.follow_up_unknown()
    task.filter(closed_at__isnull=True).update(closed_at=at, closed_by=by[:128])
