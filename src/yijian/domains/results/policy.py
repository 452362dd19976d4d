"""Who may do what with reports; what is not named here is denied."""

from typing import Literal

from yijian.foundation.accounts.models import Role, User

__all__ = ["may"]

Action = Literal["read_timeline", "mend_mapping", "mend_report"]

OWN_INSTITUTION: dict[str, frozenset[Action]] = {
    Role.CLINICIAN: frozenset({"read_timeline"}),
    Role.TECHNICIAN: frozenset({"mend_mapping", "mend_report"}),
    Role.INTEGRATOR: frozenset({"mend_mapping", "mend_report"}),
}
ANY_INSTITUTION: dict[str, frozenset[Action]] = {
    Role.ADMINISTRATOR: frozenset({"mend_mapping", "mend_report"}),
}


def may(user: User, action: Action, institution_code: str) -> bool:
    """Tell whether a user may act for, or on a matter of, an institution."""
    if action in ANY_INSTITUTION.get(user.role, ()):
        return True
    own = user.institution_code != "" and user.institution_code == institution_code
    return own and action in OWN_INSTITUTION.get(user.role, ())
