"""The wording of every email: a list, and for each a page to change it with a preview.

One wording per kind is what both teams send, so leads change it and everybody on the desk reads it.
"""

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import URLPattern, path
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from membership.accounts.requests import AuthenticatedRequest
from membership.accounts.teams import families_of, is_lead
from membership.emails import templates
from membership.emails.kinds import KINDS, LetterKind
from membership.emails.message import blocks_of, sample_words
from membership.emails.templates import Wording
from membership.models import LetterWording
from membership.refusal import Refused


class WordingForm(forms.Form):
    """Subject and body as typed; every problem is said at once, beside its field."""

    subject = forms.CharField(
        label="Subject",
        strip=False,
        error_messages={"required": "Write a subject."},
        help_text="One line that names nobody and gives no reason: it shows on locked screens.",
    )
    body = forms.CharField(
        label="Letter",
        strip=False,
        widget=forms.Textarea(attrs={"rows": 20, "class": "letter-words"}),
        error_messages={"required": "Write the letter."},
        help_text=(
            "Plain text; an empty line begins a new paragraph. A paragraph of which nothing remains,"
            " because its placeholders are empty, is left out. A link alone in a paragraph becomes"
            " a button."
        ),
    )
    seen = forms.IntegerField(min_value=0, widget=forms.HiddenInput)

    def __init__(
        self,
        data: QueryDict | None = None,
        *,
        kind: LetterKind,
        initial: dict[str, object] | None = None,
    ) -> None:
        super().__init__(data, initial=initial)
        self.kind = kind

    def clean_body(self) -> str:
        """Line ends as browsers send them become plain ones."""
        body: str = self.cleaned_data["body"]
        return body.replace("\r\n", "\n")

    def clean(self) -> dict[str, object]:
        data = super().clean() or {}
        if "subject" in data and "body" in data:
            for field, sentence in templates.problems(self.kind, data["subject"], data["body"]):
                self.add_error(field, sentence)
        return data


@admin.register(LetterWording)
class WordingAdmin(admin.ModelAdmin):
    """The pages are ours; the versions beneath them are never changed."""

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view
        return [
            path("", view(template_list), name="membership_letterwording_changelist"),
            path("<slug:kind>/", view(template_page), name="membership_letterwording_kind"),
            path("<slug:kind>/original/", view(original), name="membership_letterwording_original"),
        ]

    def has_module_permission(self, request: HttpRequest) -> bool:
        return bool(families_of(request.user))

    def has_view_permission(self, request: HttpRequest, obj: object = None) -> bool:
        return bool(families_of(request.user))

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: object = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: object = None) -> bool:
        return False


@require_safe
def template_list(request: AuthenticatedRequest) -> HttpResponse:
    """Every kind of email: who gets it, when, and whether its wording was changed."""
    _check_staff(request)
    changed = templates.changed_kinds()
    return _page(
        request,
        "kinds",
        title="Wording of letters",
        kinds=[(kind, kind.key in changed) for kind in KINDS.values()],
    )


@require_http_methods(["GET", "HEAD", "POST"])
def template_page(request: AuthenticatedRequest, kind: str) -> HttpResponse:
    """Read a wording; leads change it. The preview shows what is typed, with a sample person."""
    _check_staff(request)
    found = _kind(kind)
    current = templates.wording_of(kind)
    form = WordingForm(
        request.POST or None,
        kind=found,
        initial={"subject": current.subject, "body": current.body, "seen": current.number},
    )
    shown: Wording | None = current
    if request.method == "POST":
        _check_lead(request)
        shown = None
        if form.is_valid():
            data = form.cleaned_data
            shown = Wording(data["subject"], data["body"])
            if "preview" not in request.POST and _save(request, form, kind):
                return redirect("admin:membership_letterwording_kind", kind)
    return _page(
        request,
        "kind",
        title=found.title,
        kind=found,
        form=form,
        current=current,
        is_lead=is_lead(request.user),
        previewed="preview" in request.POST,
        versions=LetterWording.objects.filter(kind=kind).select_related("by__person"),
        **(_preview(request, found, shown) if shown else {}),
    )


@require_POST
def original(request: AuthenticatedRequest, kind: str) -> HttpResponse:
    """Back to the wording that the portal came with."""
    _check_staff(request)
    _check_lead(request)
    found = _kind(kind)
    seen = request.POST.get("seen", "")
    try:
        templates.back_to_original(
            kind=found.key,
            seen=int(seen) if seen.isdecimal() else -1,
            by=request.user,
            now=timezone.now(),
        )
    except Refused as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(request, "The original wording is back.")
    return redirect("admin:membership_letterwording_kind", kind)


def _save(request: AuthenticatedRequest, form: WordingForm, kind: str) -> bool:
    try:
        templates.change_wording(
            kind=kind, by=request.user, now=timezone.now(), **form.cleaned_data
        )
    except Refused as refusal:
        form.add_error(None, str(refusal))
        return False
    messages.success(request, "Saved. The next letter of this kind goes out in these words.")
    return True


def _preview(request: AuthenticatedRequest, kind: LetterKind, shown: Wording) -> dict[str, object]:
    """The email to a sample person, as a mail program shows it and as plain text."""
    subject, body = shown.filled(sample_words(kind))
    return {"preview_subject": subject, "preview_body": body, "letter_blocks": blocks_of(body)}


def _check_staff(request: AuthenticatedRequest) -> None:
    if not families_of(request.user):
        raise PermissionDenied


def _check_lead(request: AuthenticatedRequest) -> None:
    if not is_lead(request.user):
        raise PermissionDenied


def _kind(key: str) -> LetterKind:
    if key not in KINDS:
        raise Http404("There is no such letter.")
    return KINDS[key]


def _page(request: AuthenticatedRequest, template: str, **context: object) -> HttpResponse:
    return render(
        request,
        f"desk/emails/{template}.html",
        {**admin.site.each_context(request), **context},
    )
