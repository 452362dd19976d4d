from django.apps import AppConfig


class ResultsConfig(AppConfig):
    name = "yijian.domains.results"
    label = "results"
    verbose_name = "结果"
