"""Every page of a merged record leads to the record that was kept."""

import pytest
from django.urls import get_resolver

from membership.models import Agency, Person
from requests.merging_agencies import merge_agencies
from tests import builders
from tests.evabc.permission_table import addresses
from tests.joinrequests.test_merging import merge

pytestmark = pytest.mark.django_db

MERGED = "That record has been merged into this one. Nothing was changed."
# What was done with a merged person stays readable. Of merged records nothing is deleted.
STAY = {"admin:membership_person_history"} | {
    f"admin:membership_{model}_delete" for model in ("person", "agency")
}


def pages_of(model: str) -> list[str]:
    """The addresses of every page that takes the id of a person or an agency."""
    found = addresses(get_resolver())
    one = (f"/admin/membership/{model}/<int:pk>/", f"/admin/membership/{model}/<path:object_id>/")
    return [where for name, where in found if where.startswith(one) and name not in STAY]


def merged_pair(model: str, by) -> tuple[int, int]:
    if model == "person":
        people = [Person.objects.create(name=f"Dana {n}") for n in ("Sample", "Example")]
        merge(people[0], people[1], by)
        return people[0].pk, people[1].pk
    kept, merged = (Agency.objects.create(name=f"{n} Society") for n in ("Sample", "Example"))
    pks = kept.pk, merged.pk
    merge_agencies(keep_id=kept.pk, merge_id=merged.pk, by=by, now=builders.NOW)
    return pks


@pytest.mark.parametrize(("model", "least"), [("person", 7), ("agency", 5)])
@pytest.mark.parametrize("has_code", [True, False])
def test_every_page_of_a_merged_record_leads_to_the_kept_one(client, model, least, has_code):
    lou = builders.lead()
    kept, merged = merged_pair(model, lou)
    third = (Person if model == "person" else Agency).objects.create(name="A third one")
    builders.sign_in(client, lou, fresh_code=has_code)
    page, pages = f"/admin/membership/{model}/{kept}/change/", pages_of(model)
    assert len(pages) >= least
    tried = 0
    for where in pages:
        of_one = where.replace("<path:object_id>", "<int:pk>")
        for pk, other in ((merged, third.pk), (third.pk, merged)):
            if "<int:other>" not in of_one and pk != merged:
                continue
            url = of_one.replace("<int:pk>", str(pk)).replace("<int:other>", str(other))
            for method in ("get", "post"):
                tried += 1
                answer = getattr(client, method)(url, {"name": "Typed"})
                if where.endswith("<path:object_id>/"):  # the old address of the change page
                    answer = client.get(answer["Location"])
                assert answer.headers.get("Location") == page, (method, url)
    # Each left its message for the next page that is opened.
    assert builders.page(client, page).count(MERGED) == tried
    assert not Person.objects.filter(name="Typed").exists()


def test_a_number_that_no_record_can_have_is_not_found(client):
    builders.sign_in(client, builders.lead(), fresh_code=True)
    for page in ("person/{}/email", "person/{}/merge", "agency/{}/merge", "agency/{}/merge/1"):
        url = f"/admin/membership/{page.format(10**30)}/"
        assert client.get(url).status_code == 404, url
