"""The desk's pages and forms about access: one access with its buttons, and a team's Slack workspace."""

from collections.abc import Callable

from django import forms
from django.contrib import admin, messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from communities.models import SupportTeam
from membership.access import reconciliation, slack_link, verbs
from membership.access.comparison import compare
from membership.access.exports import Export, read_export, read_pasted
from membership.access.verbs import Verb, allows
from membership.accounts.requests import AuthenticatedRequest
from membership.imports.sheets import MOST_BYTES, MOST_ROWS
from membership.models import Access, SlackExport
from membership.refusal import Refused

LONGEST_PASTE = 200_000  # under what one form may bring


class LinkForm(forms.Form):
    """A new invitation link."""

    link = forms.URLField(
        label="Invitation link",
        max_length=500,
        assume_scheme="https",
        help_text="In Slack: Invite people, then “Copy invite link”.",
        error_messages={
            "required": "Paste the invitation link from Slack.",
            "invalid": "This is no link. Paste it as Slack gives it.",
        },
    )
    expires_on = forms.DateField(
        label="Works until",
        required=False,
        widget=forms.DateInput(attrs={"type": "date"}),
        help_text="The last day, as Slack says. Leave it empty where the link never expires.",
        error_messages={"invalid": "Write the day like 2027-03-31."},
    )
    most_uses = forms.IntegerField(
        label="Most people it lets in",
        required=False,
        min_value=1,
        max_value=100_000,
        initial=400,
        help_text="Slack’s links let 400 people in. Leave it empty where there is no limit.",
        error_messages={"invalid": "Write a number."},
    )


class ExportForm(forms.Form):
    """Slack's member export as a file, or addresses pasted; ``export`` is what was read."""

    export: Export
    file = forms.FileField(
        label="Slack’s member export",
        required=False,
        error_messages={"empty": "The file is empty."},
        widget=forms.FileInput(attrs={"accept": ".csv,.xlsx"}),
        help_text=(
            "In Slack: Manage members, then “Export member list”. "
            f"CSV (UTF-8) or XLSX, up to {MOST_BYTES // 1_000_000} MB and {MOST_ROWS:,} rows."
        ),
    )
    pasted = forms.CharField(
        label="Or paste the addresses",
        required=False,
        max_length=LONGEST_PASTE,
        widget=forms.Textarea(attrs={"rows": 6}),
        help_text="One a line, or with commas. For more than about 5,000, use a file.",
    )

    def clean(self) -> dict[str, object]:
        data = super().clean() or {}
        file, pasted = data.get("file"), data.get("pasted", "").strip()
        if self.errors:
            return data
        if bool(file) == bool(pasted):
            said = "Choose a file, or paste addresses." + (" Not both." if file else "")
            self.add_error("file", said)
            return data
        try:
            if file:
                self.export = read_export(file.read(), file.name)
            else:
                self.export = read_pasted(pasted)
        except Refused as refusal:
            self.add_error("file" if file else "pasted", str(refusal))
        return data


TEMPLATES = "desk/access"

# What staff say by hand: (the verb, its button for Slack, its button for a Zoom list).
BY_HAND = [
    (Verb.INVITED, "Invited by email", ""),
    (Verb.JOINED, "Has joined", "Is on the list"),
    (Verb.REMOVED, "Is removed", "Is off the list"),
    (Verb.NOT_THERE, "Is not in after all", "Is not on the list after all"),
]


# -- One access -----------------------------------------------------------------------------------


@require_safe
def show(request: AuthenticatedRequest, pk: int) -> HttpResponse:
    """Who, where, what is to do, what was done."""
    access = _mine(request, pk)
    return _page(
        request,
        "access",
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
    """Say what was done about one access."""
    access = _mine(request, pk)
    verb = request.POST.get("verb", "")
    if verb not in [by_hand.value for by_hand, *_ in BY_HAND]:
        messages.warning(request, "Choose one of the buttons.")
        return redirect("admin:membership_access_change", pk)
    marked = verbs.mark(
        access_ids=[access.pk], verb=Verb(verb), by=request.user, now=timezone.now()
    )
    report(request, marked)
    return redirect("admin:membership_access_changelist")


def report(request: HttpRequest, marked: verbs.Marked) -> None:
    """Say for each row what became of it; of very many, the first and how many more."""
    if marked.moved:
        words = _named([f"{a.who} ({a.place}: {a.state_words.lower()})" for a in marked.moved])
        messages.success(request, f"Noted: {words}.")
    if marked.refused:
        words = _named([f"{a.who} ({a.place}): {why}" for a, why in marked.refused])
        messages.warning(request, f"Not changed: {words}.")


def _named(names: list[str]) -> str:
    shown, more = names[:20], len(names) - 20
    return "; ".join(shown) + (f"; and {more} more" if more > 0 else "")


def _mine(request: AuthenticatedRequest, pk: int) -> Access:
    access = verbs.access_of(request.user).filter(pk=pk).first()
    if access is None:
        raise Http404("There is no such row.")
    return access


# -- A Slack workspace ----------------------------------------------------------------------------


@require_safe
def slack(request: AuthenticatedRequest, family: str) -> HttpResponse:
    """The workspace of a team: its invitation link, and Slack held against the roster."""
    team = _workspace(request, family)
    exports = SlackExport.objects.filter(team=team).select_related("uploaded_by__person")
    export = exports.first()
    return _page(
        request,
        "slack",
        title=f"{team.get_family_display()} Slack",
        team=team,
        communities=team.communities.filter(has_slack=True),
        link=slack_link.link_now(team, on=timezone.localdate()),
        export=export,
        found=compare(export) if export else None,
    )


@require_http_methods(["GET", "HEAD", "POST"])
def link(request: AuthenticatedRequest, family: str) -> HttpResponse:
    """Give a new invitation link."""
    team = _workspace(request, family)
    form = LinkForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        try:
            slack_link.give_link(
                team=team, **form.cleaned_data, by=request.user, now=timezone.now()
            )
        except Refused as refusal:
            form.add_error("link", str(refusal))
        else:
            messages.success(request, "People on the roster see the new link on their Slack page.")
            return _to_slack(team)
    return _slack_form(
        request,
        team,
        form,
        title="Give a new invitation link",
        lede="Only people on the roster see it, after signing in, on a page of their own. "
        "It is in no letter.",
        button="Give this link",
    )


@require_http_methods(["GET", "HEAD", "POST"])
def upload(request: AuthenticatedRequest, family: str) -> HttpResponse:
    """Bring in who is in Slack."""
    team = _workspace(request, family)
    sent = (request.POST, request.FILES) if request.method == "POST" else ()
    form = ExportForm(*sent)
    if form.is_valid():
        reconciliation.keep(team=team, export=form.export, by=request.user, now=timezone.now())
        return _to_slack(team)
    return _slack_form(
        request,
        team,
        form,
        title="Who is in Slack?",
        lede="The list is held against the roster. It changes nothing by itself, and it is deleted "
        "when you are done, after a week at the latest.",
        button="Compare with the roster",
    )


# Each button of the comparison: (the verb, what it did in words).
_SETTLE: dict[str, tuple[Callable[..., int], str]] = {
    "joined": (reconciliation.mark_joined, "marked as joined"),
    "same": (reconciliation.mark_same, "marked as joined, with the address in Slack"),
    "remove": (reconciliation.want_removed, "to be removed from Slack"),
    "invite": (reconciliation.want_invited, "to be invited to Slack"),
    "removed": (reconciliation.mark_removed, "marked as removed"),
}


@require_POST
def settle(request: AuthenticatedRequest, family: str) -> HttpResponse:
    """Do what a button of the comparison says, for the lines chosen or for all of a section."""
    team = _workspace(request, family)
    what = request.POST.get("do", "")
    everybody = what.startswith("all-")
    verb, words = _SETTLE.get(what.removeprefix("all-"), (None, ""))
    chosen = None if everybody else set(request.POST.getlist("chosen"))
    if verb is None or (everybody and what == "all-same"):
        messages.warning(request, "Choose one of the buttons.")
    elif chosen is not None and not chosen:
        messages.warning(request, "Tick at least one line first.")
    else:
        try:
            count = verb(team=team, chosen=chosen, by=request.user, now=timezone.now())
        except Refused as refusal:
            messages.warning(request, str(refusal))
        else:
            people = "1 person is" if count == 1 else f"{count} people are"
            messages.success(request, f"{people} {words}.")
    return _to_slack(team)


@require_POST
def put_aside(request: AuthenticatedRequest, family: str) -> HttpResponse:
    """Delete the list of who is in Slack."""
    team = _workspace(request, family)
    reconciliation.put_aside(team=team, by=request.user)
    messages.success(request, "The list of who is in Slack is deleted. The tasks stay.")
    return _to_slack(team)


def _workspace(request: AuthenticatedRequest, family: str) -> SupportTeam:
    """A workspace of their own team; any other does not exist for them."""
    team = slack_link.workspaces_of(request.user).filter(family=family).first()
    if team is None:
        raise Http404("There is no such workspace.")
    return team


def _to_slack(team: SupportTeam) -> HttpResponse:
    return redirect(reverse("admin:membership_access_slack", args=[team.family]))


def _slack_form(
    request: AuthenticatedRequest,
    team: SupportTeam,
    form: forms.Form,
    *,
    title: str,
    lede: str,
    button: str,
) -> HttpResponse:
    """A page with one form about a team's workspace."""
    slack = reverse("admin:membership_access_slack", args=[team.family])
    crumbs = [
        ("Access to Slack and Zoom", reverse("admin:membership_access_changelist")),
        (f"{team.get_family_display()} Slack", slack),
    ]
    context = {
        "title": title,
        "crumbs": crumbs,
        "lede": lede,
        "form": form,
        "button": button,
        "back": ("Back", slack),
    }
    return render(request, "desk/form.html", {**admin.site.each_context(request), **context})


def _page(request: AuthenticatedRequest, template: str, **context: object) -> HttpResponse:
    return render(
        request, f"{TEMPLATES}/{template}.html", {**admin.site.each_context(request), **context}
    )
