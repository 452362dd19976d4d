"""Read versions of a region's rules: drafts, what waits for a signature, what is and was signed."""

from collections.abc import Iterable
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any

from yijian.domains.sharing import errors, models
from yijian.domains.sharing.rulebook import agreement_of, options_of
from yijian.domains.sharing.values import Agreement, Party, RegionOptions, Scope, ScopeKind, Window

__all__ = ["Row", "RuleVersion", "VersionKey", "get_row", "get_version", "list_versions", "value_of"]

Row = models.Agreement | models.RegionOptions


@dataclass(frozen=True, slots=True)
class VersionKey:
    """Which version is meant: of an `agreement` or of `options`."""

    kind: str
    number: int
    """The row's id, not the printed version."""


@dataclass(frozen=True, slots=True)
class RuleVersion:
    """One version as a screen shows it: what it says, where it stands, who stands for it."""

    key: VersionKey
    value: Agreement | RegionOptions
    state: str
    drafted_by: str
    drafted_at: datetime | None
    submitted_at: datetime | None
    signed_by: str
    signed_at: datetime | None
    withdrawn_by: str
    withdrawn_at: datetime | None
    returned_by: str
    returned_at: datetime | None
    return_reason: str
    preview: dict[str, Any] | None


HISTORY = tuple(field.name for field in fields(RuleVersion) if field.name not in ("key", "value"))
MODELS: dict[str, type[models.Agreement] | type[models.RegionOptions]] = {
    "agreement": models.Agreement,
    "options": models.RegionOptions,
}


def get_version(key: VersionKey) -> RuleVersion:
    """Return one version, whatever its state."""
    return _version(get_row(key))


def get_row(key: VersionKey, *, lock: bool = False) -> Row:
    """Return the row of a version; raise 404 for an unknown one."""
    model = MODELS.get(key.kind)
    if model is None:
        raise errors.version_unknown()
    rows = model._default_manager.select_for_update() if lock else model._default_manager.all()
    row = rows.filter(pk=key.number).first()
    if row is None:
        raise errors.version_unknown()
    return row


def list_versions(kind: str) -> list[RuleVersion]:
    """Return every version of all agreements or of all options, the newest of each name first."""
    if kind == "options":
        options = models.RegionOptions.objects.order_by("scope_kind", "scope_code", "-version")
        return [_version(row) for row in options]
    agreements = models.Agreement.objects.order_by("code", "-version")
    return [_version(row) for row in agreements.prefetch_related("items", "windows", "members__region")]


def _version(row: Row) -> RuleVersion:
    kind = "agreement" if isinstance(row, models.Agreement) else "options"
    history = {name: getattr(row, name) for name in HISTORY}
    return RuleVersion(key=VersionKey(kind, row.pk), value=value_of(row), **history)


def value_of(row: Row) -> Agreement | RegionOptions:
    """Return what a version says."""
    columns = {field.attname: getattr(row, field.attname) for field in row._meta.concrete_fields}
    if isinstance(row, models.RegionOptions):
        return options_of(columns)
    return agreement_of(
        columns,
        items=sorted(item.item_id for item in row.items.all()),
        parties=_parties(row.members.all()),
        windows=[
            Window(each.hours, each.item_id or "", each.category, each.care_setting)
            for each in sorted(row.windows.all(), key=lambda w: (w.item_id or "", w.category, w.care_setting))
        ],
    )


def _parties(members: Iterable[models.AgreementMember]) -> list[Party]:
    return [
        Party(scope=Scope(ScopeKind(each.region.kind), each.region.code))
        if each.region
        else Party(scope=Scope(ScopeKind.CONSORTIUM, each.consortium_id))
        if each.consortium_id
        else Party(institution_code=each.institution_id or "")
        for each in members
    ]
