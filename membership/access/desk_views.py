"""The staff site's pages about access: one access with its buttons, and a team's Slack workspace."""

from collections.abc import Collection, Iterable

from django import forms
from django.contrib import messages
from django.db.models import QuerySet
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from communities.models import CommunityOfPractice
from membership.access import service_lists, slack_link, verbs
from membership.access.comparison import Settlement, compare, words_of
from membership.access.comparison import settle as settle_lines
from membership.access.service_lists import MemberList
from membership.access.verbs import Verb, allows
from membership.accounts.requests import AuthenticatedRequest
from membership.accounts.teams import families_of
from membership.base_admin import desk_page, with_undo
from membership.errors import refusal_as_form_error, refusal_as_warning
from membership.forms import FileOrTextForm, day_field, file_field, keys_in, pasted_field
from membership.models import Access, Service, User


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


class SlackListForm(FileOrTextForm[MemberList]):
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

    read_file = staticmethod(service_lists.read_export)
    read_pasted = staticmethod(service_lists.read_pasted)


class ZoomListForm(SlackListForm):
    """Zoom's list of registrations as a file, or pasted emails."""

    file = file_field(
        "Zoom’s registration report",
        help_text="In Zoom, go to Reports, then Meeting, choose Registration Report, and generate it.",
    )

    read_file = staticmethod(service_lists.read_registrations)


NAMED = 5  # accesses in a message at most

# What staff record by hand: (the verb, its button for Slack, its button for a Zoom list).
_BUTTONS = [
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
            for verb, for_slack, for_zoom in _BUTTONS
            if allows(access, verb)
        ],
        steps=access.steps.select_related("by__person"),
    )


@require_POST
def mark(request: AuthenticatedRequest, pk: int) -> HttpResponse:
    """Record what was done about one access."""
    access = get_object_or_404(verbs.access_of(request.user), pk=pk)
    verb = request.POST.get("verb", "")
    if verb not in verbs.BY_HAND:
        messages.warning(request, "Choose one of the buttons.")
        return redirect("admin:membership_access_change", pk)
    mark_and_report(request, request.POST.getlist("seen"), verb=Verb(verb), ids=[access.pk])
    return redirect("admin:membership_access_changelist")


@require_POST
def mark_all(request: AuthenticatedRequest) -> HttpResponse:
    """Record as done the tasks whose addresses were copied: those that were shown, and no newer ones."""
    mark_and_report(request, request.POST.get("seen", "").split(","))
    return _to_list(request)


@require_POST
def undo(request: AuthenticatedRequest) -> HttpResponse:
    """Take back what the viewer recorded a moment ago."""
    step_ids = keys_in(request.POST.get("pk", ""))
    undone, others = verbs.undo_marks(step_ids=step_ids, by=request.user, now=timezone.now())
    if undone:
        messages.success(request, f"Undone: {undone} task{'s' * (undone > 1)}.")
    if others or not undone:
        messages.warning(request, "What has changed since then was not undone.")
    return _to_list(request)


def _to_list(request: AuthenticatedRequest) -> HttpResponse:
    tasks = reverse("admin:membership_access_changelist")
    filters = request.GET.urlencode()
    return redirect(f"{tasks}?{filters}" if filters else tasks)


def keys_of(seen: Iterable[str]) -> list[int]:
    """The keys in what forms send back of ``Access.as_shown``."""
    return keys_in(*(one.partition("-")[0] for one in seen))


def mark_and_report(
    request: AuthenticatedRequest,
    seen: Collection[str],
    *,
    verb: Verb | None = None,
    ids: Collection[int] | None = None,
) -> None:
    """Update the rows that the page showed, ``as_shown`` there, or only those of them with these keys.

    Says what was done, with a button to undo it, and who was left out and why.
    """
    keys = set(keys_of(seen) if ids is None else ids)
    moved, others = verbs.mark(
        access_ids=keys, verb=verb, by=request.user, now=timezone.now(), seen=seen
    )
    if moved:
        words = _named(moved)
        undo_page = reverse("admin:membership_access_undo", query=request.GET)
        steps = ",".join(str(access.newest_step.pk) for access in moved)
        said = with_undo(f"Updated: {words}.", undo_page, name="pk", value=steps)
        messages.success(request, said)
    changed = [access for access in others if access.as_shown not in seen]
    done = {access.who for access in (*moved, *changed)}
    if left_out := [access for access in others if access.who not in done]:
        messages.info(request, f"Left out, because it does not apply: {_named(left_out)}.")
    gone = len(keys) - len(moved) - len(others)
    if changed or gone:
        look_at = [_named(changed)] * bool(changed)
        look_at += [f"{gone} that {'is' if gone == 1 else 'are'} no longer here"] * bool(gone)
        messages.warning(
            request,
            "Not updated, because something has changed since you opened the page. "
            f"Look again: {'; '.join(look_at)}.",
        )


def _named(accesses: list[Access]) -> str:
    """What each of them is like now."""
    names = [
        f"{access.who} ({access.service}: {access.state_words.lower()})" for access in accesses
    ]
    shown, more = names[:NAMED], len(names) - NAMED
    return "; ".join(shown) + (f"; and {more} more" if more > 0 else "")


# -- A Slack workspace or a Zoom list --------------------------------------------------------------


@require_safe
def page(request: AuthenticatedRequest, **of: str) -> HttpResponse:
    """A service: Slack's invitation link, and who is there compared with the roster."""
    service = _service(request, **of)
    kept = service_lists.list_of(service)
    link = None
    if not service.community:
        link = slack_link.link_status(service.team, on=timezone.localdate())
    return desk_page(
        request,
        "desk/access/service.html",
        title=str(service),
        service=service,
        words=words_of(service),
        urls={
            name.replace("-", "_"): url_of(service, name)
            for name in ("upload", "settle", "put-aside")
        },
        link=link,
        kept=kept,
        left_out=service_lists.left_out_words(kept) if kept else "",
        found=compare(kept) if kept else None,
    )


@require_http_methods(["GET", "HEAD", "POST"])
def link(request: AuthenticatedRequest, family: str) -> HttpResponse:
    """Save a new invitation link."""
    service = _service(request, family=family)
    form = LinkForm(request.POST or None)
    if form.is_valid():
        with refusal_as_form_error(form, "link"):
            now = timezone.now()
            slack_link.give_link(team=service.team, by=request.user, now=now, **form.cleaned_data)
            messages.success(
                request, "Link saved. People on the roster can now see it on their Slack page."
            )
            return redirect(url_of(service))
    return _form_page(
        request,
        service,
        form=form,
        title="Add a new invitation link",
        lede="Only people on the roster see the link, after they sign in. It is never sent by email.",
        button="Save link",
    )


@require_http_methods(["GET", "HEAD", "POST"])
def upload(request: AuthenticatedRequest, **of: str) -> HttpResponse:
    """Import the list of who is there."""
    service = _service(request, **of)
    sent = (request.POST, request.FILES) if request.method == "POST" else ()
    form = ZoomListForm(*sent) if service.community else SlackListForm(*sent)
    if form.is_valid():
        service_lists.save_list(
            service=service, found=form.result, by=request.user, now=timezone.now()
        )
        return redirect(url_of(service))
    return _form_page(
        request,
        service,
        form=form,
        title=f"Import who is {words_of(service).there}",
        lede="We compare the list with the roster. The import itself changes nothing. Delete the list "
        "when you’re done. Otherwise, we delete it after seven days.",
        button="Compare with the roster",
    )


@require_POST
def settle(request: AuthenticatedRequest, **of: str) -> HttpResponse:
    """Apply a button of the comparison to the selected lines, or to a whole section."""
    service = _service(request, **of)
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
                service=service,
                settlement=settlement,
                chosen=chosen,
                by=request.user,
                now=timezone.now(),
                as_shown=request.POST.get("as_shown", ""),
            )
            people = "1 person" if count == 1 else f"{count} people"
            messages.success(request, f"{people} {words_of(service).outcome(settlement)}.")
    return redirect(url_of(service))


@require_POST
def discard_list(request: AuthenticatedRequest, **of: str) -> HttpResponse:
    """Delete the list of who is there."""
    service = _service(request, **of)
    with refusal_as_warning(request):
        as_shown = request.POST.get("as_shown", "")
        service_lists.discard_list(service=service, by=request.user, as_shown=as_shown)
        messages.success(request, "List deleted. The tasks remain.")
    return redirect(url_of(service))


def _service(request: AuthenticatedRequest, *, family: str = "", slug: str = "") -> Service:
    """The workspace of one of the viewer's own teams, or the Zoom list of one of their communities; else 404."""
    if family:
        return Service(get_object_or_404(slack_link.workspaces_of(request.user), family=family))
    community = get_object_or_404(zoom_lists_of(request.user), slug=slug)
    return Service(community.team, community)


def zoom_lists_of(user: User) -> QuerySet[CommunityOfPractice]:
    """The communities of this staff member's teams. Each has a Zoom list."""
    own = CommunityOfPractice.objects.filter(team__family__in=families_of(user))
    return own.select_related("team")


def url_of(service: Service, name: str = "") -> str:
    """The address of a page about a service."""
    page = f"-{name}" if name else ""
    if service.community:
        return reverse(f"admin:membership_access_zoom{page}", args=[service.community.slug])
    return reverse(f"admin:membership_access_slack{page}", args=[service.team.family])


def _form_page(request: AuthenticatedRequest, service: Service, **context: object) -> HttpResponse:
    """A page with one form about a service."""
    return desk_page(
        request,
        "desk/form.html",
        crumbs=[(str(service), url_of(service))],
        back=("Cancel", url_of(service)),
        **context,
    )
