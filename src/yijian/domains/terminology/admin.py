"""Master data of the catalogue."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest

from yijian.domains.terminology.models import CatalogueItem, CodeMap, MapState, PanelMember, UnitAlias
from yijian.domains.terminology.services import announce_mapping


class PanelMemberInline(admin.TabularInline[PanelMember, CatalogueItem]):
    model = PanelMember
    fk_name = "panel"
    autocomplete_fields = ("item",)
    extra = 0


@admin.register(CatalogueItem)
class CatalogueItemAdmin(admin.ModelAdmin[CatalogueItem]):
    list_display = ("code", "name_zh", "wst886", "loinc", "section", "unit", "window_hours", "sensitive")
    list_filter = ("kind", "category", "sensitive", "fast_changing", "negative_list", "comparability")
    search_fields = ("code", "name_zh", "name_en", "wst886", "loinc")
    inlines = (PanelMemberInline,)


@admin.register(CodeMap)
class CodeMapAdmin(admin.ModelAdmin[CodeMap]):
    list_display = ("institution_code", "local_code", "local_name", "specimen", "item", "state", "author")
    list_filter = ("state",)
    search_fields = ("institution_code", "local_code", "local_name")
    autocomplete_fields = ("item",)
    readonly_fields = ("author",)

    def save_model(self, request: HttpRequest, obj: CodeMap, form: Any, change: bool) -> None:
        obj.author = request.user.get_username()
        super().save_model(request, obj, form, change)
        if obj.state == MapState.CONFIRMED:
            announce_mapping(obj.institution_code, obj.local_code)


@admin.register(UnitAlias)
class UnitAliasAdmin(admin.ModelAdmin[UnitAlias]):
    """Units are named where results wait for them; here they are read, and taken back for what comes next."""

    list_display = ("institution_code", "spelling", "ucum", "author", "updated_at")
    search_fields = ("institution_code", "spelling", "ucum")

    def has_add_permission(self, _request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, _request: HttpRequest, _obj: UnitAlias | None = None) -> bool:
        return False
