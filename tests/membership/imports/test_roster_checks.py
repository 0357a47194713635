"""When a list is written, the worklists follow at once: nobody waits for the night."""

import pytest

from membership.models import Enrolment, ListKind, WorklistRow
from requests import workflow
from tests import builders
from tests.membership.imports.lists import APRIL, MAY, bring

pytestmark = pytest.mark.django_db

PROGRAMS = "Agency,Program type,Community served,Funder"
HERS = "Example Harbour Family Services,STVC,Example Harbour,PSSG"
ANOTHER = "Sample House,CBVS,Sampleton,PSSG"


def test_a_newer_list_without_her_program_puts_her_on_the_worklist():
    bring(ListKind.PROGRAMS, PROGRAMS, HERS, as_of=APRIL)
    join_request = builders.sent(builders.worker(), ministry_funded="unsure")
    workflow.approve(
        join_request_id=join_request.pk, by=builders.staff(), now=builders.NOW, reason="Known."
    )
    assert WorklistRow.objects.count() == 0

    bring(ListKind.PROGRAMS, PROGRAMS, ANOTHER, as_of=MAY)

    row = WorklistRow.objects.get()
    assert row.enrolment == Enrolment.objects.get()
    assert [f["kind"] for f in row.findings] == ["funding"]
    assert Enrolment.objects.get().ended_on is None
