"""Every address of the portal."""

from django.conf import settings
from django.contrib import admin
from django.urls import include, path

from evabc import health
from membership.meetings.views import calendar_feed
from membership.privacy.views import privacy

urlpatterns = [
    path("", include("communities.urls")),
    path("", include("requests.urls")),
    path("calendar/<str:token>.ics", calendar_feed, name="calendar-feed"),
    path("privacy/", privacy, name="privacy"),
    path("accounts/", include("membership.signup.urls")),
    path("admin/", admin.site.urls),
    path("healthz", health.healthz, name="healthz"),
]

if settings.MAIL_IS_FILES:
    urlpatterns += [path("mailbox/", include("membership.outbox.mailbox_urls"))]
