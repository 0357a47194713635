"""The communities and their rules as data, from EVA BC's questions and answers.

``seed`` writes what is missing and touches nothing that is there: staff's edits stay. One more
community is one more entry in ``COMMUNITIES``; its slug and its rules may be left away. ``texts.toml`` holds the words
of the public pages.
"""

import tomllib
from pathlib import Path
from typing import Any

from django.db import transaction
from django.utils.text import slugify

from communities.models import (
    CommunityOfPractice,
    EligibilityCriterion,
    Passage,
    Question,
    SupportTeam,
)
from communities.rules.caseload import Caseload
from communities.rules.coordination_role import CoordinationRoleHeld
from communities.rules.eva_membership import EvaMembershipHeld
from communities.rules.funding import Funding
from communities.rules.rule import Rule
from communities.rules.vocabulary import (
    Family,
    Funder,
    InitiativeKind,
    ProgramType,
    RoleKind,
)

TEXTS = Path(__file__).with_name("texts.toml")  # of the public pages

TEAMS: list[dict[str, Any]] = [
    {
        "family": Family.PROGRAM_SUPPORT,
        "name": "EVA BC program support",
        "mailbox": "programsupport@endingviolence.org",
    },
    {
        "family": Family.COORDINATION,
        "name": "EVA BC Community Coordination (CCSS)",
        "mailbox": "ccss@endingviolence.org",
    },
]

PROGRAM_SUPPORT_OFFERS = """\
A dedicated Slack workspace for members to network, ask questions, brainstorm and share information and resources
Quarterly Zoom meetings to identify and discuss shared concerns and issues, and to network
Training and group discussions with subject matter experts"""

COORDINATION_OFFERS = """\
Zoom meetings twice a year to identify and discuss shared concerns and issues, to celebrate successes, to hear about related EVA BC work, and to network"""

PROGRAM_SUPPORT_RULE = (
    "Frontline staff carrying a caseload in Stopping the Violence Counselling programs, Stopping the "
    "Violence and Multicultural Outreach programs, Community-Based Victim Services and Sexual Assault "
    "Services programs funded by the Ministry of Public Safety and Solicitor General and holding a "
    "current EVA BC membership are welcome to join the CoP for their program."
)
COORDINATION_RULE = (
    "Community Coordination CoP: Chairs of coordination initiatives such as Violence Against Women in "
    "Relationships/Violence in Relationship and Sexual Assault Coordination committees."
)
ICAT_RULE = "ICAT CoP: ICAT co-chairs and ICAT coordinators."


Rules = list[tuple[Rule, str]]  # each with the sentence it comes from


def _program_rules(*types: ProgramType) -> Rules:
    rules = (Caseload(program_types=types), Funding(Funder.PSSG), EvaMembershipHeld())
    return [(rule, PROGRAM_SUPPORT_RULE) for rule in rules]


def _program_community(
    slug: str, short_name: str, name: str, programs: str, *types: ProgramType
) -> dict[str, Any]:
    return {
        "slug": slug,
        "short_name": short_name,
        "name": name,
        "family": Family.PROGRAM_SUPPORT,
        "has_slack": True,
        "consists_of": PROGRAM_SUPPORT_OFFERS,
        "summary": f"For frontline staff who carry a caseload in {programs}.",
        "who_can_join": (
            f"Frontline staff who carry a caseload in {programs}. The program is funded by the Ministry "
            "of Public Safety and Solicitor General, and you or your agency hold a current EVA BC membership."
        ),
        "rules": _program_rules(*types),
    }


COMMUNITIES: list[dict[str, Any]] = [
    _program_community(
        "stvc",
        "STVC",
        "Stopping the Violence Counselling programs",
        "a Stopping the Violence Counselling program",
        ProgramType.STVC,
    ),
    _program_community(
        "ors",
        "ORS",
        "Outreach services",
        "a Stopping the Violence Outreach or Multicultural Outreach program",
        ProgramType.STV_ORS,
        ProgramType.MORS,
    ),
    _program_community(
        "cbvs",
        "CBVS",
        "Community-Based Victim Services programs",
        "a Community-Based Victim Services program",
        ProgramType.CBVS,
    ),
    _program_community(
        "sas",
        "SAS",
        "Sexual Assault Service programs",
        "a Sexual Assault Service program",
        ProgramType.SAS,
    ),
    {
        "slug": "community-coordination",
        "short_name": "Community Coordination",
        "name": "Community Coordination",
        "family": Family.COORDINATION,
        "consists_of": COORDINATION_OFFERS,
        "summary": "For chairs of coordination initiatives, such as VAWIR/VIR and Sexual Assault Coordination committees.",
        "who_can_join": (
            "Chairs of coordination initiatives, such as Violence Against Women in Relationships / "
            "Violence in Relationships (VAWIR/VIR) committees and Sexual Assault Coordination committees."
        ),
        "rules": [
            (
                CoordinationRoleHeld(
                    roles=(RoleKind.CHAIR,),
                    initiatives=(InitiativeKind.VAWIR, InitiativeKind.SAC),
                    # The source names chairs here and co-chairs for ICATs, and says "such as".
                    roles_to_check=(RoleKind.CO_CHAIR,),
                    initiatives_to_check=(InitiativeKind.ICAT, InitiativeKind.OTHER),
                ),
                COORDINATION_RULE,
            )
        ],
    },
    {
        "slug": "icat",
        "short_name": "ICAT",
        "name": "Interagency Case Assessment Teams",
        "family": Family.COORDINATION,
        "consists_of": COORDINATION_OFFERS,
        "summary": "For co-chairs and coordinators of Interagency Case Assessment Teams (ICATs).",
        "who_can_join": "Co-chairs and coordinators of Interagency Case Assessment Teams (ICATs).",
        "rules": [
            (
                CoordinationRoleHeld(
                    roles=(RoleKind.CO_CHAIR, RoleKind.COORDINATOR),
                    initiatives=(InitiativeKind.ICAT,),
                    roles_to_check=(RoleKind.CHAIR,),
                ),
                ICAT_RULE,
            )
        ],
    },
]


@transaction.atomic
def seed() -> int:
    """Write what is missing of the catalogue. Gives the number of rows written."""
    written = 0
    for team in TEAMS:
        _, new = SupportTeam.objects.get_or_create(family=team["family"], defaults=team)
        written += new
    for position, data in enumerate(COMMUNITIES):
        written += _seed_community(position, data)
    texts = tomllib.loads(TEXTS.read_text(encoding="utf-8"))
    for passage in texts["passages"]:
        _, new = Passage.objects.get_or_create(key=passage["key"], defaults=passage)
        written += new
    for position, question in enumerate(texts["questions"]):
        defaults = {**question, "position": position}
        _, new = Question.objects.get_or_create(slug=question["slug"], defaults=defaults)
        written += new
    return written


def _seed_community(position: int, data: dict[str, Any]) -> int:
    own = {key: value for key, value in data.items() if key not in {"slug", "family", "rules"}}
    community, new = CommunityOfPractice.objects.get_or_create(
        slug=slug_of(data),
        defaults={
            **own,
            "position": position,
            "team": SupportTeam.objects.get(family=data["family"]),
        },
    )
    if not new:
        # Its rules belong to staff now: one that they took away does not come back.
        return 0
    rules: Rules = data.get("rules", [])
    EligibilityCriterion.objects.bulk_create(
        EligibilityCriterion(
            community=community,
            kind=rule.key,
            parameters=rule.as_json(),
            source=source,
            position=place,
        )
        for place, (rule, source) in enumerate(rules)
    )
    return 1 + len(rules)


def slug_of(data: dict[str, Any]) -> str:
    """How a community of the catalogue is called in addresses; of its name where it does not say."""
    return str(data.get("slug") or slugify(data["name"]))
