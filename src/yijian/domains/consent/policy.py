"""Who may do what with a patient's will; what is not named here is denied."""

from typing import Literal

from yijian.foundation.accounts.models import Role, User

__all__ = ["may"]

Action = Literal["record", "break_glass", "review", "decide_for_oneself"]

ALLOWED: dict[str, frozenset[Action]] = {
    Role.CLINICIAN: frozenset({"record", "break_glass"}),
    Role.SUPERVISOR: frozenset({"review"}),
    Role.ADMINISTRATOR: frozenset({"review"}),
    Role.PATIENT: frozenset({"decide_for_oneself"}),
}


def may(user: User, action: Action) -> bool:
    """Tell whether a user may do this at all; whose matters, the caller sees to."""
    return action in ALLOWED.get(user.role, ())
