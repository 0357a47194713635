"""The pages on which a person, or staff for them, change their email."""

from django import forms
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.contrib.auth.mixins import LoginRequiredMixin
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse, reverse_lazy
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from communities.email_addresses import EmailFormField
from membership.accounts.codes import CHANGING, send_code
from membership.accounts.fresh_code import confirmation_url, fresh_code_required, has_fresh_code
from membership.accounts.requests import AuthenticatedRequest
from membership.accounts.signing_in import CodeEntryView, sign_in
from membership.accounts.teams import families_of
from membership.base_admin import desk_page
from membership.errors import RefusedError, refusal_as_form_error
from membership.models import Person, User
from membership.people.changing_email import change_email
from membership.people.permission import why_may_not_change
from membership.people.shared_mailboxes import (
    allow_if_confirmed,
    ask_if_shared,
    require_own_email,
)
from membership.register.kept import at_kept_record
from membership.register.person_records import person_of_user

WITH_ACCOUNT = (
    "From now on, they sign in with the new email, and the current one no longer works. They are signed out on all "
    "their devices, and both addresses get a notice."
)
WITHOUT_ACCOUNT = "They have no account, so no one is notified."
OLD_EMAIL = " Emails that are still waiting go to the new address. The current one stays on record, so that lists still find them."


class NewEmailForm(forms.Form):
    """The new email."""

    email = EmailFormField(
        label="New email",
        widget=forms.EmailInput(attrs={"autocomplete": "off"}),
        error_messages={"required": "Enter the new email."},
    )


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def new_email(request: AuthenticatedRequest) -> HttpResponse:
    """Ask a person for their new email, and send a code there: it must be theirs.

    Staff enter a fresh code first. Others may no longer read their current email when they change it.
    """
    if request.user.is_staff and not has_fresh_code(request):
        return redirect(confirmation_url(reverse("my:new-email")))
    form = NewEmailForm(request.POST or None)
    if form.is_valid() and form.cleaned_data["email"] == request.user.email:
        form.add_error("email", "That is the email you have now.")
    if form.is_valid():
        to = form.cleaned_data["email"]
        with refusal_as_form_error(form, "email"):
            require_own_email(person_of_user(request.user), to)
            send_code(request, user=request.user, email=to, waiting=CHANGING)
            return redirect("my:new-email-code")
    details = reverse("my:details")
    return render(
        request,
        "my/form.html",
        {
            "up": ("My details", details),
            "heading": "Change my email",
            "lede": "You’ll sign in with the new email, and our emails will go there. We’ll send a code to it first. "
            "Use an email that only you read.",
            "form": form,
            "button": "Send me a code",
            "back": ("Cancel", details),
        },
    )


class NewEmailCodeView(LoginRequiredMixin, CodeEntryView):
    """Checks the code that was sent to the new email, then changes it."""

    template_name = "my/new_email_code.html"
    success_url = reverse_lazy("my:details")
    waiting = CHANGING

    def dispatch(self, request: HttpRequest, *args: object, **kwargs: object) -> HttpResponseBase:
        if request.user.is_authenticated and not self.code:
            return redirect(self.url_for_another())
        return super().dispatch(request, *args, **kwargs)

    def code_right(self, user: User, email: str) -> HttpResponse:
        try:
            person = person_of_user(user)
            change_email(person_id=person.pk, to=email, by=user, now=self.now)
        except RefusedError as refusal:
            messages.error(self.request, str(refusal))
            return redirect("my:new-email")
        self.request.session.flush()  # it has ended, with all the others
        user.refresh_from_db()
        messages.success(
            self.request, "Your email has changed. You are signed out on your other devices."
        )
        return sign_in(self.request, user, redirect_url=self.get_success_url())

    def url_for_another(self) -> str:
        return reverse("my:new-email")


@at_kept_record(Person)
@fresh_code_required
@require_http_methods(["GET", "HEAD", "POST"])
def email_by_staff(request: AuthenticatedRequest, pk: int) -> HttpResponse:
    """Staff change a person's email, on a page that says what follows from it."""
    people = Person.objects.select_related("user")
    person = get_object_or_404(people, pk=pk, erased_on__isnull=True)
    if not families_of(request.user):
        raise Http404("There is no such person.")
    if person.user_id == request.user.pk:
        return redirect("my:new-email")
    page = reverse("admin:membership_person_change", args=[pk])
    if why_not := why_may_not_change(person, request.user):
        messages.warning(request, why_not)
        return redirect(page)
    form = NewEmailForm(request.POST or None)
    form.fields["email"].required = person.user is not None
    ask_if_shared(form)
    if form.is_valid():
        with refusal_as_form_error(form, "email"):
            now = timezone.now()
            change_email(person_id=pk, to=form.cleaned_data["email"], by=request.user, now=now)
            allow_if_confirmed(form, name=person.name, by=request.user, now=now)
            messages.success(request, f"The email of {person} has changed.")
            return redirect(page)
    return desk_page(
        request,
        "desk/form.html",
        title=f"Change the email of {person}",
        crumbs=[(str(person), page)],
        lede=(WITH_ACCOUNT if person.user else WITHOUT_ACCOUNT) + OLD_EMAIL,
        form=form,
        button="Change the email",
        back=("Cancel", page),
    )
