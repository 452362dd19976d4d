"""The data plane's door: the will rides on a statement that is made anyway; a code costs one more."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Protocol
from uuid import UUID

import msgspec

from yijian.domains.consent import errors
from yijian.domains.consent.values import UNRESTRICTED, Will
from yijian.domains.sharing.values import ConsentWay, RegionOptions
from yijian.kit.crypto import FieldCipher
from yijian.kit.ids import new_id
from yijian.kit.sql import read_sql

__all__ = [
    "REDEEM_CODE",
    "RIDING",
    "RIDING_THEN",
    "WILL",
    "code_digest",
    "redeem_code",
    "redemption",
    "will_of",
]

PACKAGE = "yijian.domains.consent"
WILL = read_sql(PACKAGE, "will")
REDEEM_CODE = read_sql(PACKAGE, "redeem_code")
RIDING = WILL.replace("$2", "$3")
"""The same as a scalar sub-select of a statement on a person ($1) at a moment ($3)."""
RIDING_THEN = read_sql(PACKAGE, "will_then").replace("$2", "$3")
"""The will as it stood at the moment, whatever was said or taken back since."""

_decode = msgspec.json.Decoder(Will).decode


class Connection(Protocol):
    async def fetch(self, query: str, *args: Any) -> list[Any]: ...


def will_of(rows: Sequence[Mapping[str, Any]], column: str = "riding") -> Will:
    """Return the will that rides on rows; without rows there is nothing to show and none is needed."""
    text = rows[0][column] if rows else None
    return _decode(text) if text else UNRESTRICTED


def code_digest(cipher: FieldCipher, person_id: UUID, code: str) -> bytes:
    """Return what is kept of a code; spaces and dashes that people put in do not count."""
    return cipher.digest("consent_code", str(person_id), code.replace(" ", "").replace("-", ""))


def redemption(
    cipher: FieldCipher,
    options: RegionOptions,
    person_id: UUID,
    institution_code: str,
    code: str,
    *,
    by: str,
    at: datetime,
) -> tuple[Any, ...]:
    """Return the arguments of `sql/redeem_code.sql`; raise `Problem` where the region takes no code."""
    if ConsentWay.CODE not in options.consent_ways:
        raise errors.way_refused(ConsentWay.CODE)
    ends = at + timedelta(days=options.consent_days)
    digest = code_digest(cipher, person_id, code)
    return (person_id, digest, institution_code, by[:128], at, new_id(), ends)


async def redeem_code(connection: Connection, arguments: tuple[Any, ...]) -> UUID:
    """Turn a code the patient shows into a consent; a wrong one is counted and refused (`Problem` 422)."""
    rows = await connection.fetch(REDEEM_CODE, *arguments)
    if not rows:
        raise errors.code_wrong("authorisation.code")
    consent_id: UUID = rows[0]["consent_id"]
    return consent_id
