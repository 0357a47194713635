"""The page on which staff write an email to one person."""

from typing import Any

from django import forms
from django.contrib import messages
from django.db.models import Q
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.views.decorators.http import require_http_methods

from membership.accounts.requests import AuthenticatedRequest
from membership.accounts.teams import families_of
from membership.base_admin import desk_page
from membership.emails.kinds import UNDO_SECONDS
from membership.emails.message import STAFF_TEXT_MARKER, preview_blocks
from membership.errors import refusal_as_form_error
from membership.forms import SingleLineField, message_field
from membership.models import Person, ReadyText, User
from membership.people.writing import email_to, write_to_person
from membership.register.kept import at_kept_record


class WriteForm(forms.Form):
    """The words of an email to one person, which may begin with a ready text."""

    ready = forms.ModelChoiceField(
        ReadyText.objects.none(),
        label="Start from a ready text (optional)",
        required=False,
        empty_label="None",
    )
    subject = SingleLineField(
        max_length=120,
        help_text="Do not name anyone: subjects show on locked screens.",
        error_messages={"required": "Enter a subject."},
    )
    text = message_field(
        "Text",
        help_text="Do not include client information.",
        missing="Enter the text of the email.",
    )

    def __init__(self, *args: Any, user: User, **options: Any) -> None:
        super().__init__(*args, **options)
        theirs = ReadyText.objects.filter(Q(family="") | Q(family__in=families_of(user)))
        self.fields["ready"].queryset = theirs  # type: ignore[attr-defined]

    def typed(self, *, with_ready: bool) -> dict[str, str]:
        """What was typed, if asked for with the chosen ready text after it."""
        self.full_clean()
        subject, text = self.data.get("subject", ""), self.data.get("text", "")
        if with_ready and (ready := self.cleaned_data.get("ready")):
            subject, text = subject or ready.subject, f"{text}\n\n{ready.text}".strip()
        return {"subject": subject, "text": text}


@at_kept_record(Person)
@require_http_methods(["GET", "HEAD", "POST"])
def write(request: AuthenticatedRequest, pk: int) -> HttpResponse:
    """Write to a person inside the preview of the email, then send it."""
    person = get_object_or_404(Person, pk=pk, erased_on__isnull=True)
    if not families_of(request.user):
        raise Http404("There is no such person.")
    page = reverse("admin:membership_person_change", args=[pk])
    if not person.email:
        messages.warning(request, "The register has no email for this person. Add one first.")
        return redirect(page)
    form = WriteForm(request.POST or None, user=request.user)
    if "use" in request.POST or "preview" in request.POST:
        form = WriteForm(initial=form.typed(with_ready="use" in request.POST), user=request.user)
    elif form.is_valid():
        words = {name: form.cleaned_data[name] for name in ("subject", "text")}
        with refusal_as_form_error(form):
            email = write_to_person(person_id=pk, by=request.user, now=timezone.now(), **words)
            button = format_html(
                '<button class="desk-small" form="undo" formaction="{}">Undo</button>',
                reverse("admin:membership_outboxemail_cancel", args=[email.pk]),
            )
            said = f"The email to {person} goes out in {UNDO_SECONDS} seconds."
            messages.success(request, format_html("{} {}", said, button))
            return redirect(page)
    subject, text = (form[name].value() or "" for name in ("subject", "text"))
    shown = email_to(
        person,
        by=request.user,
        subject=subject or "(your subject)",
        text=text.strip() or STAFF_TEXT_MARKER,
    )
    return desk_page(
        request,
        "desk/person/write.html",
        title=f"Write to {person}",
        crumbs=[(str(person), page)],
        lede=f"It goes out {UNDO_SECONDS} seconds after you send it. Until then, you can undo it. Replies go to the team’s mailbox.",
        form=form,
        email=shown,
        email_blocks=preview_blocks(shown.body),
        back=page,
    )
