"""The web server's way in."""

import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "evabc.settings")
django_application = get_wsgi_application()

# Only now is Django ready for what lies in front of it.
from evabc.deep_calls import with_room  # noqa: E402
from evabc.front import KeptPagesFirst  # noqa: E402

application = KeptPagesFirst(with_room(django_application))
