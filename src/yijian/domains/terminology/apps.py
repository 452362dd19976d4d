from django.apps import AppConfig


class TerminologyConfig(AppConfig):
    name = "yijian.domains.terminology"
    label = "terminology"
    verbose_name = "术语"
