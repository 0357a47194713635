"""Agencies, their programs and EVA BC memberships."""

from typing import Any

from django.db import models
from django.db.models import F, Q
from django.utils.formats import date_format

from communities.rules.vocabulary import Funder, ProgramType, Region
from membership.models.evidence import Evidenced
from membership.models.imports import ListKind
from membership.models.periods import NoOverlap
from membership.models.search_text import Searchable
from membership.names import name_key


class Agency(Searchable):
    """An organisation that runs programs."""

    SEARCHED = ("name", "city")

    name = models.CharField(max_length=160)
    name_key = models.CharField(max_length=160, unique=True, editable=False)
    city = models.CharField(max_length=80, blank=True)

    class Meta:
        ordering = ["name"]
        verbose_name_plural = "agencies"

    def __str__(self) -> str:
        return self.name

    def save(self, **options: Any) -> None:
        # The key is the name itself in another spelling; it can never differ from it.
        self.name_key = name_key(self.name)
        super().save(**options)


class Program(Evidenced):
    """An agency's funded service in a place. The evidence is about its funding."""

    LIST_KIND = ListKind.PROGRAMS

    agency = models.ForeignKey(Agency, models.PROTECT, related_name="programs")
    type = models.CharField(max_length=10, choices=ProgramType.choices)
    community_served = models.CharField(max_length=80, blank=True)
    region = models.CharField(
        max_length=20, choices=Region.choices, blank=True, default="", db_default=""
    )
    funder = models.CharField(max_length=10, choices=Funder.choices, blank=True)
    funded_from = models.DateField(null=True, blank=True)
    funded_until = models.DateField(null=True, blank=True, help_text="The last day, inclusive.")

    class Meta(Evidenced.Meta):
        ordering = ["agency__name", "type", "community_served"]
        constraints = [
            *Evidenced.Meta.constraints,
            models.UniqueConstraint(
                fields=["agency", "type", "community_served"],
                name="one_program_of_a_type_in_a_place",
                violation_error_message="The agency has a program of this type in this place already.",
            ),
            models.CheckConstraint(
                condition=Q(funded_until__isnull=True)
                | Q(funded_from__isnull=True)
                | Q(funded_until__gte=F("funded_from")),
                name="program_funding_ends_after_it_starts",
                violation_error_message="The funding cannot end before it starts.",
            ),
        ]

    def __str__(self) -> str:
        place = f", {self.community_served}" if self.community_served else ""
        return f"{self.agency}: {self.get_type_display()}{place}"


class EvaMembership(Evidenced):
    """An EVA BC membership, held by an agency or a person for a period.

    ``is_held`` is False where staff looked and there was none: a no for these days.
    """

    LIST_KIND = ListKind.AGENCIES

    agency = models.ForeignKey(
        Agency, models.CASCADE, null=True, blank=True, related_name="eva_memberships"
    )
    person = models.ForeignKey(
        "membership.Person", models.CASCADE, null=True, blank=True, related_name="eva_memberships"
    )
    starts_on = models.DateField()
    ends_on = models.DateField(help_text="The last day, inclusive.")
    is_held = models.BooleanField(
        "there is a membership",
        default=True,
        help_text="Empty where staff looked and there was none in these days.",
    )

    class Meta(Evidenced.Meta):
        ordering = ["-ends_on"]
        verbose_name = "EVA BC membership"
        constraints = [
            *Evidenced.Meta.constraints,
            models.CheckConstraint(
                condition=Q(agency__isnull=False, person__isnull=True)
                | Q(agency__isnull=True, person__isnull=False),
                name="eva_membership_has_one_holder",
                violation_error_message="Choose one holder: an agency or a person.",
            ),
            models.CheckConstraint(
                condition=Q(ends_on__gte=F("starts_on")),
                name="eva_membership_ends_after_it_starts",
                violation_error_message="The membership cannot end before it starts.",
            ),
            NoOverlap(
                name="eva_memberships_of_an_agency_do_not_overlap",
                holder="agency",
                condition=Q(is_held=True),
                violation_error_message="The agency holds a membership in some of these days already.",
            ),
            NoOverlap(
                name="eva_memberships_of_a_person_do_not_overlap",
                holder="person",
                condition=Q(is_held=True),
                violation_error_message="The person holds a membership in some of these days already.",
            ),
        ]

    def __str__(self) -> str:
        no = "" if self.is_held else "no membership, "
        return f"{self.agency or self.person}: {no}{self.days}"

    @property
    def days(self) -> str:
        """Its period in words, both days inclusive."""
        return f"{date_format(self.starts_on, 'j F Y')} to {date_format(self.ends_on, 'j F Y')}"
