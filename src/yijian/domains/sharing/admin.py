"""Master data of the rules: agreements, rights, suspensions, methods."""

from django.contrib import admin
from django.http import HttpRequest

from yijian.domains.sharing.models import (
    Agreement,
    AgreementItem,
    AgreementMember,
    AgreementWindow,
    AssayMethod,
    RegionOptions,
    Right,
    Suspension,
)


class ReadOnly:
    """What is changed through `sharing.api` alone, by drafting and signing or raising and withdrawing."""

    def has_add_permission(self, _request: HttpRequest, _obj: object = None) -> bool:
        return False

    def has_change_permission(self, _request: HttpRequest, _obj: object = None) -> bool:
        return False

    def has_delete_permission(self, _request: HttpRequest, _obj: object = None) -> bool:
        return False


class AgreementMemberInline(ReadOnly, admin.TabularInline[AgreementMember, Agreement]):
    model = AgreementMember
    autocomplete_fields = ("institution", "region")
    extra = 0


class AgreementItemInline(ReadOnly, admin.TabularInline[AgreementItem, Agreement]):
    model = AgreementItem
    autocomplete_fields = ("item",)
    extra = 0


class AgreementWindowInline(ReadOnly, admin.TabularInline[AgreementWindow, Agreement]):
    model = AgreementWindow
    autocomplete_fields = ("item",)
    extra = 0


@admin.register(Agreement)
class AgreementAdmin(ReadOnly, admin.ModelAdmin[Agreement]):
    list_display = (
        "code",
        "version",
        "state",
        "name_zh",
        "scope_kind",
        "scope_code",
        "effective_from",
        "effective_until",
    )
    list_filter = ("state", "scope_kind", "mark_required")
    search_fields = ("code", "name_zh")
    inlines = (AgreementMemberInline, AgreementItemInline, AgreementWindowInline)


@admin.register(RegionOptions)
class RegionOptionsAdmin(ReadOnly, admin.ModelAdmin[RegionOptions]):
    list_display = ("scope_kind", "scope_code", "version", "state", "effective_from", "effective_until")
    list_filter = ("state", "scope_kind")


@admin.register(Right)
class RightAdmin(admin.ModelAdmin[Right]):
    list_display = ("institution", "item", "label", "valid_from", "valid_until", "ended_on", "evidence")
    list_filter = ("scope_kind", "label")
    search_fields = ("institution__code", "institution__name_zh", "item__code")
    autocomplete_fields = ("institution", "item")
    date_hierarchy = "valid_from"


@admin.register(Suspension)
class SuspensionAdmin(ReadOnly, admin.ModelAdmin[Suspension]):
    list_display = (
        "kind",
        "institution",
        "item",
        "starts_at",
        "ends_at",
        "raised_at",
        "withdrawn_at",
        "reason",
    )
    list_filter = ("kind",)


@admin.register(AssayMethod)
class AssayMethodAdmin(admin.ModelAdmin[AssayMethod]):
    list_display = ("institution", "item", "method_class", "valid_from", "valid_until")
    search_fields = ("institution__code", "item__code", "method_class")
    autocomplete_fields = ("institution", "item")
