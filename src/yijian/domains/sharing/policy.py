"""Who may write down, sign and read which rules; what is not named here is denied."""

from datetime import date

from yijian.domains.institutions.values import InstitutionProfile
from yijian.domains.sharing.rules import binds, covers
from yijian.domains.sharing.values import Agreement, RegionOptions, Rulebook, Scope, ScopeKind, Suspension
from yijian.foundation.accounts.models import Role, User

__all__ = ["holds_for", "may_manage", "may_suspend"]

NATION = "CN"


def may_manage(user: User, rulebook: Rulebook, value: Agreement | RegionOptions) -> bool:
    """Tell whether a user may write and sign a rule: the supervisor of all it binds, the platform."""
    if user.role == Role.ADMINISTRATOR:
        return True
    region = _region_of(user, rulebook)
    if region is None:
        return False
    if region == NATION:
        return True
    parties = value.parties if isinstance(value, Agreement) else ()
    scopes = [value.scope, *(party.scope for party in parties if party.scope)]
    bound = [rulebook.institutions.get(party.institution_code) for party in parties if not party.scope]
    return all(_lies_within(scope, region, rulebook) for scope in scopes) and all(
        each is not None and region in each.regions for each in bound
    )


def may_suspend(user: User, rulebook: Rulebook, fact: Suspension) -> bool:
    """Tell whether a user may take away: from an institution or all of one's region; elsewhere nothing."""
    if user.role == Role.ADMINISTRATOR:
        return True
    region = _region_of(user, rulebook)
    if region is None:
        return False
    if fact.region_code:
        return region == NATION or fact.region_code.startswith(region)
    concerned = [each for each in rulebook.institutions.values() if fact.institution_code in ("", each.code)]
    return bool(concerned) and all(region in each.regions for each in concerned)


def holds_for(rulebook: Rulebook, value: Agreement | RegionOptions, institution_code: str, on: date) -> bool:
    """Tell whether an institution is bound by an agreement, or lies where options hold."""
    institution = rulebook.institutions.get(institution_code)
    if institution is None:
        return False
    if isinstance(value, Agreement):
        return binds(value, institution, on)
    return covers(value.scope, institution, on)


def _lies_within(scope: Scope, region: str, rulebook: Rulebook) -> bool:
    """Tell whether a scope reaches no further than a division."""
    if scope.kind is ScopeKind.CONSORTIUM:
        members = [each for each in rulebook.institutions.values() if _belongs(each, scope.code)]
        return bool(members) and all(region in each.regions for each in members)
    return scope.kind not in (ScopeKind.NATION, ScopeKind.ALLIANCE) and scope.code.startswith(region)


def _region_of(user: User, rulebook: Rulebook) -> str | None:
    """Return the division a supervisor's own body lies in; None where the user supervises nothing."""
    body = rulebook.institutions.get(user.institution_code) if user.role == Role.SUPERVISOR else None
    return body.regions[-1] if body else None


def _belongs(institution: InstitutionProfile, consortium_code: str) -> bool:
    return any(each.code == consortium_code for each in institution.consortia)
