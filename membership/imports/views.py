"""The pages of a list: upload, dry run, confirm. Every change is a POST that calls a verb."""

from collections.abc import Callable
from datetime import date

from django import forms
from django.contrib import admin, messages
from django.core.files.uploadedfile import UploadedFile
from django.core.paginator import Paginator
from django.db.models import Q, QuerySet
from django.http import Http404, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.datastructures import MultiValueDict
from django.views.decorators.http import require_http_methods, require_POST, require_safe
from django_htmx.http import HttpResponseClientRefresh

from communities.models import CommunityOfPractice
from membership.accounts.requests import AuthenticatedRequest
from membership.accounts.teams import families_of
from membership.imports import uploads
from membership.imports.columns import sample_file
from membership.imports.kinds import IMPORTERS
from membership.imports.sheets import MOST_BYTES, MOST_ROWS, refuse_too_large
from membership.models import ListImport, ListKind, User
from membership.refusal import Refused

ROWS_ON_A_PAGE = 100
TEMPLATES = "desk/imports"


def lists_of(user: User) -> QuerySet[ListImport]:
    """The lists that this member of staff sees: those of the register, and their teams' rosters."""
    families = families_of(user)
    if not families:
        return ListImport.objects.none()
    return ListImport.objects.filter(
        Q(community__isnull=True) | Q(community__team__family__in=families)
    ).select_related("community", "uploaded_by")


class UploadForm(forms.Form):
    """A file, which kind of list it is, its name and the day on which it was true."""

    kind = forms.ChoiceField(label="Kind of list", choices=ListKind.choices)
    community = forms.ModelChoiceField(
        CommunityOfPractice.objects.none(),
        label="Community, for a roster only",
        required=False,
        empty_label="–",
    )
    list_name = forms.CharField(
        label="Name of the list",
        max_length=120,
        error_messages={"required": "Write the name of the list."},
        help_text="The same name for each edition, for example: the ministry’s contract list.",
    )
    as_of = forms.DateField(
        label="The list is as of",
        error_messages={
            "required": "Choose the day on which the list was true.",
            "invalid": "Write the day like 2026-04-01.",
        },
        help_text="The day on which it was true. A newer list wins over an older one.",
        widget=forms.DateInput(attrs={"type": "date"}),
    )
    file = forms.FileField(
        label="File",
        error_messages={
            "required": "Choose the file of the list.",
            "empty": "The file is empty.",
        },
        help_text=f"CSV (UTF-8) or XLSX, up to {MOST_BYTES // 1_000_000} MB and {MOST_ROWS:,} rows.",
        widget=forms.FileInput(attrs={"accept": ".csv,.xlsx"}),
    )

    def __init__(
        self,
        data: QueryDict | None = None,
        files: MultiValueDict[str, UploadedFile] | None = None,
        *,
        user: User,
    ) -> None:
        super().__init__(data, files)
        theirs = CommunityOfPractice.objects.filter(team__family__in=families_of(user))
        self.fields["community"].queryset = theirs  # type: ignore[attr-defined]

    def clean_as_of(self) -> date:
        as_of: date = self.cleaned_data["as_of"]
        if as_of > timezone.localdate():
            raise forms.ValidationError("This day is in the future.")
        return as_of

    def clean_file(self) -> UploadedFile:
        file: UploadedFile = self.cleaned_data["file"]
        try:
            # By what the upload weighs: nothing of it is read yet.
            refuse_too_large(file.size or 0)
        except Refused as refusal:
            raise forms.ValidationError(str(refusal)) from refusal
        if not str(file.name).lower().endswith((".csv", ".xlsx")):
            raise forms.ValidationError("The file must end in .csv or .xlsx.")
        return file

    def clean(self) -> dict[str, object]:
        data = super().clean() or {}
        is_roster = data.get("kind") == ListKind.ROSTER
        if is_roster and not data.get("community") and "community" not in self.errors:
            self.add_error("community", "Choose the community whose roster this is.")
        if not is_roster:
            data["community"] = None
        return data


@require_http_methods(["GET", "HEAD", "POST"])
def upload(request: AuthenticatedRequest) -> HttpResponse:
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
def show(request: AuthenticatedRequest, pk: int) -> HttpResponse:
    """How far a list has come: its progress, its dry run, or what it did."""
    kept = _mine(request, pk)
    if request.htmx:
        if not kept.is_working:
            return HttpResponseClientRefresh()
        return render(request, f"{TEMPLATES}/progress.html", {"list": kept})
    rows = Paginator(kept.rows.all(), ROWS_ON_A_PAGE).get_page(request.GET.get("page"))
    return _render(request, "list", title=str(kept), list=kept, rows=rows)


@require_POST
def confirm(request: AuthenticatedRequest, pk: int) -> HttpResponse:
    """Write the list."""
    return _do(request, pk, uploads.confirm)


@require_POST
def discard(request: AuthenticatedRequest, pk: int) -> HttpResponse:
    """Put the list aside."""
    return _do(request, pk, uploads.discard)


@require_safe
def sample(request: AuthenticatedRequest, kind: str) -> HttpResponse:
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


def _do(request: AuthenticatedRequest, pk: int, verb: Callable[..., None]) -> HttpResponse:
    _mine(request, pk)
    try:
        verb(list_import_id=pk, now=timezone.now())
    except Refused as refusal:
        messages.warning(request, str(refusal))
    return redirect(_page_of(pk))


def _mine(request: AuthenticatedRequest, pk: int) -> ListImport:
    kept = lists_of(request.user).filter(pk=pk).defer("content").first()
    if kept is None:
        raise Http404("There is no such list.")
    return kept


def _page_of(pk: int) -> str:
    return reverse("admin:membership_listimport_change", args=[pk])


def _render(request: AuthenticatedRequest, template: str, **context: object) -> HttpResponse:
    return render(
        request,
        f"{TEMPLATES}/{template}.html",
        {**admin.site.each_context(request), **context},
    )
