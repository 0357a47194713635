"""Coordination initiatives and who chairs or coordinates them."""

from django.db import models
from django.db.models import F, Q

from communities.vocabulary import InitiativeKind, Region, RoleKind
from membership.models.evidence import Evidenced
from membership.models.imports import ListKind
from membership.models.people import Person
from membership.models.search_text import Searchable


class CoordinationInitiative(Searchable):
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
                violation_error_message="There is an initiative of this kind and name in this place already.",
            ),
        ]

    def __str__(self) -> str:
        return self.name


class CoordinationRole(Evidenced):
    """A person's role in an initiative, as one source knows it.

    ``initiative`` is empty until it is matched to the register. ``is_held`` is False where staff
    checked that the person does not have the role.
    """

    LIST_KIND = ListKind.INITIATIVES

    person = models.ForeignKey(Person, models.CASCADE, related_name="roles")
    initiative = models.ForeignKey(
        CoordinationInitiative, models.PROTECT, null=True, blank=True, related_name="roles"
    )
    initiative_kind = models.CharField(max_length=10, choices=InitiativeKind.choices)
    initiative_name = models.CharField(max_length=160, blank=True)
    community_served = models.CharField(max_length=80, blank=True)
    role = models.CharField(max_length=12, choices=RoleKind.choices)
    is_held = models.BooleanField(
        "has this role",
        default=True,
        help_text="Empty where staff checked that the person does not have it.",
    )
    starts_on = models.DateField(null=True, blank=True)
    ends_on = models.DateField(null=True, blank=True, help_text="The last day, inclusive.")

    SAME_THING = ("initiative", "initiative_kind", "initiative_name", "community_served")

    class Meta(Evidenced.Meta):
        ordering = ["person", "pk"]
        constraints = [
            *Evidenced.Meta.constraints,
            models.CheckConstraint(
                condition=Q(ends_on__isnull=True)
                | Q(starts_on__isnull=True)
                | Q(ends_on__gte=F("starts_on")),
                name="role_ends_after_it_starts",
                violation_error_message="The role cannot end before it starts.",
            ),
        ]

    def __str__(self) -> str:
        return (
            f"{self.person}: {self.get_role_display()}, {self.initiative or self.initiative_name}"
        )
