"""The names that the agency field suggests."""

import pytest

from membership.models import Agency
from tests import builders

pytestmark = pytest.mark.django_db


@pytest.fixture
def _agencies():
    for number in range(12):
        Agency.objects.create(name=f"Márta House {number:02}", city="Sampleton")
    Agency.objects.create(name="Women & Children’s Centre")


@pytest.mark.core
@pytest.mark.usefixtures("_agencies")
@pytest.mark.parametrize(
    ("typed", "names"),
    [
        ("", []),
        ("ma", []),
        ("-m-a-", []),
        ("Mar", [f"Márta House {number:02}" for number in range(10)]),
        ("HOUSE mártA 11", ["Márta House 11"]),
        ("childrens", ["Women &amp; Children’s Centre"]),
        ("zzz", []),
    ],
)
def test_from_three_letters_on_at_most_ten_names_are_suggested(signed_in, typed, names):
    answer = signed_in.post("/join/agencies/", {"agency": typed})

    options = "".join(f'<option value="{name}"></option>' for name in names)
    assert answer.content.decode().strip() == options


@pytest.mark.usefixtures("_agencies")
def test_strangers_get_no_names(client):
    assert client.post("/join/agencies/", {"agency": "Mar"}).content.strip() == b""


@pytest.mark.parametrize(
    "path",
    [
        "/communities/icat/join/",
        "/join/answers/?community=stvc&community=icat",
        "/my/details/work/coordination/",
        "/admin/joinrequests/joinrequest/enter/stvc/",
    ],
)
@pytest.mark.usefixtures("_agencies")
def test_a_page_with_the_field_asks_for_suggestions_and_contains_none(client, priya, path):
    builders.sign_in(client, priya)

    page = client.get(path).content.decode()

    assert 'data-hx-post="/join/agencies/"' in page
    assert "htmx-2.min.js" in page
    assert "Márta House" not in page
