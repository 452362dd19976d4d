"""Persons as institutions A and B describe them."""

from datetime import UTC, date, datetime
from uuid import UUID

from yijian.domains.identity.api import record_patient
from yijian.domains.identity.values import Identifier, IdentifierType, Linked, PatientDescription, Sex

AT = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)
RESIDENT_ID = "11010519491231002X"
"""Worked example of GB 11643: a woman born on 31 December 1949."""


def describe(
    *,
    resident_id: str | None = None,
    local: str | None = None,
    name: str | None = "王芳",
    sex: Sex | None = Sex.FEMALE,
    born: date | None = date(1949, 12, 31),
    phone: str | None = None,
) -> PatientDescription:
    """Return a description; the person is the same unless told otherwise."""
    given = {IdentifierType.RESIDENT_ID: resident_id, IdentifierType.LOCAL: local}
    identifiers = tuple(Identifier(type=kind, value=value) for kind, value in given.items() if value)
    return PatientDescription(identifiers=identifiers, name=name, sex=sex, birth_date=born, phone=phone)


def record(
    institution_code: str,
    *,
    update: bool = False,
    report_id: UUID | None = None,
    message_id: UUID | None = None,
    **described: object,
) -> Linked:
    """Record what an institution says."""
    return record_patient(
        describe(**described),  # type: ignore[arg-type]
        institution_code,
        message_id=message_id,
        at=AT,
        update=update,
        report_id=report_id,
    )
