"""The control plane: Django, and the static files of its pages."""

import os

from django.conf import settings
from django.contrib.staticfiles.finders import get_finders
from django.core.wsgi import get_wsgi_application
from whitenoise import WhiteNoise

__all__ = ["application"]

STATIC_SECONDS = 3600

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "yijian.config.settings")


def _with_static_files() -> WhiteNoise:
    """Serve every app's static files from where they lie; nothing need be collected."""
    site = WhiteNoise(get_wsgi_application(), max_age=STATIC_SECONDS)
    for finder in get_finders():
        for path, storage in finder.list([]):
            site.add_file_to_dictionary(f"{settings.STATIC_URL}{path}", storage.path(path))
    return site


application = _with_static_files()
