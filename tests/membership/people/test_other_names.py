"""A former name stays with the person, whichever way their name changes."""

import pytest

from membership.register.person_records import change_details
from requests import workflow
from requests.my.privacy import all_that_is_held, erase
from requests.my.recorded_work import report_work
from tests import builders
from tests.membership.register.test_admin import PERSON_INLINES, inlines

pytestmark = [pytest.mark.django_db, pytest.mark.core]
NOW = builders.NOW
NEW = "Dana Sample-Newname"


@pytest.fixture
def dana():
    return builders.worker()


def by_details(client, dana):
    change_details(person_id=dana.person.pk, by=dana, name=NEW, phone="", now=NOW)


def by_request(client, dana):
    answers = {**builders.STVC_ANSWERS, "name": NEW}
    draft = workflow.save_draft(
        person=dana.person, community=builders.community(), answers=answers, now=NOW
    )
    workflow.submit(join_request_id=draft.pk, by=dana, answers=answers, now=NOW)


def by_new_work(client, dana):
    report_work(
        person_id=dana.person.pk,
        by=dana,
        community=builders.community(),
        answers={**builders.STVC_ANSWERS, "name": NEW},
        now=NOW,
    )


def by_staff(client, dana):
    builders.sign_in(client, builders.staff())
    page = f"/admin/membership/person/{dana.person.pk}/change/"
    assert client.post(page, {"name": NEW, "phone": "", **inlines(*PERSON_INLINES)}).url


@pytest.mark.parametrize("change", [by_details, by_request, by_new_work, by_staff])
def test_a_former_name_is_kept(client, dana, time_machine, change):
    time_machine.move_to(NOW, tick=False)
    change(client, dana)
    dana.person.refresh_from_db()
    assert dana.person.name == NEW
    assert [(o.name, str(o.until)) for o in dana.person.other_names.all()] == [
        ("Dana Sample", "2026-05-04")
    ]


def test_another_spelling_is_no_other_name_and_one_they_take_again_is_theirs(dana):
    for name in ("DANA SAMPLE", "Dána Sample", NEW, "Dana Sample"):
        change_details(person_id=dana.person.pk, by=dana, name=name, phone="", now=NOW)
    assert [o.name for o in dana.person.other_names.all()] == [NEW]


def test_other_names_are_in_their_download_and_erased_with_them(dana):
    by_details(None, dana)
    person = dana.person
    held = all_that_is_held(person, now=NOW)
    assert held["other_names"] == [{"name": "Dana Sample", "until": "2026-05-04"}]
    builders.sent(dana)
    erase(person_id=person.pk, by=dana, now=NOW)
    assert not person.other_names.exists()
