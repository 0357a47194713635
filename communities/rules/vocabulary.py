"""The terms of the sector as choices, in the words of EVA BC's questions and answers."""

from django.db.models import TextChoices


class Family(TextChoices):
    """The two families of communities. One EVA BC team supports each."""

    PROGRAM_SUPPORT = "program-support", "Program support"
    COORDINATION = "coordination", "Coordination (CCSS)"


class ProgramType(TextChoices):
    """The types of program whose staff the program support communities are for."""

    STVC = "STVC", "Stopping the Violence Counselling (STVC)"
    STV_ORS = "STV_ORS", "Stopping the Violence Outreach (STV ORS)"
    MORS = "MORS", "Multicultural Outreach (MORS)"
    CBVS = "CBVS", "Community-Based Victim Services (CBVS)"
    SAS = "SAS", "Sexual Assault Service (SAS)"
    OTHER = "OTHER", "Another program"


class Funder(TextChoices):
    """Who funds a program. PSSG is the only funder that the source names."""

    PSSG = "PSSG", "Ministry of Public Safety and Solicitor General (PSSG)"
    OTHER = "OTHER", "Another funder"


class InitiativeKind(TextChoices):
    """The kinds of coordination initiative that the source names, and any other."""

    VAWIR = (
        "VAWIR",
        "Violence Against Women in Relationships/Violence in Relationship (VAWIR/VIR) committee",
    )
    SAC = "SAC", "Sexual Assault Coordination committee"
    ICAT = "ICAT", "Interagency Case Assessment Team (ICAT)"
    OTHER = "OTHER", "Another coordination initiative"


class RoleKind(TextChoices):
    """A person's role in a coordination initiative."""

    CHAIR = "CHAIR", "Chair"
    CO_CHAIR = "CO_CHAIR", "Co-chair"
    COORDINATOR = "COORDINATOR", "Coordinator"
    OTHER = "OTHER", "Another role"


class Region(TextChoices):
    """British Columbia's eight development regions, as BC Stats defines them."""

    VANCOUVER_ISLAND = "VANCOUVER_ISLAND", "Vancouver Island and Coast"
    MAINLAND_SOUTHWEST = "MAINLAND_SOUTHWEST", "Mainland/Southwest"
    THOMPSON_OKANAGAN = "THOMPSON_OKANAGAN", "Thompson-Okanagan"
    KOOTENAY = "KOOTENAY", "Kootenay"
    CARIBOO = "CARIBOO", "Cariboo"
    NORTH_COAST = "NORTH_COAST", "North Coast"
    NECHAKO = "NECHAKO", "Nechako"
    NORTHEAST = "NORTHEAST", "Northeast"


class MeetingKind(TextChoices):
    """The purpose of a meeting."""

    REGULAR = "regular", "Regular meeting"
    TRAINING = "training", "Training"
    DISCUSSION = "discussion", "Discussion with a subject matter expert"


class FactKind(TextChoices):
    """The kinds of fact that rules check. The label says what an import of them contains."""

    CASELOAD = "caseload", "people’s positions"
    FUNDING = "funding", "funded programs"
    EVA_MEMBERSHIP = "eva-membership", "EVA BC memberships"
    COORDINATION_ROLE = "coordination-role", "initiatives and roles"


class Verdict(TextChoices):
    """The outcome of a rule, by the strongest facts there are."""

    MET = "met", "Met"
    UNKNOWN = "unknown", "Unknown"
    NOT_MET = "not-met", "Not met"


class Status(TextChoices):
    """A verdict together with how it is known, as pages show it."""

    MET = "met", "Met"
    SELF_REPORTED = "self-reported", "To confirm"
    UNKNOWN = "unknown", "To check"
    NOT_MET = "not-met", "Not met"
    # Staff see apart what confirmed facts and a list say differently; to others it is unknown.
    CONTRADICTED = "contradicted", "A list says otherwise"


class Evidence(TextChoices):
    """How a fact is known."""

    CLAIMED = "claimed", "Self-reported"
    LISTED = "listed", "On an imported list"
    CONFIRMED = "confirmed", "Confirmed by EVA BC staff"
    CONTRADICTED = "contradicted", "A list says otherwise"
