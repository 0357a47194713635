"""The member's pages: their communities' meetings, their answers, joining, and their calendar."""

import hashlib

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.contrib.auth.views import redirect_to_login
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.cache import get_conditional_response
from django.utils.http import quote_etag
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from communities.models import Meeting
from membership.accounts.requests import AuthenticatedRequest
from membership.errors import refusal_as_warning
from membership.meetings import afterwards, attendance, calendar
from membership.models import CalendarFeed
from membership.register.person_records import person_of_user
from membership.topics.member_views import topics_of_meeting

PAST_SHOWN = 20


@login_required
@require_safe
def meetings(request: AuthenticatedRequest) -> HttpResponse:
    """Upcoming and past meetings."""
    own, now = attendance.meetings_with_answers(person_of_user(request.user)), timezone.now()
    return render(
        request,
        "my/meetings/list.html",
        {
            "to_come": own.filter(ends_at__gt=now),
            "over": own.filter(ends_at__lte=now).order_by("-starts_at")[:PAST_SHOWN],
        },
    )


@login_required
@require_safe
def meeting(request: AuthenticatedRequest, pk: int) -> HttpResponse:
    """One meeting: its time and topic, their answer, and how to join."""
    person = person_of_user(request.user)
    meetings = afterwards.with_materials(attendance.meetings_with_answers(person), person)
    shown = get_object_or_404(meetings, pk=pk)
    return render(
        request,
        "my/meetings/meeting.html",
        {
            "meeting": shown,
            "answers": attendance.Answer.choices,
            "is_to_come": shown.is_to_come(timezone.now()),
            "topics": topics_of_meeting(shown, person),
        },
    )


@login_required
@require_POST
def answer(request: AuthenticatedRequest, pk: int) -> HttpResponse:
    """Record whether they are coming."""
    _own_meeting(request, pk)
    with refusal_as_warning(request):
        attendance.answer(
            meeting_id=pk,
            person=person_of_user(request.user),
            answer=request.POST.get("answer", ""),
            now=timezone.now(),
        )
        messages.success(request, "Thank you. EVA BC staff can see your answer.")
    return redirect("my:meeting", pk)


@require_safe
def join(request: AuthenticatedRequest, pk: int) -> HttpResponse:
    """Join, for people who are enrolled right now. No page shows Zoom's own link."""
    if not request.user.is_authenticated:
        # Return to the meeting's page, not here: the content security policy lets the code form lead
        # only to the portal, and browsers apply that to every redirect that follows.
        return redirect_to_login(reverse("my:meeting", args=[pk]))
    shown = _own_meeting(request, pk)
    if shown.is_cancelled:
        messages.warning(request, "This meeting has been cancelled.")
    elif not shown.is_to_come(timezone.now()):
        messages.info(request, "This meeting is over.")
    elif not shown.join_link:
        messages.info(
            request, "The link to join is not available yet. Check again before the meeting starts."
        )
    else:
        return redirect(shown.join_link)
    return redirect("my:meeting", pk)


@require_safe
def recording(request: AuthenticatedRequest, pk: int) -> HttpResponse:
    """Watch the recording, for people who are enrolled right now. No page shows its own link."""
    if not request.user.is_authenticated:
        return redirect_to_login(reverse("my:meeting", args=[pk]))
    shown = _own_meeting(request, pk)
    if shown.recording_link:
        return redirect(shown.recording_link)
    messages.info(request, "This meeting has no recording.")
    return redirect("my:meeting", pk)


@login_required
@require_safe
def trainings(request: AuthenticatedRequest) -> HttpResponse:
    """The training sessions that they attended, to print or save."""
    person = person_of_user(request.user)
    context = {"person": person, "trainings": attendance.trainings_of(person)}
    return render(request, "my/meetings/trainings.html", context)


@login_required
@require_safe
def meeting_calendar(request: AuthenticatedRequest, pk: int) -> HttpResponse:
    """One meeting as a file for a calendar app."""
    content = calendar.meeting_file(_own_meeting(request, pk))
    name = {"Content-Disposition": 'attachment; filename="meeting.ics"'}
    return HttpResponse(content, content_type=calendar.CONTENT_TYPE, headers=name)


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def my_calendar(request: AuthenticatedRequest) -> HttpResponse:
    """See, create or replace the secret address of their calendar."""
    person = person_of_user(request.user)
    if request.method == "POST":
        calendar.renew_feed(person=person, now=timezone.now())
        messages.success(request, "Your calendar address is ready.")
        return redirect("my:calendar")
    feed = CalendarFeed.objects.filter(person=person).first()
    address = calendar.feed_address(feed) if feed else ""
    return render(
        request,
        "my/meetings/calendar.html",
        # Calendar apps open webcal: addresses, and use https if they can.
        {"feed": feed, "address": address, "to_open": f"webcal:{address.partition(':')[2]}"},
    )


@require_safe
def calendar_feed(request: HttpRequest, token: str) -> HttpResponse:
    """The calendar at a secret address, for calendar apps: no sign-in, no cookie."""
    shown = calendar.meetings_for_token(token, now=timezone.now())
    if shown is None:
        raise Http404("There is no such calendar.")
    content = calendar.feed_file(shown)
    etag = quote_etag(hashlib.sha256(content).hexdigest())
    # no-cache: only their app keeps it, and asks each time, so that it ends when they leave.
    headers = {"Cache-Control": "private, no-cache", "ETag": etag}
    fresh = HttpResponse(content, content_type=calendar.CONTENT_TYPE, headers=headers)
    return get_conditional_response(request, etag=etag, response=fresh) or fresh


def _own_meeting(request: AuthenticatedRequest, pk: int) -> Meeting:
    """A meeting of a community they are in now; 404 for any other."""
    return get_object_or_404(attendance.meetings_with_answers(person_of_user(request.user)), pk=pk)
