from django.apps import AppConfig


class IdentityConfig(AppConfig):
    name = "yijian.domains.identity"
    label = "identity"
    verbose_name = "人员"
