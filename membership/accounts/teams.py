"""EVA BC's staff teams and what each may see.

There are three groups. Each team decides on its own family's requests, and leads see both. A superuser
counts as a lead. Without ``is_staff`` a user is on no team, whatever their groups are.
"""

from collections.abc import Iterable
from typing import Any

from django.contrib.auth.models import AnonymousUser, Group, Permission
from django.db import transaction
from django.db.models import Exists, Q, QuerySet

from communities.email_addresses import normalize_email
from communities.models import CommunityOfPractice, SupportTeam
from communities.rules.vocabulary import Family
from membership.errors import RefusedError
from membership.models import SampleProvince, User
from membership.register.person_records import person_of_user

LEADS = "Leads"
TEAM_GROUPS = {
    "Program support team": Family.PROGRAM_SUPPORT,
    "CCSS team": Family.COORDINATION,
}


def families_of(user: User | AnonymousUser) -> frozenset[Family]:
    """The families whose requests this person decides on. Empty for anyone who is not staff."""
    if not user.is_active or not user.is_staff:
        return frozenset()
    if user.is_superuser:
        return frozenset(Family)
    names = user.team_names
    if LEADS in names:
        return frozenset(Family)
    return frozenset(TEAM_GROUPS[name] for name in names & TEAM_GROUPS.keys())


def own_communities(user: User | AnonymousUser) -> list[CommunityOfPractice]:
    """The communities of these families, read once for each user object: pages ask for them many times.

    Each knows whether the sample province is loaded.
    """
    own: list[CommunityOfPractice] | None = vars(user).get("own_communities")
    if own is None:
        theirs = CommunityOfPractice.objects.filter(team__family__in=families_of(user))
        in_sample = Exists(SampleProvince.objects.all())
        own = list(theirs.select_related("team").annotate(in_sample=in_sample))
        vars(user)["own_communities"] = own
    return own


def set_own_communities(rows: Iterable[Any], user: User | AnonymousUser) -> None:
    """Give rows of the user's communities theirs, which have been read already."""
    own = {community.pk: community for community in own_communities(user)}
    for row in rows:
        row.community = own[row.community_id]


def is_lead(user: User | AnonymousUser) -> bool:
    """Whether this person sees both teams, and so may change the wording that both send."""
    return families_of(user) == frozenset(Family)


def leads_who_sign_in() -> QuerySet[User]:
    """The leads whose accounts are open."""
    leads = Q(is_superuser=True) | Q(groups__name=LEADS)
    return User.objects.filter(leads, is_active=True, is_staff=True).distinct()


def require_team(of: SupportTeam | CommunityOfPractice, by: User, noun: str) -> None:
    """Raise ``RefusedError`` unless ``by`` is on this team, or on the one of this community. ``noun`` is the kind of row."""
    if of.family not in families_of(by):
        raise RefusedError(f"This {noun} belongs to the other team.")


# What the groups may do in the admin, apart from deciding on requests. Requests, emails and enrolments
# are not here: their admin classes check the team.
_REGISTER_VERBS = ("view", "add", "change")
REGISTER_MODELS = (
    "agency",
    "program",
    "evamembership",
    "person",
    "programposition",
    "coordinationinitiative",
    "coordinationrole",
)
_CONTENT = ("communityofpractice", "eligibilitycriterion", "question", "passage", "supportteam")


def seed_groups() -> int:
    """Create the teams' groups and their permissions. Returns the number of groups created."""
    team = _permissions("membership", REGISTER_MODELS, _REGISTER_VERBS)
    lead = [
        *team,
        *_permissions("membership", REGISTER_MODELS, ("delete",)),
        *_permissions("membership", ("user",), ("view", "change")),
        *_permissions("communities", _CONTENT, ("view", "add", "change", "delete")),
    ]
    made = 0
    for name, permissions in [*((name, team) for name in TEAM_GROUPS), (LEADS, lead)]:
        group, new = Group.objects.get_or_create(name=name)
        if new:
            group.permissions.set(permissions)
        made += new
    return made


def _permissions(app: str, models: tuple[str, ...], verbs: tuple[str, ...]) -> list[Permission]:
    codenames = [f"{verb}_{model}" for verb in verbs for model in models]
    return list(Permission.objects.filter(content_type__app_label=app, codename__in=codenames))


@transaction.atomic
def make_lead(*, email: str, name: str) -> User:
    """Make this person a lead. They prove that the address is theirs when they first sign in.

    Creates their account if there is none, and records their name if the register has none.
    """
    address = normalize_email(email)
    user = User.objects.filter(email=address).first() or User.objects.create_user(address)
    User.objects.filter(pk=user.pk).update(is_staff=True, is_active=True)
    user.groups.add(Group.objects.get(name=LEADS))
    person = person_of_user(user)
    person.name = person.name or name
    person.save(update_fields=["name"])
    return user
