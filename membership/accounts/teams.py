"""Who of EVA BC's staff looks after what.

Three groups: each team decides its own family's requests, leads see both. A superuser counts as a
lead. Somebody without ``is_staff`` belongs to no team, whatever their groups say.
"""

from django.contrib.auth.models import AnonymousUser, Group, Permission
from django.db import transaction

from communities.rules.vocabulary import Family
from membership.models import User
from membership.register.person_records import person_of_user

LEADS = "Leads"
TEAM_GROUPS = {
    "Program support team": Family.PROGRAM_SUPPORT,
    "CCSS team": Family.COORDINATION,
}


def families_of(user: User | AnonymousUser) -> frozenset[Family]:
    """The families whose requests this person decides; empty for everybody who is not staff."""
    if not user.is_active or not user.is_staff:
        return frozenset()
    if user.is_superuser:
        return frozenset(Family)
    names = user.team_names
    if LEADS in names:
        return frozenset(Family)
    return frozenset(TEAM_GROUPS[name] for name in names & TEAM_GROUPS.keys())


def is_lead(user: User | AnonymousUser) -> bool:
    """Does this person see both teams, and so decide about the words that both send?"""
    return families_of(user) == frozenset(Family)


# What the groups may do in the admin, beside deciding: {app label: {model: verbs}}. Requests, emails
# and enrolments are not here: the teams' own rules decide about them.
_REGISTER_VERBS = ("view", "add", "change")
_REGISTER_MODELS = (
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
    """Make the groups of the teams with what they may do. Gives the number of groups made."""
    team = _permissions("membership", _REGISTER_MODELS, _REGISTER_VERBS)
    lead = [
        *team,
        *_permissions("membership", _REGISTER_MODELS, ("delete",)),
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
    """Make this person a lead; they prove their address with the code of their first sign-in.

    Their sign-in is made where there is none yet, and their name is written where the register has none.
    """
    address = email.strip().lower()
    user = User.objects.filter(email=address).first() or User.objects.create_user(address)
    User.objects.filter(pk=user.pk).update(is_staff=True, is_active=True)
    user.groups.add(Group.objects.get(name=LEADS))
    person = person_of_user(user)
    person.name = person.name or name
    person.save(update_fields=["name"])
    return user
