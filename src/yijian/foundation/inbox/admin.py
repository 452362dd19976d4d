"""Master data of the inbox: who may send."""

from django.contrib import admin

from yijian.foundation.inbox.models import Sender


@admin.register(Sender)
class SenderAdmin(admin.ModelAdmin[Sender]):
    list_display = ("facility", "institution_code", "encoding", "active")
    list_filter = ("active", "encoding")
    search_fields = ("facility", "institution_code")
