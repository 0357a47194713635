"""A small page and the admin."""

from django.contrib import admin
from django.urls import path
from django.views.generic import TemplateView

page = TemplateView.as_view(template_name="bare.html", extra_context={"lines": range(10)})
urlpatterns = [path("", page), path("healthz", page), path("admin/", admin.site.urls)]
