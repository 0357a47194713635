"""A small page, a form that inserts a row and rings Celery, and the admin."""

from celery import Celery
from django.contrib import admin
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import path

from tests.bench.floor.models import Entry

app = Celery("floor")
app.config_from_object("django.conf:settings", namespace="CELERY")


@app.task(ignore_result=True)
def greet(entry_id: int) -> None:
    """What a worker would do; nobody listens here."""


def page(request: HttpRequest) -> HttpResponse:
    return render(request, "page.html", {"lines": range(10)})


@transaction.atomic
def insert(request: HttpRequest) -> HttpResponse:
    entry = Entry.objects.create(  # type: ignore[attr-defined]
        **{name: request.POST[name] for name in ("name", "email", "agency", "state")}
    )
    transaction.on_commit(lambda: greet.delay(entry.pk))
    return redirect("page")


urlpatterns = [
    path("", page, name="page"),
    path("healthz", page),
    path("insert/", insert),
    path("admin/", admin.site.urls),
]
