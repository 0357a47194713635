"""Staff write to one person: held for half a minute, from the right team, and taken back in time only."""

from datetime import timedelta

import pytest
from django.utils import timezone

from membership.emails.queue import cancel_by_hand
from membership.errors import RefusedError
from membership.history import history_of
from membership.models import OutboxEmail, ReadyText
from membership.people.writing import KIND, write_to_person
from requests.lifecycle import State
from tests import builders
from tests.builders import NOW, deliver, text_of

pytestmark = [pytest.mark.django_db, pytest.mark.core]

WORDS = {"subject": "A question about Slack", "text": "Did our invitation reach you?"}


@pytest.fixture
def dana():
    return builders.worker().person


@pytest.fixture
def priya():
    return builders.staff()


def write(person, by):
    return write_to_person(person_id=person.pk, by=by, now=NOW, **WORDS)


def test_it_waits_is_sent_from_the_teams_mailbox_and_is_in_the_history(dana, priya, mailoutbox):
    email = write(dana, priya)

    assert email.due_at == NOW + timedelta(seconds=30)
    assert not deliver(email.pk, now=NOW)
    assert deliver(email.pk, now=NOW + timedelta(seconds=31))
    [sent] = mailoutbox
    assert sent.to == ["dana@example.org"]
    assert sent.subject == WORDS["subject"]
    assert sent.body.startswith("Hello Dana,\n\nDid our invitation reach you?\n")
    assert "programsupport@endingviolence.org" in sent.reply_to[0]
    assert [step.change_message for step in history_of(dana)] == ["Wrote them an email."]


def test_the_team_that_writes_is_the_persons_own_or_else_the_writers(dana, priya):
    camille = builders.staff(builders.CCSS, "camille@example.org")
    builders.request_in(State.APPROVED, dana.user, priya)

    families = [write(dana, by).team.family for by in (builders.lead(), camille)]

    assert families == ["program-support", "coordination"]


def test_it_waits_once_and_is_taken_back_until_a_worker_has_it(dana, priya):
    email = write(dana, priya)
    with pytest.raises(RefusedError, match="already waiting"):
        write(dana, priya)

    cancel_by_hand(email_id=email.pk, by=priya, now=NOW)

    assert not deliver(email.pk, now=NOW + timedelta(hours=1))
    again = write(dana, priya)
    assert deliver(again.pk, now=NOW + timedelta(seconds=31))
    with pytest.raises(RefusedError, match="only cancel an email that waits"):
        cancel_by_hand(email_id=again.pk, by=priya, now=NOW)


def test_from_the_persons_page_and_back_with_undo(client, dana, priya):
    builders.sign_in(client, priya)
    start = f"/admin/membership/person/{dana.pk}/change/"
    address = f"/admin/membership/person/{dana.pk}/write/"

    assert f'href="{address}"' in text_of(client.get(start))
    assert "From</dt><dd>EVA BC program support" in text_of(client.get(address))
    empty = client.post(address, {"subject": "", "text": "Kept as typed."})
    sent = client.post(address, WORDS, follow=True)

    assert "Enter a subject." in text_of(empty)
    assert "Kept as typed." in text_of(empty)
    assert sent.redirect_chain == [(start, 302)]
    assert "goes out in 30 seconds" in text_of(sent)
    email = OutboxEmail.objects.get(kind=KIND)
    assert timedelta(0) < email.due_at - timezone.now() <= timedelta(seconds=30)
    undo = f"/admin/membership/outboxemail/{email.pk}/cancel/"
    assert f'formaction="{undo}"' in text_of(sent)
    undone = client.post(undo, follow=True)
    assert "The email is cancelled." in text_of(undone)
    assert WORDS["text"] in text_of(undone)
    again = f"{address}?from={email.pk}"
    assert f'href="{again}"' in text_of(undone)
    form = client.get(again).context["form"]
    assert {name: form[name].value() for name in WORDS} == WORDS


def test_a_ready_text_is_put_after_what_was_typed_and_nothing_is_sent(client, dana, priya):
    ready = ReadyText.objects.create(subject="About Slack", text="Slack is where members talk.")
    ReadyText.objects.create(subject="For CCSS", text="No.", family="coordination")
    builders.sign_in(client, priya)
    address = f"/admin/membership/person/{dana.pk}/write/"

    offered = text_of(client.get(address))
    typed = {"use": "yes", "ready": ready.pk, "subject": "", "text": "Hi."}
    filled = client.post(address, typed).context["form"]
    kept = client.post(address, {**typed, "ready": "", "subject": "Mine"}).context["form"]

    assert "About Slack" in offered
    assert "For CCSS" not in offered
    assert filled["subject"].value() == "About Slack"
    assert filled["text"].value() == "Hi.\n\nSlack is where members talk."
    assert (kept["subject"].value(), kept["text"].value()) == ("Mine", "Hi.")
    preview = text_of(client.post(address, {"preview": "yes", "subject": "Mine", "text": "Hi."}))
    assert "<dd>Mine</dd>" in preview
    assert "<p><bdi>Hi.</bdi></p>" in preview
    assert not OutboxEmail.objects.exists()


@pytest.mark.parametrize(
    ("link", "what"),
    [("join.slack.com/t/x", "Slack invitation"), ("us02web.zoom.us/j/1", "Zoom join")],
)
def test_a_private_link_is_refused_and_the_text_stays(client, dana, priya, link, what):
    builders.sign_in(client, priya)
    text = f"Here: https://{link}"

    shown = client.post(
        f"/admin/membership/person/{dana.pk}/write/", {"subject": "Slack", "text": text}
    )

    assert f"Do not put a {what} link in an email." in text_of(shown)
    assert text in text_of(shown)
    assert not OutboxEmail.objects.exists()
