"""The communities, their rules and the public texts as data, from EVA BC's questions and answers.

``seed`` writes what is missing and touches nothing that is there: staff's edits stay. One more
community is one more entry in ``COMMUNITIES``; its slug and its rules may be left away. Long,
because it holds the words of the source.
"""

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

PASSAGES: list[dict[str, str]] = [
    {
        "key": "home-intro",
        "heading": "Learn and share with people who do the work you do",
        "text": (
            "EVA BC’s Communities of Practice connect frontline anti-violence workers and community "
            "partners across British Columbia, so that everyone’s knowledge and skill grows."
        ),
    },
    {
        "key": "what-is",
        "heading": "What is a community of practice?",
        "text": (
            "“Communities of practice are groups of people who share a concern or a passion for something "
            "they do and learn how to do it better as they interact regularly,” say Jean Lave and Etienne "
            "Wenger, the anthropologists who coined the phrase. A community of practice has three main parts."
        ),
    },
    {
        "key": "domain",
        "heading": "The domain",
        "text": "An identity defined by a shared interest or expertise. In our case: anti-violence work.",
    },
    {
        "key": "community",
        "heading": "The community",
        "text": (
            "The relationships between people. They discuss, share information and resources, solve "
            "problems, learn and network together."
        ),
    },
    {
        "key": "practice",
        "heading": "The practice",
        "text": (
            "By meeting regularly, people build and improve shared resources, tools, documents, policies, "
            "best practices and joint strategies for the challenges they share."
        ),
    },
    {
        "key": "why",
        "heading": "Why communities of practice?",
        "text": (
            "- **Know what works.** Develop and raise awareness of best practices, guidelines and current "
            "strategies for anti-violence and coordination work.\n"
            "- **Draw on each other.** A “knowledge base” driven by peers and supported across the "
            "province, there when you need it.\n"
            "- **Feel less alone.** A place to network and connect with others who do similar work.\n"
            "- **Change things together.** Name shared issues and concerns, and guide strategies to "
            "address them, locally and across the province."
        ),
    },
    {
        "key": "how-to-join",
        "heading": "How to join",
        "text": (
            "If you are eligible for one of the communities, ask to join on its page. EVA BC staff "
            "review every request and follow up with you by email. You can also write to us."
        ),
    },
]

QUESTIONS: list[dict[str, str]] = [
    {
        "slug": "what-is-a-community-of-practice",
        "question": "What is a Community of Practice (CoP)?",
        "answer": (
            "According to the anthropologists who coined the phrase, Jean Lave and Etienne Wenger, "
            "“Communities of practice are groups of people who share a concern or a passion for something "
            "they do and learn how to do it better as they interact regularly”. A community of practice has "
            "three main characteristics:\n\n"
            "1. **The domain:** An identity defined by a shared interest and/or expertise (in our case, "
            "anti-violence work).\n"
            "2. **The community:** The relationships between participants. Participants engage in joint "
            "discussions, activities, information and resource seeking and sharing, problem solving, learning "
            "and networking.\n"
            "3. **The practice:** Through regular interaction, they develop and improve upon a shared body of "
            "resources, tools, documents, policies, best practices, and joint strategies to address shared "
            "challenges."
        ),
    },
    {
        "slug": "what-are-the-communities",
        "question": "What are EVA BC’s Communities of Practice?",
        "answer": (
            "EVA BC has six CoPs for the programs and coordination initiatives under our provincial umbrella.\n\n"
            "**Program support CoPs**\n\n"
            "- Stopping the Violence Counselling programs (STVC)\n"
            "- Stopping the Violence and Multicultural Outreach programs (STV ORS and MORS), collectively "
            "referred to as Outreach services (ORS)\n"
            "- Community-Based Victim Services programs (CBVS)\n"
            "- Sexual Assault Service (SAS) programs\n\n"
            "**Coordination (CCSS) CoPs**\n\n"
            "- Community Coordination\n"
            "- Interagency Case Assessment Teams (ICATs)"
        ),
    },
    {
        "slug": "why-communities-of-practice",
        "question": "Why a Communities of Practice model?",
        "answer": (
            "EVA BC’s Communities of Practice are intended to better connect frontline anti-violence workers "
            "and community partners in order to learn and share with one another to enhance everyone’s "
            "knowledge and competency. Communities of Practice aim to:\n\n"
            "1. Develop and increase awareness of best practices, guidelines and current strategies for doing "
            "anti-violence and coordination work\n"
            "2. Act as a peer-driven and provincially supported “knowledge base” that anti-violence workers "
            "and community partners can draw upon as needed\n"
            "3. Provide a forum for anti-violence workers to network and connect with others doing similar "
            "work, thereby lessening isolation\n"
            "4. Provide a means for anti-violence workers and community partners to identify shared issues "
            "and concerns and guide strategies to address them, locally and provincially."
        ),
    },
    {
        "slug": "what-do-they-consist-of",
        "question": "What do EVA BC’s Communities of Practice consist of?",
        "answer": (
            "**Program support CoPs**\n\n"
            "- A dedicated Slack workspace for members to network, ask questions, brainstorm and share "
            "information and resources\n"
            "- Quarterly CoP Zoom meetings to identify and discuss shared concerns and issues, and to provide "
            "opportunities to network\n"
            "- Training and group discussions with subject matter experts\n\n"
            "**Coordination (CCSS) CoPs**\n\n"
            "- Bi-annual CoP Zoom meetings (twice a year) to identify and discuss shared concerns and issues, "
            "to celebrate successes, hear about related EVA BC work, and to provide opportunities to network"
        ),
    },
    {
        "slug": "who-can-join",
        "question": "Who can join EVA BC’s Communities of Practice?",
        "answer": (
            f"**Program support CoPs**\n\n{PROGRAM_SUPPORT_RULE}\n\n"
            "**Coordination (CCSS) CoPs**\n\n"
            "- Community Coordination CoP: Chairs of coordination initiatives such as Violence Against Women "
            "in Relationships/Violence in Relationship and Sexual Assault Coordination committees.\n"
            "- ICAT CoP: ICAT co-chairs and ICAT coordinators."
        ),
    },
    {
        "slug": "how-do-i-join",
        "question": "How do I join a Community of Practice?",
        "answer": (
            "If you are eligible to join one of EVA BC’s CoPs, ask to join on [the page of your "
            "community](/communities/), or send a message to the email address below. One of our staff will "
            "review your request and follow up with you.\n\n"
            "- Program support CoPs: contact [programsupport@endingviolence.org]"
            "(mailto:programsupport@endingviolence.org)\n"
            "- Coordination CoPs: contact [ccss@endingviolence.org](mailto:ccss@endingviolence.org)"
        ),
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
    for passage in PASSAGES:
        _, new = Passage.objects.get_or_create(key=passage["key"], defaults=passage)
        written += new
    for position, question in enumerate(QUESTIONS):
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
