"""The communities, their rules and the texts of the public pages, from ``catalogue.toml``.

``seed`` writes what is missing and changes nothing that exists, so staff's edits stay. A new community
is a new entry; its slug and its rules are optional.
"""

import tomllib
from pathlib import Path
from typing import Any

from django.db import transaction
from django.utils.text import slugify

from communities.models import (
    CommunityOfPractice,
    EligibilityCriterion,
    OrganizationDetail,
    Passage,
    Question,
    SupportTeam,
)
from communities.rules import rule_from
from communities.rules.rule import Rule

_CATALOGUE = tomllib.loads(Path(__file__).with_name("catalogue.toml").read_text(encoding="utf-8"))

FAMILIES: dict[str, dict[str, Any]] = _CATALOGUE["families"]
COMMUNITIES: list[dict[str, Any]] = _CATALOGUE["communities"]
PASSAGES: list[dict[str, Any]] = _CATALOGUE["passages"]
QUESTIONS: list[dict[str, Any]] = _CATALOGUE["questions"]
DETAILS: dict[str, str] = _CATALOGUE["details"]


@transaction.atomic
def seed() -> int:
    """Write what is missing. Returns the number of rows written."""
    written = 0
    for family, data in FAMILIES.items():
        team = {"name": data["team"], "mailbox": data["mailbox"]}
        _, new = SupportTeam.objects.get_or_create(family=family, defaults=team)
        written += new
    for position, data in enumerate(COMMUNITIES):
        written += _seed_community(position, data)
    for passage in PASSAGES:
        _, new = Passage.objects.get_or_create(key=passage["key"], defaults=passage)
        written += new
    for key, text in DETAILS.items():
        _, new = OrganizationDetail.objects.get_or_create(key=key, defaults={"text": text})
        written += new
    for position, question in enumerate(QUESTIONS):
        defaults = {**question, "position": position}
        _, new = Question.objects.get_or_create(slug=question["slug"], defaults=defaults)
        written += new
    return written


def _seed_community(position: int, data: dict[str, Any]) -> int:
    family = FAMILIES[data["family"]]
    words = {name: data[name] for name in ("short_name", "name", "summary", "who_can_join")}
    community, new = CommunityOfPractice.objects.get_or_create(
        slug=slug_of(data),
        defaults={
            **words,
            "consists_of": data.get("consists_of", family["consists_of"]),
            "week": data.get("week", family["week"]),
            "has_slack": family.get("has_slack", False),
            "position": position,
            "team": SupportTeam.objects.get(family=data["family"]),
        },
    )
    if not new:
        # Its rules are staff's to change: one that they removed does not come back.
        return 0
    entries = data.get("rules", [])
    EligibilityCriterion.objects.bulk_create(
        EligibilityCriterion(
            community=community,
            kind=entry["kind"],
            parameters=rule.as_json(),
            source=entry.get("source", family.get("source", "")),
            position=number,
        )
        for number, (entry, rule) in enumerate(zip(entries, rules_of(data), strict=True))
    )
    return 1 + len(entries)


def rules_of(data: dict[str, Any]) -> list[Rule]:
    """The rules of a community in the catalogue."""
    return [rule_from(entry["kind"], entry) for entry in data.get("rules", [])]


def slug_of(data: dict[str, Any]) -> str:
    """The slug of a community in the catalogue, by default made from its name."""
    return str(data.get("slug") or slugify(data["name"]))
