"""Make the code a patient shows: eight digits, ten minutes, one use, five wrong tries."""

import secrets
from datetime import date, datetime, timedelta
from typing import Literal, NamedTuple
from uuid import UUID

from django.db import transaction

from yijian.domains.consent import errors
from yijian.domains.consent.hot import code_digest
from yijian.domains.consent.models import ConsentCode
from yijian.domains.consent.rules import is_child
from yijian.domains.identity.api import field_cipher
from yijian.kit.ids import new_id

__all__ = ["CODE_LASTS", "MadeCode", "make_code"]

CODE_LASTS = timedelta(minutes=10)
DIGITS = 8


class MadeCode(NamedTuple):
    """A code, which is told once and not kept, and when it ends."""

    code: str
    expires_at: datetime


@transaction.atomic
def make_code(
    person_id: UUID,
    birth_date: date | None,
    scope: Literal["all", "non_sensitive"],
    *,
    institution_code: str = "",
    at: datetime,
) -> MadeCode:
    """Make a code, bound to person, scope and optionally an institution; an older one ends."""
    if is_child(birth_date, at):
        raise errors.child_needs_guardian()
    ConsentCode.objects.filter(person_id=person_id, used_at=None, expires_at__gt=at).update(expires_at=at)
    code = f"{secrets.randbelow(10**DIGITS):0{DIGITS}d}"
    made = MadeCode(code, at + CODE_LASTS)
    ConsentCode.objects.create(
        person_id=person_id,
        code_id=new_id(),
        digest=code_digest(field_cipher(), person_id, code),
        scope=scope,
        institution_code=institution_code,
        made_at=at,
        expires_at=made.expires_at,
    )
    return made
