"""Erasing from the person's page in the admin: her requests are on this floor, so the button is too."""

from django.contrib import admin, messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import URLPattern, path
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from membership.admin.register import PersonAdmin
from membership.models import Person
from membership.privacy.erasing import left_behind
from membership.refusal import Refused
from membership.signup.fresh_code import fresh_code_required
from membership.signup.visitors import SignedIn
from membership.teams import families_of
from requests.erasing import erase

admin.site.unregister(Person)


@admin.register(Person)
class PersonCanBeErased(PersonAdmin):
    """The register's page of a person, with the way to erasing her."""

    change_form_template = "admin/membership/person/change_form.html"

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(fresh_code_required(erase_person))
        return [path("<int:pk>/erase/", view, name="membership_person_erase"), *super().get_urls()]


@require_http_methods(["GET", "HEAD", "POST"])
def erase_person(request: HttpRequest, pk: int) -> HttpResponse:
    """Says what goes and what stays; the button does it."""
    signed_in: SignedIn = request  # type: ignore[assignment]
    person = Person.objects.filter(pk=pk, erased_on__isnull=True).first()
    if person is None or not families_of(signed_in.user):
        raise Http404("There is no such person.")
    if request.method == "POST":
        try:
            erase(person_id=pk, by=signed_in.user, now=timezone.now())
        except Refused as refusal:
            messages.warning(request, str(refusal))
            return redirect("admin:membership_person_change", pk)
        messages.success(request, "Erased. What stays says of nobody who it was.")
        return redirect("admin:membership_person_changelist")
    context = {
        **admin.site.each_context(request),
        "title": f"Erase {person}?",
        "person": person,
        "left_behind": left_behind(person),
    }
    return render(request, "admin/membership/person/erase.html", context)
