"""Facts that identity tells through the outbox."""

from uuid import UUID

import msgspec

__all__ = ["PersonMoved"]


class PersonMoved(msgspec.Struct, frozen=True, kw_only=True):
    """Two records were found to be one person's: everything of `from_id` now belongs to `to_id`."""

    from_id: UUID
    to_id: UUID
