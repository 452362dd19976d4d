from django.apps import AppConfig


class InboxConfig(AppConfig):
    name = "yijian.foundation.inbox"
    label = "inbox"
    verbose_name = "收件箱"
