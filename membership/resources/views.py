"""What members find among their community's resources, and what they offer to it."""

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.html import format_html
from django.views.decorators.http import require_http_methods, require_safe

from membership.accounts.requests import AuthenticatedRequest
from membership.errors import refusal_as_form_error
from membership.forms import TOO_LARGE
from membership.models import Resource
from membership.resources import files, verbs
from membership.resources.forms import FindForm, OfferForm
from membership.search import filter_by_words
from membership.sharing.members import Member, members_button, members_only

PER_PAGE = 20


@require_safe
@members_only
def resources(request: AuthenticatedRequest, member: Member) -> HttpResponse:
    """Everything that is published in the community, with a search, and what the member has offered."""
    rows = verbs.published_in(member.community)
    form = FindForm(request.GET)
    tags = [("", "All tags"), *((tag, tag) for tag in verbs.tags_in(rows))]
    form.fields["tag"].choices = tags  # type: ignore[attr-defined]
    form.full_clean()
    sought = form.cleaned_data
    if sought.get("q"):
        rows = filter_by_words(rows, sought["q"])
    if sought.get("kind"):
        rows = rows.filter(kind=sought["kind"])
    if sought.get("tag"):
        rows = verbs.with_tag(rows, sought["tag"])
    own = member.person.resources.filter(communities=member.community)
    return render(
        request,
        "my/resources/list.html",
        {
            "member": member,
            "form": form,
            "is_sought": any(sought.values()),
            "resources": Paginator(rows, PER_PAGE).get_page(request.GET.get("page")),
            "own": own.exclude(state=Resource.State.PUBLISHED).order_by("-at"),
            "today": timezone.localdate(),
        },
    )


@require_http_methods(["GET", "HEAD", "POST"])
@members_only
def offer(request: AuthenticatedRequest, member: Member) -> HttpResponse:
    """Offer a link or a file to the community."""
    form = OfferForm(request.POST or None, request.FILES or None)
    if form.is_valid():
        with refusal_as_form_error(form):
            verbs.offer(
                person=member.person,
                community=member.community,
                details=form.details,
                shows_name=form.cleaned_data["shows_name"],
                uid=form.cleaned_data["uid"],
                now=timezone.now(),
            )
            messages.success(
                request,
                "Thank you. EVA BC staff will review it first. We email you when it is published, or why it is not.",
            )
            return redirect("my:resources", member.community.slug)
    status = 413 if form.has_error("file", TOO_LARGE) else None
    return render(
        request, "my/resources/offer.html", {"member": member, "form": form}, status=status
    )


@require_safe
@members_only
def file(request: AuthenticatedRequest, member: Member, pk: int) -> HttpResponseBase:
    """A file that is published in the community, as a download."""
    return files.download(get_object_or_404(verbs.published_in(member.community), pk=pk).file)


_button = members_button(
    lambda member: member.person.resources.all(),
    lambda request, member, resource: redirect("my:resources", member.community.slug),
)


@_button
def withdraw(request: AuthenticatedRequest, member: Member, offered: Resource) -> str:
    """Withdraw an offer that still waits."""
    verbs.withdraw(resource_id=offered.pk, person=member.person, now=timezone.now())
    return format_html("Withdrawn: <bdi>{}</bdi>.", offered.title)


@_button
def offer_again(request: AuthenticatedRequest, member: Member, offered: Resource) -> str:
    """Undo that."""
    verbs.offer_again(resource_id=offered.pk, person=member.person, now=timezone.now())
    return format_html("Offered again: <bdi>{}</bdi>.", offered.title)


@_button
def name(request: AuthenticatedRequest, member: Member, offered: Resource) -> str:
    """Show or hide the member's name beside what they offered."""
    shows = "show" in request.POST
    verbs.show_name(resource_id=offered.pk, person=member.person, shows=shows)
    said = "Members now see your name" if shows else "Members no longer see your name"
    return format_html("{}: <bdi>{}</bdi>.", said, offered.title)
