"""What was added to the register by mistake is removed by the team that added it, while nothing refers to it."""

from functools import partial

import pytest

from communities.rules.vocabulary import InitiativeKind, ProgramType
from membership.errors import RefusedError
from membership.imports.uploads import import_at_once, new_import
from membership.models import Agency, CoordinationInitiative, ListKind, Program
from membership.register import verbs
from membership.register.removing import remove, why_not_removed
from requests import workflow
from requests.desk import matching
from tests import builders
from tests.membership.imports.lists import APRIL, csv_file
from tests.membership.register.test_admin import inlines
from tests.threads import all_at_once

pytestmark = pytest.mark.django_db

FACT = {"evidence": "claimed", "list_name": "", "list_as_of": ""}


def imported(kind: ListKind, *lines: str, by) -> None:
    content = csv_file(*lines)
    file = {"content": content, "file_name": "list.csv", "now": builders.NOW, "by": by}
    import_at_once(new_import(kind=kind, list_name="the list", as_of=APRIL, **file))


def by_hand(desk, priya) -> None:
    places = inlines("aliases", "programs", "eva_memberships")
    desk.post("/admin/membership/agency/add/", {"name": "Sample House", "city": "", **places})
    agency = Agency.objects.get().pk
    desk.post("/admin/membership/program/add/", {"agency": agency, "type": "STVC", **FACT})
    fields = {"kind": "ICAT", "name": "Sample ICAT", "community_served": ""}
    desk.post("/admin/membership/coordinationinitiative/add/", fields)


def on_the_page_of_its_agency(desk, priya) -> None:
    row = {"programs-0-type": "STVC", **{f"programs-0-{name}": v for name, v in FACT.items()}}
    places = {**inlines("aliases", "programs", "eva_memberships"), "programs-TOTAL_FORMS": 1}
    fields = {"name": "Sample House", "city": "", **places, **row}
    desk.post("/admin/membership/agency/add/", fields)


def from_a_request(desk, priya) -> None:
    agency = verbs.add_agency(name="Sample House", city="", by=priya)
    verbs.add_program(agency=agency, type=ProgramType.STVC, community_served="", by=priya)
    kind = InitiativeKind.ICAT
    verbs.add_initiative(kind=kind, name="Sample ICAT", community_served="", by=priya)


def by_lists(desk, priya) -> None:
    row = "Sample House,STVC,Sampleton,PSSG"
    imported(ListKind.PROGRAMS, "Agency,Type,Community,Funder", row, by=priya)
    row = "Sample ICAT,ICAT,Sampleton"
    imported(ListKind.INITIATIVES, "Committee,Kind,Community", row, by=priya)


@pytest.mark.parametrize("added", [by_hand, on_the_page_of_its_agency, from_a_request, by_lists])
def test_the_team_that_added_a_row_can_delete_it_and_the_other_team_cannot(
    client, priya, camille, sam, added
):
    builders.sign_in(client, priya)
    added(client, priya)
    rows = [*Program.objects.all(), *Agency.objects.all(), *CoordinationInitiative.objects.all()]
    assert len(rows) >= 2
    for row in rows:
        page = f"/admin/membership/{row._meta.model_name}/{row.pk}"
        builders.sign_in(client, camille)
        assert client.post(f"{page}/delete/", {"post": "yes"}).status_code == 403
        shown = builders.page(client, f"{page}/change/")
        assert "Only the team that added this, or a lead, can delete it." in shown
        builders.sign_in(client, sam)
        assert "Delete" in builders.page(client, f"{page}/change/")
        assert client.post(f"{page}/delete/", {"post": "yes"}).status_code == 302
    assert not (Agency.objects.exists() or Program.objects.exists())
    assert not CoordinationInitiative.objects.exists()


@pytest.mark.core
def test_what_something_refers_to_stays_and_the_page_says_what_to_do_instead(client):
    lou = builders.lead()
    builders.sign_in(client, lou)
    agency = Agency.objects.create(name="Example Harbour Family Services")
    agency.aliases.create(name="EHFS")
    asked = builders.sent(builders.worker())
    program = Program.objects.create(agency=agency, type="SAS")
    initiative = CoordinationInitiative.objects.create(name="Sample ICAT", kind="ICAT")
    asked.person.roles.create(initiative=initiative, initiative_kind="ICAT", role="CHAIR")
    asked.person.positions.create(program=program)
    sentences = {
        agency: "This can’t be deleted: 1 program, 1 program position and 1 request to join refer to it. "
        "If it is in the register twice, merge it with the other one.",
        program: "This can’t be deleted: 1 program position refers to it. "
        "If it belongs to another agency, choose that agency here.",
        initiative: "This can’t be deleted: 1 coordination role refers to it. Correct it here instead.",
    }
    for row, sentence in sentences.items():
        page = f"/admin/membership/{row._meta.model_name}/{row.pk}"
        assert sentence in builders.page(client, f"{page}/change/")
        assert client.post(f"{page}/delete/", {"post": "yes"}).status_code == 403
        with pytest.raises(RefusedError, match="refer"):
            remove(row, by=lou)
    several = {"action": "delete_selected", "_selected_action": [agency.pk], "post": "yes"}
    client.post("/admin/membership/agency/", several)
    assert Agency.objects.get() == agency


@pytest.mark.core
def test_a_lead_deletes_any_row_that_nothing_refers_to_also_several(client):
    builders.sign_in(client, builders.lead())
    rows = [Agency.objects.create(name=f"Sample House {number}") for number in (1, 2)]
    rows[0].aliases.create(name="SH")
    chosen = {"action": "delete_selected", "_selected_action": [row.pk for row in rows]}
    client.post("/admin/membership/agency/", {**chosen, "post": "yes"})
    assert not Agency.objects.exists()


def test_a_program_of_the_wrong_agency_is_moved_on_its_page_and_its_positions_follow(desk, priya):
    wrong, right = (Agency.objects.create(name=name) for name in ("Wrong House", "Right House"))
    program = Program.objects.create(agency=wrong, type="STVC")
    person = builders.worker().person
    follows = person.positions.create(program=program, agency=wrong)
    other = person.positions.create(agency=wrong, program_type="STVC")
    page = f"/admin/membership/program/{program.pk}/change/"

    answer = desk.post(page, {"agency": right.pk, "type": "STVC", "community_served": "", **FACT})

    assert answer.status_code == 302
    program.refresh_from_db()
    follows.refresh_from_db()
    other.refresh_from_db()
    assert (program.agency, follows.agency, other.agency) == (right, right, wrong)
    assert why_not_removed(wrong, priya).startswith("This can’t be deleted: 1 program position")


@pytest.mark.parametrize("what", ["agency", "program"])
@pytest.mark.django_db(transaction=True)
def test_removing_against_matching_and_sending_has_one_outcome(priya, what):
    """The row is gone and nothing refers to it, or it is there and what refers to it is."""
    for number in range(3):
        name = f"Example Harbour Services {number}"
        made = agency = verbs.add_agency(name=name, city="", by=priya)
        if what == "program":
            made = verbs.add_program(
                agency=agency, type=ProgramType.STVC, community_served="", by=priya
            )
        asked = builders.sent(builders.worker(f"kim{number}@example.org"), agency="Somewhere")
        kept = builders.draft(builders.worker(f"dana{number}@example.org"), agency=name)
        on = {"by": priya, "now": builders.NOW}
        kim = {"join_request_id": asked.pk, "to": agency, **on}
        dana = {"join_request_id": kept.pk, "answers": kept.answers, **on, "by": kept.person.user}

        removed, matched, sent = all_at_once(
            partial(remove, made, by=priya),
            partial(matching.match, **kim),
            partial(workflow.submit, **dana),
        )

        assert sent == "done"
        asked.refresh_from_db()
        assert type(made).objects.filter(pk=made.pk).exists() == (removed != "done")
        if what == "agency":
            assert asked.agency == (agency if matched == "done" else None)
