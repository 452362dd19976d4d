"""The audit trail's chain: each entry's digest covers its fields and the digest before it. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any
from uuid import UUID

import msgspec

__all__ = ["COLUMNS", "GENESIS", "Access", "ChainEnd", "digest_entry", "link"]

COLUMNS = (
    "entry_id", "at", "actor", "institution_code", "action", "person_id", "legal_basis", "detail", "trace_id",
    "previous_digest", "digest",
)  # fmt: skip
GENESIS = bytes(32)
"""What the first entry follows."""

_encode = msgspec.json.Encoder(order="sorted").encode


@dataclass(frozen=True, slots=True)
class Access:
    """Who read or changed what of whom, and on which legal basis.

    `detail` holds texts, whole numbers, truth values and lists of them: what a JSON column gives back
    unchanged. It never holds names or numbers of patients.
    """

    at: datetime
    actor: str
    institution_code: str
    action: str
    person_id: UUID | None
    legal_basis: str
    detail: dict[str, Any] = field(default_factory=dict)
    trace_id: str = ""


@dataclass(frozen=True, slots=True)
class ChainEnd:
    """The newest entry's number and digest."""

    entry_id: int = 0
    digest: bytes = GENESIS


def digest_entry(previous: bytes, entry_id: int, access: Access) -> bytes:
    """Return SHA-256 over the previous digest and the entry's fields as JSON with sorted keys."""
    fields = [
        entry_id,
        access.at.astimezone(UTC).isoformat(timespec="microseconds"),
        access.actor,
        access.institution_code,
        access.action,
        str(access.person_id) if access.person_id else None,
        access.legal_basis,
        access.detail,
        access.trace_id,
    ]
    return sha256(previous + _encode(fields)).digest()


def link(end: ChainEnd, accesses: Iterable[Access]) -> tuple[list[tuple[Any, ...]], ChainEnd]:
    """Return rows (in the order of `COLUMNS`) that continue the chain after `end`, and its new end."""
    rows = []
    for access in accesses:
        entry_id = end.entry_id + 1
        digest = digest_entry(end.digest, entry_id, access)
        rows.append(
            (
                entry_id,
                access.at,
                access.actor,
                access.institution_code,
                access.action,
                access.person_id,
                access.legal_basis,
                access.detail,
                access.trace_id,
                end.digest,
                digest,
            )
        )
        end = ChainEnd(entry_id, digest)
    return rows, end
