"""The page on which somebody leaves a community."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from membership import leaving
from membership.applicants import person_for
from membership.forms import LeaveForm
from membership.models import Enrolment
from membership.refusal import Refused
from membership.signup.visitors import SignedIn


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def leave(request: SignedIn, slug: str) -> HttpResponse:
    """A page that asks, and a button that does. Chairs and coordinators may name who follows them."""
    person = person_for(request.user)
    rows = Enrolment.objects.filter(person=person, community__slug=slug, ended_on__isnull=True)
    enrolment = rows.select_related("community__team").first()
    if enrolment is None:
        raise Http404("You are not in this community.")
    community = enrolment.community
    typed = request.POST if request.method == "POST" else None
    form = LeaveForm(typed, asks_successor=community.is_coordination)
    if form.is_valid():
        try:
            leaving.leave(
                enrolment_id=enrolment.pk,
                person=person,
                reason=form.cleaned_data["reason"],
                successor=form.successor,
                now=timezone.now(),
            )
        except Refused as refusal:
            # What she typed stays.
            form.add_error(None, str(refusal))
        else:
            messages.success(request, f"You have left the {community.short_name} community.")
            return redirect("my:home")
    return render(request, "membership/leave.html", {"community": community, "form": form})
