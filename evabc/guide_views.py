"""The page of the staff guide."""

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from evabc.guide import guide


@require_safe
def staff_guide(request: HttpRequest) -> HttpResponse:
    """How the work at the desk goes, with pictures."""
    context = {**admin.site.each_context(request), "title": "Staff guide", "guide": guide()}
    return render(request, "admin/guide.html", context)
