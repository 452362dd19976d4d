from django.apps import AppConfig


class AccountsConfig(AppConfig):
    name = "yijian.foundation.accounts"
    label = "accounts"
    verbose_name = "帐号与接入"

    def ready(self) -> None:
        """Have signing in and out told, by whichever page it is done."""
        from yijian.foundation.accounts import backend  # noqa: F401, PLC0415 - registers its receivers
