"""Each team's topics on the staff site: the list, a page for each, and the subjects to choose from."""

from collections import defaultdict
from collections.abc import Sequence
from typing import Any

from django.contrib import admin, messages
from django.contrib.admin.views.main import ChangeList
from django.db.models import Model, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST

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
    desk_page,
    with_undo,
)
from membership.emails.kinds import UNDO_SECONDS, UNDO_TIME
from membership.emails.message import STAFF_TEXT_MARKER, preview_blocks
from membership.errors import refusal_as_form_error, refusal_as_warning
from membership.forms import keys_in
from membership.history import as_shown_of, history_of
from membership.models import Person, Topic, TopicSubject, TopicSupport
from membership.sharing.announcing import people_in_words
from membership.topics import emails, verbs
from membership.topics.forms import AgendaForm, HideForm, MergeForm, OutcomeForm, SubjectForm
from membership.topics.models import OPEN_STATES, REGION_PATHS, of_one_topic
from membership.topics.verbs import topics_for_staff

_PAGE = "admin:membership_topic_change"


@require_http_methods(["GET", "HEAD", "POST"])
def note_outcome(request: AuthenticatedRequest, pk: int) -> HttpResponse:
    """Note what came of a topic, with a preview of the email to everyone it concerns."""
    shown = _own(request, pk)
    form = OutcomeForm(request.POST or None)
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
    count = verbs.people_to_tell(shown).count()
    anyone = Person(name="[name]", email=people_in_words(count))
    return _email_page(
        request,
        shown,
        form,
        title=f"Note outcome: {shown.title}",
        lede=f"Members see the outcome on the topic’s page at once. {people_in_words(count)} whom it concerns will get this email.",
        button="Note outcome",
        email=emails.email_of(
            emails.OUTCOME, shown, anyone, outcome="[Outcome]", text=STAFF_TEXT_MARKER
        ),
    )


@require_http_methods(["GET", "HEAD", "POST"])
def hide(request: AuthenticatedRequest, pk: int) -> HttpResponse:
    """Hide a topic that names a person or a client, with a preview of the email to the person who raised it."""
    shown = _own(request, pk)
    form = HideForm(request.POST or None)
    if form.is_valid():
        with refusal_as_form_error(form):
            verbs.hide(topic_id=pk, by=request.user, now=timezone.now(), **form.cleaned_data)
            undo = reverse("admin:membership_topic_show", args=[pk])
            messages.success(request, with_undo("Members no longer see this topic.", undo))
            return redirect(_PAGE, pk)
    raiser = verbs.people_to_tell(shown).filter(topics=shown).first()
    return _email_page(
        request,
        shown,
        form,
        title=f"Hide topic: {shown.title}",
        lede=f"Hide a topic that names a person or a client. {raiser or 'No one'} will get this email, {UNDO_SECONDS} seconds later.",
        button="Hide topic",
        button_kind="decline",
        email=emails.email_of(
            emails.HIDDEN, shown, raiser or Person(name="[name]"), text=STAFF_TEXT_MARKER
        ),
    )


def _email_page(
    request: AuthenticatedRequest, topic: Topic, form: OutcomeForm | HideForm, **context: Any
) -> HttpResponse:
    page = _page_of(topic)
    return desk_page(
        request,
        "desk/form.html",
        crumbs=[(topic.title, page)],
        back=("Back to the topic", page),
        form=form,
        email_blocks=preview_blocks(context["email"].body),
        **context,
    )


@require_http_methods(["GET", "HEAD", "POST"])
def merge(request: AuthenticatedRequest, pk: int) -> HttpResponse:
    """Choose the topic that this one becomes part of."""
    shown = _own(request, pk)
    others = topics_for_staff(request.user).filter(
        community=shown.community, hidden_at=None, merged_into=None
    )
    form = MergeForm(request.POST or None, others=others.exclude(pk=pk))
    if form.is_valid():
        into = form.cleaned_data["into"]
        with refusal_as_form_error(form):
            verbs.merge(topic_id=pk, into_id=into.pk, by=request.user)
            messages.success(request, f"“{shown.title}” is now part of this topic.")
            return redirect(_PAGE, into.pk)
    return desk_page(
        request,
        "desk/form.html",
        title=f"Merge topic: {shown.title}",
        crumbs=[(shown.title, _page_of(shown))],
        lede="Members will see only the topic that you choose here. Everyone who supports one of the two counts for it, once. "
        "No email is sent, and you can separate the two again at any time.",
        form=form,
        button="Merge topics",
        back=("Back to the topic", _page_of(shown)),
    )


def topic_page(request: AuthenticatedRequest, pk: int) -> HttpResponse:
    """One topic: who it concerns, where it stands, and what staff can do with it."""
    shown, now = _own(request, pk), timezone.now()
    supports = TopicSupport.objects.filter(of_one_topic("topic", [pk])).order_by("at", "pk")
    people = list({s.person_id: s.person for s in supports.select_related("person")}.values())
    meetings = verbs.meetings_to_choose(shown, now=now)
    outcomes = list(shown.outcomes.select_related("by__person", "meeting"))
    standing = [outcome for outcome in outcomes if not outcome.taken_back_at]
    return desk_page(
        request,
        "desk/topics/topic.html",
        title=shown.title,
        topic=shown,
        people=people,
        regions=_in_words(regions_of([pk])[pk]),
        subject_form=SubjectForm(initial={"subject": shown.subject_id}),
        agenda_form=AgendaForm(
            initial={"meeting": shown.meeting_id, "as_shown": as_shown_of(shown)},
            meetings=meetings,
        ),
        has_meetings=meetings.exists(),
        outcomes=standing,
        newest=standing[-1] if standing else None,
        can_be_stopped=bool(standing) and now < standing[-1].at + UNDO_TIME,
        merged=shown.merged_topics.order_by("raised_at", "pk"),
        steps=history_of(shown).reverse(),
    )


@require_POST
def choose_subject(request: AuthenticatedRequest, pk: int) -> HttpResponse:
    """Say what a topic is about."""
    _own(request, pk)
    form = SubjectForm(request.POST)
    if form.is_valid():
        with refusal_as_warning(request):
            verbs.choose_subject(topic_id=pk, by=request.user, **form.cleaned_data)
            messages.success(request, "Subject saved.")
    else:
        messages.warning(request, "A lead has just removed this subject. Choose another one.")
    return redirect(_PAGE, pk)


@require_POST
def put_on_agenda(request: AuthenticatedRequest, pk: int) -> HttpResponse:
    """Put a topic on the agenda of a meeting, or take it off."""
    shown, now = _own(request, pk), timezone.now()
    form = AgendaForm(request.POST, meetings=verbs.meetings_to_choose(shown, now=now))
    with refusal_as_warning(request):
        if "off" in request.POST:
            verbs.take_off_agenda(topic_id=pk, by=request.user)
            messages.success(request, "The topic is no longer on the agenda.")
        elif form.is_valid():
            meeting = form.cleaned_data["meeting"]
            verbs.put_on_agenda(
                topic_id=pk,
                meeting_id=meeting.pk,
                by=request.user,
                now=now,
                as_shown=form.cleaned_data["as_shown"],
            )
            messages.success(request, f"The topic is on the agenda of {meeting}.")
        else:
            messages.warning(request, str(form.errors["meeting"][0]))
    return redirect(_PAGE, pk)


@require_POST
def take_back(request: AuthenticatedRequest, pk: int) -> HttpResponse:
    """Withdraw the newest outcome."""
    shown = _own(request, pk)
    outcome = shown.outcomes.filter(pk__in=keys_in(request.POST.get("outcome", ""))).first()
    with refusal_as_warning(request):
        in_time = verbs.take_back_outcome(
            outcome_id=outcome.pk if outcome else 0, by=request.user, now=timezone.now()
        )
        if in_time:
            messages.success(request, "Undone. No email went out.")
        else:
            messages.warning(
                request,
                "Members no longer see this outcome. Some had already been sent an email about it.",
            )
    return redirect(_PAGE, pk)


@require_POST
def show_again(request: AuthenticatedRequest, pk: int) -> HttpResponse:
    """Show a hidden topic again."""
    _own(request, pk)
    with refusal_as_warning(request):
        verbs.show_again(topic_id=pk, by=request.user)
        messages.success(request, "Members see this topic again.")
    return redirect(_PAGE, pk)


@require_POST
def separate(request: AuthenticatedRequest, pk: int) -> HttpResponse:
    """Undo a merge."""
    _own(request, pk)
    with refusal_as_warning(request):
        verbs.separate(topic_id=pk, by=request.user)
        messages.success(request, "This topic stands on its own again.")
    return redirect(_PAGE, pk)


def _own(request: AuthenticatedRequest, pk: int) -> Topic:
    """A topic of the viewer's own teams; 404 for any other."""
    return get_object_or_404(topics_for_staff(request.user), pk=pk)


def _page_of(topic: Topic) -> str:
    return reverse(_PAGE, args=[topic.pk])


def regions_of(topics: Sequence[int]) -> defaultdict[int, set[str]]:
    """The regions where those work whom each topic concerns: of their programs and initiatives in the register."""
    found: defaultdict[int, set[str]] = defaultdict(set)
    supports = TopicSupport.objects.filter(of_one_topic("topic", topics)).order_by()
    columns = ("topic", "topic__merged_into", *(f"person__{path}" for path in REGION_PATHS))
    for pk, into, *regions in supports.values_list(*columns).distinct():
        for topic in (pk, into):
            found[topic].update(filter(None, regions))
    return found


def _in_words(regions: set[str]) -> str:
    return ", ".join(str(label) for value, label in Region.choices if value in regions)


# -- The list --------------------------------------------------------------------------------------


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
        shown = {"hidden_at": None, "merged_into": None}
        match self.value():
            case "all":
                return queryset
            case "waiting":
                return queryset.filter(pk__in=verbs.waiting_topics().values("pk"))
            case "settled":
                return queryset.filter(**shown).exclude(state__in=OPEN_STATES)
            case "hidden":
                return queryset.exclude(**shown)
        return queryset.filter(state__in=OPEN_STATES, **shown)


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
    search_fields = ["title", "text"]
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
    def concerned(self, topic: Topic) -> int:
        return int(topic.supporters)  # type: ignore[attr-defined]

    @admin.display(description="regions", empty_value="–")
    def regions(self, topic: Topic) -> str:
        return str(topic.regions)  # type: ignore[attr-defined]

    @admin.display(description="age", ordering="raised_at")
    def age(self, topic: Topic) -> str:
        days = (timezone.localdate() - timezone.localdate(topic.raised_at)).days
        return f"{days} day{'' if days == 1 else 's'}"

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
    ordering = ["position", "name"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Model]:
        return TopicSubject.objects.all()

    def has_change_permission(self, request: HttpRequest, obj: object = None) -> bool:
        return is_lead(request.user)

    has_add_permission = has_delete_permission = has_change_permission
