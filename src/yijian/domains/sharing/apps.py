from django.apps import AppConfig


class SharingConfig(AppConfig):
    name = "yijian.domains.sharing"
    label = "sharing"
    verbose_name = "互认规则"
