from django.apps import AppConfig


class SupervisionConfig(AppConfig):
    name = "yijian.domains.supervision"
    label = "supervision"
    verbose_name = "监管"
