"""Who may do what with persons; what is not named here is denied."""

from typing import Literal

from yijian.foundation.accounts.models import Role, User

__all__ = ["may"]

Action = Literal["search_people", "list_reviews", "settle_review"]

OWN_INSTITUTION: dict[str, frozenset[Action]] = {
    Role.CLINICIAN: frozenset({"search_people"}),
    Role.TECHNICIAN: frozenset({"search_people"}),
    Role.INTEGRATOR: frozenset({"list_reviews", "settle_review"}),
}
ANY_INSTITUTION: dict[str, frozenset[Action]] = {
    Role.ADMINISTRATOR: frozenset({"list_reviews", "settle_review"}),
}


def may(user: User, action: Action, institution_code: str) -> bool:
    """Tell whether a user may act for, or on a matter of, an institution."""
    if action in ANY_INSTITUTION.get(user.role, ()):
        return True
    own = user.institution_code != "" and user.institution_code == institution_code
    return own and action in OWN_INSTITUTION.get(user.role, ())
