"""Imports in the admin: upload a list, check what it would change, confirm it."""

from collections.abc import Callable
from functools import partial

from django.contrib import admin, messages
from django.db.models import Model, QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.decorators import method_decorator
from django.views.decorators.http import require_http_methods, require_POST, require_safe
from django_htmx.http import HttpResponseClientRefresh

from membership.accounts.fresh_code import fresh_code_required
from membership.accounts.requests import AuthenticatedRequest
from membership.base_admin import ColumnFilter, CustomPageAdmin, desk_page
from membership.errors import refusal_as_form_error, refusal_as_warning
from membership.imports import undoing, uploads
from membership.imports.columns import sample_file
from membership.imports.effects import ShownEffect
from membership.imports.forms import DateForm, FileForm, UploadForm
from membership.imports.kinds import IMPORTERS
from membership.imports.questions import Step
from membership.imports.rows import ShownRows
from membership.imports.steps import STEP_FORMS
from membership.imports.steps.check import RowForm
from membership.imports.uploads import lists_of
from membership.models import ListImport, ListKind, RowOutcome
from membership.rosters.roster_checks import roster_checks_of
from membership.sheets import SheetFormat, sheet_download


def show_step(request: AuthenticatedRequest, pk: int, step: Step) -> HttpResponse:
    """One step of an import: what was found, and what staff have to say of it."""
    list_import = get_object_or_404(lists_of(request.user), pk=pk)
    found, steps = list_import.found or {}, list(Step)
    last = steps.index(Step(found.get("open_step", Step.CHECK)))
    # Without what was found: checked by an earlier version of the portal. Nothing is known of a step after a question.
    is_known = (step == Step.CHECK or found) and steps.index(step) <= last
    if list_import.state not in ListImport.IN_STEPS or not is_known:
        return redirect("admin:membership_listimport_change", pk)
    data = request.POST if request.method == "POST" else None
    if data and data.get("seen", list_import.version) != list_import.version:
        messages.warning(
            request, "This import has changed since you opened the page. Check it, and save again."
        )
        return redirect(request.path)
    form = STEP_FORMS[step](data, list_import=list_import)
    if request.method == "POST" and form.is_valid():
        with refusal_as_warning(request):
            uploads.answer(list_import_id=pk, answers=form.answers(), now=timezone.now())
        return redirect("admin:membership_listimport_change", pk)
    if request.method == "POST" and step == Step.VALUES:
        with refusal_as_warning(request):
            uploads.keep(list_import_id=pk, answers=form.answers())
    return desk_page(
        request,
        f"desk/imports/{step}.html",
        title=f"{step.label}: {list_import}",
        list=list_import,
        found=list_import.found,
        form=form,
        step=step,
        steps=_steps(list_import, step),
        rows=ShownRows(list_import, request.GET) if step == Step.CHECK else None,
        effect=ShownEffect(list_import, request.user),
    )


@require_http_methods(["GET", "HEAD", "POST"])
def correct_row(request: AuthenticatedRequest, pk: int) -> HttpResponse:
    """One row of an import: staff correct its cells, or skip it."""
    list_import = get_object_or_404(lists_of(request.user), pk=pk)
    number = request.GET.get("row", "")
    rows = list_import.rows.filter(number=number if number.isdecimal() else 0)
    row = rows.order_by("outcome", "pk").first()
    page = redirect("admin:membership_listimport_change", pk)
    # What was typed while another answer was read can be saved again.
    if row is None or (request.method != "POST" and list_import.state not in ListImport.IN_STEPS):
        return page
    data = request.POST if request.method == "POST" else None
    form = RowForm(data, list_import=list_import, row=row)
    if data is not None and form.is_valid():
        with refusal_as_form_error(form):
            uploads.answer(list_import_id=pk, answers=form.answers(), now=timezone.now())
            return page
    left_out = (list_import.found or {}).get("layout", {}).get("skipped", {})
    return desk_page(
        request,
        "desk/imports/row.html",
        title=f"Row {row.number}: {list_import}",
        list=list_import,
        form=form,
        row=row,
        # A value leaves it out, and not staff or the place of the row in the file.
        skipped_by_value=row.outcome == RowOutcome.SKIPPED and str(row.number) not in left_out,
    )


@require_POST
def rows_with_errors(request: AuthenticatedRequest, pk: int) -> HttpResponse:
    """The rows with errors as a spreadsheet to correct: their cells under the headings of the file, and what is wrong."""
    list_import = get_object_or_404(lists_of(request.user), pk=pk)
    if list_import.state not in ListImport.IN_STEPS:
        return redirect("admin:membership_listimport_change", pk)
    uses = (list_import.found or {}).get("columns", ())
    headings = [use["heading"] for use in uses if use["column"]]
    rows = list_import.rows.filter(outcome=RowOutcome.ERROR).order_by("number", "pk")
    lines = [[*(cell[1] for cell in row.cells), row.number, row.sentence] for row in rows]
    return sheet_download(
        name="Rows with errors",
        headings=[*headings, "Row in the file", "What is wrong"],
        rows=lines,
        sheet_format=SheetFormat.XLSX,
        on=timezone.localdate(),
    )


@require_POST
def confirm(request: AuthenticatedRequest, pk: int) -> HttpResponse:
    """Write an import."""
    loss = request.POST.get("loss", "")
    return call_verb(request, pk, verb=partial(uploads.confirm, loss=loss))


def _steps(list_import: ListImport, shown: Step | None) -> list[dict[str, object]]:
    """The steps for the strip above each page. One after the first open question cannot be visited yet."""
    last = list(Step).index(Step((list_import.found or {}).get("open_step", Step.FILE)))
    return [
        {
            "label": step.label,
            "is_shown": step == shown,
            "is_done": number < last,
            "url": reverse(f"admin:membership_listimport_{step}", args=[list_import.pk])
            if number <= last
            else "",
        }
        for number, step in enumerate(Step)
    ]


@require_http_methods(["GET", "HEAD", "POST"])
def show_file(request: AuthenticatedRequest, pk: int) -> HttpResponse:
    """The first step again: another file, encoding or date."""
    list_import = get_object_or_404(lists_of(request.user), pk=pk)
    page = redirect("admin:membership_listimport_change", pk)
    if list_import.state not in ListImport.IN_STEPS:
        return page
    form = FileForm(request.POST or None, request.FILES or None, list_import=list_import)
    if request.method == "POST" and form.is_valid():
        data = form.cleaned_data
        file = data["file"]
        with refusal_as_warning(request):
            uploads.replace_file(
                list_import_id=pk,
                as_of=data["as_of"],
                encoding=data.get("encoding", ""),
                content=file.read() if file else None,
                file_name=file.name if file else "",
                now=timezone.now(),
            )
        return page
    return desk_page(
        request,
        "desk/imports/file.html",
        title=f"{Step.FILE.label}: {list_import}",
        list=list_import,
        form=form,
        steps=_steps(list_import, Step.FILE),
    )


@require_POST
def preview_undo(request: AuthenticatedRequest, pk: int) -> HttpResponse:
    """Let the worker find out what undoing an import would change."""
    page = call_verb(request, pk, verb=undoing.ask_for_preview)
    pending = ListImport.objects.filter(pk=pk).exclude(pending="").exists()
    return redirect("admin:membership_listimport_undo", pk) if pending else page


@fresh_code_required
@require_http_methods(["GET", "HEAD", "POST"])
def undo(request: AuthenticatedRequest, pk: int) -> HttpResponse:
    """Undo an import, after a page that says what that changes."""
    list_import = get_object_or_404(lists_of(request.user), pk=pk)
    page = redirect("admin:membership_listimport_change", pk)
    if request.method == "POST":
        return call_verb(request, pk, verb=partial(undoing.ask_to_undo, by=request.user))
    if list_import.pending == ListImport.Pending.PREVIEW:
        return desk_page(
            request, "desk/imports/list.html", title=str(list_import), list=list_import
        )
    if not list_import.preview:
        return page
    return desk_page(
        request,
        "desk/imports/undo.html",
        title=f"Undo the import of {list_import}?",
        crumbs=[(str(list_import), page.url)],
        preview=list_import.preview,
        button="Undo this import",
        back=("Cancel", page.url),
    )


@require_http_methods(["GET", "HEAD", "POST"])
def correct_date(request: AuthenticatedRequest, pk: int) -> HttpResponse:
    """Give an import another date. A page says first how many facts get it."""
    list_import = get_object_or_404(lists_of(request.user), pk=pk)
    page = redirect("admin:membership_listimport_change", pk)
    if list_import.state != ListImport.State.APPLIED:
        messages.warning(request, "Only the date of an import that is done can be corrected.")
        return page
    form, previewed = DateForm(request.POST or None, initial={"as_of": list_import.as_of}), None
    if request.method == "POST" and form.is_valid():
        as_of, now = form.cleaned_data["as_of"], timezone.now()
        with refusal_as_form_error(form, "as_of"):
            if form.cleaned_data["previewed"] == as_of:
                undoing.ask_to_correct_date(list_import_id=pk, as_of=as_of, now=now)
                return page
            undoing.require_may_be_dated(list_import, as_of, today=timezone.localdate(now))
            previewed = as_of
            form = DateForm(initial={"as_of": as_of, "previewed": as_of})
    return desk_page(
        request,
        "desk/imports/date.html",
        title=f"Correct the date of {list_import}",
        crumbs=[(str(list_import), page.url)],
        form=form,
        as_of=previewed,
        list=list_import,
        facts=undoing.facts_dated(list_import) if previewed else 0,
        button="Correct the date" if previewed else "Continue",
        back=("Cancel", page.url),
    )


@require_POST
def call_verb(request: AuthenticatedRequest, pk: int, verb: Callable[..., None]) -> HttpResponse:
    """Confirm an import, or discard it."""
    get_object_or_404(lists_of(request.user), pk=pk)
    with refusal_as_warning(request):
        verb(list_import_id=pk, now=timezone.now())
    return redirect("admin:membership_listimport_change", pk)


class StatusFilter(ColumnFilter):
    """The status of an import, or all that is to be finished: the front page counts those."""

    title, parameter_name = "status", "state"

    def lookups(self, request: HttpRequest, model_admin: object) -> list[tuple[str, str]]:
        return [("unfinished", "To be finished or confirmed"), *ListImport.State.choices]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Model]) -> QuerySet[Model]:
        if self.value() == "unfinished":
            return queryset.filter(state__in=ListImport.IN_STEPS)
        return super().queryset(request, queryset)


@admin.register(ListImport)
class ListImportAdmin(CustomPageAdmin):
    """Imports, newest first. An upload adds one; only the verbs change it."""

    list_display = ["list_name", "kind", "as_of", "state", "added", "changed", "same", "errors"]
    list_filter = ["kind", StatusFilter]
    search_fields = ["list_name"]
    ordering = ["-pk"]
    add_label = "Import a list"
    has_add_permission = CustomPageAdmin.has_view_permission
    row_views = {
        **{
            step.value: require_http_methods(["GET", "HEAD", "POST"])(partial(show_step, step=step))
            for step in STEP_FORMS
        },
        Step.FILE.value: show_file,
        "preview": preview_undo,
        "undo": undo,
        "date": correct_date,
        "confirm": confirm,
        "row": correct_row,
        "errors": rows_with_errors,
        "discard": partial(call_verb, verb=uploads.discard),
    }

    def get_queryset(self, request: HttpRequest) -> QuerySet[ListImport]:
        return lists_of(request.user)

    def get_urls(self) -> list[URLPattern]:
        sample = self.admin_site.admin_view(self.sample_view)
        name = "membership_listimport_sample"
        return [path("sample/<str:kind>/", sample, name=name), *super().get_urls()]

    @method_decorator(require_http_methods(["GET", "HEAD", "POST"]))
    def add_view(  # type: ignore[override]
        self,
        request: AuthenticatedRequest,
        form_url: str = "",
        extra_context: dict[str, object] | None = None,
    ) -> HttpResponse:
        """Upload a list. Nothing is saved until staff confirm what it would change."""
        form = UploadForm(
            request.POST or None,
            request.FILES or None,
            user=request.user,
            initial={"series": request.GET.get("series", "")},
        )
        if request.method == "POST" and form.is_valid():
            data = form.cleaned_data
            list_import = uploads.new_import(
                kind=data["kind"],
                list_name=data["list_name"],
                as_of=data["as_of"],
                community=data["community"],
                content=data["file"].read(),
                file_name=data["file"].name,
                by=request.user,
                now=timezone.now(),
            )
            uploads.upload(list_import)
            return redirect("admin:membership_listimport_change", list_import.pk)
        return desk_page(
            request,
            "desk/imports/upload.html",
            title="Import a list",
            form=form,
            kinds=ListKind.choices,
        )

    def own_page(self, request: AuthenticatedRequest, pk: int) -> HttpResponse:
        """The progress of an import, what it would change, or its result."""
        list_import = get_object_or_404(lists_of(request.user), pk=pk)
        if request.htmx:
            if not list_import.is_working:
                return HttpResponseClientRefresh()
            return render(request, "desk/imports/progress.html", {"list": list_import})
        if list_import.state in ListImport.IN_STEPS:
            step = (list_import.found or {}).get("open_step", Step.CHECK)
            return redirect(f"admin:membership_listimport_{step}", pk)
        checks = roster_checks_of(request.user).filter(list_import=pk, state="open")
        came_on = [one.get("enrolment") for one in (list_import.effect or {}).get("on", ())]
        return desk_page(
            request,
            "desk/imports/list.html",
            title=str(list_import),
            list=list_import,
            can_undo=list_import.is_applied
            and not list_import.pending
            and ListImport.objects.filter(pk=pk, changes__isnull=False).exists(),
            effect=ShownEffect(list_import, request.user),
            rows=ShownRows(list_import, request.GET),
            kept_days=undoing.KEPT_FOR.days,
            checks=checks.count(),
            # Not to those who were among the roster checks before, about whom the list only says more.
            to_write=checks.filter(enrolment__in=came_on).values_list("pk", flat=True),
        )

    @method_decorator(require_safe)
    def sample_view(self, request: AuthenticatedRequest, kind: str) -> HttpResponse:
        """A small sample file of a kind of list."""
        if kind not in ListKind.values:
            raise Http404("There is no such kind of list.")
        return HttpResponse(
            # The byte order mark tells Excel that this is UTF-8.
            "\ufeff" + sample_file(IMPORTERS[kind].columns),
            content_type="text/csv; charset=utf-8",
            headers={"Content-Disposition": f'attachment; filename="sample-{kind}.csv"'},
        )
