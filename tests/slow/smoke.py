"""An empty database, its migrations and seeds, a page and an email. A deprecation in our code is an error.

``test_pythons.py`` runs it with each Python, with nothing but ``requirements.txt`` installed. It runs on
any Django too: `python -m tests.slow.smoke` in an environment with the next version shows what is going away.
"""

import os
import warnings

for kind in (DeprecationWarning, PendingDeprecationWarning):
    warnings.filterwarnings(
        "error", category=kind, module=r"(evabc|communities|membership|requests)(\..*)?$"
    )
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "evabc.settings")

import django  # noqa: E402 - after the filters, which it would not obey

django.setup()

from django.core.management import call_command  # noqa: E402
from django.test import Client  # noqa: E402

call_command("check", fail_level="WARNING")
call_command("makemigrations", check=True, verbosity=0)
call_command("migrate", verbosity=0)
call_command("seed_communities")
client = Client()
for path in ("/", "/communities/", "/privacy/", "/accounts/login/"):
    response = client.get(path, follow=True)
    assert response.status_code == 200, f"{path}: {response.status_code}"
response = client.post("/accounts/login/", {"email": "dana@example.org"})
assert response.status_code == 302, response.content.decode()
