"""Email templates: a list, and a page for each with a preview.

Both teams send the same text of a kind, so only leads change it. All staff can read it.
"""

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpResponse
from django.shortcuts import redirect
from django.urls import URLPattern, path
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from membership.accounts.requests import AuthenticatedRequest
from membership.accounts.teams import families_of, is_lead
from membership.base_admin import TeamModelAdmin, desk_page
from membership.emails import templates
from membership.emails.kinds import KINDS, EmailKind
from membership.emails.message import sample_values, text_blocks
from membership.emails.templates import EmailTemplate, template_problems
from membership.errors import refusal_as_form_error, refusal_as_warning
from membership.models import LetterWording


class EmailTemplateForm(forms.Form):
    """Subject and body as typed. It shows every problem at once, beside its field."""

    subject = forms.CharField(
        label="Subject",
        strip=False,
        error_messages={"required": "Enter a subject."},
        help_text="One line. Do not name anyone or give a reason: subjects show on locked screens.",
    )
    body = forms.CharField(
        label="Text",
        strip=False,
        widget=forms.Textarea(attrs={"rows": 20, "class": "email-words"}),
        error_messages={"required": "Enter the text of the email."},
        help_text=(
            "Plain text. Leave an empty line between paragraphs. A paragraph is left out if its"
            " placeholders are empty and nothing else is in it. A link in a paragraph of its own"
            " becomes a button."
        ),
    )
    seen = forms.IntegerField(min_value=0, widget=forms.HiddenInput)

    def __init__(self, *args: Any, kind: EmailKind, **options: Any) -> None:
        super().__init__(*args, **options)
        self.kind = kind

    def clean_body(self) -> str:
        """Replace the line ends that browsers send."""
        body: str = self.cleaned_data["body"]
        return body.replace("\r\n", "\n")

    def clean(self) -> dict[str, object]:
        data = super().clean() or {}
        if "subject" in data and "body" in data:
            for field, sentence in template_problems(self.kind, data["subject"], data["body"]):
                self.add_error(field, sentence)
        return data


@admin.register(LetterWording)
class EmailTemplateAdmin(TeamModelAdmin):
    """Our own pages in place of Django's. Versions are added and never changed."""

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view
        return [
            path("", view(template_list), name="membership_letterwording_changelist"),
            path("<slug:kind>/", view(template_page), name="membership_letterwording_kind"),
            path(
                "<slug:kind>/original/",
                view(restore_original),
                name="membership_letterwording_original",
            ),
        ]


@require_safe
def template_list(request: AuthenticatedRequest) -> HttpResponse:
    """Every kind of email: who gets it, when, and whether its template was changed."""
    _require(families_of(request.user))
    newest = dict(LetterWording.objects.order_by("number").values_list("kind", "body"))
    return desk_page(
        request,
        "desk/emails/templates.html",
        title="Email templates",
        kinds=[(kind, bool(newest.get(kind.key))) for kind in KINDS.values()],
    )


@require_http_methods(["GET", "HEAD", "POST"])
def template_page(request: AuthenticatedRequest, kind: str) -> HttpResponse:
    """Read a template, or change it as a lead. The preview shows what is typed, for a sample person."""
    _require(families_of(request.user))
    found = _kind_or_404(kind)
    current = templates.current_template(kind)
    form = EmailTemplateForm(
        request.POST or None,
        kind=found,
        initial={"subject": current.subject, "body": current.body, "seen": current.number},
    )
    shown: EmailTemplate | None = current
    if request.method == "POST":
        _require(is_lead(request.user))
        shown = None
        if form.is_valid():
            data = form.cleaned_data
            shown = EmailTemplate(data["subject"], data["body"])
            if "preview" not in request.POST:
                with refusal_as_form_error(form):
                    templates.change_template(
                        kind=kind, by=request.user, now=timezone.now(), **data
                    )
                    messages.success(
                        request, "Template saved. The next email of this kind will use it."
                    )
                    return redirect("admin:membership_letterwording_kind", kind)
    subject, body = shown.render(sample_values(found)) if shown else ("", "")
    return desk_page(
        request,
        "desk/emails/template.html",
        title=found.title,
        kind=found,
        form=form,
        current=current,
        is_lead=is_lead(request.user),
        previewed="preview" in request.POST,
        versions=LetterWording.objects.filter(kind=kind).select_related("by__person"),
        preview_subject=subject,
        preview_body=body,
        email_blocks=text_blocks(body),
    )


@require_POST
def restore_original(request: AuthenticatedRequest, kind: str) -> HttpResponse:
    """Restore the original template."""
    _require(is_lead(request.user))
    found = _kind_or_404(kind)
    seen = request.POST.get("seen", "")
    with refusal_as_warning(request):
        templates.restore_original(
            kind=found.key,
            seen=int(seen) if seen.isdecimal() else -1,
            by=request.user,
            now=timezone.now(),
        )
        messages.success(request, "Original template restored.")
    return redirect("admin:membership_letterwording_kind", kind)


def _require(allowed: object) -> None:
    if not allowed:
        raise PermissionDenied


def _kind_or_404(key: str) -> EmailKind:
    if key not in KINDS:
        raise Http404("There is no such email.")
    return KINDS[key]
