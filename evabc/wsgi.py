"""WSGI application."""

import gc
import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "evabc.settings")

application = get_wsgi_application()

# Everything loaded so far is never freed. Leaving it out of garbage collection makes a full collection several times
# shorter, and lets one come sooner, so that less garbage piles up in between.
gc.collect()
gc.freeze()
