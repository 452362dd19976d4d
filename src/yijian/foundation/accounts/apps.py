from django.apps import AppConfig


class AccountsConfig(AppConfig):
    name = "yijian.foundation.accounts"
    label = "accounts"
    verbose_name = "帐号与接入"
