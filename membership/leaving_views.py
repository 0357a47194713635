"""The page on which somebody leaves a community."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.formats import date_format
from django.views.decorators.http import require_http_methods

from membership import leaving
from membership.applicants import person_for
from membership.forms import LeaveForm
from membership.models import Enrolment
from membership.refusal import Refused
from membership.signup.visitors import SignedIn


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def leave(request: SignedIn, pk: int) -> HttpResponse:
    """A page that asks, and a button that does. Chairs and coordinators may name who follows them."""
    rows = Enrolment.objects.filter(pk=pk, person=person_for(request.user))
    enrolment = rows.select_related("community__team").first()
    if enrolment is None:
        raise Http404("You have no such place in a community.")
    community = enrolment.community
    if enrolment.ended_on:
        when = date_format(enrolment.ended_on, "j F Y")
        messages.info(request, f"Your time in {community.short_name} ended on {when}.")
        return redirect("my:home")
    typed = request.POST if request.method == "POST" else None
    form = LeaveForm(typed, asks_successor=community.is_coordination)
    if form.is_valid():
        try:
            leaving.leave(
                enrolment_id=enrolment.pk,
                by=request.user,
                reason=form.cleaned_data["reason"],
                successor=form.successor,
                now=timezone.now(),
            )
        except Refused as refusal:
            # What she typed stays.
            form.add_error(None, str(refusal))
        else:
            messages.success(
                request,
                f"You have left {community.short_name}. Thank you for having been part of it.",
            )
            return redirect("my:home")
    return render(request, "membership/leave.html", {"community": community, "form": form})
