"""Master data of accounts: people and clients."""

from typing import ClassVar

from django.contrib import admin
from django.contrib.auth.admin import UserAdmin

from yijian.foundation.accounts.models import Client, User


@admin.register(User)
class PersonAdmin(UserAdmin[User]):
    list_display = ("username", "display_name", "role", "institution_code", "is_active")
    list_filter = ("role", "is_active")
    search_fields = ("username", "display_name", "institution_code")
    fieldsets = (
        *(UserAdmin.fieldsets or ()),
        (
            "一检",
            {"fields": ("display_name", "role", "institution_code", "department_code", "department_name")},
        ),
    )


@admin.register(Client)
class ClientAdmin(admin.ModelAdmin[Client]):
    list_display = ("client_id", "name", "institution_code", "active", "updated_at")
    list_filter = ("active",)
    search_fields = ("client_id", "name", "institution_code")
    exclude: ClassVar = ["secret_digest"]
