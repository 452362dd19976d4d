from django.apps import AppConfig


class OutboxConfig(AppConfig):
    name = "yijian.foundation.outbox"
    label = "outbox"
    verbose_name = "发件箱"
