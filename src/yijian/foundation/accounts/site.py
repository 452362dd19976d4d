"""The door of the master data: for administrators, whatever Django's own marks say of a person."""

from django.contrib.admin import AdminSite
from django.http import HttpRequest

from yijian.foundation.accounts.models import Role, User

__all__ = ["AdministratorsSite"]


class AdministratorsSite(AdminSite):
    """Lets in staff in the role of administrator: who leaves the role leaves the door."""

    def has_permission(self, request: HttpRequest) -> bool:
        """Tell whether a person may enter."""
        person = request.user
        return (
            super().has_permission(request) and isinstance(person, User) and person.role == Role.ADMINISTRATOR
        )
