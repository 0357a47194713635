"""Inviting a colleague to the staff desk: a lead gives them a team, and an email leads them there."""

from datetime import datetime

from allauth.mfa.models import Authenticator
from django.conf import settings
from django.contrib.auth.models import Group
from django.db import transaction
from django.db.models import Exists, F, OuterRef, QuerySet
from django.urls import reverse
from django.utils import timezone

from communities.email_addresses import normalize_email
from communities.models import SupportTeam
from membership.accounts.middleware import SECOND_FACTORS
from membership.accounts.models import INVITED_FOR
from membership.accounts.sessions import end_sessions
from membership.accounts.shared_mailboxes import looks_shared
from membership.accounts.teams import LEADS, TEAM_GROUPS, is_lead
from membership.emails.kinds import NAME, TEAM, EmailKind, Event, Placeholder, link
from membership.emails.message import compose
from membership.emails.queue import cancel, queue
from membership.errors import RefusedError
from membership.history import log_change
from membership.models import Invitation, Person, User
from membership.people.sign_ins import was_merged
from membership.register.matching import shares_a_word
from membership.register.person_records import find_person, person_of_user

KIND = "colleague-invited"

EMAIL_KINDS = (
    EmailKind(
        KIND,
        "Invitation to the staff desk",
        "The new colleague",
        "When a lead invites a colleague",
        (
            NAME,
            TEAM,
            Placeholder("inviter", "The lead who invites them", "Lou Sample"),
            Placeholder("role", "The team that they join", "Program support team"),
            Placeholder(
                "until",
                "The last day of the invitation",
                "Thursday, December 10, 2026",
                needed=True,
            ),
            link("desk_link", "The staff desk", "/admin/", "Go to the staff desk"),
        ),
        cancelled_by=(Event.REPLACED, Event.INVITATION_ENDED),
    ),
)


def invited(*, has_come: bool) -> QuerySet[Invitation]:
    """The invitations that have not ended, of accounts that open the desk, newest first.

    Those with ``has_come`` have signed in since, and have set up two-step sign-in.
    """
    rows = Invitation.objects.filter(ended_at=None, user__is_staff=True, user__is_active=True)
    here = rows.filter(user__last_login__gte=F("invited_at"))
    if settings.SECOND_FACTOR_REQUIRED:
        factors = Authenticator.objects.filter(user=OuterRef("user"), type__in=SECOND_FACTORS)
        here = here.filter(Exists(factors))
    rows = here if has_come else rows.exclude(pk__in=here.values("pk"))
    return rows.select_related("user__person", "by__person").order_by("-sent_at", "-pk")


@transaction.atomic
def invite(*, email: str, name: str, team: str, by: User, now: datetime) -> Invitation:
    """Give a colleague an account of ``team``, the name of its group, and send them an email.

    A code proves that the address is theirs before anything opens, and then they set up two-step sign-in.
    """
    _require_lead(by)
    address = normalize_email(email)
    if looks_shared(address) or SupportTeam.objects.filter(mailbox=address).exists():
        raise RefusedError(
            "This looks like a shared mailbox. Enter the colleague’s own work email."
        )
    if was_merged(address):
        raise RefusedError(
            "The account with this email was closed when two records were merged. Enter their other email."
        )
    known = find_person(address)
    if known and known.name and not shares_a_word(name, known.name):
        raise RefusedError(
            f"The register knows this email as {known.name}. Check the email, or correct the name on their page first."
        )
    User.objects.get_or_create(email=address, defaults={"password": "!"})
    user = User.objects.select_for_update(of=("self",)).get(email=address)
    if user.is_staff:
        raise RefusedError(
            "They already have an account for the staff desk. Change their team on the page of the account, "
            "or send their invitation again below."
        )
    if not user.is_active:
        raise RefusedError("The account with this email is closed. Open it under Accounts first.")
    user.is_staff, user.is_superuser = True, False
    user.save(update_fields=["is_staff", "is_superuser"])
    user.groups.set([Group.objects.get(name=team)])  # and none of an earlier time here
    end_sessions(user)
    person = person_of_user(user)
    if not person.name:
        person.name = name
        person.save()
    invitation, _ = Invitation.objects.update_or_create(
        user=user,
        defaults={
            "by": by,
            "invited_at": now,
            "sent_at": now,
            "ended_at": None,
            "tour_ended_at": None,
        },
    )
    _send(invitation, person, by=by, now=now, words=f"Invited to the staff desk: {team}.")
    return invitation


@transaction.atomic
def send_again(*, invitation_id: int, by: User, now: datetime) -> Invitation:
    """Send the email once more. The invitation then works for as long as a new one."""
    invitation = _locked(invitation_id, by)
    invitation.sent_at = now
    invitation.save(update_fields=["sent_at"])
    cancel(about=invitation.about, event=Event.REPLACED)
    person = person_of_user(invitation.user)
    _send(invitation, person, by=by, now=now, words="Invitation sent again.")
    return invitation


@transaction.atomic
def withdraw(*, invitation_id: int, by: User, now: datetime) -> Invitation:
    """End an invitation that was not used. The account no longer opens the staff desk."""
    invitation = _locked(invitation_id, by)
    _end(invitation, now)
    log_change(invitation.user, by=by, words="Invitation withdrawn.")
    return invitation


def end_unused_invitations(*, now: datetime) -> int:
    """End the invitations whose time is over. Returns their number."""
    old = invited(has_come=False).filter(sent_at__lt=now - INVITED_FOR)
    ended = 0
    for pk in list(old.values_list("pk", flat=True)):
        with transaction.atomic():
            row = invited(has_come=False).select_for_update(of=("self",)).filter(pk=pk).first()
            if row:
                _end(row, now)
                ended += 1
    return ended


@transaction.atomic
def end_tour(*, user: User, now: datetime) -> None:
    """Put "Your first day" away. The staff guide still leads to it."""
    Invitation.objects.filter(user=user, tour_ended_at=None).update(tour_ended_at=now)


def _end(invitation: Invitation, now: datetime) -> None:
    user = invitation.user
    user.is_staff = False
    user.save(update_fields=["is_staff"])
    user.groups.remove(*Group.objects.filter(name__in=[LEADS, *TEAM_GROUPS]))
    end_sessions(user)
    invitation.ended_at = now
    invitation.save(update_fields=["ended_at"])
    cancel(about=invitation.about, event=Event.INVITATION_ENDED)


def _locked(invitation_id: int, by: User) -> Invitation:
    _require_lead(by)
    rows = Invitation.objects.select_for_update(of=("self",)).select_related("user")
    invitation = rows.get(pk=invitation_id)
    if invited(has_come=True).filter(pk=invitation_id).exists():
        raise RefusedError(
            "They have signed in already. Change their account under Accounts if it should not open the desk."
        )
    if not invited(has_come=False).filter(pk=invitation_id).exists():
        raise RefusedError("This invitation has ended. Invite them again.")
    return invitation


def _require_lead(by: User) -> None:
    if not is_lead(by):
        raise RefusedError("Only leads can invite a colleague.")


def _send(invitation: Invitation, person: Person, *, by: User, now: datetime, words: str) -> None:
    role = invitation.user.groups.filter(name__in=[LEADS, *TEAM_GROUPS]).first()
    family = TEAM_GROUPS.get(role.name) if role else None
    teams = SupportTeam.objects.filter(family=family) if family else SupportTeam.objects.all()
    team = teams.order_by("-family")[0]
    email = compose(
        KIND,
        team=team,
        person=person,
        words={
            "name": person.name,
            "inviter": by.display_name,
            "role": role.name if role else "",
            "until": timezone.localdate(invitation.works_until),
            "desk_link": settings.PORTAL_URL + reverse("admin:index"),
        },
    )
    step = log_change(invitation.user, by=by, words=words)
    queue(email, about=invitation.about, event=step.pk, now=now)
