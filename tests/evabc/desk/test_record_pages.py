"""What the pages of a person and of an agency say above the form, and what each team sees there."""

from datetime import date, timedelta
from html import unescape

import pytest
from django.urls import reverse

from communities.rules.vocabulary import Evidence
from evabc.desk import record_pages
from evabc.desk.record_pages import known_person
from membership.access.verbs import Verb, mark
from membership.models import (
    Access,
    AdmissionException,
    Agency,
    Bounce,
    Enrolment,
    Export,
    OutboxEmail,
    Person,
    Program,
    ProgramPosition,
)
from membership.rosters.leave import pause_enrolment
from requests.lifecycle import State
from requests.models import JoinRequest, StaffNote
from tests import builders
from tests.builders import NOW, page, queries_of
from tests.membership.meetings.plans import member
from tests.membership.resources.offers import offered
from tests.membership.topics.topics import raised

pytestmark = pytest.mark.django_db


@pytest.fixture
def priya():
    return builders.staff()


@pytest.fixture
def dana(priya):
    """Approved for STVC, on leave, invited to Slack; one email bounced, and CCSS has a request too."""
    user = builders.worker()
    done = builders.request_in(State.APPROVED, user, priya)
    AdmissionException.objects.create(
        enrolment=done.enrolment,
        reason="Covers for a colleague",
        made_by=priya,
        made_on=NOW.date(),
        review_on=date(2099, 1, 31),
    )
    slack = Access.objects.get(person=user.person, kind="slack")
    mark(access_ids=[slack.pk], verb=Verb.INVITED, by=priya, now=NOW)
    pause_enrolment(
        enrolment_id=done.enrolment_id,
        by=priya,
        text="Parental leave.",
        now=NOW,
        until=NOW.date() + timedelta(days=30),
    )
    Enrolment.objects.filter(person=user.person).update(leave_until=date(2099, 1, 31))
    StaffNote.objects.create(join_request=done, by=priya, at=NOW, text="Called on Monday.")
    receipt = OutboxEmail.objects.get(kind="receipt", person=user.person)
    OutboxEmail.objects.filter(pk=receipt.pk).update(state="sent", sent_at=NOW)
    Bounce.objects.create(letter=receipt, on=NOW.date(), why="Mailbox full", marked_by=priya)
    builders.sent(user, "icat", note="Only for CCSS")
    return user.person


def url_of(record):
    return f"/admin/membership/{record._meta.model_name}/{record.pk}/change/"


def test_a_persons_page_says_who_they_are_to_the_team_and_what_happened(client, dana, priya):
    builders.sign_in(client, priya)

    shown = page(client, url_of(dana))

    for words in (
        "Emails to dana@example.org bounce",
        "Mailbox full",
        "on leave until January 31, 2099",
        "Slack</a>: invited since",
        "carries a caseload",
        "(self-reported)",
        "Admitted as an exception on",
        "approved, by Priya",
        "Called on Monday.",
        "Parental leave",
        "(bounced)",
        "invited by Priya",
    ):
        assert words in shown, words
    assert "Only for CCSS" not in shown
    review = f"/admin/joinrequests/joinrequest/{dana.join_requests.first().pk}/change/"
    assert f'href="{url_of(dana)}"' in page(client, review)
    assert "ICAT" not in shown.split("What happened")[1].split("Edit the record")[0]


def test_what_only_the_other_team_or_a_lead_may_do_is_not_offered(client, dana):
    pages = [
        reverse(f"admin:membership_person_{name}", args=[dana.pk]) for name in ("email", "erase")
    ]
    camille = builders.staff(builders.CCSS, "camille@example.org")
    builders.sign_in(client, camille, fresh_code=True)
    shown = page(client, url_of(dana))
    assert "Ask a lead to do this." in shown
    assert "Mailbox full, of the other team" in shown.replace("</bdi>", "")
    assert "outboxemail/" not in shown.split("bounce</h2>")[1].split("</section>")[0]
    for address in pages:
        assert address not in shown
        refused = client.get(address, follow=True)
        assert "Ask a lead to do this." in builders.text_of(refused)
        assert refused.redirect_chain == [(url_of(dana), 302)]
    builders.sign_in(client, builders.lead(), fresh_code=True)
    shown = page(client, url_of(dana))
    for address in pages:
        assert address in shown
        assert client.get(address).status_code == 200


def test_each_team_sees_its_own_and_a_lead_all(client, dana):
    builders.sign_in(client, builders.staff(builders.CCSS, "camille@example.org"))
    of_ccss = page(client, url_of(dana))
    builders.sign_in(client, builders.lead())
    of_lead = page(client, url_of(dana))

    assert "In a community of the other team" in of_ccss
    assert "(ICAT): sent" in of_ccss
    for words in ("Called on Monday.", "Parental leave", "(STVC): approved", "(bounced)"):
        assert words not in of_ccss
        assert words in of_lead
    assert "(ICAT): sent" in of_lead
    assert "In a community of the other team" not in of_lead


def test_what_they_share_with_members_is_on_the_timeline_and_leads_there(client, dana, priya):
    topic = raised(dana, title="Longer wait-lists")
    theirs = raised(member("Kai Sample"), title="Night shifts", by=(dana,))
    resource = offered(dana)
    builders.sign_in(client, priya)

    shown = page(client, url_of(dana))
    for row, words in (
        (topic, "STVC: Longer wait-lists (raised)"),
        (theirs, "STVC: Night shifts (concerns them)"),
        (resource, "Offered Safety planning checklist (waiting for staff)"),
    ):
        assert f'href="{url_of(row)}"><bdi>{words}</bdi></a>' in shown
    builders.sign_in(client, builders.staff(builders.CCSS, "camille@example.org"))
    of_ccss = page(client, url_of(dana))
    for words in ("Longer wait-lists", "Night shifts", "Safety planning"):
        assert words not in of_ccss


@pytest.mark.core
def test_what_a_list_says_leads_to_its_import(client, world):
    dana, listed = world["person"], world["listimport"]
    listed.state, listed.moved_at = "applied", NOW
    listed.content = listed.table = listed.found = None
    listed.save()
    dana.positions.update(
        evidence=Evidence.LISTED, list_name=listed.list_name, list_as_of=listed.as_of
    )
    builders.sign_in(client, builders.lead())

    shown = page(client, url_of(dana))

    assert f'/admin/membership/listimport/{listed.pk}/change/"' in shown
    assert "names them: program position" in shown


def test_the_newest_steps_come_first_and_the_others_with_one_more_click(client, dana, priya):
    done = JoinRequest.objects.get(person=dana, community__slug="stvc")
    for number in range(40):
        at = NOW + timedelta(days=number)
        StaffNote.objects.create(join_request=done, by=priya, at=at, text=f"Note {number:02}.")
    builders.sign_in(client, priya)

    newest, everything = page(client, url_of(dana)), page(client, url_of(dana) + "?all=yes")

    assert newest.index("Note 39.") < newest.index("Note 38.") < newest.index("Show all")
    assert "Note 05." not in newest
    assert "Note 05." in everything
    assert "Called on Monday." in everything
    assert "Show all" not in everything


def test_it_takes_the_same_number_of_queries_however_much_happened(client, dana, priya):
    builders.sign_in(client, priya)
    client.get(url_of(dana))
    known_person(dana, priya)
    few, known = queries_of(client.get, url_of(dana)), queries_of(known_person, dana, priya)
    done = JoinRequest.objects.get(person=dana, community__slug="stvc")
    for number in range(5):
        StaffNote.objects.create(join_request=done, by=priya, at=NOW, text="Again.")
        Enrolment.objects.create(
            person=dana, community=done.community, started_on="2020-01-01", ended_on="2020-02-01"
        )
        offered(dana)
        raised(member(f"Kai{number} Sample"), by=(dana,))

    assert queries_of(client.get, url_of(dana)) == few
    for number in range(5):  # Django’s form asks for the program of each
        agency = Agency.objects.create(name=f"House {number}")
        program = Program.objects.create(agency=agency, type="STVC")
        ProgramPosition.objects.create(person=dana, program=program, program_type="STVC")
    assert queries_of(known_person, dana, priya) == known


def test_the_form_is_closed_and_opens_with_an_error(client, dana):
    builders.sign_in(client, builders.lead())

    shown = page(client, url_of(dana))
    wrong = client.post(url_of(dana), {"name": "x" * 200}).content.decode()

    assert '<details class="record-form"><summary>' in shown
    assert '<details class="record-form" open><summary>' in wrong


def test_an_agencys_page_says_who_works_there_and_who_asks(client, dana, priya):
    agency = Agency.objects.create(name="Example House")
    program = Program.objects.create(agency=agency, type="STVC", community_served="Sample Bay")
    dana.positions.update(program=program)
    JoinRequest.objects.filter(person=dana, community__slug="icat").update(agency=agency)
    builders.sign_in(client, priya)
    of_team = page(client, url_of(agency))
    few = queries_of(client.get, url_of(agency))
    for number in range(4):
        other = Person.objects.create(name=f"Other {number}")
        ProgramPosition.objects.create(person=other, program=program, program_type="STVC")
    assert queries_of(client.get, url_of(agency)) == few
    builders.sign_in(client, builders.lead())

    assert f'href="{url_of(dana)}"' in of_team
    assert "in STVC" in of_team
    assert "Sample Bay</a>: funder not known" in of_team
    assert "Open requests" not in of_team
    assert "Dana Sample</bdi>, ICAT" in page(client, url_of(agency))


def test_requests_of_an_agency_that_are_not_shown_are_behind_a_link(client, priya, monkeypatch):
    monkeypatch.setattr(record_pages, "SHOWN", 1)
    agency = Agency.objects.create(name="Example House")
    for number in range(2):
        builders.sent(builders.worker(f"w{number}@example.org"))
        JoinRequest.objects.update(agency=agency)
        builders.sign_in(client, priya)
        shown = page(client, url_of(agency))
        assert ("All open requests with this agency" in shown) == (number > 0)


# -- Saving the data of a person ---------------------------------------------------------------------


def test_staff_save_what_a_person_could_save_themselves(client, priya):
    user = builders.worker()
    builders.sent(user)
    builders.sign_in(client, priya, fresh_code=True)
    export = f"/admin/membership/person/{user.person.pk}/export/"

    assert "Save the file" in page(client, export)
    assert not Export.objects.exists()
    saved = client.post(export)

    assert saved.json()["details"]["email"] == "dana@example.org"
    assert "attachment" in saved["Content-Disposition"]
    [kept] = Export.objects.all()
    assert (kept.what, kept.by, kept.rows) == ("Everything about one person", priya, 1)
    assert "Exported all their data by Priya" in page(client, url_of(user.person))


def test_the_data_of_someone_of_both_teams_is_for_a_lead(client, dana, priya):
    export = f"/admin/membership/person/{dana.pk}/export/"
    builders.sign_in(client, priya, fresh_code=True)
    refused = client.post(export, follow=True)
    builders.sign_in(client, builders.lead(), fresh_code=True)

    assert "Ask a lead to export their data." in builders.text_of(refused)
    assert client.post(export).json()["requests"]


# -- Bounces ------------------------------------------------------------------------------------------


def test_bounced_emails_are_counted_listed_and_lead_to_the_person(client, dana, priya):
    emails = "/admin/membership/outboxemail/"
    builders.sign_in(client, priya)
    menu, listed = page(client, emails), page(client, f"{emails}?problem=bounced")
    dana.email = "dana.new@example.org"
    dana.save()

    assert "Bounced (1)" in menu
    assert "Bounced: Mailbox full" in listed
    assert f'href="{url_of(dana)}"' in listed
    assert "1 email" in listed
    assert "Bounced (" not in page(client, emails)
    assert "Mailbox full" not in page(client, f"{emails}?problem=bounced")


# -- Two people at once ---------------------------------------------------------------------------


def opened(client, url):
    """The fields of the form at this address, as a browser would send them back."""
    shown = client.get(url).context
    formsets = [one.formset for one in shown["inline_admin_formsets"]]
    forms = [shown["adminform"].form]
    forms += [form for one in formsets for form in [one.management_form, *one.initial_forms]]
    values = {field.html_name: field.value() for form in forms for field in form}
    return {name: str(value) for name, value in values.items() if value not in ("", None)}


def test_a_form_opened_before_keeps_what_a_colleague_changed_meanwhile(client, world):
    position = ProgramPosition.objects.exclude(person__name="").exclude(evidence="confirmed")[0]
    person = position.person
    builders.sign_in(client, builders.lead())
    url = reverse("admin:membership_person_change", args=[person.pk])
    mine = opened(client, url) | {"phone": "604-555-0188"}
    person.name = "Another Sample"
    person.save()
    ProgramPosition.objects.filter(pk=position.pk).update(
        evidence="confirmed", confirmed_on=date(2026, 5, 4), confirmed_by=builders.staff()
    )
    answer = client.post(url, mine)
    assert answer.status_code == 302
    person.refresh_from_db()
    position.refresh_from_db()
    assert (person.name, person.phone) == ("Another Sample", "604-555-0188")
    assert position.evidence == "confirmed"
    assert not person.other_names.exists()  # nobody changed the name here


def test_two_who_change_the_same_field_are_told_and_the_second_try_counts(client, world):
    person = world["worker"].person
    builders.sign_in(client, builders.lead())
    url = reverse("admin:membership_person_change", args=[person.pk])
    mine = opened(client, url) | {"name": "Mine Sample"}
    person.name = "Theirs Sample"
    person.save()
    answer = client.post(url, mine)
    assert "Someone changed this after you opened it: “Name” is now “Theirs Sample”." in unescape(
        answer.content.decode()
    )
    again = answer.context["adminform"].form["opened"].value()
    answer = client.post(url, mine | {"opened": again})
    assert answer.status_code == 302
    person.refresh_from_db()
    assert person.name == "Mine Sample"


@pytest.mark.parametrize("junk", ["{", "[1]", '{"name": {"a": 1}, "phone": [[]]}', "[" * 5000])
def test_a_form_with_nonsense_about_how_it_was_opened_is_saved_or_refused(client, world, junk):
    person = world["worker"].person
    builders.sign_in(client, builders.lead())
    url = reverse("admin:membership_person_change", args=[person.pk])
    sent = opened(client, url) | {"name": "Dana Other", "opened": junk}
    assert client.post(url, sent).status_code in {200, 302}


def test_a_saved_record_shows_its_own_page_with_the_way_back_to_the_list(client, dana, priya):
    builders.sign_in(client, priya)
    address = f"{url_of(dana)}?_changelist_filters=q%3Ddana"
    sent = {"name": "Dana Example", "phone": "604 555 0100"}
    for formset in client.get(address).context["inline_admin_formsets"]:
        form = formset.formset.management_form
        # Other rows stay as they are.
        sent |= {form.add_prefix("TOTAL_FORMS"): 0, form.add_prefix("INITIAL_FORMS"): 0}

    saved = client.post(address, sent, follow=True)

    assert saved.redirect_chain == [(address, 302)]
    assert "Dana Example" in builders.text_of(saved)
    assert "Save and continue editing" not in saved.content.decode()
    assert '/admin/membership/person/?q=dana"' in saved.content.decode()
