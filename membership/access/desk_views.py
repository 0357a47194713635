"""The staff site's pages about access: one access with its buttons, and a team's Slack workspace."""

from collections.abc import Iterable

from django import forms
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from communities.models import SupportTeam
from membership.access import slack_link, slack_members, verbs
from membership.access.slack_comparison import Settlement, compare
from membership.access.slack_comparison import settle as settle_lines
from membership.access.slack_members import MemberList
from membership.access.verbs import Verb, allows
from membership.accounts.requests import AuthenticatedRequest
from membership.base_admin import desk_page
from membership.errors import refusal_as_form_error, refusal_as_warning
from membership.forms import FileOrTextForm, day_field, file_field, pasted_field
from membership.models import Access, SlackExport


class LinkForm(forms.Form):
    """A new invitation link."""

    link = forms.URLField(
        label="Invitation link",
        max_length=500,
        assume_scheme="https",
        help_text="In Slack, choose “Invite people”, then “Copy invite link”.",
        error_messages={
            "required": "Paste the invitation link from Slack.",
            "invalid": "Paste the whole link from Slack. It starts with https://",
        },
    )
    expires_on = day_field(
        "Works until",
        required=False,
        help_text="The last day the link works, as shown in Slack. Leave this empty if it never expires.",
    )
    most_uses = forms.IntegerField(
        label="Maximum number of people",
        required=False,
        min_value=1,
        max_value=100_000,
        initial=400,
        help_text="Slack links usually work for up to 400 people. Leave this empty if there is no limit.",
        error_messages={"invalid": "Enter a number, such as 400."},
    )


class ExportForm(FileOrTextForm[MemberList]):
    """Slack's member export as a file, or pasted emails."""

    neither_sent = "Choose a file or paste email addresses."
    file = file_field(
        "Slack’s member export",
        help_text="In Slack, choose “Manage members”, then “Export member list”.",
    )
    pasted = pasted_field(
        "Or paste the email addresses",
        help_text="One per line, or separated by commas. For more than about 5,000, use a file.",
    )

    read_file = staticmethod(slack_members.read_export)
    read_pasted = staticmethod(slack_members.read_pasted)


# What staff record by hand: (the verb, its button for Slack, its button for a Zoom list).
BY_HAND = [
    (Verb.INVITED, "Mark as invited", ""),
    (Verb.JOINED, "Mark as joined", "Mark as on the list"),
    (Verb.REMOVED, "Mark as removed", "Mark as off the list"),
    (Verb.NOT_THERE, "Mark as not joined", "Mark as not on the list"),
]


# -- One access -----------------------------------------------------------------------------------


@require_safe
def detail(request: AuthenticatedRequest, pk: int) -> HttpResponse:
    """One access: whose it is, its task and its history."""
    access = get_object_or_404(verbs.access_of(request.user), pk=pk)
    return desk_page(
        request,
        "desk/access/access.html",
        title=str(access),
        access=access,
        buttons=[
            (verb.value, for_zoom if access.kind == Access.Kind.ZOOM else for_slack)
            for verb, for_slack, for_zoom in BY_HAND
            if allows(access, verb)
        ],
        steps=access.steps.select_related("by__person"),
    )


@require_POST
def mark(request: AuthenticatedRequest, pk: int) -> HttpResponse:
    """Record what was done about one access."""
    access = get_object_or_404(verbs.access_of(request.user), pk=pk)
    verb = request.POST.get("verb", "")
    if verb not in [by_hand.value for by_hand, *_ in BY_HAND]:
        messages.warning(request, "Choose one of the buttons.")
        return redirect("admin:membership_access_change", pk)
    mark_and_report(request, [access.pk], Verb(verb))
    return redirect("admin:membership_access_changelist")


def mark_and_report(request: AuthenticatedRequest, ids: Iterable[int], verb: Verb) -> None:
    """Update these rows and show the outcome for each; for a long list, the first 20 and how many more."""
    moved, refused = verbs.mark(access_ids=ids, verb=verb, by=request.user, now=timezone.now())
    if moved:
        words = _named([f"{a.who} ({a.service}: {a.state_words.lower()})" for a in moved])
        messages.success(request, f"Updated: {words}.")
    if refused:
        words = _named([f"{a.who} ({a.service}): {why}" for a, why in refused])
        messages.warning(request, f"Not updated: {words}.")


def _named(names: list[str]) -> str:
    shown, more = names[:20], len(names) - 20
    return "; ".join(shown) + (f"; and {more} more" if more > 0 else "")


# -- A Slack workspace ----------------------------------------------------------------------------


@require_safe
def slack(request: AuthenticatedRequest, family: str) -> HttpResponse:
    """The workspace of a team: its invitation link, and Slack compared with the roster."""
    team = _workspace(request, family)
    export = SlackExport.objects.filter(team=team).select_related("uploaded_by__person").first()
    return desk_page(
        request,
        "desk/access/slack.html",
        title=f"{team.get_family_display()} Slack",
        team=team,
        communities=team.communities.filter(has_slack=True),
        link=slack_link.link_status(team, on=timezone.localdate()),
        export=export,
        found=compare(export) if export else None,
    )


@require_http_methods(["GET", "HEAD", "POST"])
def link(request: AuthenticatedRequest, family: str) -> HttpResponse:
    """Save a new invitation link."""
    team = _workspace(request, family)
    form = LinkForm(request.POST or None)
    if form.is_valid():
        with refusal_as_form_error(form, "link"):
            now = timezone.now()
            slack_link.give_link(team=team, by=request.user, now=now, **form.cleaned_data)
            messages.success(
                request, "Link saved. People on the roster can now see it on their Slack page."
            )
            return redirect("admin:membership_access_slack", family)
    return _slack_form(
        request,
        team,
        form=form,
        title="Add a new invitation link",
        lede="Only people on the roster see the link, after they sign in. It is never sent by email.",
        button="Save link",
    )


@require_http_methods(["GET", "HEAD", "POST"])
def upload(request: AuthenticatedRequest, family: str) -> HttpResponse:
    """Import the list of Slack members."""
    team = _workspace(request, family)
    sent = (request.POST, request.FILES) if request.method == "POST" else ()
    form = ExportForm(*sent)
    if form.is_valid():
        slack_members.save_export(
            team=team, export=form.result, by=request.user, now=timezone.now()
        )
        return redirect("admin:membership_access_slack", family)
    return _slack_form(
        request,
        team,
        form=form,
        title="Import Slack members",
        lede="We compare the list with the roster. The import itself changes nothing. Delete the list "
        "when you’re done. Otherwise, we delete it after seven days.",
        button="Compare with the roster",
    )


@require_POST
def settle(request: AuthenticatedRequest, family: str) -> HttpResponse:
    """Apply a button of the comparison to the selected lines, or to a whole section."""
    team = _workspace(request, family)
    button = request.POST.get("do", "")
    for_all, name = button.startswith("all-"), button.removeprefix("all-")
    chosen = None if for_all else set(request.POST.getlist("chosen"))
    if name not in Settlement.values or (for_all and name == Settlement.SAME):
        messages.warning(request, "Choose one of the buttons.")
    elif chosen is not None and not chosen:
        messages.warning(request, "Select at least one line first.")
    else:
        with refusal_as_warning(request):
            settlement = Settlement(name)
            count = settle_lines(
                team=team,
                settlement=settlement,
                chosen=chosen,
                by=request.user,
                now=timezone.now(),
            )
            people = "1 person" if count == 1 else f"{count} people"
            messages.success(request, f"{people} {settlement.label}.")
    return redirect("admin:membership_access_slack", family)


@require_POST
def discard_export(request: AuthenticatedRequest, family: str) -> HttpResponse:
    """Delete the list of Slack members."""
    slack_members.discard_export(team=_workspace(request, family), by=request.user)
    messages.success(request, "Slack member list deleted. The tasks remain.")
    return redirect("admin:membership_access_slack", family)


def _workspace(request: AuthenticatedRequest, family: str) -> SupportTeam:
    """A workspace of the viewer's own teams; 404 for any other."""
    return get_object_or_404(slack_link.workspaces_of(request.user), family=family)


def _slack_form(
    request: AuthenticatedRequest, team: SupportTeam, **context: object
) -> HttpResponse:
    """A page with one form about a team's workspace."""
    slack = reverse("admin:membership_access_slack", args=[team.family])
    return desk_page(
        request,
        "desk/form.html",
        crumbs=[
            ("Slack and Zoom tasks", reverse("admin:membership_access_changelist")),
            (f"{team.get_family_display()} Slack", slack),
        ],
        back=("Cancel", slack),
        **context,
    )
