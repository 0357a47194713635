"""What the database itself refuses about the communities."""

import pytest
from django.db import IntegrityError, connection, transaction

from communities.catalogue import seed
from communities.models import CommunityOfPractice, EligibilityCriterion
from communities.rules.caseload import Caseload
from tests.communities.rules.facts import SLUGS, rules_of

pytestmark = [pytest.mark.django_db, pytest.mark.core]


def test_a_community_has_one_rule_of_a_kind():
    seed()
    stvc = CommunityOfPractice.objects.get(slug="stvc")
    # SQLite names the columns of a plain unique constraint.
    named = {
        "postgresql": '"one_criterion_of_a_kind"',
        "sqlite": "communities_eligibilitycriterion.community_id, "
        "communities_eligibilitycriterion.kind",
    }[connection.vendor]
    with pytest.raises(IntegrityError) as refused, transaction.atomic():
        EligibilityCriterion.objects.create(
            community=stvc, kind=Caseload.key, source="Another sentence."
        )
    assert named in str(refused.value)
    assert stvc.criteria.count() == 3


def test_the_rules_of_the_database_are_those_of_the_catalogue():
    seed()
    communities = CommunityOfPractice.objects.all()
    assert {community.slug: community.rules() for community in communities} == {
        slug: rules_of(slug) for slug in SLUGS
    }
