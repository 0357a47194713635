"""Root URLconf."""

from django.conf import settings
from django.contrib import admin
from django.urls import include, path

from evabc import errors
from evabc.ops import health
from evabc.ops.metrics import metrics
from membership.meetings.views import calendar_feed
from membership.privacy.consents import privacy

urlpatterns = [
    path("", include("communities.urls")),
    path("", include("requests.urls")),
    path("calendar/<str:token>.ics", calendar_feed, name="calendar-feed"),
    path("privacy/", privacy, name="privacy"),
    path("accounts/", include("membership.accounts.urls")),
    path("admin/", admin.site.urls),
    path("healthz", health.healthz, name="healthz"),
    path("readyz", health.readyz, name="readyz"),
    path("metrics", metrics, name="metrics"),
    path("too-large", errors.too_large, name="too-large"),
]
handler400, handler500 = "evabc.errors.bad_request", "evabc.errors.server_error"

if settings.MAIL_IS_FILES:
    urlpatterns += [path("mailbox/", include("membership.emails.mailbox"))]

if settings.DEV:
    urlpatterns += [path("__debug__/", include("debug_toolbar.urls"))]
