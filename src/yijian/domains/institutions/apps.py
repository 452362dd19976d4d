from django.apps import AppConfig


class InstitutionsConfig(AppConfig):
    name = "yijian.domains.institutions"
    label = "institutions"
    verbose_name = "机构"
