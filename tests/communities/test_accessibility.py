"""Each sentence of the accessibility page has tests that show it; one without a test fails."""

import html
import re

import pytest

from tests.browser import test_keyboard, test_main_job
from tests.slow import test_accessibility_matrix

EVERY_PAGE = test_accessibility_matrix.test_no_page_that_this_visitor_can_open_has_a_problem

SHOWN_BY = {
    "An automated check (axe-core": [EVERY_PAGE],
    "Enlarged to 400%": [EVERY_PAGE],
    "using only a keyboard": [test_keyboard.test_ask_to_join_and_be_approved],
    "with JavaScript turned off": [test_main_job.test_from_the_community_page_to_the_email],
    "If something is missing": [test_keyboard.test_an_error_takes_the_focus_and_leads_to_its_field],
    "Every page states its language": [
        EVERY_PAGE,
        test_keyboard.test_the_first_stop_skips_to_the_content,
    ],
}


@pytest.mark.django_db
def test_every_sentence_has_the_tests_that_show_it(client):
    page = html.unescape(client.get("/accessibility/").content.decode())
    (tested,) = re.findall(r'<ul id="tested">(.*?)</ul>', page, re.S)
    sentences = re.findall(r"<li>(.*?)</li>", tested)

    shown = [[words for words in SHOWN_BY if words in sentence] for sentence in sentences]

    assert shown == [[words] for words in SHOWN_BY]
    assert all(callable(test) for tests in SHOWN_BY.values() for test in tests)
    assert 'href="mailto:programsupport@endingviolence.org"' in page
    assert 'href="mailto:ccss@endingviolence.org"' in page
