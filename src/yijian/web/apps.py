from django.apps import AppConfig


class WebConfig(AppConfig):
    name = "yijian.web"
    label = "web"
