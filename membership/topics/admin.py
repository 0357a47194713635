"""Each team's topics on the staff site: the list, a page for each, and the subjects to choose from."""

from collections import defaultdict
from collections.abc import Sequence
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.views.main import ChangeList
from django.db.models import Model, Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.template.defaultfilters import pluralize
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from communities.rules.vocabulary import Region
from membership.accounts.requests import AuthenticatedRequest
from membership.accounts.teams import is_lead
from membership.base_admin import (
    CommunityFilter,
    CustomPageAdmin,
    FilterWithDefault,
    KeptFilters,
    TeamFilter,
    TeamModelAdmin,
    button_of,
    desk_page,
    with_undo,
)
from membership.emails.kinds import UNDO_SECONDS, UNDO_TIME
from membership.emails.message import STAFF_TEXT_MARKER, preview_blocks
from membership.errors import RefusedError, refusal_as_form_error
from membership.forms import keys_in
from membership.history import as_shown_of, history_of
from membership.models import Person, Topic, TopicSubject
from membership.sharing.announcing import people_in_words
from membership.topics import emails, verbs
from membership.topics.forms import AgendaForm, HideForm, MergeForm, OutcomeForm, SubjectForm
from membership.topics.models import OPEN_STATES, REGION_PATHS
from membership.topics.raising import supporters_of
from membership.topics.verbs import topics_for_staff

_PAGE = "admin:membership_topic_change"


def _own(request: AuthenticatedRequest, pk: int) -> Topic:
    """A topic of the viewer's own teams; 404 for any other."""
    return get_object_or_404(topics_for_staff(request.user), pk=pk)


@require_http_methods(["GET", "HEAD", "POST"])
def note_outcome(request: AuthenticatedRequest, pk: int) -> HttpResponse:
    """Note what came of a topic, with a preview of the email to everyone it concerns."""
    shown, form = _own(request, pk), OutcomeForm(request.POST or None)
    if form.is_valid():
        with refusal_as_form_error(form):
            outcome, count = verbs.note_outcome(
                topic_id=pk, by=request.user, now=timezone.now(), **form.cleaned_data
            )
            emails_to = f"{'An email' if count == 1 else 'Emails'} to {people_in_words(count)}"
            said = f"Outcome noted. {emails_to} will go out in {UNDO_SECONDS} seconds."
            undo = reverse("admin:membership_topic_take-back", args=[pk])
            messages.success(request, with_undo(said, undo, name="outcome", value=outcome.pk))
            return redirect(_PAGE, pk)
    form.show(as_shown_of(shown))
    people = people_in_words(verbs.people_to_tell(shown).count())
    anyone = Person(name="[name]", email=people)
    return _asking(
        request,
        shown,
        form,
        title="Note outcome",
        lede=f"Members see the outcome on the topic’s page at once. {people} whom it concerns will get this email.",
        email=emails.email_of(
            emails.OUTCOME, shown, anyone, outcome="[Outcome]", text=STAFF_TEXT_MARKER
        ),
    )


@require_http_methods(["GET", "HEAD", "POST"])
def hide(request: AuthenticatedRequest, pk: int) -> HttpResponse:
    """Hide a topic that names a person or a client, with a preview of the email to the person who raised it."""
    shown, form = _own(request, pk), HideForm(request.POST or None)
    if form.is_valid():
        with refusal_as_form_error(form):
            verbs.hide(topic_id=pk, by=request.user, now=timezone.now(), **form.cleaned_data)
            undo = reverse("admin:membership_topic_show", args=[pk])
            messages.success(request, with_undo("Members no longer see this topic.", undo))
            return redirect(_PAGE, pk)
    raiser = verbs.people_to_tell(shown).filter(topics=shown).first()
    return _asking(
        request,
        shown,
        form,
        title="Hide topic",
        lede=f"Hide a topic that names a person or a client. {raiser or 'No one'} will get this email, {UNDO_SECONDS} seconds later.",
        button_kind="decline",
        email=emails.email_of(
            emails.HIDDEN, shown, raiser or Person(name="[name]"), text=STAFF_TEXT_MARKER
        ),
    )


@require_http_methods(["GET", "HEAD", "POST"])
def merge(request: AuthenticatedRequest, pk: int) -> HttpResponse:
    """Choose the topic that this one becomes part of."""
    shown = _own(request, pk)
    others = topics_for_staff(request.user).filter(
        community=shown.community, hidden_at=None, merged_into=None
    )
    form = MergeForm(request.POST or None, among=others.exclude(pk=pk))
    if form.is_valid():
        into = form.cleaned_data["into"]
        with refusal_as_form_error(form):
            verbs.merge(topic_id=pk, into_id=into.pk, by=request.user)
            said = f"“{shown.title}” is now part of this topic."
            undo = reverse("admin:membership_topic_separate", args=[pk])
            messages.success(request, with_undo(said, undo))
            return redirect(_PAGE, into.pk)
    return _asking(
        request,
        shown,
        form,
        title="Merge topic",
        lede="Members will see only the topic that you choose here. Everyone who supports one of the two counts for it, once. "
        "No email is sent, and you can separate the two again at any time.",
    )


def _asking(
    request: AuthenticatedRequest, topic: Topic, form: forms.Form, *, title: str, **context: Any
) -> HttpResponse:
    """The page with the form, and with the ``email`` that its text becomes part of."""
    page = reverse(_PAGE, args=[topic.pk])
    if "email" in context:
        context["email_blocks"] = preview_blocks(context["email"].body)
    return desk_page(
        request,
        "desk/form.html",
        title=f"{title}: {topic.title}",
        crumbs=[(topic.title, page)],
        form=form,
        button=title,
        back=("Back to the topic", page),
        **context,
    )


def topic_page(request: AuthenticatedRequest, pk: int) -> HttpResponse:
    """One topic: who it concerns, where it stands, and what staff can do with it."""
    shown, now = _own(request, pk), timezone.now()
    supports = supporters_of([pk]).select_related("person").order_by("at", "pk")
    meetings = verbs.meetings_to_choose(shown, now=now)
    outcomes = shown.outcomes.filter(taken_back_at=None).select_related("by__person", "meeting")
    newest = outcomes.last()
    return desk_page(
        request,
        "desk/topics/topic.html",
        title=shown.title,
        topic=shown,
        people=list(dict.fromkeys(support.person for support in supports)),
        regions=_in_words(regions_of([pk])[pk]),
        subject_form=SubjectForm(initial={"subject": shown.subject_id}),
        agenda_form=AgendaForm(
            initial={"meeting": shown.meeting_id, "as_shown": as_shown_of(shown)}, among=meetings
        ),
        has_meetings=meetings.exists(),
        outcomes=outcomes,
        newest=newest,
        can_be_stopped=newest and now < newest.at + UNDO_TIME,
        merged=shown.merged_topics.order_by("raised_at", "pk"),
        steps=history_of(shown).reverse(),
    )


@button_of(_own, _PAGE)
def choose_subject(request: AuthenticatedRequest, topic: Topic) -> str:
    """Say what a topic is about."""
    form = SubjectForm(request.POST)
    if not form.is_valid():
        raise RefusedError("A lead has just removed this subject. Choose another one.")
    verbs.choose_subject(topic_id=topic.pk, by=request.user, **form.cleaned_data)
    return "Subject saved."


@button_of(_own, _PAGE)
def put_on_agenda(request: AuthenticatedRequest, topic: Topic) -> str:
    """Put a topic on the agenda of a meeting, or take it off."""
    now = timezone.now()
    form = AgendaForm(request.POST, among=verbs.meetings_to_choose(topic, now=now))
    if "off" in request.POST:
        verbs.take_off_agenda(topic_id=topic.pk, by=request.user)
        return "The topic is no longer on the agenda."
    if not form.is_valid():
        raise RefusedError(str(form.errors["meeting"][0]))
    meeting = form.cleaned_data["meeting"]
    verbs.put_on_agenda(
        topic_id=topic.pk,
        meeting_id=meeting.pk,
        by=request.user,
        now=now,
        as_shown=form.cleaned_data["as_shown"],
    )
    return f"The topic is on the agenda of {meeting}."


@button_of(_own, _PAGE)
def take_back(request: AuthenticatedRequest, topic: Topic) -> str:
    """Withdraw the newest outcome."""
    keys = keys_in(request.POST.get("outcome", ""))
    outcome = topic.outcomes.filter(pk__in=keys).first()
    in_time = verbs.take_back_outcome(
        outcome_id=outcome.pk if outcome else 0, by=request.user, now=timezone.now()
    )
    if in_time:
        return "Undone. No email went out."
    messages.warning(
        request,
        "Members no longer see this outcome. Some had already been sent an email about it.",
    )
    return ""


@button_of(_own, _PAGE)
def show_again(request: AuthenticatedRequest, topic: Topic) -> str:
    """Show a hidden topic again."""
    verbs.show_again(topic_id=topic.pk, by=request.user)
    return "Members see this topic again."


@button_of(_own, _PAGE)
def separate(request: AuthenticatedRequest, topic: Topic) -> str:
    """Undo a merge."""
    verbs.separate(topic_id=topic.pk, by=request.user)
    return "This topic stands on its own again."


def regions_of(topics: Sequence[int]) -> defaultdict[int, set[str]]:
    """The regions where those work whom each topic concerns: of their programs and initiatives in the register."""
    found: defaultdict[int, set[str]] = defaultdict(set)
    columns = ("topic", "topic__merged_into", *(f"person__{path}" for path in REGION_PATHS))
    for pk, into, *regions in supporters_of(topics).order_by().values_list(*columns).distinct():
        for topic in (pk, into):
            found[topic].update(filter(None, regions))
    return found


def _in_words(regions: set[str]) -> str:
    return ", ".join(str(label) for value, label in Region.choices if value in regions)


class TopicFilter(FilterWithDefault):
    """Shows open topics by default."""

    title = "status"
    parameter_name = "status"
    first_choice = "Open"
    options = [
        ("waiting", "Waiting for staff"),
        ("settled", "With an outcome"),
        ("hidden", "Hidden or merged"),
        ("all", "All"),
    ]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Topic]) -> QuerySet[Topic]:
        shown, is_open = Q(hidden_at=None, merged_into=None), Q(state__in=OPEN_STATES)
        chosen = {
            "waiting": Q(pk__in=verbs.waiting_topics().values("pk")),
            "settled": shown & ~is_open,
            "hidden": ~shown,
            "all": Q(),
        }
        return queryset.filter(chosen.get(self.value() or "", shown & is_open))


class TopicList(KeptFilters):
    """The list, with the regions of those whom each of its topics concerns: the same number of queries for any."""

    def get_results(self, request: HttpRequest) -> None:
        super().get_results(request)
        self.result_list = rows = list(self.result_list)
        regions = regions_of([row.pk for row in rows])
        for row in rows:
            row.regions = _in_words(regions[row.pk])


@admin.register(Topic)
class TopicAdmin(CustomPageAdmin):
    """A team's topics, those that concern most members first. The buttons of a topic's page lead to the verbs."""

    list_display = ["title", "community_name", "concerned", "regions", "age", "stands", "subject"]
    list_filter = [TopicFilter, CommunityFilter, "subject", TeamFilter]
    search_fields = ["search_text"]
    search_help_text = "Words of the topic"
    actions = None
    team_path = "community__team"
    own_page = staticmethod(topic_page)
    row_views = {
        "outcome": note_outcome,
        "take-back": take_back,
        "hide": hide,
        "show": show_again,
        "merge": merge,
        "separate": separate,
        "subject": choose_subject,
        "agenda": put_on_agenda,
    }

    def get_queryset(self, request: HttpRequest) -> QuerySet[Topic]:
        return topics_for_staff(request.user)

    def get_ordering(self, request: HttpRequest) -> list[str]:
        return ["-supporters", "-raised_at", "-pk"]

    def get_changelist(self, request: HttpRequest, **options: Any) -> type[ChangeList]:
        return TopicList

    @admin.display(description="community", ordering="community__position")
    def community_name(self, topic: Topic) -> str:
        return topic.community.short_name

    @admin.display(description="concerns", ordering="-supporters")
    def concerned(self, topic: Topic) -> str:
        number = topic.supporters  # type: ignore[attr-defined]
        return f"{number} member{pluralize(number)}"

    @admin.display(description="regions", empty_value="–")
    def regions(self, topic: Topic) -> str:
        return str(topic.regions)  # type: ignore[attr-defined]

    @admin.display(description="age", ordering="raised_at")
    def age(self, topic: Topic) -> str:
        days = (timezone.localdate() - timezone.localdate(topic.raised_at)).days
        return f"{days} day{pluralize(days)}"

    @admin.display(description="status", ordering="state")
    def stands(self, topic: Topic) -> str:
        if topic.merged_into_id:
            return "Merged"
        return "Hidden" if topic.hidden_at else topic.get_state_display()


@admin.register(TopicSubject)
class TopicSubjectAdmin(TeamModelAdmin):
    """Leads edit the subjects; both teams choose from them."""

    fields = ["name", "position"]
    list_display = ["name", "position"]
    search_fields = ["name"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Model]:
        return TopicSubject.objects.all()

    def has_change_permission(self, request: HttpRequest, obj: object = None) -> bool:
        return is_lead(request.user)

    has_add_permission = has_delete_permission = has_change_permission
