"""The applicants of the sample province: people from its lists, and newcomers with invented names."""

import csv
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import cycle, product
from pathlib import Path

from communities.models import CommunityOfPractice
from communities.rules.vocabulary import InitiativeKind, ProgramType, RoleKind
from membership.models import CoordinationInitiative, Person, Program
from membership.register.names import name_key
from requests.joining.forms import declaration_of, join_form_class

_FIRST = """
Noémie Akua Birgit Camila Delphine Eleni Freya Geneviève Hodan Inés
Jaya Katrín Linnea Maïté Nkechi Oksana Pilar Réjeanne Sunniva Tove
"""
_LAST = ["Placeholder", "Sample", "Inventée", "O’Example", "Exemple", "Sample-Invented", "Example"]


@dataclass(frozen=True)
class Applicant:
    """A person who asks to join a community. ``given`` overrides the example answers of the join form."""

    email: str
    community: CommunityOfPractice
    given: dict[str, str]

    @property
    def answers(self) -> dict[str, str]:
        fields = join_form_class(self.community).base_fields
        return {name: declaration_of(field).example for name, field in fields.items()} | self.given


def applicants_for(community: CommunityOfPractice) -> Iterator[Applicant]:
    """An endless supply of applicants for this community.

    Every second one is on a list already, as long as there are any. The others are new to EVA BC, and some
    of them spell the name of their agency differently.
    """
    listed = _listed(community)
    for n, newcomer in enumerate(_newcomers(community)):
        if n % 2 and (known := next(listed, None)):
            yield known
        yield newcomer


def _program_types(community: CommunityOfPractice) -> list[ProgramType]:
    """The program types in its rules; all types if the rules name none."""
    named = [kind for rule in community.rules() for kind in rule.program_types]
    return named or list(ProgramType)


def _listed(community: CommunityOfPractice) -> Iterator[Applicant]:
    """People on a list with a matching program, and in no community yet."""
    if community.is_coordination:
        return
    people = Person.objects.filter(user__isnull=True, enrolments__isnull=True)
    fitting = people.filter(positions__program_type__in=_program_types(community))
    for person in fitting.order_by("pk").prefetch_related("positions__program__agency"):
        program = person.positions.all()[0].program
        if program:
            yield _in_program(community, person.name, person.email, program, program.agency.name)


def _newcomers(community: CommunityOfPractice) -> Iterator[Applicant]:
    # Names that nobody has who asks to join another community.
    keys = list(CommunityOfPractice.objects.order_by("pk").values_list("pk", flat=True))
    every_name = [f"{first} {last}" for last, first in product(_LAST, _FIRST.split())]
    names = every_name[keys.index(community.pk) :: len(keys)]
    if community.is_coordination:
        rules = community.rules()
        kind = next((k for rule in rules for k in rule.initiatives), InitiativeKind.VAWIR)
        role = next((r for rule in rules for r in rule.roles), RoleKind.CHAIR)
        initiatives = CoordinationInitiative.objects.filter(kind=kind).order_by("pk")
        for name, initiative in zip(names, cycle(initiatives), strict=False):
            answers = {
                "name": name,
                "agency": f"{initiative.community_served} Police Service",
                "community_served": initiative.community_served,
                "initiative_kind": kind.value,
                "initiative_name": initiative.name,
                "role": role.value,
            }
            yield Applicant(_email(name), community, answers)
        return
    programs = Program.objects.filter(type__in=_program_types(community)).select_related("agency")
    for n, (name, program) in enumerate(zip(names, cycle(programs.order_by("pk")), strict=False)):
        agency = program.agency.name
        if n % 3 == 2:
            agency = agency.replace("Society", "Soc.").replace("Services", "Service") + " Inc."
        yield _in_program(community, name, _email(name), program, agency)


def _in_program(
    community: CommunityOfPractice, name: str, email: str, program: Program, agency: str
) -> Applicant:
    answers = {
        "name": name,
        "agency": agency,
        "community_served": program.community_served,
        "program_type": program.type,
        "carries_caseload": "yes",
        "ministry_funded": "yes" if program.funder else "unsure",
        "eva_membership": "agency",
    }
    return Applicant(email, community, answers)


def _email(name: str) -> str:
    first, last = name.split(" ", 1)
    return f"{name_key(first)}.{name_key(last)}@example.org"


def new_work(community: CommunityOfPractice) -> dict[str, str]:
    """The answers of someone who works elsewhere now."""
    return next(_newcomers(community)).answers


def todays_applicants() -> Iterator[Applicant]:
    """The applicants in applicants.csv, who asked two days ago. Each shows a different case on the staff desk."""
    communities = CommunityOfPractice.objects.select_related("team").in_bulk(field_name="slug")
    with (Path(__file__).parent / "applicants.csv").open(encoding="utf-8") as file:
        for row in csv.DictReader(file):
            given = {name: value for name, value in row.items() if value and name != "why"}
            yield Applicant(given.pop("email"), communities[given.pop("community")], given)
