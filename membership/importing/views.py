"""The pages of a list: upload, dry run, confirm. Every change is a POST that calls a verb."""

from collections.abc import Callable
from typing import Any

from django.contrib import admin, messages
from django.core.paginator import Paginator
from django.db.models import Q, QuerySet
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe
from django_htmx.http import HttpResponseClientRefresh

from membership.importing import uploads
from membership.importing.columns import sample_file
from membership.importing.forms import UploadForm
from membership.importing.kinds import IMPORTERS
from membership.models import ListImport, ListKind, User
from membership.refusal import Refused
from membership.signup.visitors import SignedIn
from membership.teams import families_of

ROWS_ON_A_PAGE = 100
TEMPLATES = "admin/membership/listimport"


def lists_of(user: User) -> QuerySet[ListImport]:
    """The lists that this member of staff sees: those of the register, and her teams' rosters."""
    families = families_of(user)
    if not families:
        return ListImport.objects.none()
    return ListImport.objects.filter(
        Q(community__isnull=True) | Q(community__team__family__in=families)
    ).select_related("community", "uploaded_by")


@require_http_methods(["GET", "HEAD", "POST"])
def upload(request: SignedIn) -> HttpResponse:
    """Upload a list. Nothing is written before its dry run is confirmed."""
    form = UploadForm(request.POST or None, request.FILES or None, user=request.user)
    if request.method == "POST" and form.is_valid():
        data = dict(form.cleaned_data)
        file = data.pop("file")
        kept = uploads.upload(
            **{**data, "kind": ListKind(data["kind"])},
            content=file.read(),
            file_name=file.name,
            by=request.user,
            now=timezone.now(),
        )
        return redirect(_page_of(kept.pk))
    samples = [(reverse("admin:membership_listimport_sample", args=[k.value]), k) for k in ListKind]
    return _render(request, "upload", title="Upload a list", form=form, samples=samples)


@require_safe
def show(request: SignedIn, pk: int) -> HttpResponse:
    """How far a list has come: its progress, its dry run, or what it did."""
    kept = _mine(request, pk)
    if request.htmx:
        if not kept.is_working:
            return HttpResponseClientRefresh()
        return render(request, f"{TEMPLATES}/progress.html", {"list": kept})
    rows = Paginator(kept.rows.all(), ROWS_ON_A_PAGE).get_page(request.GET.get("page"))
    return _render(request, "list", title=str(kept), list=kept, rows=rows)


@require_POST
def confirm(request: SignedIn, pk: int) -> HttpResponse:
    """Write the list."""
    return _do(request, pk, uploads.confirm)


@require_POST
def discard(request: SignedIn, pk: int) -> HttpResponse:
    """Put the list aside."""
    return _do(request, pk, uploads.discard)


@require_safe
def sample(request: SignedIn, kind: str) -> HttpResponse:
    """A small file of a kind, made from its columns."""
    if kind not in ListKind.values:
        raise Http404("There is no such kind of list.")
    # The mark at the start tells Excel that this is UTF-8.
    text = "\ufeff" + sample_file(IMPORTERS[kind].columns)
    return HttpResponse(
        text,
        content_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="sample-{kind}.csv"'},
    )


def _do(request: SignedIn, pk: int, verb: Callable[..., None]) -> HttpResponse:
    _mine(request, pk)
    try:
        verb(list_import_id=pk, now=timezone.now())
    except Refused as refusal:
        messages.warning(request, str(refusal))
    return redirect(_page_of(pk))


def _mine(request: SignedIn, pk: int) -> ListImport:
    kept = lists_of(request.user).filter(pk=pk).defer("content").first()
    if kept is None:
        raise Http404("There is no such list.")
    return kept


def _page_of(pk: int) -> str:
    return reverse("admin:membership_listimport_change", args=[pk])


def _render(request: SignedIn, template: str, **context: Any) -> HttpResponse:
    return render(
        request,
        f"{TEMPLATES}/{template}.html",
        {**admin.site.each_context(request), **context},
    )
