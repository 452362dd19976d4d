from django.apps import AppConfig


class RecognitionConfig(AppConfig):
    name = "yijian.domains.recognition"
    label = "recognition"
    verbose_name = "互认"
