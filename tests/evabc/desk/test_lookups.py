"""Lists of the staff desk can be filtered as on the page and in no other way: a filter could reveal rows."""

import pytest
from django.contrib import admin
from django.db.models.fields.related import ForeignObjectRel
from django.test import Client, RequestFactory

from requests.models import JoinRequest
from tests import builders

pytestmark = pytest.mark.django_db

LISTS = list(admin.site._registry.values())


@pytest.mark.parametrize("model_admin", LISTS, ids=lambda a: a.opts.label_lower)
def test_no_list_takes_a_lookup_that_is_not_on_its_page(model_admin):
    request = RequestFactory().get("/")
    request.user = builders.lead()
    filters = model_admin.get_list_filter(request)
    columns = {f[0] if isinstance(f, tuple) else f for f in filters}
    # A filter of ours may be named like a column.
    parameters = {getattr(f, "parameter_name", "") for f in filters}
    tried = []
    for field in model_admin.opts.get_fields(include_hidden=True):
        name = field.name.removesuffix("+")
        ends = ["", "__gt", "__startswith", "__in"]
        if name not in columns:
            ends += ["__exact", "__isnull"]
        if field.is_relation and field.related_model:
            key = field.related_model._meta.pk.name
            ends += [f"__{key}", f"__{key}__gt", *(f"__{f.name}" for f in _own_fields(field))]
        tried += [f"{name}{end}" for end in ends]
    assert len(tried) > 10
    allowed = {lookup for lookup in tried if model_admin.lookup_allowed(lookup, "1", request)}
    assert allowed <= parameters


def _own_fields(relation):
    fields = relation.related_model._meta.get_fields()
    return [field for field in fields if not isinstance(field, ForeignObjectRel)]


# A stranger's list of people: who asked the other team, who is on its roster, and what staff wrote.
@pytest.mark.parametrize(
    "query",
    [
        "join_requests={pk}",
        "join_requests__isnull=0",
        "join_requests__community__slug=stvc",
        "join_requests__reference={reference}",
        "join_requests__staff_notes__text__contains=a",
        "enrolments__community__slug=stvc",
        "outboxemail__kind=receipt",
        "positions__person__join_requests={pk}",
        "user__last_login__gt=2026-01-01",
        "email__startswith=d",
    ],
)
def test_the_list_of_people_tells_nothing_of_the_other_teams_requests(query):
    camille = Client()
    builders.sign_in(camille, builders.staff(builders.CCSS, "camille@example.org"))
    own, none = builders.sent(builders.worker()), JoinRequest(pk=10**6, reference="ZZZZZZ")
    for join_request in (own, none):  # the same answer whether or not there is such a row
        typed = query.format(pk=join_request.pk, reference=join_request.reference)
        answer = camille.get(f"/admin/membership/person/?{typed}")
        assert answer.status_code == 400
        assert "Dana" not in builders.text_of(answer)
