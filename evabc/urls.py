"""Every address of the portal."""

from django.conf import settings
from django.contrib import admin
from django.urls import include, path

from evabc import health

urlpatterns = [
    path("", include("communities.urls")),
    path("", include("requests.urls")),
    path("accounts/", include("membership.signup.urls")),
    path("admin/", admin.site.urls),
    path("healthz", health.healthz, name="healthz"),
]

if settings.MAIL_IS_FILES:
    urlpatterns += [path("mailbox/", include("membership.outbox.mailbox_urls"))]
