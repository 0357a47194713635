"""The front page of the staff desk: what is waiting for each team, with a link to the rows of each number."""

import re
from datetime import date

import pytest
from django.urls import reverse

from evabc.desk.site import teams_today
from membership.models import Correction, NameCheck, OutboxEmail, WorklistRow
from membership.rosters.enrolments import roster_of
from requests.lifecycle import State
from requests.models import JoinRequest
from tests import builders

pytestmark = [
    pytest.mark.django_db,
]

MONDAY = date(2026, 5, 4)


@pytest.fixture
def desk():
    """Program support: two requests to review, one awaiting a reply, a failed email and a roster check."""
    sam = builders.staff(email="sam@example.org")
    for number in range(2):
        builders.sent(builders.worker(f"new{number}@example.org", "New Sample"))
    builders.request_in(State.AWAITING_REPLY, builders.worker("asked@example.org"), sam)
    builders.request_in(State.APPROVED, builders.worker("in@example.org"), sam)
    builders.sent(builders.worker("kai@example.org", "Kai Sample"), "icat")
    email = OutboxEmail.objects.filter(team__family="program-support").first()
    OutboxEmail.objects.filter(pk=email.pk).update(state=OutboxEmail.State.FAILED)
    enrolment = roster_of(builders.community()).get()
    WorklistRow.objects.create(enrolment=enrolment, kind="rules", since=MONDAY)
    Correction.objects.create(
        person=enrolment.person,
        team=enrolment.community.team,
        text="My agency has another name now.",
        asked_at=builders.NOW,
    )
    for team in (enrolment.community.team, None):  # one concerns both teams
        NameCheck.objects.create(
            person=enrolment.person,
            name=f"Lee {team}",
            email="in@x.example",
            team=team,
            asked_at=builders.NOW,
        )


def numbers(user, on=MONDAY) -> dict[str, list[str]]:
    return {team.family: [n.value for n in numbers] for team, numbers in teams_today(user, on=on)}


PROGRAM_SUPPORT = ["2", "0 business days", "1", "2", "1", "1", "1"]
COORDINATION = ["1", "0 business days", "0", "1", "0", "0", "0"]


def test_each_team_sees_its_own_numbers_and_leads_see_both(desk):
    assert numbers(builders.staff()) == {"program-support": PROGRAM_SUPPORT}
    assert numbers(builders.staff(builders.CCSS, "camille@example.org")) == {
        "coordination": COORDINATION
    }
    assert numbers(builders.lead()) == {
        "program-support": PROGRAM_SUPPORT,
        "coordination": COORDINATION,
    }


@pytest.mark.core
def test_the_longest_wait_is_in_business_days_and_marked_when_overdue(desk):
    [(_, [_, oldest, *_])] = teams_today(builders.staff(), on=date(2026, 5, 13))

    assert (oldest.value, oldest.mark) == ("7 business days", "loud")
    assert oldest.url == reverse(
        "admin:joinrequests_joinrequest_change", args=[JoinRequest.objects.earliest("pk").pk]
    )


def test_a_team_without_open_requests_has_no_longest_wait():
    [(_, numbers)] = teams_today(builders.staff(), on=MONDAY)

    assert [(n.value, n.url == "") for n in numbers] == [
        ("0", False),
        ("–", True),
        *[("0", False)] * 5,
    ]


def test_each_number_leads_to_exactly_these_rows(desk, client):
    lead = builders.lead()
    builders.sign_in(client, lead)

    for _, numbers in teams_today(lead, on=MONDAY):
        for number in numbers:
            if number.label == "longest wait":
                continue
            shown = client.get(number.url).content.decode()
            rows = len(re.findall(r'<th[^>]* class="field-', shown))
            assert (number.label, str(rows)) == (number.label, number.value)
