"""Programs that call us, and what a call of theirs may do."""

from collections.abc import Collection
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from typing import Any

from yijian.kit.errors import Problem

__all__ = ["SCOPES", "Caller", "ClientRecord", "Scope", "UsedToken", "refused"]


class Scope(StrEnum):
    MATCH = "recognition.match"
    DECIDE = "recognition.decide"
    REPLAY = "recognition.replay"
    REPORT = "report.write"
    ORDER = "order.write"
    MARKS = "marks.read"
    CONSENT = "consent.write"


SCOPES = frozenset(scope.value for scope in Scope)


@dataclass(frozen=True, slots=True)
class ClientRecord:
    """A registered program. `secret_digest` and `issuer` are empty where it has none."""

    client_id: str
    institution_code: str
    scopes: frozenset[str]
    secret_digest: str = field(default="", repr=False)
    issuer: str = ""
    jwks: dict[str, Any] = field(default_factory=dict, repr=False)


@dataclass(frozen=True, slots=True)
class Caller:
    """Who calls, for which institution, and what it was granted."""

    client_id: str
    institution_code: str
    scopes: frozenset[str]

    def within(self, held: Collection[str]) -> "Caller":
        """Return the caller with the scopes it still holds: what was taken away counts from then on."""
        kept = self.scopes.intersection(held)
        return self if len(kept) == len(self.scopes) else replace(self, scopes=kept)

    def require(self, scope: Scope) -> None:
        """Raise `Problem` 403 unless the scope was granted."""
        if scope.value not in self.scopes:
            raise Problem("scope.missing", f"This needs the scope {scope.value}.", 403)


@dataclass(frozen=True, slots=True)
class UsedToken:
    """A token that serves once: its issuer and `jti`, to be remembered until it expires."""

    issuer: str
    jti: str
    expires_at: datetime


def refused(detail: str, code: str = "token.invalid") -> Problem:
    """Return the refusal of a credential; `detail` tells the caller what to mend."""
    return Problem(code, detail, 401)
