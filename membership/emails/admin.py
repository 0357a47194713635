"""The emails in the outbox: what was sent, its delivery, and what staff can do about it."""

from collections import Counter
from collections.abc import Callable, Iterable
from functools import partial

from django import forms
from django.contrib import admin, messages
from django.db.models import Count, Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.html import format_html
from django.views.decorators.http import require_http_methods, require_POST

from membership.accounts.requests import AuthenticatedRequest
from membership.accounts.teams import families_of
from membership.base_admin import (
    ColumnFilter,
    CustomPageAdmin,
    FilterWithDefault,
    TeamFilter,
    desk_page,
    with_undo,
)
from membership.emails import queue
from membership.emails.kinds import KINDS
from membership.emails.message import text_blocks
from membership.emails.sending import cause_in_words
from membership.errors import RefusedError, refusal_as_form_error, refusal_as_warning
from membership.forms import SingleLineField, day_field, keys_in
from membership.history import history_of
from membership.models import Announcement, Bounce, OutboxEmail
from membership.people.writing import KIND as FROM_STAFF

State = OutboxEmail.State

# So many emails are handled in one go at most.
AT_ONCE = 500
RETRIED = "On the way again"


class BounceForm(forms.Form):
    """When and why an email bounced."""

    on = day_field("Date of the bounce")
    why = SingleLineField(
        label="What the returned email says",
        help_text="For example: the mailbox is full, or there is no such address.",
        max_length=300,
        error_messages={"required": "Enter what the returned email says, in a few words."},
    )


@require_http_methods(["GET", "HEAD", "POST"])
def send_again(request: AuthenticatedRequest, pk: int) -> HttpResponse:
    """Ask first, then send the same text once more."""
    email = _own_email(request, pk)
    if request.method == "POST":
        return act(request, pk, queue.send_again, "The email is on its way again.")
    to = email.person.email if email.person else email.team.mailbox
    to = to or "no one: the register has no email for this person"
    return _form_page(
        request,
        email,
        title="Send this email again?",
        lede=f"We will send the same text to {to}. Read it first: it may be out of date.",
        button="Send again",
        **_exact_text(email),
    )


@require_http_methods(["GET", "HEAD", "POST"])
def mark_bounced(request: AuthenticatedRequest, pk: int) -> HttpResponse:
    """Record that an email bounced, and why."""
    email = _own_email(request, pk)
    today = timezone.localdate()
    form = BounceForm(request.POST or None, initial={"on": today})
    if request.method == "POST" and form.is_valid():
        with refusal_as_form_error(form):
            queue.mark_bounced(email_id=pk, by=request.user, today=today, **form.cleaned_data)
            messages.success(
                request, "Bounce recorded. It shows on the person’s page until you clear it."
            )
            return redirect("admin:membership_outboxemail_change", pk)
    return _form_page(
        request,
        email,
        title="Record a bounce",
        lede=f"The email “{email.subject}” to {email.to_email} bounced. The bounce shows on the "
        "person’s page until you clear it or their email changes.",
        form=form,
        button="Record bounce",
    )


def act(
    request: AuthenticatedRequest, pk: int, verb: Callable[..., object], message: str
) -> HttpResponse:
    """Call a verb of the queue, and say that it is done."""
    _own_email(request, pk)
    with refusal_as_warning(request):
        verb(email_id=pk, by=request.user, now=timezone.now())
        messages.success(request, message)
    return redirect("admin:membership_outboxemail_change", pk)


def act_on_all(
    request: AuthenticatedRequest,
    emails: Iterable[OutboxEmail],
    verb: Callable[..., OutboxEmail],
    done: str,
) -> list[int]:
    """Call a verb of the queue for each email; say for how many it is ``done``, and why others are left out."""
    keys, reasons = [], Counter[str]()
    for email in emails:
        try:
            verb(email_id=email.pk, by=request.user, now=timezone.now())
            keys.append(email.pk)
        except RefusedError as refusal:
            reasons[str(refusal)] += 1
    if keys:
        said = f"{done}: {_counted(len(keys))}."
        if verb is queue.cancel_by_hand:
            restore = reverse("admin:membership_outboxemail_restore")
            said = with_undo(said, restore, name="pk", value=",".join(map(str, keys)))
        messages.success(request, said)
    for reason, count in reasons.items():
        messages.info(request, f"Left out: {_counted(count)}. {reason}")
    return keys


def _counted(count: int) -> str:
    return "1 email" if count == 1 else f"{count} emails"


@require_POST
def retry_cause(request: AuthenticatedRequest) -> HttpResponse:
    """Retry all failed emails with one cause."""
    cause = request.POST.get("cause", "")
    act_on_all(
        request, failed_emails(request).filter(last_error=cause)[:AT_ONCE], queue.retry, RETRIED
    )
    return redirect("admin:membership_outboxemail_changelist")


@require_POST
def restore(request: AuthenticatedRequest) -> HttpResponse:
    """Undo the cancelling of emails."""
    keys = keys_in(request.POST.get("pk", ""))[:AT_ONCE]
    own = OutboxEmail.objects.filter(team__family__in=families_of(request.user), pk__in=keys)
    act_on_all(request, own, queue.restore, "No longer cancelled")
    return redirect("admin:membership_outboxemail_changelist")


def failed_emails(request: HttpRequest) -> QuerySet[OutboxEmail]:
    """The failed emails of the viewer's teams that can be retried."""
    own = OutboxEmail.objects.filter(team__family__in=families_of(request.user))
    return own.filter(state=State.FAILED, wanted=True).order_by("pk")


def _own_email(request: AuthenticatedRequest, pk: int) -> OutboxEmail:
    """An email of the viewer's own teams. Any other is a 404, as if it did not exist."""
    emails = OutboxEmail.objects.select_related("team", "person", "bounce__marked_by__person")
    return get_object_or_404(emails, pk=pk, team__family__in=families_of(request.user))


def _write_again(email: OutboxEmail) -> str:
    """Where staff change the words of an email that they wrote to one person; empty for any other."""
    if email.kind != FROM_STAFF or not email.person or not email.body:
        return ""
    return reverse(
        "admin:membership_person_write", args=[email.person_id], query={"from": email.pk}
    )


def _exact_text(email: OutboxEmail) -> dict[str, object]:
    return {"email_blocks": text_blocks(email.body), "email_heading": "Full text of the email"}


def _form_page(
    request: AuthenticatedRequest, email: OutboxEmail, **context: object
) -> HttpResponse:
    """A page that asks before it acts on an email."""
    page = reverse("admin:membership_outboxemail_change", args=[email.pk])
    return desk_page(
        request,
        "desk/form.html",
        email=email,
        crumbs=[(email.subject, page)],
        back=("Cancel", page),
        **context,
    )


class ProblemFilter(FilterWithDefault):
    """Emails that failed, or bounced from the address that the person has now and are not cleared."""

    title = "problems"
    parameter_name = "problem"
    options = [("any", "Failed or bounced"), ("bounced", "Bounced")]

    def queryset(
        self, request: HttpRequest, queryset: QuerySet[OutboxEmail]
    ) -> QuerySet[OutboxEmail]:
        bounced = Q(pk__in=Bounce.that_count().order_by().values("letter"))
        chosen = {"any": bounced | Q(state=State.FAILED), "bounced": bounced}
        return queryset.filter(chosen.get(self.value() or "", Q()))


class KindFilter(ColumnFilter):
    """By kind, from the declared kinds: Django's own filter would read every email."""

    title = "kind of email"
    parameter_name = "kind"

    def lookups(self, request: HttpRequest, model_admin: object) -> list[tuple[str, str]]:
        return [(kind.key, kind.title) for kind in KINDS.values()]


class AnnouncementFilter(ColumnFilter):
    """The emails of one announcement, for the link on its page."""

    title = "announcement"
    parameter_name = "announcement"

    def lookups(self, request: HttpRequest, model_admin: object) -> list[tuple[str, str]]:
        keys = keys_in(str(self.used_parameters.get("announcement", "")))
        own = Announcement.objects.filter(team__family__in=families_of(request.user))
        return [(str(row.pk), row.subject) for row in own.filter(pk__in=keys[:1])]


@admin.register(OutboxEmail)
class OutboxEmailAdmin(CustomPageAdmin):
    """Emails that were sent, are waiting or failed."""

    list_display = ["subject", "to", "state_words", "queued_at", "sent_at", "attempts"]
    list_select_related = ["person", "bounce"]
    list_filter = ["state", TeamFilter, ProblemFilter, KindFilter, AnnouncementFilter]
    search_fields = ["to_email", "subject", "person", "person__positions"]
    ordering = ["-pk"]
    actions = ["retry_failed", "cancel_selected"]
    row_views = {
        "cancel": partial(
            require_POST(act), verb=queue.cancel_by_hand, message="The email is cancelled."
        ),
        "retry": partial(
            require_POST(act), verb=queue.retry, message="The email is on its way again."
        ),
        "again": send_again,
        "came-back": mark_bounced,
        "cleared": partial(
            require_POST(act),
            verb=queue.clear_bounce,
            message="Bounce cleared. It no longer shows on the person’s page.",
        ),
    }

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, object] | None = None
    ) -> HttpResponse:
        by_cause = (
            failed_emails(request).order_by().values("last_error").annotate(count=Count("pk"))
        )
        causes = [
            (cause_in_words(row["last_error"]), row) for row in by_cause.order_by("-count")[:10]
        ]
        bounces = Bounce.that_count().filter(letter__team__family__in=families_of(request.user))
        context: dict[str, object] = {"title": "Emails", "causes": causes, **(extra_context or {})}
        if count := bounces.count():
            context["links"] = [(f"Bounced ({count})", "?problem=bounced")]
        return super().changelist_view(request, context)

    def get_urls(self) -> list[URLPattern]:
        view, name = self.admin_site.admin_view, "membership_outboxemail"
        return [
            path("retry-cause/", view(retry_cause), name=f"{name}_retry-cause"),
            path("restore/", view(restore), name=f"{name}_restore"),
            *super().get_urls(),
        ]

    def own_page(self, request: AuthenticatedRequest, pk: int) -> HttpResponse:
        """The email as it was sent, its delivery history, and the actions that are possible now."""
        email = _own_email(request, pk)
        return desk_page(
            request,
            "desk/emails/email.html",
            email=email,
            title=email.subject,
            attempts=email.failed_attempts.all(),
            bounce=getattr(email, "bounce", None),
            steps=history_of(email),
            can_retry=email.state == State.FAILED and email.wanted,
            can_cancel=email.state in (State.QUEUED, State.FAILED) and email.wanted,
            can_restore=email.state == State.CANCELLED and email.wanted,
            was_sent=email.state == State.SENT,
            write_again=_write_again(email),
            **_exact_text(email),
        )

    @admin.display(description="to", ordering="to_email")
    def to(self, email: OutboxEmail) -> str:
        """The address, which leads to the person."""
        if not email.person or email.person.erased_on:
            return email.to_email
        page = reverse("admin:membership_person_change", args=[email.person_id])
        return format_html('<a href="{}">{}</a>', page, email.to_email or email.person)

    @admin.display(description="status", ordering="state")
    def state_words(self, email: OutboxEmail) -> str:
        bounce = getattr(email, "bounce", None)
        if bounce and not bounce.cleared_at:
            return f"Bounced: {bounce.why}"
        return email.get_state_display()

    @admin.action(description="Try failed emails again")
    def retry_failed(self, request: AuthenticatedRequest, chosen: QuerySet[OutboxEmail]) -> None:
        act_on_all(request, chosen[:AT_ONCE], queue.retry, RETRIED)

    @admin.action(description="Cancel selected")
    def cancel_selected(self, request: AuthenticatedRequest, chosen: QuerySet[OutboxEmail]) -> None:
        act_on_all(request, chosen[:AT_ONCE], queue.cancel_by_hand, "Cancelled")
