"""How each table would be spread over a cluster (architecture §4); a test checks every declaration."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import TypeVar

__all__ = ["BORROWED", "Distribution", "DistributionClass", "declared", "distributed"]

ModelClass = TypeVar("ModelClass", bound=type)


class DistributionClass(StrEnum):
    REFERENCE = "reference"
    """Small, copied to every node."""
    PERSON = "person"
    """Primary key and every unique constraint begin with `person_id`."""
    STUDY = "study"
    """Keyed by study."""
    IDENTIFIER = "identifier"
    """A key that leads to a person."""
    LOCAL = "local"
    """Stays on one node: inbox, outbox, sessions."""


@dataclass(frozen=True, slots=True)
class Distribution:
    kind: DistributionClass
    column: str | None = None
    """The distribution column; None for reference and local tables."""


_declared: dict[type, Distribution] = {}

BORROWED: dict[str, Distribution] = {
    name: Distribution(DistributionClass.REFERENCE)
    for name in ("auth_group", "auth_group_permissions", "auth_permission", "django_content_type")
} | {
    name: Distribution(DistributionClass.LOCAL)
    for name in ("django_admin_log", "django_migrations", "django_session")
}
"""Tables that Django brings."""


def distributed(kind: DistributionClass, column: str | None = None) -> Callable[[ModelClass], ModelClass]:
    """Declare the distribution of the decorated model's table."""

    def declare(model: ModelClass) -> ModelClass:
        _declared[model] = Distribution(kind, column)
        return model

    return declare


def declared() -> dict[type, Distribution]:
    """Return every declaration, by model class."""
    return dict(_declared)
