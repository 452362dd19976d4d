"""One answered item, carried by the page it is shown on, so that deciding needs no second match.

Signed: what comes back is what was shown. Whether it may be decided on is for the domain to say.
"""

from typing import Any
from uuid import UUID

import msgspec
from django.core import signing
from django.http import Http404

__all__ = ["Ticket", "open_ticket"]

SALT = "yijian.web.ticket"
LASTS_SECONDS = 12 * 3600
CARRIED = ("index", "item", "outcome", "candidate")


class Ticket(msgspec.Struct, frozen=True):
    """An item of an answer (contract §5) and the circumstances of its question."""

    person_id: UUID
    match_id: UUID
    encounter: str
    purpose: str
    item: dict[str, Any]

    @classmethod
    def of(
        cls, person_id: UUID, match_id: UUID | None, encounter: str, purpose: str, item: dict[str, Any]
    ) -> "Ticket | None":
        """Return the ticket of an item, or none where there is nothing to decide on."""
        if match_id is None or item["candidate"] is None:
            return None
        shown = {name: item[name] for name in CARRIED}
        return cls(person_id, match_id, encounter, purpose, shown)

    def for_member(self, member: dict[str, Any]) -> "Ticket | None":
        """Return the ticket of a panel's member under the same question."""
        return Ticket.of(self.person_id, self.match_id, self.encounter, self.purpose, member)

    @property
    def match_item_id(self) -> UUID:
        return UUID(self.item["candidate"]["match_item_id"])

    def seal(self) -> str:
        """Return the ticket for a hidden field."""
        return signing.dumps(msgspec.to_builtins(self), salt=SALT, compress=True)


def open_ticket(sealed: str) -> Ticket:
    """Return the ticket of a hidden field; a forged or old one leads nowhere."""
    try:
        return msgspec.convert(signing.loads(sealed, salt=SALT, max_age=LASTS_SECONDS), Ticket)
    except signing.BadSignature as forged:
        raise Http404 from forged
