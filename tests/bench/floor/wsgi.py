"""The floor for gunicorn."""

import os

os.environ["DJANGO_SETTINGS_MODULE"] = "tests.bench.floor.settings"

from django.core.wsgi import get_wsgi_application

application = get_wsgi_application()
