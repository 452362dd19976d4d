"""A rulebook as if a draft had always been in force. Pure."""

from dataclasses import replace
from datetime import date

from yijian.domains.institutions.values import InstitutionProfile
from yijian.domains.sharing.rules import binds, covers
from yijian.domains.sharing.values import Agreement, RegionOptions, Rulebook

__all__ = ["is_concerned", "rulebook_with"]


def rulebook_with(rulebook: Rulebook, draft: Agreement | RegionOptions) -> Rulebook:
    """Return the rulebook with a draft in the place of all versions of its name, without dates."""
    always = replace(draft, effective_from=date.min, effective_until=None)
    if isinstance(always, Agreement):
        others = tuple(each for each in rulebook.agreements if each.code != always.code)
        return replace(rulebook, version=f"{rulebook.version}+", agreements=(*others, always))
    rest = tuple(each for each in rulebook.options if each.scope != draft.scope)
    return replace(rulebook, version=f"{rulebook.version}+", options=(*rest, always))


def is_concerned(
    rulebook: Rulebook, draft: Agreement | RegionOptions, institution: InstitutionProfile, on: date
) -> bool:
    """Tell whether what an institution asks can be answered otherwise by a draft or by what it replaces."""
    if isinstance(draft, RegionOptions):
        return covers(draft.scope, institution, on)
    versions = [each for each in rulebook.agreements if each.code == draft.code]
    return any(binds(each, institution, on) for each in (draft, *versions))
