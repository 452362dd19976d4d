"""What differs between two versions of a region's rules, field by field. Pure."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass, fields
from typing import Any

from yijian.domains.sharing.values import Agreement, RegionOptions

__all__ = ["Difference", "compare_versions"]


@dataclass(frozen=True, slots=True)
class Difference:
    """One field; where it holds several things, what only the older and what only the newer one has."""

    field: str
    before: Any
    after: Any


def compare_versions(before: Agreement | RegionOptions, after: Agreement | RegionOptions) -> list[Difference]:
    """Return what changes from one version to another; the version number itself is no difference."""
    if type(before) is not type(after):
        raise TypeError("an agreement compares with an agreement, options with options")
    return list(_differences(before, after))


def _differences(before: Agreement | RegionOptions, after: Agreement | RegionOptions) -> Iterator[Difference]:
    for field in fields(before):
        old, new = getattr(before, field.name), getattr(after, field.name)
        if field.name == "version" or old == new:
            continue
        if _several(old) and _several(new):
            if set(old) != set(new):
                yield Difference(field.name, _only(old, new), _only(new, old))
        else:
            yield Difference(field.name, old, new)


def _several(value: Any) -> bool:
    return isinstance(value, frozenset | tuple)


def _only(these: Collection[Any], others: Collection[Any]) -> tuple[Any, ...]:
    """Return what these have and the others lack, in an order that never changes."""
    return tuple(sorted(set(these) - set(others), key=str))
