from django.apps import AppConfig
from django.contrib.admin import apps as admin


class AccountsConfig(AppConfig):
    default = True
    name = "yijian.foundation.accounts"
    label = "accounts"
    verbose_name = "帐号与接入"

    def ready(self) -> None:
        """Have signing in and out told, by whichever page it is done."""
        from yijian.foundation.accounts import backend  # noqa: F401, PLC0415 - registers its receivers


class AdministratorsConfig(admin.AdminConfig):
    default = False
    default_site = "yijian.foundation.accounts.site.AdministratorsSite"
