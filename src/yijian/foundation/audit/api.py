"""The control plane's door: record an access, and check that nobody tampered with the trail."""

from collections.abc import Collection
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction

from yijian.foundation.audit.chain import COLUMNS, Access, ChainEnd, digest_entry, link
from yijian.foundation.audit.models import AuditEntry
from yijian.foundation.audit.statements import CHAIN_END, HOLD_END
from yijian.foundation.database.sync import fetch
from yijian.kit.clock import now

__all__ = ["Access", "ChainEnd", "get_chain_end", "list_accesses", "record_access", "verify_chain"]


@transaction.atomic
def record_access(
    actor: str,
    institution_code: str,
    action: str,
    person_id: UUID | None = None,
    *,
    legal_basis: str,
    detail: dict[str, Any] | None = None,
    trace_id: str = "",
) -> None:
    """Append one access. Inside a transaction call it last: until that ends, every other writer waits."""
    access = Access(
        now(), actor[:128], institution_code, action, person_id, legal_basis, detail or {}, trace_id[:64]
    )
    (row,), _ = link(_read_end(HOLD_END), [access])
    AuditEntry.objects.create(**dict(zip(COLUMNS, row, strict=True)))


def list_accesses(
    person_id: UUID, *, before: datetime | None = None, limit: int, without: Collection[str] = ()
) -> list[Access]:
    """Return who looked at a person's data, the newest first; `before` for the next page.

    `without`: the beginnings of actions to leave out.
    """
    entries = AuditEntry.objects.filter(person_id=person_id)
    for beginning in without:
        entries = entries.exclude(action__startswith=beginning)
    if before is not None:
        entries = entries.filter(at__lt=before)
    return [_access(entry) for entry in entries.order_by("-at", "-entry_id")[:limit]]


def verify_chain(anchor: ChainEnd | None = None) -> int | None:
    """Return the number of the first entry that does not follow from the one before; None where all do.

    The chain itself shows alterations, removals and insertions, but not that its newest entries were cut off,
    nor that all of it was written anew. `anchor`, an end that was noted elsewhere (`get_chain_end`), shows
    both: it is returned where that entry is missing or differs.
    """
    end = ChainEnd()
    for entry in AuditEntry.objects.order_by("entry_id").iterator(chunk_size=2000):
        digest = digest_entry(end.digest, entry.entry_id, _access(entry))
        follows = entry.entry_id == end.entry_id + 1 and bytes(entry.previous_digest) == end.digest
        if not follows or bytes(entry.digest) != digest:
            return entry.entry_id
        end = ChainEnd(entry.entry_id, digest)
        if anchor and anchor.entry_id == end.entry_id and anchor != end:
            return anchor.entry_id
    return anchor.entry_id if anchor and anchor.entry_id > end.entry_id else None


def get_chain_end() -> ChainEnd:
    """Return the newest entry's number and digest: kept elsewhere, they anchor the trail."""
    return _read_end(CHAIN_END)


def _read_end(statement: str) -> ChainEnd:
    ends = fetch(statement)
    return ChainEnd(ends[0]["entry_id"], bytes(ends[0]["digest"])) if ends else ChainEnd()


def _access(entry: AuditEntry) -> Access:
    return Access(
        entry.at,
        entry.actor,
        entry.institution_code,
        entry.action,
        entry.person_id,
        entry.legal_basis,
        entry.detail,
        entry.trace_id,
    )
