"""Master data of regions and institutions."""

from django.contrib import admin

from yijian.domains.institutions.models import (
    Alliance,
    AllianceMember,
    Campus,
    Consortium,
    ConsortiumMember,
    Institution,
    Price,
    Region,
)


class AllianceMemberInline(admin.TabularInline[AllianceMember, Alliance]):
    model = AllianceMember
    extra = 0


class CampusInline(admin.TabularInline[Campus, Institution]):
    model = Campus
    extra = 0


class ConsortiumMemberInline(admin.TabularInline[ConsortiumMember, Consortium]):
    model = ConsortiumMember
    autocomplete_fields = ("institution",)
    extra = 0


@admin.register(Region)
class RegionAdmin(admin.ModelAdmin[Region]):
    list_display = ("code", "name_zh", "kind", "parent", "mark_label")
    list_filter = ("kind",)
    search_fields = ("code", "name_zh")


@admin.register(Alliance)
class AllianceAdmin(admin.ModelAdmin[Alliance]):
    list_display = ("code", "name_zh", "mark_label")
    inlines = (AllianceMemberInline,)


@admin.register(Institution)
class InstitutionAdmin(admin.ModelAdmin[Institution]):
    list_display = ("code", "name_zh", "region", "level", "grade", "kind", "ownership")
    list_filter = ("level", "kind", "ownership")
    search_fields = ("code", "name_zh")
    inlines = (CampusInline,)


@admin.register(Consortium)
class ConsortiumAdmin(admin.ModelAdmin[Consortium]):
    list_display = ("code", "name_zh", "region", "lead")
    inlines = (ConsortiumMemberInline,)


@admin.register(Price)
class PriceAdmin(admin.ModelAdmin[Price]):
    list_display = ("campus", "item", "amount", "valid_from", "valid_until")
    search_fields = ("item__code", "campus__institution__code")
    autocomplete_fields = ("item",)
