"""Matching on the review page: what it offers, what its buttons do, and how many queries it takes."""

import html

import pytest

from communities.rules.vocabulary import Evidence
from membership.models import (
    Agency,
    CoordinationInitiative,
    EvaMembership,
    Program,
    ProgramPosition,
)
from requests import workflow
from tests import builders
from tests.builders import queries_of

pytestmark = pytest.mark.django_db

WRITTEN = "The Example Harbor Family Service"


@pytest.fixture
def agency():
    return Agency.objects.create(name="Example Harbour Family Services", city="Example Harbour")


@pytest.fixture
def asked():
    return builders.sent(builders.worker(), agency=WRITTEN)


def address(join_request, action=""):
    return f"/admin/joinrequests/joinrequest/{join_request.pk}/{action or 'change'}/"


def read(client, path):
    return html.unescape(client.get(path).content.decode())


def press(client, join_request, action, **fields):
    answer = client.post(address(join_request, action), fields, follow=True)
    return html.unescape(answer.content.decode())


def test_a_suggestion_is_one_button_and_the_page_confirms_it(desk, agency, asked):
    place = "Example Harbour"
    program = Program.objects.create(agency=agency, type="STVC", community_served=place)
    shown = read(desk, address(asked))
    assert "Example Harbour Family Services, Example Harbour" in shown
    assert "Match the program first." in shown

    shown = press(desk, asked, "match-agency", agency=agency.pk)

    assert "Agency matched." in shown
    assert f"<bdi>{WRITTEN}</bdi>" in shown
    assert 'Confirm<span class="visually-hidden"> (carries a caseload)' in shown
    assert "(funded by the ministry)" not in shown

    shown = press(desk, asked, "match-program", program=program.pk)
    assert 'Confirm<span class="visually-hidden"> (funded by the ministry)' in shown
    assert f"Matched “{WRITTEN}” to Example Harbour Family Services." in shown


def test_what_is_missing_is_added_from_the_same_page(desk, asked):
    press(desk, asked, "add-agency", name=WRITTEN, city="Example Harbour")
    shown = press(desk, asked, "add-program", program_type="STVC", community_served="Sampleton")
    assert "matched to the new program" in shown
    assert str(Program.objects.get()) in shown

    shown = press(desk, asked, "add-agency", name=" ", city="Example Harbour")
    assert "Enter the name of the agency." in shown
    shown = press(desk, asked, "add-program", program_type="STVC", community_served="sampleton")
    assert "This agency already has a program of this type in this place." in shown
    assert (Agency.objects.count(), Program.objects.count()) == (1, 1)


def test_a_search_shows_what_it_finds_and_changes_nothing(desk, agency, asked):
    shown = read(desk, address(asked) + "?find-agency=harbour")
    assert 'Match<span class="visually-hidden"> to Example Harbour Family Services' in shown
    shown = read(desk, address(asked) + "?find-agency=<b>nobody")
    assert "<bdi>No agency has “<b>nobody” in its name.</bdi>" in shown
    asked.refresh_from_db()
    assert asked.agency is None


def test_a_membership_needs_both_days_and_keeps_what_was_typed(desk, agency, asked):
    press(desk, asked, "match-agency", agency=agency.pk)
    answer = {"holder": "agency", "starts_on": "2026-01-01", "ends_on": "", "answer": "yes"}
    shown = press(desk, asked, "check-membership", **answer)
    assert "Enter the last day of the membership." in shown
    assert 'value="2026-01-01"' in shown

    shown = press(desk, asked, "check-membership", **{**answer, "ends_on": "2099-12-31"})
    assert "Checked. Recorded under your name today." in shown
    assert EvaMembership.objects.get().evidence == Evidence.CONFIRMED

    shown = press(desk, asked, "check-membership", holder="agency", answer="no")
    assert "Checked. Recorded under your name today." in shown
    assert EvaMembership.objects.filter(is_held=False).count() == 1


def test_a_request_that_was_decided_in_the_meantime_says_by_whom_and_offers_nothing(
    desk, sam, asked
):
    workflow.decline(join_request_id=asked.pk, by=sam, text="Not this time.", now=builders.NOW)
    shown = press(desk, asked, "check-caseload", answer="yes")
    assert "Last step: May 4, 2026, 10 a.m., Sam Sample (EVA BC)." in shown
    assert "Search or add" not in shown
    assert ">Confirm<" not in shown


def test_a_coordination_request_matches_its_initiative_and_checks_its_role(client, camille):
    builders.sign_in(client, camille)
    asked = builders.sent(builders.worker(), "icat", initiative_name="Inventd Lake ICAT")
    team = CoordinationInitiative.objects.create(
        name="Invented Lake ICAT", kind="ICAT", community_served="Invented Lake"
    )
    assert 'visually-hidden"> to Invented Lake ICAT' in read(client, address(asked))
    press(client, asked, "match-initiative", initiative=team.pk)
    shown = press(client, asked, "check-role", answer="yes")
    assert "EVA BC staff have confirmed that the applicant is" in shown

    # The applicant does not see what staff checked.
    builders.sign_in(client, asked.person.user)
    seen = read(client, f"/my/requests/{asked.pk}/")
    assert asked.reference in seen
    assert "Checked" not in seen
    assert "Matched" not in seen


@pytest.mark.parametrize("matched", [False, True])
def test_the_number_of_queries_does_not_grow_with_the_register(desk, agency, asked, matched):
    if matched:
        press(desk, asked, "match-agency", agency=agency.pk)

    def grow(first, last):
        for n in range(first, last):
            Agency.objects.create(name=f"Example Harbour Family Service {n}")
            Program.objects.create(agency=agency, type="STVC", community_served=f"Place {n}")
            builders.sent(builders.worker(f"kim{n}@example.org"), agency=WRITTEN)

    grow(0, 2)
    read(desk, address(asked))  # the counts of the menu are kept for a while
    few = queries_of(read, desk, address(asked))
    grow(2, 12)
    assert queries_of(read, desk, address(asked)) == few


def test_a_list_that_contradicts_a_confirmed_fact_is_shown_until_staff_confirm_again(
    desk, agency, asked
):
    program = Program.objects.create(
        agency=agency, type="STVC", community_served="Example Harbour", funder="PSSG"
    )
    press(desk, asked, "match-agency", agency=agency.pk)
    Program.objects.update(
        evidence=Evidence.CONFIRMED,
        confirmed_on="2026-04-20",
        list_name="the regional office’s list",
        list_as_of="2026-05-01",
        list_says="funder: the ministry → another funder",
    )
    says = (
        "The regional office’s list of May 1, 2026 says otherwise "
        "(funder: the ministry → another funder)."
    )
    assert says in read(desk, address(asked))
    press(desk, asked, "match-program", program=program.pk)

    press(desk, asked, "check-funding", answer="yes")

    program.refresh_from_db()
    assert (program.funder, program.list_says) == ("PSSG", "")
    assert says not in read(desk, address(asked))


def test_each_button_comes_back_to_its_row_and_what_was_checked_is_undone_there(
    desk, agency, asked
):
    press(desk, asked, "match-agency", agency=agency.pk)
    answer = desk.post(address(asked, "check-caseload"), {"answer": "yes"})
    assert answer.url == address(asked) + "#row-caseload"
    step = asked.register_steps.first()
    shown = read(desk, address(asked))
    assert "Checked by Priya Sample, " in " ".join(shown.split())
    assert "Nothing yet" in shown

    answer = desk.post(address(asked, "undo-step"), {"step": step.pk})
    assert answer.url == address(asked) + "#row-caseload"
    shown = read(desk, address(asked))
    assert "Undone: Checked: carries a caseload." in shown
    assert "Checked by" not in shown
    assert "This has already been undone." in press(desk, asked, "undo-step", step=step.pk)
    assert "Choose what to undo." in press(desk, asked, "undo-step")


def test_what_differs_from_what_they_wrote_says_so(desk, agency, asked):
    Program.objects.create(agency=agency, type="STVC", community_served="Invented Lake")
    Program.objects.create(agency=agency, type="CBVS", community_served="Example Harbour")
    shown = press(desk, asked, "match-agency", agency=agency.pk)
    assert "(they serve Example Harbour)" in shown
    assert "(another kind)" in shown


def test_the_last_question_and_its_reply_stand_on_top(desk, priya, asked):
    for text in ("Which town?", "And who funds your program?"):
        workflow.ask(join_request_id=asked.pk, by=priya, text=text, now=builders.NOW)
        reply = f"I reply to: {text}"
        worker = asked.person.user
        workflow.reply(join_request_id=asked.pk, by=worker, text=reply, now=builders.NOW)
    top = read(desk, address(asked)).partition('id="rules"')[0]
    assert "And who funds your program?" in top
    assert "I reply to: And who funds your program?" in top
    assert "Which town?" not in top

    for text in ("Since when?", "Which days?"):  # both before a reply
        workflow.ask(join_request_id=asked.pk, by=priya, text=text, now=builders.NOW)
    top = read(desk, address(asked)).partition('id="rules"')[0]
    assert "Since when?" in top and "Which days?" in top


@pytest.mark.parametrize("place", ["Example Harbour", "Sampleton"])
def test_a_match_says_who_chose_it_and_one_that_nobody_chose_is_confirmed_with_one_click(
    desk, agency, place
):
    """Earlier versions took the only program of an agency for the one that was meant."""
    program = Program.objects.create(
        agency=agency, type="STVC", community_served=place, funder="OTHER"
    )
    asked = builders.sent(builders.worker(), agency="example harbour family services")
    row = _row_of(desk, asked, "program")
    is_named = place == "Example Harbour"
    assert ("Matched: " in row) == is_named
    # Its funding is known only of the program that they named.
    assert ("The program is not matched" in read(desk, address(asked, "approve"))) != is_named

    ProgramPosition.objects.update(program=program)
    row = _row_of(desk, asked, "program")
    assert ("(the applicant named it)" in row, "Confirm match" in row) == (is_named, not is_named)
    assert "(the applicant gave this name)" in _row_of(desk, asked, "agency")
    press(desk, asked, "match-program", program=program.pk)
    row = _row_of(desk, asked, "program")
    assert "Matched by Priya Sample, " in row
    assert "Confirm match" not in row
    # A second click changes nothing, so that one undo takes the match back.
    assert "is already matched to" in press(desk, asked, "match-program", program=program.pk)
    assert asked.register_steps.count() == 1


def _row_of(client, join_request, name):
    page = read(client, address(join_request))
    return " ".join(page.partition(f'id="row-{name}"')[2].partition("</tr>")[0].split())


def test_another_name_of_the_agency_is_shown_as_such(desk, agency):
    agency.aliases.create(name="The Old Name")
    asked = builders.sent(builders.worker(), agency="the old name.")
    assert "(the applicant gave another name of it)" in _row_of(desk, asked, "agency")


def test_the_other_requests_of_an_agency_are_ticked_one_by_one(desk, agency, asked):
    others = [builders.sent(builders.worker(f"kim{n}@example.org"), agency=WRITTEN) for n in (1, 2)]
    assert "name this agency too" not in read(desk, address(asked))
    press(desk, asked, "match-agency", agency=agency.pk)
    row = _row_of(desk, asked, "agency")
    for other in others:
        assert f'value="{other.pk}" id="alike-{other.pk}" checked' in row
        assert f"<bdi>{other.applicant_name}</bdi> ({other.reference})" in row

    shown = press(desk, asked, "match-alike", others=[others[0].pk])
    assert f"Matched to this agency too: {others[0].reference}." in shown
    assert "Choose at least one of the other requests." in press(desk, asked, "match-alike")
    again = press(desk, asked, "match-alike", others=[others[0].pk, others[1].pk])
    assert "matched or decided since. Nothing was changed." in again
    for other, matched in zip(others, (agency, None), strict=True):
        other.refresh_from_db()
        assert other.agency == matched


def test_a_search_is_about_its_own_row(client, camille):
    builders.sign_in(client, camille)
    asked = builders.sent(builders.worker(), "icat", agency="Somewhere else")
    page = read(client, address(asked) + "?find-agency=harbour")
    assert "No agency has “harbour” in its name." in page
    assert "No initiative has “harbour” in its name." not in page


@pytest.mark.parametrize(
    ("slug", "answers", "told"),
    [
        (
            "stvc",
            {"program_type": "OTHER"},
            "Answered no: does not work in a Stopping the Violence Counselling program",
        ),
        ("icat", {"initiative_kind": "OTHER"}, "Answered no: the initiative is not an ICAT"),
        ("stvc", {}, "Stopping the Violence Counselling (STVC)"),
        # Asked which of two, or of all kinds.
        ("ors", {"program_type": "OTHER"}, "Another program"),
    ],
)
def test_a_yes_or_no_about_the_communitys_own_is_said_as_it_was_answered(
    client, slug, answers, told
):
    """Among the answers, and in the row where the program or initiative is matched."""
    builders.sign_in(client, builders.lead())
    asked = builders.sent(builders.worker(), slug, **answers)

    assert read(client, address(asked)).count(f"<bdi>{told}</bdi>") == 2
