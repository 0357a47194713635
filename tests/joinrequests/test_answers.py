"""Answers as self-reported facts, and the findings that applicants see while they answer."""

from datetime import date
from typing import Any

import pytest

from communities.models import CommunityOfPractice
from communities.rules.assess import assess
from communities.rules.vocabulary import (
    Evidence,
    Funder,
    InitiativeKind,
    ProgramType,
    Verdict,
)
from membership.models import (
    Agency,
    CoordinationInitiative,
    CoordinationRole,
    EvaMembership,
    Person,
    Program,
    ProgramPosition,
)
from membership.register.agencies import find_agency
from membership.register.standing import standing_of
from requests import workflow
from requests.answers import Claims, assess_answers, claims_of
from tests import builders

pytestmark = pytest.mark.django_db

DAY = date(2026, 5, 4)
ON_LIST: dict[str, Any] = {
    "evidence": Evidence.LISTED,
    "list_name": "the list",
    "list_as_of": date(2026, 4, 1),
}


@pytest.fixture
def dana() -> Person:
    return Person.objects.create(name="Dana Sample", email="dana@example.org")


def community(slug: str) -> CommunityOfPractice:
    return CommunityOfPractice.objects.select_related("team").get(slug=slug)


# -- Finding the agency ---------------------------------------------------------------------------

VALLEY = "Sample Valley Women’s Resource Society"
MAISON = "Maison d’accueil L’Échantillon"
NATION = "ᐊᐧᐱᐢᑭ Sample Nation Health"
YWCA = "Y.W.C.A. of Sampleton"


@pytest.mark.core
@pytest.mark.parametrize(
    ("typed", "name"),
    [
        (VALLEY, VALLEY),
        ("  sample  VALLEY women's\tresource society. ", VALLEY),
        ("\u202eSample-Valley Womens Resource Society", VALLEY),
        ("maison d'accueil l'echantillon", MAISON),
        ("MAISON D’ACCUEIL L’E\u0301CHANTILLON", MAISON),
        ("ᐊᐧᐱᐢᑭ  sample nation health", NATION),
        ("ywca of sampleton", YWCA),
        *((text, None) for text in ("", "   ", "’", ".", "%", "_", "Sample", "\x00", "x" * 10_000)),
        ("Sample Nation Health", None),
        ("ᐊᐱᐢᑭ Sample Nation Health", None),
        ("'; DROP TABLE membership_agency; --", None),
    ],
)
def test_an_agency_is_found_by_other_spellings_but_only_by_its_whole_name(typed, name):
    for agency in (VALLEY, MAISON, NATION, YWCA):
        Agency.objects.create(name=agency)
    found = find_agency(typed)
    assert (found.name if found else None) == name


# -- Finding the program --------------------------------------------------------------------------


def programs(*rows: tuple[ProgramType, str]) -> Agency:
    agency = Agency.objects.create(name="Sample Society")
    for kind, place in rows:
        Program.objects.create(agency=agency, type=kind, community_served=place)
    return agency


def position_in(dana, **answers) -> ProgramPosition:
    said = {"agency": "sample society", "program_type": "STVC", "community_served": "Sampleton"}
    [claim] = claims_of({**said, **answers}, person=dana, community=community("stvc")).positions
    return claim


STVC, CBVS = ProgramType.STVC, ProgramType.CBVS


@pytest.mark.parametrize(
    ("rows", "place", "found"),
    [
        ([(STVC, "Sampleton")], " sampleton. ", 0),
        ([(STVC, "L’Échantillon"), (STVC, "Sampleton")], "l'echantillon", 0),
        ([(STVC, "Sampleton"), (STVC, "ᐊᐧᐱᐢᑭ")], "ᐊᐧᐱᐢᑭ", 1),
        ([(STVC, "Sampleton"), (CBVS, "Sampleton")], "Sampleton", 0),
        # If none or several fit, none is chosen, and the only one of its type is a guess.
        ([(STVC, "Sampleton")], "Elsewhere", None),
        ([(STVC, "")], "Sampleton", None),
        ([(STVC, "")], "", None),
        ([], "Sampleton", None),
        ([(CBVS, "Sampleton")], "Sampleton", None),
        ([(STVC, "Sampleton"), (STVC, "Example Harbour")], "Elsewhere", None),
        ([(STVC, "Sampleton"), (STVC, "Example Harbour")], "", None),
        ([(STVC, "Sampleton"), (STVC, "SAMPLETON")], "Sampleton", None),
    ],
)
def test_a_program_is_found_by_agency_type_and_place(dana, rows, place, found):
    agency = programs(*rows)
    claim = position_in(dana, community_served=place)
    known = list(agency.programs.order_by("pk"))
    assert claim.program == (None if found is None else known[found])
    assert (claim.agency, claim.agency_name) == (agency, "Sample Society")
    assert claim.program_type == STVC


def test_a_program_of_another_agency_is_not_chosen(dana):
    programs((STVC, "Sampleton"))
    claim = position_in(dana, agency="Another Society")
    assert (claim.program, claim.agency, claim.agency_name) == (None, None, "Another Society")


# -- Finding the initiative -----------------------------------------------------------------------


def initiatives(*rows: tuple[InitiativeKind, str, str]) -> None:
    for kind, name, place in rows:
        CoordinationInitiative.objects.create(kind=kind, name=name, community_served=place)


def role_in(dana, **answers) -> CoordinationRole:
    said = {"initiative_kind": "ICAT", "role": "CO_CHAIR", "community_served": "Sampleton"}
    [claim] = claims_of({**said, **answers}, person=dana, community=community("icat")).roles
    return claim


ICAT, VAWIR = InitiativeKind.ICAT, InitiativeKind.VAWIR
HERE, THERE = (ICAT, "Sample ICAT", "Sampleton"), (ICAT, "Sample ICAT", "Example Harbour")
ANOTHER = (ICAT, "Équipe ᐊᐧᐱᐢᑭ", "Sampleton")


@pytest.mark.parametrize(
    ("rows", "answers", "found"),
    [
        ([HERE], {"initiative_name": "sample  icat."}, HERE),
        ([HERE, THERE], {"initiative_name": "Sample ICAT"}, HERE),
        ([HERE, ANOTHER], {"initiative_name": "equipe ᐊᐧᐱᐢᑭ"}, ANOTHER),
        # If none or several fit, none is chosen, and the only one of its kind or name is a guess.
        ([HERE], {"initiative_name": "Sample ICAT", "community_served": "Elsewhere"}, None),
        ([HERE, THERE], {}, None),
        ([HERE, (VAWIR, "Sample Committee", "Sampleton")], {}, None),
        ([], {}, None),
        ([HERE, ANOTHER], {}, None),
        ([HERE], {"community_served": "Elsewhere"}, None),
        ([(ICAT, "Sample ICAT", "")], {"community_served": ""}, None),
        ([HERE], {"initiative_name": "Another ICAT"}, None),
        ([HERE, THERE], {"initiative_name": "Sample ICAT", "community_served": "Elsewhere"}, None),
        ([HERE], {"initiative_kind": "VAWIR", "initiative_name": "Sample ICAT"}, None),
    ],
)
def test_an_initiative_is_found_by_kind_name_and_place(dana, rows, answers, found):
    initiatives(*rows)
    known = role_in(dana, **answers).initiative
    assert (known and (known.kind, known.name, known.community_served)) == found


# -- Answers as claims ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("caseload", "funded", "membership", "claimed"),
    [
        ("yes", "no", "agency", (True, False, "agency")),
        ("no", "yes", "own", (False, True, "own")),
        ("yes", "yes", "no", (True, True, "no")),
        ("unsure", "unsure", "unsure", (None, None, "")),
    ],
)
def test_each_answer_claims_what_it_says(dana, caseload, funded, membership, claimed):
    claim = position_in(
        dana, carries_caseload=caseload, ministry_funded=funded, eva_membership=membership
    )
    assert (claim.carries_caseload, claim.says_funded, claim.says_membership) == claimed
    assert (claim.evidence, claim.person, claim.pk) == (Evidence.CLAIMED, dana, None)


@pytest.mark.parametrize(
    "odd", [None, "YES", 0, True, ["yes"], {"yes": 1}, b"yes", "\u202eyes\u202cno", "y" * 10_000]
)
def test_odd_values_claim_nothing(dana, odd):
    claim = position_in(dana, carries_caseload=odd, ministry_funded=odd, eva_membership=odd)
    assert (claim.carries_caseload, claim.says_funded, claim.says_membership) == (None, None, "")
    answers = {"program_type": odd, "initiative_kind": odd, "role": odd}
    for slug in ("stvc", "icat"):
        assert claims_of(answers, person=dana, community=community(slug)) == Claims()


@pytest.mark.parametrize("missing", ["initiative_kind", "role"])
def test_a_role_needs_its_kind_of_initiative_and_its_name(dana, missing):
    answers = {"initiative_kind": "ICAT", "role": "CHAIR"}
    del answers[missing]
    assert claims_of(answers, person=dana, community=community("icat")) == Claims()


@pytest.mark.core
@pytest.mark.parametrize("odd", [None, 5, [], {"a": 1}, True])
def test_a_name_or_place_that_is_not_text_is_ignored(dana, odd):
    claim = position_in(dana, agency=odd, community_served=odd)
    assert (claim.agency, claim.agency_name, claim.community_served) == (None, "", "")
    held = role_in(dana, initiative_name=odd, community_served=odd)
    assert (held.initiative, held.initiative_name, held.community_served) == (None, "", "")


def test_names_are_saved_as_typed_and_fit_their_columns(dana):
    claim = position_in(
        dana, agency=" L’É\u202echantillon\x00 ᐊᐧᐱᐢᑭ " + "x" * 500, community_served="y" * 500
    )
    claim.save()
    kept = ProgramPosition.objects.get()
    assert kept.agency_name == ("L’Échantillon ᐊᐧᐱᐢᑭ " + "x" * 500)[:160]
    assert kept.community_served == "y" * 80


def test_each_family_asks_only_about_its_own(dana):
    answers = {"program_type": "STVC", "initiative_kind": "ICAT", "role": "CHAIR"}
    program_support = claims_of(answers, person=dana, community=community("ors"))
    coordination = claims_of(answers, person=dana, community=community("icat"))
    assert (len(program_support.positions), program_support.roles) == (1, ())
    assert (coordination.positions, len(coordination.roles)) == ((), 1)


# -- Findings for answers that have not been sent -------------------------------------------------

STVC_ANSWERS = {
    **builders.STVC_ANSWERS,
    "agency": "Sample Society",
    "community_served": "Sampleton",
}


@pytest.fixture
def funded_by_another() -> Program:
    agency = Agency.objects.create(name="Sample Society")
    EvaMembership.objects.create(agency=agency, starts_on=date(2025, 5, 5), ends_on=DAY, **ON_LIST)
    return Program.objects.create(
        agency=agency,
        type=STVC,
        community_served="Sampleton",
        funder=Funder.OTHER,
        **ON_LIST,
    )


@pytest.mark.parametrize("is_saved", [True, False])
def test_answers_are_assessed_without_what_the_register_knows_about_the_agency_and_nothing_is_saved(
    funded_by_another, is_saved
):
    person = Person(name="Dana Sample")
    if is_saved:
        person.save()
    assessment = assess_answers(STVC_ANSWERS, person=person, community=community("stvc"), on=DAY)
    program = "the Stopping the Violence Counselling (STVC) program at Sample Society"
    assert [(f.verdict, f.sentence) for f in assessment.findings] == [
        (Verdict.MET, f"You told us that you carry a caseload in {program}."),
        (
            Verdict.MET,
            f"You told us that {program} is funded by the Ministry of Public Safety and Solicitor "
            "General.",
        ),
        (Verdict.MET, "You told us that your agency holds a current EVA BC membership."),
    ]
    assert not ProgramPosition.objects.exists()


@pytest.mark.parametrize("odd", [{}, {"agency": None}, {"program_type": ["STVC"]}])
def test_empty_answers_leave_every_finding_unknown(dana, odd):
    for slug in "stvc", "icat":
        findings = assess_answers(odd, person=dana, community=community(slug), on=DAY).findings
        assert {finding.verdict for finding in findings} == {Verdict.UNKNOWN}


@pytest.mark.parametrize(
    ("slug", "before", "now"),
    [
        ("stvc", {"carries_caseload": "no"}, {}),
        ("stvc", {}, {"carries_caseload": "no"}),
        ("stvc", {"ministry_funded": "no"}, {"ministry_funded": "unsure"}),
        ("stvc", {"eva_membership": "own"}, {"eva_membership": "no"}),
        ("stvc", {"carries_caseload": "no"}, {"community_served": "near Example Harbour"}),
        ("stvc", {"program_type": "CBVS"}, {}),
        ("stvc", {}, {"program_type": "CBVS"}),
        ("icat", {"role": "COORDINATOR"}, {"role": "CHAIR"}),
        ("icat", {"role": "OTHER"}, {}),
    ],
)
@pytest.mark.parametrize("place", ["Example Harbour", "Elsewhere"])
def test_what_the_panel_shows_is_what_is_sent(slug, before, now, place):
    """An applicant withdraws a request and asks again with other answers."""
    agency = Agency.objects.create(name="Example Harbour Family Services")
    for there in place, "Another Place":
        Program.objects.create(agency=agency, type=STVC, community_served=there)
    initiatives((ICAT, "Invented Lake ICAT", place.replace("Example Harbour", "Invented Lake")))
    user = builders.worker()
    first = builders.sent(user, slug, **before)
    workflow.withdraw(join_request_id=first.pk, by=user, now=builders.NOW)

    again = builders.draft(user, slug, **now)
    person = Person.objects.get(user=user)
    shown = assess_answers(again.answers, person=person, community=community(slug), on=DAY)
    sent = workflow.submit(
        join_request_id=again.pk, by=user, answers=again.answers, now=builders.NOW
    )

    assert sent.kept_assessment == shown
    assert assess(standing_of(person, DAY), community(slug).rules()) == shown


@pytest.mark.core
def test_a_new_answer_in_the_same_words_replaces_one_that_staff_had_matched(dana):
    """Otherwise what they said before would go on counting for them, beside what they say now."""
    agency = programs((STVC, "Sampleton"), (STVC, "Example Harbour"))
    said = {"community_served": "Sampelton", "carries_caseload": "yes"}
    before = position_in(dana, **said)
    before.program = agency.programs.first()  # as staff do
    before.save()

    now = position_in(dana, **{**said, "carries_caseload": "no"})

    rules = community("stvc").rules()
    for saved in (False, True):
        if saved:
            now.save()
        standing = standing_of(dana, DAY, positions=[] if saved else [now])
        assert assess(standing, rules).findings[0].verdict == Verdict.NOT_MET
