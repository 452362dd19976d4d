from django.apps import AppConfig


class OutboundConfig(AppConfig):
    name = "yijian.foundation.outbound"
    label = "outbound"
    verbose_name = "对外推送"
