"""Evidence: the columns that every fact in the register has."""

import functools
from datetime import date

from django.contrib import admin
from django.db import models
from django.db.models import Q
from django.utils.formats import date_format

from communities.rules.vocabulary import Evidence
from membership.accounts.models import by_user
from membership.imports.models import ListKind

OVER = "over"


class EvidencedModel(models.Model):
    """A fact with its evidence: claimed, listed (list and date), confirmed (who and when).

    For a confirmed fact, ``list_name`` and ``list_as_of`` name the newest list that has the fact, and
    ``list_says`` is what that list says differently, in words, and ``list_values`` in values by the names
    of columns; it is empty for what an earlier version of the portal noted.

    ``list_sources`` says from which list each of its values is, as date and name, if that is not the one in ``list_name``
    because it says nothing about this; null if no list does. Under ``OVER`` are the lists by whose status it is
    over, of those that are newer than the one its last day is from.
    """

    # Two claims of one person with the same values in these columns are about the same thing.
    IDENTITY_FIELDS: tuple[str, ...] = ()
    # The kind of list that brings such facts.
    LIST_KIND: ListKind
    # The columns of its value, its first and its last day.
    FACT_FIELDS: tuple[str, str, str]

    evidence = models.CharField(max_length=12, choices=Evidence.choices, default=Evidence.CLAIMED)
    list_name = models.CharField(
        max_length=120,
        blank=True,
        help_text="The list this fact came from, for example: the ministry’s contract list.",
    )
    list_as_of = models.DateField("list date", null=True, blank=True)
    list_says = models.CharField(
        "a list says otherwise",
        max_length=200,
        blank=True,
        help_text="An import fills this in when a list differs from what staff confirmed. "
        "Check the fact, then clear this field.",
    )
    list_values = models.JSONField(null=True, blank=True, editable=False)
    list_sources = models.JSONField(null=True, blank=True, editable=False)
    confirmed_by = by_user()
    confirmed_on = models.DateField(null=True, blank=True)

    class Meta:
        abstract = True
        constraints = [
            models.CheckConstraint(
                condition=~Q(evidence=Evidence.LISTED)
                | (~Q(list_name="") & Q(list_as_of__isnull=False)),
                name="%(class)s_listed_names_its_list",
                violation_error_message="Enter the name and the date of the list that this fact came from.",
            ),
            models.CheckConstraint(
                condition=~Q(evidence=Evidence.CONFIRMED) | Q(confirmed_on__isnull=False),
                name="%(class)s_confirmed_says_when",
                violation_error_message="Enter the day on which this fact was confirmed.",
            ),
        ]

    @property
    def source(self) -> str:
        """The list and its date, for the findings: "the ministry's contract list of April 1, 2026"."""
        if not self.list_name or not self.list_as_of:
            return ""
        return f"{self.list_name} of {_in_words(self.list_as_of)}"

    @property
    def otherwise(self) -> str:
        """A sentence about how the newest list differs from a confirmed fact; empty if it does not."""
        if not self.list_says:
            return ""
        source = self._source_of_what_it_says or "A list"
        return f"{source[0].upper()}{source[1:]} says otherwise ({self.list_says})."

    @property
    def _source_of_what_it_says(self) -> str:
        """The list that says otherwise, which may be older than the newest one that names the fact."""
        older = self.list_sources or {}
        at = next((older[name] for name in self.list_values or () if older.get(name)), None)
        return f"{at[1]} of {_in_words(date.fromisoformat(at[0]))}" if at else self.source

    @property
    @admin.display(description="how we know", ordering="evidence")
    def how_known(self) -> str:
        """How we know this fact, for staff: "confirmed by Priya Sample on May 2, 2026"."""
        if self.evidence == Evidence.CONFIRMED and self.confirmed_on:
            person = getattr(self.confirmed_by, "person", None)
            by = f" by {person.name}" if person and person.name else ""
            return f"confirmed{by} on {date_format(self.confirmed_on)}"
        if self.evidence in (Evidence.LISTED, Evidence.CONTRADICTED):
            return self.source
        return "self-reported"


@functools.lru_cache
def _in_words(day: date) -> str:
    """Cached, because a few lists bring all the facts in the register."""
    return date_format(day)
