"""Identifiers made by the application: UUIDv7 (RFC 9562), so that rows cluster by time on every node."""

from collections.abc import Callable
from datetime import UTC, datetime
from uuid import UUID

from uuid_utils.compat import uuid7

__all__ = ["first_id", "instant_of", "member_id", "member_of", "member_texts", "new_id", "new_parent_id"]

MEMBER_BITS = 12
MAX_MEMBERS = (1 << MEMBER_BITS) - 1


def new_id() -> UUID:
    """Return a fresh UUIDv7."""
    return uuid7()


def first_id(at: datetime) -> UUID:
    """Return the lowest UUIDv7 of an instant: what was made before it is lower, what follows is not."""
    milliseconds = int(at.timestamp() * 1000)
    return UUID(int=milliseconds << 80 | 7 << 76 | 2 << 62)


def instant_of(made: UUID) -> datetime:
    """Return when a UUIDv7 was made; a process whose clock is put back goes on counting from before."""
    return datetime.fromtimestamp((made.int >> 80) / 1000, UTC)


def new_parent_id() -> UUID:
    """Return a UUIDv7 whose low 12 bits are zero, leaving room for member ids (62 random bits remain)."""
    return UUID(int=uuid7().int >> MEMBER_BITS << MEMBER_BITS)


def member_id(parent: UUID, sequence: int) -> UUID:
    """Return the id of member `sequence` (0-based, below 4095) of `parent`; it names its parent by itself."""
    if not 0 <= sequence < MAX_MEMBERS:
        raise ValueError(f"a parent holds at most {MAX_MEMBERS} members, asked for {sequence}")
    return UUID(int=parent.int | (sequence + 1))


def member_texts(parent: UUID) -> Callable[[int], str]:
    """Return a function from a sequence to the text of `member_id`, for many members of one parent."""
    head = str(parent)[: -MEMBER_BITS // 4]

    def text(sequence: int) -> str:
        if not 0 <= sequence < MAX_MEMBERS:
            return str(member_id(parent, sequence))
        return f"{head}{sequence + 1:03x}"

    return text


def member_of(member: UUID) -> tuple[UUID, int]:
    """Return (parent id, 0-based sequence) of a member id; the sequence is -1 for a parent id itself."""
    low = member.int & MAX_MEMBERS
    return UUID(int=member.int ^ low), low - 1
