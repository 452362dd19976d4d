from django.apps import AppConfig


class ConsentConfig(AppConfig):
    name = "yijian.domains.consent"
    label = "consent"
    verbose_name = "患者授权"
