"""Resident numbers that fail their check: never a key, and somebody at the institution has to mend them."""

from collections.abc import Collection
from uuid import UUID

from yijian.domains.identity.cipher import field_cipher
from yijian.domains.identity.records import Case, own_numbers
from yijian.domains.identity.rules import UsableNumber
from yijian.domains.identity.values import Identifier, IdentifierType, WorkItemNote
from yijian.foundation.inbox.work_items import open_work_item, resolve_work_items
from yijian.kit import resident_id

__all__ = ["BAD_NUMBER", "note_bad_numbers", "settle_bad_numbers"]

BAD_NUMBER = "identity_bad_number"
NOTE = WorkItemNote(
    kind=BAD_NUMBER,
    detail="The resident identity number is not valid (date or check digit); correct it and send again.",
)


def note_bad_numbers(case: Case, person_id: UUID) -> tuple[WorkItemNote, ...]:
    """Open a work item for a resident number that cannot be one; the number itself is not kept."""
    bad = [i for i in case.description.identifiers if _is_bad(i)]
    if not bad:
        return ()
    opened = open_work_item(
        case.institution_code,
        BAD_NUMBER,
        _subject(case) or field_cipher().digest("bad", case.institution_code, bad[0].value).hex(),
        at=case.at,
        message_id=case.message_id,
        person_id=person_id,
        report_id=case.report_id,
    )
    return (NOTE,) if opened or case.report_id else ()


def settle_bad_numbers(case: Case, new: Collection[UsableNumber]) -> None:
    """Resolve what was open about this patient's bad number, now that a valid one came."""
    subject = _subject(case)
    if subject and any(number.type is IdentifierType.RESIDENT_ID for number in new):
        resolve_work_items(
            BAD_NUMBER,
            subjects=[subject],
            institution_code=case.institution_code,
            by=case.institution_code,
            resolution="valid_number_came",
            at=case.at,
        )


def _is_bad(identifier: Identifier) -> bool:
    return identifier.type is IdentifierType.RESIDENT_ID and resident_id.parse(identifier.value) is None


def _subject(case: Case) -> str | None:
    """Name the patient by the digest of the institution's own number, which says nothing to others."""
    own = own_numbers(case)
    return own[0].digest.hex() if own else None
