"""What a chunk of the reassessment costs. On PostgreSQL only: SQLite splits long inserts into several."""

import pytest

from tests.membership.rosters.test_reassessment import queries_for

pytestmark = pytest.mark.django_db


def test_the_number_of_queries_for_a_chunk_does_not_depend_on_its_size():
    assert queries_for(10) == queries_for(200)
