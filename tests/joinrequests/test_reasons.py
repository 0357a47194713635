"""Ready reasons: offered to each team, put into the email, saved in the history, refused elsewhere."""

import pytest
from django.db import IntegrityError, transaction
from django.db.models import ProtectedError

from membership.append_only import history_released
from membership.models import OutboxEmail
from requests import workflow
from requests.models import JoinRequestEvent, ReasonText
from requests.reasons import offered, seed_reasons
from tests import builders

pytestmark = pytest.mark.django_db


def reason(title="No current EVA BC membership") -> ReasonText:
    return ReasonText.objects.get(title=title)


def decline(pk, by, **how):
    return workflow.decline(
        **{"join_request_id": pk, "by": by, "text": "", "now": builders.NOW, **how}
    )


def test_the_ready_text_comes_before_the_staff_members_own_text_in_the_email():
    pk, priya = builders.sent(builders.worker()).pk, builders.staff()

    decline(pk, priya, ground=reason(), text="Warm greetings to your team.")

    event = JoinRequestEvent.objects.get(verb="decline")
    text = f"{reason().text}\n\nWarm greetings to your team."
    assert (event.text, event.ground, event.ground_title) == (text, reason(), reason().title)
    assert text in OutboxEmail.objects.get(kind="declined").body


def test_a_ready_question_is_saved_for_the_reminders():
    pk, priya = builders.sent(builders.worker()).pk, builders.staff()
    ground = reason("Which program is the caseload in?")

    asked = workflow.ask(join_request_id=pk, by=priya, text="", ground=ground, now=builders.NOW)

    assert asked.question == ground.text
    assert JoinRequestEvent.objects.get(verb="ask").ground_title == ground.title


def test_declining_without_a_reason_or_text_is_refused():
    pk, priya = builders.sent(builders.worker()).pk, builders.staff()

    with pytest.raises(workflow.RefusedError, match="Choose a reason or write one"):
        decline(pk, priya, text="  ")


@pytest.mark.parametrize(
    "change",
    [{"is_active": False}, {"family": "coordination"}, {"used_for": "ask"}],
    ids=["switched off", "the other team’s", "for asking"],
)
def test_a_reason_that_is_not_available_is_refused_and_changes_nothing(change):
    pk, priya = builders.sent(builders.worker()).pk, builders.staff()
    ground = reason()
    ReasonText.objects.filter(pk=ground.pk).update(**change)

    with pytest.raises(workflow.RefusedError, match="not available for this request"):
        decline(pk, priya, ground=ground)

    assert not JoinRequestEvent.objects.filter(verb="decline").exists()


def test_a_reason_that_was_used_cannot_be_deleted():
    pk, priya = builders.sent(builders.worker()).pk, builders.staff()
    decline(pk, priya, ground=reason())

    with pytest.raises(ProtectedError):
        reason().delete()


def test_each_team_gets_its_own_reasons_and_those_for_both_teams():
    ReasonText.objects.create(used_for="decline", title="Of both", text="Please ask again.")

    def titles(slug):
        return [r.title for r in offered(ReasonText.UsedFor.DECLINE, [builders.community(slug)])]

    assert titles("icat") == ["Of both", "Role not eligible for this community"]
    assert titles("stvc") == [
        "No caseload in an eligible program",
        "Of both",
        "Program not funded by the ministry",
        "No current EVA BC membership",
    ]


def test_the_first_reasons_are_loaded_once_and_a_deleted_one_does_not_come_back():
    reason().delete()

    assert seed_reasons() == 0
    assert not ReasonText.objects.filter(title="No current EVA BC membership").exists()


def test_staff_choose_a_reason_on_the_page_and_can_read_its_text(client):
    pk = builders.sent(builders.worker()).pk
    builders.sign_in(client, builders.staff())
    url = f"/admin/joinrequests/joinrequest/{pk}/decline/"

    page = client.get(url).content.decode()
    answer = client.post(url, {"ground": reason().pk, "text": ""})

    assert reason().text in page
    assert "Role not eligible for this community" not in page
    assert answer.status_code == 302
    assert JoinRequestEvent.objects.get(verb="decline").ground == reason()


@pytest.mark.core
def test_the_database_keeps_the_title_of_a_chosen_reason():
    decline(builders.sent(builders.worker()).pk, builders.staff(), ground=reason())

    with (
        pytest.raises(IntegrityError, match="chosen_reason_keeps_its_title"),
        history_released(),
    ):
        JoinRequestEvent.objects.filter(verb="decline").update(ground_title="")


@pytest.mark.core
@pytest.mark.parametrize("empty", ["title", "text"])
def test_the_database_refuses_a_reason_without_title_or_text(empty):
    with pytest.raises(IntegrityError, match="reason_has_title_and_text"), transaction.atomic():
        ReasonText.objects.filter(pk=reason().pk).update(**{empty: ""})


@pytest.mark.core
def test_the_database_refuses_the_same_title_twice():
    twin = reason()
    twin.pk = None

    with (
        pytest.raises(IntegrityError, match=r"one_reason_of_a_title|reasontext\.title"),
        transaction.atomic(),
    ):
        twin.save()
