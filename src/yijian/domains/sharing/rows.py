"""From values to the rows that keep them; the way back is in `rulebook`. Pure."""

from typing import Any

import msgspec

from yijian.domains.sharing.values import Agreement, Party, RegionOptions, Scope, ScopeKind, Window

__all__ = ["agreement_row", "options_row", "party_row", "window_row"]

DATED = ("version", "effective_from", "effective_until", "source", "source_url")
PLAIN = ("code", "name_zh", "name_en", "mark_required", "public_only", *DATED)
CHOICES = ("directions", "accepted_marks")


def agreement_row(agreement: Agreement) -> dict[str, Any]:
    """Return the columns of `sharing_agreement`; parties, items and windows are rows of their own."""
    return {
        **{name: getattr(agreement, name) for name in PLAIN},
        **_scope_columns(agreement.scope),
        **{name: sorted(each.value for each in getattr(agreement, name)) for name in CHOICES},
        "all_items": agreement.items is None,
        "upward_within": agreement.upward_within or "",
        "shared_within": agreement.shared_within or "",
        "clock": agreement.clock.value,
        "grade_rules": msgspec.to_builtins(agreement.grade_rules),
    }


def window_row(window: Window) -> dict[str, Any]:
    return {
        "item_id": window.item_code or None,
        "category": window.category,
        "care_setting": window.care_setting,
        "hours": window.hours,
    }


def party_row(party: Party) -> dict[str, Any]:
    """Return the columns of a party; raise ValueError for an alliance, which is no party but a scope."""
    if party.scope is None:
        return {"institution_id": party.institution_code}
    if party.scope.kind is ScopeKind.ALLIANCE:
        raise ValueError("an alliance is the scope of an agreement, not a party to it")
    consortium = party.scope.kind is ScopeKind.CONSORTIUM
    return {"consortium_id" if consortium else "region_id": party.scope.code}


def options_row(options: RegionOptions) -> dict[str, Any]:
    """Return the columns of `sharing_regionoptions`; what a region settles goes into `settings`."""
    settings = msgspec.to_builtins(options, order="deterministic")
    dated = {name: getattr(options, name) for name in DATED}
    for name in ("scope", *DATED):
        del settings[name]
    return {**dated, **_scope_columns(options.scope), "settings": settings}


def _scope_columns(scope: Scope) -> dict[str, str]:
    return {"scope_kind": scope.kind.value, "scope_code": scope.code}
