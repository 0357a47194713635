"""A small page and the admin."""

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import path


def page(request: HttpRequest) -> HttpResponse:
    return render(request, "bare.html", {"lines": range(10)})


urlpatterns = [path("", page), path("healthz", page), path("admin/", admin.site.urls)]
