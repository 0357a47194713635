"""How we know a fact: the columns that every fact of the register has."""

import functools
from datetime import date

from django.conf import settings
from django.contrib import admin
from django.db import models
from django.db.models import Q
from django.utils.formats import date_format

from communities.rules.vocabulary import Evidence
from membership.imports.models import ListKind


class EvidencedModel(models.Model):
    """A fact with its evidence: claimed, listed (list and as-of date), confirmed (who and when).

    On a confirmed fact ``list_name`` and ``list_as_of`` are those of the newest list that has it, and
    ``list_says`` is what that list says differently.
    """

    # The columns that make two claims of one person claims about the same thing.
    IDENTITY_FIELDS: tuple[str, ...] = ()
    # The kind of list that brings such facts.
    LIST_KIND: ListKind

    evidence = models.CharField(max_length=12, choices=Evidence.choices, default=Evidence.CLAIMED)
    list_name = models.CharField(
        max_length=120,
        blank=True,
        help_text="For a listed fact, for example: the ministry’s contract list.",
    )
    list_as_of = models.DateField("list as of", null=True, blank=True)
    list_says = models.CharField(
        "a list says otherwise",
        max_length=200,
        blank=True,
        help_text="Staff confirmed the fact, so the list did not change it. Look at it again.",
    )
    confirmed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+"
    )
    confirmed_on = models.DateField(null=True, blank=True)

    class Meta:
        abstract = True
        constraints = [
            models.CheckConstraint(
                condition=~Q(evidence=Evidence.LISTED)
                | (~Q(list_name="") & Q(list_as_of__isnull=False)),
                name="%(class)s_listed_names_its_list",
                violation_error_message="A fact from a list needs the list’s name and its day.",
            ),
            models.CheckConstraint(
                condition=~Q(evidence=Evidence.CONFIRMED) | Q(confirmed_on__isnull=False),
                name="%(class)s_confirmed_says_when",
                violation_error_message="A confirmed fact needs the day on which it was checked.",
            ),
        ]

    @property
    def source(self) -> str:
        """The list in words, for the findings: "the ministry's contract list of April 1, 2026"."""
        if not self.list_name or not self.list_as_of:
            return ""
        return f"{self.list_name} of {_in_words(self.list_as_of)}"

    @property
    def otherwise(self) -> str:
        """What the newest list says against a confirmed fact, in a sentence; empty where it agrees."""
        if not self.list_says:
            return ""
        source = self.source or "A list"
        return f"{source[0].upper()}{source[1:]} says otherwise: {self.list_says}."

    @property
    @admin.display(description="how we know", ordering="evidence")
    def how_known(self) -> str:
        """How we know it, for staff: "checked by Priya Sample on May 2, 2026"."""
        if self.evidence == Evidence.CONFIRMED and self.confirmed_on:
            person = getattr(self.confirmed_by, "person", None)
            by = f" by {person.name}" if person and person.name else ""
            return f"checked{by} on {date_format(self.confirmed_on)}"
        if self.evidence in (Evidence.LISTED, Evidence.CONTRADICTED):
            return self.source
        return "a worker said so"


@functools.lru_cache
def _in_words(day: date) -> str:
    """A handful of lists carry all the facts of the register."""
    return date_format(day)
