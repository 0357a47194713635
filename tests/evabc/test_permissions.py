"""Every URL × every kind of visitor × every method, as in the permission table."""

import pytest
from django.test import Client
from django.urls import get_resolver

from tests.evabc.permission_table import TABLE, address, addresses, visit
from tests.evabc.walk import walk
from tests.figures import report_figure

pytestmark = pytest.mark.django_db

EXCEL = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


@pytest.mark.parametrize("method", ["get", "head", "post"])
def test_every_url_answers_every_visitor_as_in_the_table(visits, method):
    """HEAD is tried by those who see a page and those who do not, and only some see their page rendered: by
    everyone and for everyone in the long form."""
    assert_as_in_the_table([one for one in visits if one.method == method])


@pytest.mark.slow
def test_every_url_answers_every_visitor_with_a_rendered_page(world, clients):
    assert_as_in_the_table(list(walk(world, clients, in_full=True)))


def assert_as_in_the_table(visits):
    wrong = [
        f"{one.method} {one.name} as {one.visitor}: {one.outcome}, the table says {expected}"
        for one in visits
        if one.outcome != (expected := one.in_the_table())
    ]
    report_figure(
        f"permissions: {visits[0].method}: {len(visits)} visits ({len(TABLE)} addresses), {len(wrong)} wrong"
    )
    assert not wrong, "\n".join(wrong)


def test_no_form_is_taken_from_another_site(world, clients):
    """Without the token of the portal's own page. The check comes before any view."""
    forger = Client(enforce_csrf_checks=True)
    forger.cookies = clients["lead"].cookies
    taken = {
        name
        for name, pattern in addresses(get_resolver())
        if visit(forger, "post", address(pattern, world)).status_code != 403
    }
    assert taken == set()


def test_looking_at_a_page_changes_nothing_but_the_session(visits):
    written = {(one.name, table) for one in visits if one.method == "get" for table in one.written}
    assert "django_session" in {table for _, table in written}
    assert {(name, table) for name, table in written if table != "django_session"} == set()


def test_every_answer_says_what_it_is_in_which_encoding(visits):
    without = {one.kind for one in visits if one.kind and "charset=utf-8" not in one.kind}
    assert without <= {"application/json", EXCEL}


def test_the_table_has_no_address_that_does_not_exist():
    assert set(TABLE) - {name for name, _ in addresses(get_resolver())} == set()


def test_the_other_teams_people_are_in_no_list_and_no_search(world, clients):
    for page in (
        "joinrequests/joinrequest",
        "membership/outboxemail",
        "membership/enrolment",
        "membership/worklistrow",
        "membership/access",
    ):
        for query in ("", "?q=dana", f"?q={world['joinrequest'].reference}", "?state=all"):
            shown = clients["ccss"].get(f"/admin/{page}/{query}", follow=True).content.decode()
            assert "Dana Sample" not in shown
            assert "dana@example.org" not in shown
            assert f"({world['joinrequest'].reference})" not in shown


def test_password_pages_do_not_exist(clients):
    for path in (
        "/accounts/password/change/",
        "/accounts/password/set/",
        "/accounts/password/reset/",
        "/accounts/email/",
        "/admin/password_change/",
        "/mailbox/",
    ):
        assert clients["lead"].get(path).status_code == 404
