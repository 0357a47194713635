"""The register: agencies, programs, EVA BC memberships, people, positions, initiatives and roles."""

from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import F, Q, Value
from django.db.models.functions import Now, Right, StrIndex, Substr
from django.utils.formats import date_format

from communities.email_addresses import EmailField, IsNormalEmail
from communities.rules.vocabulary import Funder, InitiativeKind, ProgramType, Region, RoleKind
from membership.accounts.models import by_user
from membership.imports.models import ListKind
from membership.recorded_changes import RecordedMerge
from membership.register.evidence import EvidencedModel
from membership.register.names import name_key
from membership.register.periods import NoOverlapConstraint
from membership.search import NameEnd, NameStart, SearchableModel


def _in_order(first: str, last: str, *, name: str) -> models.CheckConstraint:
    """The date in ``last`` is not before the date in ``first``, if both are known."""
    either_unknown = Q(**{f"{last}__isnull": True}) | Q(**{f"{first}__isnull": True})
    return models.CheckConstraint(
        condition=either_unknown | Q(**{f"{last}__gte": F(first)}),
        name=name,
        violation_error_message="The last day must be on or after the first day.",
    )


class RemovableModel(models.Model):
    """A row that its team can remove while nothing refers to it (``membership.register.removing``)."""

    # By hand or by an import. Empty if it is not known.
    added_by = by_user(editable=False)

    class Meta:
        abstract = True


class Agency(RemovableModel, SearchableModel):
    """An organization that runs programs."""

    SEARCHED = ("name", "city", "aliases")

    name = models.CharField(max_length=160)
    name_key = models.CharField(max_length=160, unique=True, editable=False)
    city = models.CharField(max_length=80, blank=True)
    # Who is emailed before its EVA BC membership ends.
    contact_name = models.CharField(max_length=120, blank=True, db_default="", default="")
    contact_email = EmailField(
        blank=True,
        db_default="",
        default="",
        help_text="Gets an email 60 and 30 days before the EVA BC membership ends.",
    )

    class Meta:
        ordering = ["name"]
        verbose_name_plural = "agencies"
        constraints = [
            models.CheckConstraint(
                condition=Q(IsNormalEmail("contact_email")), name="agency_contact_email_is_normal"
            ),
        ]

    def __str__(self) -> str:
        return self.name

    def save(self, **options: Any) -> None:
        # Derived from the name, which may change.
        self.name_key = name_key(self.name)
        super().save(**options)


class AgencyAlias(SearchableModel):
    """Another name of an agency, by which forms, lists and searches find it."""

    SEARCHED = ("name",)

    class How(models.TextChoices):
        FORMER = "former", "Former name"
        SPELLING = "spelling", "Other spelling or short name"
        MERGED = "merged", "Name of an agency that was merged into it"

    agency = models.ForeignKey(Agency, models.CASCADE, related_name="aliases")
    name = models.CharField(max_length=160)
    # No two agencies share one. That no agency has it as its own name, the forms and verbs check.
    name_key = models.CharField(max_length=160, unique=True, editable=False)
    how = models.CharField("kind", max_length=10, choices=How.choices, default=How.SPELLING)

    class Meta:
        ordering = ["name"]
        verbose_name = "other name"

    def __str__(self) -> str:
        return self.name

    def save(self, **options: Any) -> None:
        self.name_key = name_key(self.name)
        super().save(**options)


class AgencyMerge(RecordedMerge):
    """Two records of one agency became one. The merged one is gone until this is undone.

    An undo empties ``changes``, and so does erasing a person whose rows it names.
    """

    kept = models.ForeignKey(Agency, models.CASCADE, related_name="merges")
    merged_id = models.BigIntegerField(db_index=True)
    merged_name = models.CharField(max_length=160)

    class Meta(RecordedMerge.Meta):
        verbose_name = "merge"

    def __str__(self) -> str:
        return f"{self.merged_name} into {self.kept}"


class Program(RemovableModel, EvidencedModel):
    """A funded service of an agency in a place. The evidence is about its funding."""

    LIST_KIND = ListKind.PROGRAMS
    FACT_FIELDS = ("funder", "funded_from", "funded_until")

    agency = models.ForeignKey(Agency, models.PROTECT, related_name="programs")
    type = models.CharField(max_length=10, choices=ProgramType.choices)
    community_served = models.CharField(max_length=80, blank=True)
    region = models.CharField(
        max_length=20, choices=Region.choices, blank=True, default="", db_default=""
    )
    funder = models.CharField(max_length=10, choices=Funder.choices, blank=True)
    funded_from = models.DateField(null=True, blank=True)
    funded_until = models.DateField(null=True, blank=True, help_text="The last day, inclusive.")

    class Meta(EvidencedModel.Meta):
        ordering = ["agency__name", "type", "community_served"]
        constraints = [
            *EvidencedModel.Meta.constraints,
            models.UniqueConstraint(
                fields=["agency", "type", "community_served"],
                name="one_program_of_a_type_in_a_place",
                violation_error_message="This agency already has a program of this type in this place.",
            ),
            _in_order("funded_from", "funded_until", name="program_funding_ends_after_it_starts"),
        ]

    def __str__(self) -> str:
        place = f", {self.community_served}" if self.community_served else ""
        return f"{self.agency}: {self.get_type_display()}{place}"


class EvaMembership(EvidencedModel):
    """An EVA BC membership, held by an agency or a person for a period.

    ``is_held`` is False if staff confirmed that there is no membership in this period.
    """

    LIST_KIND = ListKind.AGENCIES
    FACT_FIELDS = ("is_held", "starts_on", "ends_on")

    agency = models.ForeignKey(
        Agency, models.CASCADE, null=True, blank=True, related_name="eva_memberships"
    )
    person = models.ForeignKey(
        "membership.Person", models.CASCADE, null=True, blank=True, related_name="eva_memberships"
    )
    starts_on = models.DateField()
    ends_on = models.DateField(help_text="The last day, inclusive.")
    is_held = models.BooleanField(
        "has a membership",
        default=True,
        help_text="Clear this if staff confirmed that there was no membership in this period.",
    )

    class Meta(EvidencedModel.Meta):
        ordering = ["-ends_on"]
        verbose_name = "EVA BC membership"
        constraints = [
            *EvidencedModel.Meta.constraints,
            models.CheckConstraint(
                condition=Q(agency__isnull=False, person__isnull=True)
                | Q(agency__isnull=True, person__isnull=False),
                name="eva_membership_has_one_holder",
                violation_error_message="Choose one holder: an agency or a person.",
            ),
            models.CheckConstraint(
                condition=Q(ends_on__gte=F("starts_on")),
                name="eva_membership_ends_after_it_starts",
                violation_error_message="The last day must be on or after the first day.",
            ),
            *(
                NoOverlapConstraint(
                    name=f"eva_memberships_of_{one}_do_not_overlap",
                    holder=holder,
                    condition=Q(is_held=True),
                    violation_error_message=f"The {holder} already has a membership that overlaps this period.",
                )
                for holder, one in (("agency", "an_agency"), ("person", "a_person"))
            ),
        ]

    @property
    def about(self) -> str:
        """Its key in the outbox."""
        return f"evamembership:{self.pk}"

    def __str__(self) -> str:
        no = "" if self.is_held else "no membership, "
        return f"{self.holder}: {no}{self.days}"

    @property
    def holder(self) -> "Agency | Person | None":
        return self.agency or self.person

    @property
    def days(self) -> str:
        """Its period in words, both days included."""
        return f"{date_format(self.starts_on)} to {date_format(self.ends_on)}"


# The name of an erased person in the history.
ERASED_PERSON = "Deleted person"


class Person(SearchableModel):
    """Someone in the register, with or without an account.

    If ``erased_on`` is set, the personal data is gone and the row only links past requests and
    enrolments. If ``merged_into`` is set, everything has moved to that record.
    """

    SEARCHED = ("name", "email", "phone", "other_names", "other_emails")

    user = models.OneToOneField(
        settings.AUTH_USER_MODEL,
        models.SET_NULL,
        verbose_name="account",
        null=True,
        blank=True,
        related_name="person",
    )
    name = models.CharField(max_length=120, blank=True)
    email = EmailField(blank=True)
    # From before emails had one form. `evabc.W002` lists these people.
    email_is_odd = models.BooleanField(default=False, db_default=False, editable=False)
    phone = models.CharField(max_length=40, blank=True)
    wants_reminders = models.BooleanField(
        "gets reminders",
        default=True,
        db_default=True,
        help_text="Their own choice. Questions and decisions are still sent.",
    )
    known_since = models.DateTimeField(db_default=Now(), editable=False)
    erased_on = models.DateField(null=True, blank=True, editable=False)
    merged_into = models.ForeignKey(
        "self", models.CASCADE, null=True, blank=True, editable=False, related_name="merged_records"
    )

    class Meta:
        ordering = ["name", "pk"]
        verbose_name_plural = "people"
        indexes = [
            models.Index(fields=["name", "id"], name="people_by_name"),
            # By these, similar records are found.
            models.Index(NameStart("search_text"), name="people_by_start_of_name"),
            models.Index(NameEnd("search_text"), name="people_by_end_of_name"),
            models.Index(Right("search_text", 7), name="people_by_end_of_phone"),
            models.Index(
                Substr("email", 1, StrIndex("email", Value("@"))), name="people_by_start_of_email"
            ),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["email"],
                condition=~Q(email=""),
                name="one_person_per_email",
                violation_error_message="Someone in the register already has this email.",
            ),
            models.CheckConstraint(
                condition=Q(IsNormalEmail("email")) | Q(email_is_odd=True),
                name="person_email_is_normal",
            ),
            models.CheckConstraint(
                condition=Q(erased_on__isnull=True)
                | Q(user__isnull=True, name="", email="", phone="", search_text=""),
                name="erased_person_is_nobody",
            ),
            models.CheckConstraint(
                condition=Q(merged_into__isnull=True)
                | Q(user__isnull=True, name="", email="", phone="", search_text=""),
                name="merged_person_is_nobody",
            ),
        ]

    def __str__(self) -> str:
        if self.erased_on:
            return ERASED_PERSON
        if self.merged_into_id:
            return f"Merged record {self.pk}"
        return self.name or self.email or f"Person {self.pk}"

    @property
    def short_name(self) -> str:
        """The name for buttons: "Approve and email Dana"."""
        return self.name.split(" ")[0] if self.name else "the applicant"


class OtherEmail(SearchableModel):
    """Another address of a person, by which lists, Slack and Zoom find them. It opens no account."""

    SEARCHED = ("email",)

    person = models.ForeignKey(Person, models.CASCADE, related_name="other_emails")
    email = EmailField()
    until = models.DateField(
        "their email until",
        null=True,
        blank=True,
        editable=False,
        help_text="Empty if it never was.",
    )

    class Meta:
        ordering = ["-until", "email"]
        verbose_name = "other email"
        constraints = [
            models.UniqueConstraint(
                fields=["person", "email"],
                name="one_row_per_other_email",
                violation_error_message="This email is listed already.",
            ),
            models.CheckConstraint(condition=IsNormalEmail("email"), name="other_email_is_normal"),
        ]
        indexes = [models.Index(fields=["email"], name="people_by_other_email")]

    def __str__(self) -> str:
        return self.email


class OtherName(SearchableModel):
    """A former or further name of a person, by which staff find them."""

    SEARCHED = ("name",)

    person = models.ForeignKey(Person, models.CASCADE, related_name="other_names")
    name = models.CharField(max_length=120)
    until = models.DateField(
        "their name until",
        null=True,
        blank=True,
        editable=False,
        help_text="Empty if it never was.",
    )

    class Meta:
        ordering = ["-until", "name"]
        verbose_name = "other name"
        constraints = [
            models.UniqueConstraint(
                fields=["person", "name"],
                name="one_row_per_other_name",
                violation_error_message="This name is listed already.",
            )
        ]

    def __str__(self) -> str:
        return self.name


class SomeoneElse(models.Model):
    """Staff say that two similar records are two people. A pair has two rows, one from each side."""

    person = models.ForeignKey(Person, models.CASCADE, related_name="someone_else")
    other = models.ForeignKey(Person, models.CASCADE, related_name="+")
    by = by_user()
    at = models.DateTimeField()

    class Meta:
        ordering = ["pk"]
        verbose_name = "answer about a similar record"
        verbose_name_plural = "answers about similar records"
        constraints = [
            models.UniqueConstraint(fields=["person", "other"], name="one_answer_for_a_pair"),
            models.CheckConstraint(
                condition=~Q(person=F("other")), name="no_one_is_someone_else_than_themself"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.person} is someone else than {self.other}"


class ProgramPosition(SearchableModel, EvidencedModel):
    """A worker's job in a program, according to one source. The evidence is about the caseload.

    ``program`` is empty until the answers of the worker are matched to the register; ``agency_name`` and
    ``program_type`` hold those answers. ``says_funded`` and ``says_membership`` are the worker's
    answers about the program and the agency, and empty if they are not sure.
    """

    SEARCHED = ("agency_name", "agency", "program__agency")
    LIST_KIND = ListKind.PEOPLE
    FACT_FIELDS = ("carries_caseload", "starts_on", "ends_on")

    person = models.ForeignKey(Person, models.CASCADE, related_name="positions")
    program = models.ForeignKey(
        Program, models.PROTECT, null=True, blank=True, related_name="positions"
    )
    agency = models.ForeignKey(Agency, models.PROTECT, null=True, blank=True, related_name="+")
    agency_name = models.CharField("agency (as written)", max_length=160, blank=True)
    program_type = models.CharField(max_length=10, choices=ProgramType.choices, blank=True)
    community_served = models.CharField(max_length=80, blank=True)
    carries_caseload = models.BooleanField("carries a caseload", null=True, blank=True)
    says_funded = models.BooleanField("ministry funding (self-reported)", null=True, blank=True)
    says_membership = models.CharField(
        "EVA BC membership (self-reported)",
        max_length=10,
        blank=True,
        choices=[("agency", "Agency holds one"), ("own", "Person holds one"), ("no", "No")],
    )
    starts_on = models.DateField(null=True, blank=True)
    ends_on = models.DateField(null=True, blank=True, help_text="The last day, inclusive.")

    IDENTITY_FIELDS = ("program", "program_type", "agency_name", "community_served")

    class Meta(EvidencedModel.Meta):
        ordering = ["person", "pk"]
        constraints = [
            *EvidencedModel.Meta.constraints,
            models.CheckConstraint(
                condition=Q(program__isnull=False) | ~Q(program_type=""),
                name="position_names_its_program",
                violation_error_message="Choose a program or a program type.",
            ),
            _in_order("starts_on", "ends_on", name="position_ends_after_it_starts"),
        ]

    def __str__(self) -> str:
        return f"{self.person}: {self.program or self.get_program_type_display()}"

    @property
    def known_agency(self) -> Agency | None:
        """The agency, if it is in the register."""
        return self.program.agency if self.program else self.agency

    @property
    def known_type(self) -> ProgramType:
        """The program type, from the register if the program is matched."""
        return ProgramType(self.program.type if self.program else self.program_type)

    @property
    def employer(self) -> str:
        """The name of the agency, from the register or else as the worker wrote it."""
        return self.known_agency.name if self.known_agency else self.agency_name


class CoordinationInitiative(RemovableModel, SearchableModel):
    """A VAWIR/VIR committee, a Sexual Assault Coordination committee, an ICAT, or another."""

    SEARCHED = ("name", "community_served")

    kind = models.CharField(max_length=10, choices=InitiativeKind.choices)
    name = models.CharField(max_length=160)
    community_served = models.CharField(max_length=80, blank=True)
    region = models.CharField(
        max_length=20, choices=Region.choices, blank=True, default="", db_default=""
    )

    class Meta:
        ordering = ["name"]
        constraints = [
            models.UniqueConstraint(
                fields=["kind", "name", "community_served"],
                name="one_initiative_of_a_name_in_a_place",
                violation_error_message="An initiative of this kind with this name already exists in this place.",
            ),
        ]

    def __str__(self) -> str:
        return self.name


class CoordinationRole(EvidencedModel):
    """A person's role in an initiative, according to one source.

    ``initiative`` is empty until it is matched to the register. ``is_held`` is False if staff
    confirmed that the person does not have the role.
    """

    LIST_KIND = ListKind.INITIATIVES
    FACT_FIELDS = ("is_held", "starts_on", "ends_on")

    person = models.ForeignKey(Person, models.CASCADE, related_name="roles")
    initiative = models.ForeignKey(
        CoordinationInitiative, models.PROTECT, null=True, blank=True, related_name="roles"
    )
    initiative_kind = models.CharField(max_length=10, choices=InitiativeKind.choices)
    initiative_name = models.CharField("initiative (as written)", max_length=160, blank=True)
    community_served = models.CharField(max_length=80, blank=True)
    role = models.CharField(max_length=12, choices=RoleKind.choices)
    is_held = models.BooleanField(
        "has this role",
        default=True,
        help_text="Clear this if staff confirmed that the person does not have this role.",
    )
    starts_on = models.DateField(null=True, blank=True)
    ends_on = models.DateField(null=True, blank=True, help_text="The last day, inclusive.")

    IDENTITY_FIELDS = ("initiative", "initiative_kind", "initiative_name", "community_served")

    class Meta(EvidencedModel.Meta):
        ordering = ["person", "pk"]
        constraints = [
            *EvidencedModel.Meta.constraints,
            _in_order("starts_on", "ends_on", name="role_ends_after_it_starts"),
        ]

    def __str__(self) -> str:
        return f"{self.person}: {self.get_role_display()}, {self.initiative_display}"

    @property
    def initiative_display(self) -> str:
        """The name of the initiative, or its kind if no one wrote a name."""
        name = self.initiative_name or self.get_initiative_kind_display()
        return self.initiative.name if self.initiative else name


class SampleProvince(models.Model):
    """One row while the sample province is loaded. No email then goes to a real EVA BC mailbox."""

    loaded_at = models.DateTimeField()
    only_one = models.BooleanField(default=True, editable=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["only_one"], name="one_sample_province"),
        ]

    def __str__(self) -> str:
        return "The sample province"
