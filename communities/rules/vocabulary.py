"""The field's own terms, as closed lists.

The words are those of EVA BC's questions and answers; everything else takes them from here.
"""

from django.db.models import TextChoices


class Family(TextChoices):
    """The two kinds of community; each is looked after by one EVA BC team."""

    PROGRAM_SUPPORT = "program-support", "Program support"
    COORDINATION = "coordination", "Coordination (CCSS)"


class ProgramType(TextChoices):
    """The funded services whose staff the program-support communities are for."""

    STVC = "STVC", "Stopping the Violence Counselling (STVC)"
    STV_ORS = "STV_ORS", "Stopping the Violence Outreach (STV ORS)"
    MORS = "MORS", "Multicultural Outreach (MORS)"
    CBVS = "CBVS", "Community-Based Victim Services (CBVS)"
    SAS = "SAS", "Sexual Assault Services (SAS)"
    OTHER = "OTHER", "Another program"


class Funder(TextChoices):
    """Who pays for a program. PSSG is the one funder that the source names."""

    PSSG = "PSSG", "Ministry of Public Safety and Solicitor General (PSSG)"
    OTHER = "OTHER", "Another funder"


class InitiativeKind(TextChoices):
    """The kinds of coordination initiative that the source names, and the rest."""

    VAWIR = (
        "VAWIR",
        "Violence Against Women in Relationships / Violence in Relationships (VAWIR/VIR)",
    )
    SAC = "SAC", "Sexual Assault Coordination committee"
    ICAT = "ICAT", "Interagency Case Assessment Team (ICAT)"
    OTHER = "OTHER", "Another coordination initiative"

    @property
    def short(self) -> str:
        """The kind as it reads inside a sentence, with its article."""
        return {
            InitiativeKind.VAWIR: "a VAWIR/VIR committee",
            InitiativeKind.SAC: "a Sexual Assault Coordination committee",
            InitiativeKind.ICAT: "an ICAT",
            InitiativeKind.OTHER: "another coordination initiative",
        }[self]


class RoleKind(TextChoices):
    """What somebody does in a coordination initiative."""

    CHAIR = "CHAIR", "Chair"
    CO_CHAIR = "CO_CHAIR", "Co-chair"
    COORDINATOR = "COORDINATOR", "Coordinator"
    OTHER = "OTHER", "Another role"


class Region(TextChoices):
    """British Columbia's eight development regions, as its statistics draw them."""

    VANCOUVER_ISLAND = "VANCOUVER_ISLAND", "Vancouver Island and Coast"
    MAINLAND_SOUTHWEST = "MAINLAND_SOUTHWEST", "Mainland/Southwest"
    THOMPSON_OKANAGAN = "THOMPSON_OKANAGAN", "Thompson-Okanagan"
    KOOTENAY = "KOOTENAY", "Kootenay"
    CARIBOO = "CARIBOO", "Cariboo"
    NORTH_COAST = "NORTH_COAST", "North Coast"
    NECHAKO = "NECHAKO", "Nechako"
    NORTHEAST = "NORTHEAST", "Northeast"


class MeetingKind(TextChoices):
    """What a community meets for."""

    REGULAR = "regular", "Regular meeting"
    TRAINING = "training", "Training"
    DISCUSSION = "discussion", "Discussion with a subject-matter expert"


class FactKind(TextChoices):
    """The kinds of fact that the rules look at, each with what an imported list of them holds."""

    CASELOAD = "caseload", "people’s positions"
    FUNDING = "funding", "funded programs"
    EVA_MEMBERSHIP = "eva-membership", "EVA BC memberships"
    COORDINATION_ROLE = "coordination-role", "initiatives and roles"


class Verdict(TextChoices):
    """What the best known facts amount to."""

    MET = "met", "Met"
    UNKNOWN = "unknown", "Unknown"
    NOT_MET = "not-met", "Not met"


class Reading(TextChoices):
    """A verdict together with how we know it, as people read it."""

    MET = "met", "Met"
    TO_CHECK = "to-check", "To check"
    NOT_MET = "not-met", "Not met"


class Evidence(TextChoices):
    """How we know a fact."""

    CLAIMED = "claimed", "Claimed by the worker"
    LISTED = "listed", "On an imported list"
    CONFIRMED = "confirmed", "Confirmed by EVA BC staff"
    CONTRADICTED = "contradicted", "A list says otherwise"
