"""Root URLconf."""

from django.conf import settings
from django.contrib import admin
from django.urls import include, path

from evabc.error_pages import too_large
from evabc.ops import health
from evabc.ops.metrics import metrics
from membership.meetings.views import calendar_feed
from membership.privacy.consents import privacy

handler400 = "evabc.error_pages.bad_request"
handler500 = "evabc.error_pages.server_error"

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
    path("too-large", too_large, name="too-large"),
]

if settings.MAIL_IS_FILES:
    urlpatterns += [path("mailbox/", include("membership.emails.mailbox"))]

if settings.DEV:
    urlpatterns += [path("__debug__/", include("debug_toolbar.urls"))]
