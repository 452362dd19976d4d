"""What a command begins with: configuration, logs, Django."""

import os

from yijian.config.environment import Environment, read_environment
from yijian.config.logging import configure_logging

__all__ = ["set_up", "set_up_django"]


def set_up() -> Environment:
    """Return the configuration of a process that stays, its logs on stderr."""
    environment = read_environment(os.environ)
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "yijian.config.settings")
    configure_logging()
    return environment


def set_up_django() -> None:
    """Do the same for a command that needs the database."""
    set_up()
    import django  # noqa: PLC0415 - only commands that need the database load it

    django.setup()
