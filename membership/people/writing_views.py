"""The page on which staff write an email to one person."""

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from membership.accounts.requests import AuthenticatedRequest
from membership.accounts.teams import families_of
from membership.base_admin import desk_page, with_undo
from membership.emails.kinds import UNDO_SECONDS
from membership.emails.message import STAFF_TEXT_MARKER, preview_blocks
from membership.errors import refusal_as_form_error
from membership.forms import keys_in
from membership.models import OutboxEmail, Person
from membership.people.writing import KIND, email_to, words_of, write_to_person
from membership.register.kept import at_kept_record
from membership.sharing.forms import WordsForm


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
    form = WordsForm(request.POST or None, user=request.user, initial=_words_again(request, pk))
    if form.asks_for_ready_text or "preview" in request.POST:
        form = WordsForm(initial=form.typed(), user=request.user)
    elif form.is_valid():
        words = {name: form.cleaned_data[name] for name in ("subject", "text")}
        with refusal_as_form_error(form):
            email = write_to_person(person_id=pk, by=request.user, now=timezone.now(), **words)
            said = f"The email to {person} goes out in {UNDO_SECONDS} seconds."
            undo = reverse("admin:membership_outboxemail_cancel", args=[email.pk])
            messages.success(request, with_undo(said, undo))
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


def _words_again(request: AuthenticatedRequest, pk: int) -> dict[str, str]:
    """The words of an earlier email to them that the address names."""
    own = OutboxEmail.objects.filter(team__family__in=families_of(request.user), person=pk)
    email = own.filter(pk__in=keys_in(request.GET.get("from", "")), kind=KIND).first()
    return words_of(email, by=request.user) if email else {}
