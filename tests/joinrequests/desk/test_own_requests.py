"""Nobody decides on a request of their own: not by its account, and not by an email that they share."""

import pytest
from django.test import Client

from membership.errors import RefusedError
from membership.models import Person
from requests import workflow
from requests.lifecycle import State
from requests.models import CameBy, JoinRequest
from tests import builders

pytestmark = [pytest.mark.django_db, pytest.mark.core]

OWN = "This request is your own, so a colleague decides on it."
OPEN_VERBS = {
    "ask": {"text": "Which program?"},
    "approve": {"reason": "Known to us."},
    "decline": {"text": "Not this time."},
    "assign": {"to": None},
}


def made_by_themself(priya) -> JoinRequest:
    return builders.sent(priya)


def entered_for_themself(priya) -> JoinRequest:
    """As staff enter what came by phone."""
    return workflow.submit_for(
        email="PRIYA@example.org",
        community=builders.community(),
        answers=dict(builders.STVC_ANSWERS),
        came_by=CameBy.PHONE,
        by=priya,
        now=builders.NOW,
    )


def of_a_record_with_their_email(priya) -> JoinRequest:
    """Their account is at another record, and this one has the email of the account."""
    Person.objects.filter(user=priya).update(email="priya.private@example.org")
    other = Person.objects.create(email=priya.email, name="Priya S.")
    sent = builders.sent(builders.worker())
    JoinRequest.objects.filter(pk=sent.pk).update(person=other)
    return JoinRequest.objects.get(pk=sent.pk)


WAYS = [made_by_themself, entered_for_themself, of_a_record_with_their_email]


@pytest.mark.parametrize("way", WAYS)
def test_every_verb_of_staff_refuses_ones_own_request(priya, sam, way):
    pk = way(priya).pk

    for verb, fields in OPEN_VERBS.items():
        with pytest.raises(RefusedError, match=OWN):
            getattr(workflow, verb)(join_request_id=pk, by=priya, now=builders.NOW, **fields)
    assert JoinRequest.objects.get(pk=pk).state == State.AWAITING_REVIEW

    workflow.decline(join_request_id=pk, by=sam, text="Not this time.", now=builders.NOW)
    with pytest.raises(RefusedError, match=OWN):
        workflow.reopen(join_request_id=pk, by=priya, now=builders.NOW)
    workflow.reopen(join_request_id=pk, by=sam, now=builders.NOW)


def test_a_lead_is_no_exception():
    lou = builders.lead()
    with pytest.raises(RefusedError, match=OWN):
        workflow.approve(
            join_request_id=builders.sent(lou).pk, by=lou, reason="It is me.", now=builders.NOW
        )


def test_the_pages_offer_nothing_on_ones_own_request(desk, priya, sam):
    pk = made_by_themself(priya).pk
    page = f"/admin/joinrequests/joinrequest/{pk}"
    offers = ("/approve/", "/ask/", "/decline/", "/take/", "/match-agency/", "/check-caseload/")

    shown = builders.page(desk, f"{page}/change/")
    queue = builders.page(desk, "/admin/joinrequests/joinrequest/")
    assert OWN in shown
    assert [offer for offer in offers if offer in shown or f"{pk}{offer}" in queue] == []
    colleague = Client()
    builders.sign_in(colleague, sam)
    assert "/approve/" in builders.page(colleague, f"{page}/change/")
    assert f"{pk}/take/" in builders.page(colleague, "/admin/joinrequests/joinrequest/")

    assert OWN in builders.text_of(desk.get(f"{page}/approve/", follow=True))
    forged = desk.post(f"{page}/approve/", {"reason": "Known to us.", "text": ""})
    assert OWN in builders.text_of(forged)
    assert JoinRequest.objects.get(pk=pk).state == State.AWAITING_REVIEW


def test_deciding_on_several_leaves_out_ones_own_and_says_so(desk, priya):
    own, other = made_by_themself(priya), builders.sent(builders.worker())
    page = f"/admin/joinrequests/joinrequest/bulk/decline/?ids={own.pk},{other.pk}"

    shown = builders.page(desk, page)
    assert f"{own} – {OWN}" in shown.replace("</a>", "")
    assert "processed" not in shown
    assert f"row{own.pk}-keep" not in shown
    form = {"text": "Not this time."}
    for pk in (own.pk, other.pk):  # also one that was not offered
        form |= {f"row{pk}-keep": "on", f"row{pk}-line": ""}
    after = builders.text_of(desk.post(page, form))

    assert "1 declined, 0 not processed" in after
    assert f"{own} – {OWN}" in after.replace("</a>", "")
    states = JoinRequest.objects.order_by("pk").values_list("state", flat=True)
    assert list(states) == [State.AWAITING_REVIEW, State.DECLINED]
