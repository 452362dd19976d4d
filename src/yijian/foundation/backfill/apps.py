from django.apps import AppConfig


class BackfillConfig(AppConfig):
    name = "yijian.foundation.backfill"
    label = "backfill"
    verbose_name = "历史补录"
