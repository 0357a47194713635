"""Stands in for a kind of rule that is gone: nobody is admitted because it is, staff look instead."""

from dataclasses import dataclass

from communities.rules.facts import ProgramWork, Standing
from communities.rules.rule import NOTHING_KNOWN, Outcome, Rule


@dataclass(frozen=True)
class Retired(Rule):
    key = "retired"
    title = "A rule that the portal no longer checks"
    short_title = "Other"

    not_known = (
        "We cannot check one of the rules of this community here",
        "The portal no longer checks one of the rules of this community",
    )

    def weigh(self, standing: Standing, work: ProgramWork | None) -> Outcome:
        return NOTHING_KNOWN
