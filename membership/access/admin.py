"""The staff site's list of tasks in Slack and on the Zoom lists."""

from collections import defaultdict
from typing import Any

from django.contrib import admin
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.contrib.admin.views.main import ChangeList
from django.db.models import Min, Model, Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from membership.access import desk_views, slack_link
from membership.access.verbs import TASK_STATES, State, Verb
from membership.accounts.requests import AuthenticatedRequest
from membership.base_admin import (
    CommunityFilter,
    CustomPageAdmin,
    FilterWithDefault,
    KeptFilters,
    TeamFilter,
)
from membership.models import Access, Enrolment, Service


class TaskFilter(FilterWithDefault):
    """Shows the open tasks by default."""

    title = "status"
    parameter_name = "state"
    first_choice = "Open tasks"
    options = [*Access.State.choices, ("all", "All")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Access]) -> QuerySet[Access]:
        if self.value() == "all":
            return queryset
        return queryset.filter(state__in=[self.value()] if self.value() else TASK_STATES)


class AccessCommunityFilter(CommunityFilter):
    """A community's Zoom list, and Slack for people who are or were in the community."""

    def queryset(self, request: HttpRequest, queryset: QuerySet[Model]) -> QuerySet[Model]:
        if not self.value():
            return queryset
        ever_there = Enrolment.objects.filter(community__slug=self.value())
        return queryset.filter(
            Q(community__slug=self.value())
            | Q(community__isnull=True, person__in=ever_there.values("person"))
        )


class OneRowAPerson(KeptFilters):
    """The first of each person's accesses stands for all of theirs that the filters show.

    Those are in ``shown``, and in ``together`` of each row.
    """

    def get_queryset(self, *args: Any, **options: Any) -> QuerySet[Access]:
        self.shown: QuerySet[Access] = super().get_queryset(*args, **options)
        people = self.shown.order_by().filter(person__isnull=False).values("person")
        firsts = people.annotate(first=Min("pk")).values("first")
        return self.shown.filter(Q(person__isnull=True) | Q(pk__in=firsts))

    def get_results(self, request: HttpRequest) -> None:
        super().get_results(request)
        self.result_list = list(self.result_list)
        together = defaultdict(list)
        for access in self.shown.filter(person__in=[r.person_id for r in self.result_list]):
            together[access.person_id].append(access)
        for row in self.result_list:
            row.together = together[row.person_id] or [row]

    def tasks_to_do(self) -> list[tuple[str, list[Access]]]:
        """The shown tasks for staff, by what is to be done where: their addresses can be copied at once.

        ``more_to_do`` says how many these are if there are more.
        """
        tasks = defaultdict(list)
        found = list(self.shown.filter(state__in=[State.TO_DO, State.TO_REMOVE])[: COPIED + 1])
        self.more_to_do = COPIED if len(found) > COPIED else 0
        for access in found[:COPIED]:
            tasks[_task(access)].append(access)
        return sorted(tasks.items())


# So many addresses are on a page at most.
COPIED = 500


def _task(access: Access) -> str:
    """What staff have to do and where, such as "Add to the STVC Zoom list"; or how it is there."""
    if access.task and access.community:
        return access.task.replace("Zoom list", access.service)
    return access.task or f"{access.service}: {access.state_words.lower()}"


@admin.register(Access)
class AccessAdmin(CustomPageAdmin):
    """A team's access tasks, a row for each person, oldest first. Only the verbs change them."""

    list_display = ["member", "email", "tasks", "waiting_since"]
    list_display_links = None
    list_select_related = ["person", "team", "community"]
    list_filter = [TaskFilter, "kind", AccessCommunityFilter, TeamFilter]
    search_fields = ["person", "address"]
    search_help_text = "Name or email"
    ordering = ["since", "pk"]
    actions = ["mark_done", "mark_joined"]
    own_page = staticmethod(desk_views.detail)
    row_views = {"mark": desk_views.mark}

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view
        services = {"slack": "slack/<str:family>/", "zoom": "zoom/<slug:slug>/"}
        pages = {
            "": desk_views.page,
            "upload": desk_views.upload,
            "settle": desk_views.settle,
            "put-aside": desk_views.discard_list,
        }
        name = "membership_access_{}"
        return [
            path("several/", view(desk_views.mark_all), name=name.format("several")),
            path("undo/", view(desk_views.undo), name=name.format("undo")),
            path("slack/<str:family>/link/", view(desk_views.link), name=name.format("slack-link")),
            *(
                path(
                    f"{start}{page}/" if page else start,
                    view(pages[page]),
                    name=name.format(f"{service}-{page}" if page else service),
                )
                for service, start in services.items()
                for page in pages
            ),
            *super().get_urls(),
        ]

    def changelist_view(
        self,
        request: AuthenticatedRequest,  # type: ignore[override]
        extra_context: dict[str, object] | None = None,
    ) -> HttpResponse:
        context = {
            "module_name": "people",  # of "Select all": a row is a person with all of their tasks
            "warnings": slack_link.warnings_for(request.user, on=timezone.localdate()),
            "intro": "Approved people still need access, and people who left need to be removed. Make "
            "the change in Slack or Zoom, then record it here.",
            "links": [
                *(
                    (f"{service}: link and members", desk_views.url_of(service))
                    for service in map(Service, slack_link.workspaces_of(request.user))
                ),
                *(
                    (str(service), desk_views.url_of(service))
                    for community in desk_views.zoom_lists_of(request.user)
                    if (service := Service(community.team, community))
                ),
            ],
        }
        return super().changelist_view(request, context)

    def get_changelist(self, request: HttpRequest, **options: Any) -> type[ChangeList]:
        return OneRowAPerson

    @admin.display(description="person", ordering="person__name")
    def member(self, access: Access) -> str:
        if access.person_id is None:
            return access.who
        page = reverse("admin:membership_person_change", args=[access.person_id])
        return format_html('<a href="{}"><bdi>{}</bdi></a>', page, access.who)

    @admin.display(description="email")
    def email(self, access: Access) -> str:
        emails = dict.fromkeys(one.email for one in access.together if one.email)  # type: ignore[attr-defined]
        return ", ".join(emails) or "none on record"

    @admin.display(description="tasks")
    def tasks(self, access: Access) -> SafeString:
        words = (
            (
                reverse("admin:membership_access_change", args=[one.pk]),
                _task(one),
            )
            for one in access.together  # type: ignore[attr-defined]
        )
        return format_html_join(" · ", '<a href="{}">{}</a>', words)

    @admin.display(description="since", ordering="since")
    def waiting_since(self, access: Access) -> str:
        return date_format(min(one.since for one in access.together))  # type: ignore[attr-defined]

    def action_checkbox(self, obj: Model) -> SafeString:
        """With the accesses that the row stands for, as it shows them."""
        seen = format_html_join(
            "",
            '<input type="hidden" name="seen-{}" value="{}">',
            ((obj.pk, one.as_shown) for one in obj.together),  # type: ignore[attr-defined]
        )
        return super().action_checkbox(obj) + seen

    @admin.action(description="Mark selected as done")
    def mark_done(self, request: AuthenticatedRequest, rows: QuerySet[Access]) -> None:
        """All tasks that are shown for the selected people."""
        desk_views.mark_and_report(request, self._seen(request))

    @admin.action(description="Mark selected as joined Slack")
    def mark_joined(self, request: AuthenticatedRequest, rows: QuerySet[Access]) -> None:
        seen = self._seen(request)
        slack = Access.objects.filter(pk__in=desk_views.keys_of(seen), kind=Access.Kind.SLACK)
        ids = slack.values_list("pk", flat=True)
        desk_views.mark_and_report(request, seen, verb=Verb.JOINED, ids=set(ids))

    def _seen(self, request: HttpRequest) -> list[str]:
        """What the selected rows stood for on the page: the list has other rows by now if something has changed.

        If the rows of the other pages are selected too, theirs are added as they are now.
        """
        rows = request.POST.getlist(ACTION_CHECKBOX_NAME)
        seen = [one for row in rows for one in request.POST.getlist(f"seen-{row}")]
        if request.POST.get("select_across") == "1":
            shown = self.get_changelist_instance(request).shown  # type: ignore[attr-defined]
            others = shown.exclude(pk__in=desk_views.keys_of(seen))
            seen += [access.as_shown for access in others]
        return seen
